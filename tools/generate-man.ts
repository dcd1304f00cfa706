/**
 * Renews the generated parts of docs/man; with `--check` only says whether they are current.
 *
 *     npx tsx tools/generate-man.ts [--check]
 *
 * A page is written by hand but for what stands between a line `.\" generated: NAME` and the line `.\" end`.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { GENERATED_BLOCKS, fold } from './manual/generated-blocks.ts';

const DIRECTORY = fileURLToPath(new URL('../docs/man', import.meta.url));
const BLOCK = /^\.\\" generated: (.+)\n(?:(?!\.\\" end$).*\n)*\.\\" end$/gm;

/** The pages, as absolute paths. */
export function manualPages(): readonly string[] {
  return readdirSync(DIRECTORY).filter((name) => /\.[1-8]$/.test(name)).sort().map((name) => join(DIRECTORY, name));
}

/** A page with its generated parts made anew; throws for a part nobody knows how to make. */
export function renewPage(text: string): string {
  return text.replace(BLOCK, (_whole, name: string) => {
    const make = GENERATED_BLOCKS[name];
    if (make === undefined) throw new Error(`no generated part is called "${name}"`);
    return [`.\\" generated: ${name}`, ...make().flatMap(fold), '.\\" end'].join('\n');
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of manualPages()) {
    const text = readFileSync(path, 'utf8');
    const renewed = renewPage(text);
    if (renewed === text) continue;
    if (process.argv.includes('--check')) {
      console.error(`${path} is not current: run npx tsx tools/generate-man.ts`);
      process.exitCode = 1;
    } else {
      writeFileSync(path, renewed);
    }
  }
}
