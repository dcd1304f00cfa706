import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dueBy, earliestAfter, refile, type DueIndex } from '../../src/base/due-index.ts';

/** Files keys as told, beside a plain map that knows the same. */
function fileAll(changes: readonly (readonly [string, number | null])[]): { readonly index: DueIndex<string>; readonly filed: ReadonlyMap<string, number> } {
  let index: DueIndex<string> = null;
  const filed = new Map<string, number>();
  for (const [key, due] of changes) {
    index = refile(index, key, filed.get(key) ?? null, due);
    if (due === null) filed.delete(key);
    else filed.set(key, due);
  }
  return { index, filed };
}

const changes = fc.array(fc.tuple(fc.integer({ min: 10, max: 25 }).map((number) => number.toString(36)), fc.option(fc.integer({ min: 0, max: 20 }))), { maxLength: 80 });

test('an index tells who is due, earliest first and those of one instant by name, and what comes next', () => {
  fc.assert(fc.property(changes, fc.integer({ min: -1, max: 21 }), (made, now) => {
    const { index, filed } = fileAll(made);
    const sorted = [...filed].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
    assert.deepEqual(dueBy(index, now), sorted.filter(([, due]) => due <= now).map(([key]) => key));
    assert.equal(earliestAfter(index, now), sorted.find(([, due]) => due > now)?.[1] ?? null);
  }));
});

test('the same entries make the same index, in whatever order they came and whatever was there before', () => {
  fc.assert(fc.property(changes, (made) => {
    const { index, filed } = fileAll(made);
    assert.deepEqual(fileAll([...filed]).index, index);
  }));
});

test('an older index stays as it was', () => {
  const older = refile(refile(null, 'a', null, 5), 'b', null, 7);
  const copy = structuredClone(older);
  refile(refile(older, 'a', 5, null), 'c', null, 6);
  assert.deepEqual(older, copy);
});

test('ten thousand names in a row are found within some dozens of steps', () => {
  let index: DueIndex<string> = null;
  for (let i = 0; i < 10_000; i++) index = refile(index, `u${String(i)}.service`, null, i);
  const depthOf = (node: DueIndex<string>): number => (node === null ? 0 : 1 + Math.max(depthOf(node.left), depthOf(node.right)));
  assert.ok(depthOf(index) < 60, `depth ${String(depthOf(index))}`);
});
