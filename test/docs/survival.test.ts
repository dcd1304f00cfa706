/** docs/survival.md says which test proves what: those tests must exist, and each of the real kernel about deaths must be named. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/survival.md'), 'utf8');
const section = page.split('\n## ').find((each) => each.startsWith('What is proven by which test')) ?? '';
const rows = section.split('\n').filter((line) => line.startsWith('| ')).slice(1);
const pathsIn = (text: string): readonly string[] => [...text.matchAll(/`([a-z]+\/[^`]+)`/g)].map(([, path]) => path as string);

test('each line of the table of proofs names a test or a measurement, and all of them exist', () => {
  assert.ok(rows.length > 20, `${String(rows.length)} rows`);
  for (const row of rows) {
    assert.ok(pathsIn(row).length > 0, row);
    assert.deepEqual(pathsIn(row).filter((path) => !existsSync(join(ROOT, path))), [], row);
  }
});

test('every test that lets a manager die on the real kernel stands in the table', () => {
  const folder = join(ROOT, 'test/namespace');
  const deadly = readdirSync(folder).filter((name) => name.endsWith('.test.ts') && readFileSync(join(folder, name), 'utf8').includes("from './ways-to-die.ts'"));
  assert.ok(deadly.length > 3, deadly.join(' '));
  const named = new Set(pathsIn(section));
  assert.deepEqual(deadly.map((name) => `test/namespace/${name}`).filter((path) => !named.has(path)), []);
});
