/**
 * Writes docs/directives.md from the table of directives; with `--check` only says whether it is current.
 *
 *     npx tsx tools/generate-directives.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseDirectiveUse, renderDirectiveReference } from '../src/core/unit-file/directive-reference.ts';

const path = fileURLToPath(new URL('../docs/directives.md', import.meta.url));
const page = renderDirectiveReference(parseDirectiveUse(readFileSync(new URL('./directive-use.tsv', import.meta.url), 'utf8')));
if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== page) {
    console.error('docs/directives.md is not current: run npx tsx tools/generate-directives.ts');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, page);
}
