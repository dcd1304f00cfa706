import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { native } from './native-under-test.ts';

const directory = mkdtempSync(join(tmpdir(), 'heartwood-memory-'));
after(() => { rmSync(directory, { recursive: true }); });

test('a mapped text is that of the file, and stays so when the file is replaced', () => {
  const path = join(directory, 'text');
  const text = 'let answer = 42;\n'.repeat(100_000);
  writeFileSync(path, text);
  const mapped = native.mapText(path);
  writeFileSync(`${path}.new`, 'something else');
  renameSync(`${path}.new`, path);
  assert.equal(mapped, text);
  assert.equal(native.mapText(path), 'something else');
});

test('a text that cannot be mapped is null', () => {
  writeFileSync(join(directory, 'empty'), '');
  for (const path of [join(directory, 'missing'), directory, join(directory, 'empty')]) assert.equal(native.mapText(path), null);
});
