/** The set-up of a checkout: what it says when something is missing, what it rebuilds, and how programs are loaded. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

const CHECKOUT = dirname(dirname(import.meta.dirname));
let tree = '';

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'heartwood-build-'));
});

afterEach(() => {
  rmSync(tree, { recursive: true, force: true });
});

/** A checkout with installed dependencies, a client of one line and no native part. */
function layOutCheckout(): void {
  cpSync(join(CHECKOUT, 'tools'), join(tree, 'tools'), { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(CHECKOUT, file), join(tree, file));
  symlinkSync(join(CHECKOUT, 'node_modules'), join(tree, 'node_modules'));
  mkdirSync(join(tree, 'src/initctl'), { recursive: true });
  writeFileSync(join(tree, 'src/initctl/word.ts'), `export const word: string = 'first';\n`);
  writeFileSync(join(tree, 'src/initctl/main.ts'), `import { word } from './word.ts';\nconsole.log(word);\n`);
}

function build(env: NodeJS.ProcessEnv = process.env): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(tree, 'tools/build.mjs')], { encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

test('a second build has nothing to do, and a changed source makes one new bundle', () => {
  layOutCheckout();
  assert.match(build().output, /bundles: initctl/);
  assert.match(build().output, /up to date/);
  // Touched is not changed.
  writeFileSync(join(tree, 'src/initctl/word.ts'), readFileSync(join(tree, 'src/initctl/word.ts')));
  assert.match(build().output, /up to date/);
  writeFileSync(join(tree, 'src/initctl/word.ts'), `export const word: string = 'other';\n`);
  assert.match(build().output, /bundles: initctl/);
  assert.equal(spawnSync(process.execPath, [join(tree, 'dist/initctl.js')], { encoding: 'utf8' }).stdout, 'other\n');
  assert.equal(readdirSync(join(tree, 'dist')).filter((name) => name.endsWith('.cache')).length, 1, 'the code cache of the old bundle is gone');
});

test('a source that does not compile is told with file and line, and the old bundle stays', () => {
  layOutCheckout();
  build();
  writeFileSync(join(tree, 'src/initctl/word.ts'), `export const word: string = ;\n`);
  const { status, output } = build();
  assert.equal(status, 1);
  assert.match(output, /src\/initctl\/word\.ts:1:\d+/);
  assert.equal(spawnSync(process.execPath, [join(tree, 'dist/initctl.js')], { encoding: 'utf8' }).stdout, 'first\n');
});

test('missing build programs are named in one line with the command that installs them, before anything is fetched', () => {
  layOutCheckout();
  rmSync(join(tree, 'node_modules'));
  mkdirSync(join(tree, 'native'));
  writeFileSync(join(tree, 'native/CMakeLists.txt'), '');
  const empty = join(tree, 'empty');
  mkdirSync(empty);
  const { status, output } = build({ PATH: empty });
  assert.equal(status, 1);
  assert.equal(output.trim().split('\n').length, 1, output);
  assert.match(output, /^missing .*cmake.*: sudo apt-get install .*\bcmake\b/);
});

test('a damaged, foreign or missing code cache changes nothing but the time', () => {
  layOutCheckout();
  build();
  const program = join(tree, 'dist/initctl.js');
  const run = (): string => spawnSync(process.execPath, [program], { encoding: 'utf8' }).stdout;
  const cache = join(tree, 'dist', readdirSync(join(tree, 'dist')).find((name) => name.endsWith('.cache')) ?? '');
  assert.equal(run(), 'first\n');
  for (const content of [Buffer.alloc(0), Buffer.alloc(4096, 0xff), readFileSync(cache).subarray(0, 100)]) {
    writeFileSync(cache, content);
    assert.equal(run(), 'first\n');
  }
  rmSync(cache);
  assert.equal(run(), 'first\n');
  // Same length, other content: V8 alone would run the cached code.
  build();
  const bundle = join(tree, 'dist/initctl.cjs');
  writeFileSync(bundle, readFileSync(bundle, 'utf8').replace(/^\/\/ content \w{16}/, '// content 0000000000000000').replace('"first"', '"wrong"'));
  assert.equal(run(), 'wrong\n');
});

test('two builds at the same time do not disturb each other', async () => {
  layOutCheckout();
  const { spawn } = await import('node:child_process');
  const statuses = await Promise.all([0, 1, 2].map(() => new Promise<number | null>((resolve) => {
    spawn(process.execPath, [join(tree, 'tools/build.mjs')], { stdio: 'ignore' }).on('close', resolve);
  })));
  assert.deepEqual(statuses, [0, 0, 0]);
  assert.deepEqual(readdirSync(join(tree, 'dist')).filter((name) => name.includes('lock') || name.endsWith('.new')), []);
});
