/**
 * The tools that guard the architecture must themselves be seen to fail: a wrong pattern in their configuration would let
 * everything pass. Each law is broken once in a small tree of its own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

const CHECKOUT = dirname(dirname(import.meta.dirname));
let tree = '';

before(() => {
  tree = mkdtempSync(join(tmpdir(), 'heartwood-laws-'));
  for (const file of ['.dependency-cruiser.cjs', 'eslint.config.js', 'tsconfig.json', 'package.json']) copyFileSync(join(CHECKOUT, file), join(tree, file));
  symlinkSync(join(CHECKOUT, 'node_modules'), join(tree, 'node_modules'));
});

after(() => {
  rmSync(tree, { recursive: true, force: true });
});

const EMPTY_MODULE = 'export const nothing = 0;\n';

/** What may be imported, and by whom; the breaches below import these. */
const LAWFUL: Readonly<Record<string, string>> = {
  'src/base/a.ts': EMPTY_MODULE,
  'src/core/a.ts': `export { nothing } from '../base/a.ts';\n`,
  'src/control/a.ts': `export { nothing } from '../base/a.ts';\n`,
  'src/host/a.ts': `import { openSync } from 'node:fs';\nimport { nothing } from '../core/a.ts';\nexport const both = [openSync, nothing];\n`,
  'src/init/a.ts': `export { both } from '../host/a.ts';\n`,
  'src/sim/a.ts': `export { nothing } from '../core/a.ts';\n`,
  'src/initctl/a.ts': `export { nothing } from '../control/a.ts';\n`,
};

/** The other ends of breaches. */
const PARTNERS: Readonly<Record<string, string>> = {
  'src/base/utils.ts': EMPTY_MODULE,
  'src/base/y6.ts': `import type { There } from './x6.ts';\nexport type Back = There | null;\n`,
};

/** A file for each breach, and the rule that must name it. One run of the tool judges all of them. */
const IMPORT_BREACHES: readonly (readonly [law: string, file: string, rule: string, text: string])[] = [
  ['base imports nothing', 'src/base/x1.ts', 'base-imports', `export { nothing } from '../core/a.ts';\n`],
  ['core does not know the host', 'src/core/x1.ts', 'core-imports', `export { both } from '../host/a.ts';\n`],
  ['control does not know core', 'src/control/x1.ts', 'control-imports', `export { nothing } from '../core/a.ts';\n`],
  ['host takes only the verb table of initctl', 'src/host/x1.ts', 'host-imports', `export { nothing } from '../initctl/a.ts';\n`],
  ['nobody imports init', 'src/initctl/x1.ts', 'initctl-imports', `export { both } from '../init/a.ts';\n`],
  ['nobody imports the simulator', 'src/host/x2.ts', 'host-imports', `export { nothing } from '../sim/a.ts';\n`],
  ['core uses no Node module', 'src/core/x2.ts', 'pure-core', `export { readFileSync } from 'node:fs';\n`],
  ['core uses no package', 'src/core/x3.ts', 'pure-core', `export { parse } from 'ini';\n`],
  ['the manager has no child_process', 'src/host/x3.ts', 'no-threads-in-manager', `export { spawn } from 'node:child_process';\n`],
  ['the manager has no fs/promises', 'src/init/x1.ts', 'no-threads-in-manager', `export { readFile } from 'node:fs/promises';\n`],
  ['the client uses no npm package', 'src/initctl/x2.ts', 'packages-of-the-logd-client-and-simulator', `export { check } from 'fast-check';\n`],
  ['the manager uses no npm package but ini and pino', 'src/host/x9.ts', 'packages-of-the-manager', `export { transform } from 'sucrase';\n`],
  ['files are named after what is in them', 'src/base/x4.ts', 'nameless-files', `export { nothing } from './utils.ts';\n`],
  ['nothing is imported in a circle, types included', 'src/base/x6.ts', 'no-circular-imports', `import type { Back } from './y6.ts';\nexport type There = Back | 1;\n`],
  ['imports lead somewhere', 'src/base/x5.ts', 'resolvable', `export { nothing } from './gone.ts';\n`],
];

const LINT_BREACHES: readonly (readonly [law: string, file: string, rule: string, text: string])[] = [
  ['no clock in the core', 'src/core/y1.ts', 'no-restricted-globals', 'export const now = (): number => Date.now();\n'],
  ['no randomness in the core', 'src/core/y2.ts', 'no-restricted-properties', 'export const roll = (): number => Math.random();\n'],
  ['no process in control', 'src/control/y3.ts', 'no-restricted-globals', 'export const own = (): number => process.pid;\n'],
  ['nothing asynchronous in base', 'src/base/y4.ts', 'no-restricted-syntax', 'export async function wait(): Promise<void> { await Promise.resolve(); }\n'],
  ['no forgotten promise', 'src/host/y5.ts', '@typescript-eslint/no-floating-promises', 'export function forget(): void { Promise.resolve(1); }\n'],
];

before(() => {
  tree = mkdtempSync(join(tmpdir(), 'heartwood-laws-'));
  for (const file of ['.dependency-cruiser.cjs', 'eslint.config.js', 'tsconfig.json', 'package.json']) copyFileSync(join(CHECKOUT, file), join(tree, file));
  symlinkSync(join(CHECKOUT, 'node_modules'), join(tree, 'node_modules'));
  const breaches = [...IMPORT_BREACHES, ...LINT_BREACHES].map(([, file, , text]) => [file, text] as const);
  for (const [name, text] of [...Object.entries(LAWFUL), ...Object.entries(PARTNERS), ...breaches]) {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), text);
  }
});

after(() => {
  rmSync(tree, { recursive: true, force: true });
});

/** Runs a tool of the checkout in the tree and parses what it prints. */
function report(program: string, ...args: string[]): unknown {
  const { stdout } = spawnSync(process.execPath, [join(CHECKOUT, 'node_modules', program), ...args], { cwd: tree, encoding: 'utf8' });
  return JSON.parse(stdout);
}

test('every breach of an import rule is seen, and lawful imports are none', () => {
  const { summary } = report('dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src') as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  const seen = summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
  for (const [law, file, rule] of IMPORT_BREACHES) assert.ok(seen.includes(`${file}: ${rule}`), `not seen: ${law}\n${seen.join('\n')}`);
  assert.deepEqual(seen.filter((line) => line.startsWith('src/') && Object.keys(LAWFUL).some((file) => line.startsWith(`${file}:`))), []);
});

test('lint sees what the core must not use', () => {
  const files = report('eslint/bin/eslint.js', '--format', 'json', ...LINT_BREACHES.map(([, file]) => file)) as { filePath: string; messages: { ruleId: string | null }[] }[];
  for (const [law, file, rule] of LINT_BREACHES) {
    const messages = files.find(({ filePath }) => filePath === join(tree, file))?.messages ?? [];
    assert.ok(messages.some(({ ruleId }) => ruleId === rule), `not seen: ${law} (${messages.map(({ ruleId }) => ruleId).join(', ')})`);
  }
});
