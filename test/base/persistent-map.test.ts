import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Batch, deleteEntry, emptyMap, entriesOf, getEntry, setEntry, type PersistentMap } from '../../src/base/persistent-map.ts';

const change = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key: fc.string({ maxLength: 3 }), value: fc.integer() }),
  fc.record({ do: fc.constant('delete' as const), key: fc.string({ maxLength: 3 }) }),
);

function contents(map: PersistentMap<string, number>): Map<string, number> {
  return new Map(entriesOf(map));
}

test('it holds what a Map holds after the same changes, and every older version stays as it was', () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
    let map = emptyMap<string, number>();
    const model = new Map<string, number>();
    const versions: [PersistentMap<string, number>, Map<string, number>][] = [];
    for (const each of changes) {
      if (each.do === 'set') {
        map = setEntry(map, each.key, each.value);
        model.set(each.key, each.value);
      } else {
        map = deleteEntry(map, each.key);
        model.delete(each.key);
      }
      assert.equal(map.size, model.size);
      versions.push([map, new Map(model)]);
    }
    for (const [version, expected] of versions) assert.deepEqual(contents(version), expected);
  }));
});

test('a batch sees its own writes and leaves its base alone', () => {
  const base = setEntry(emptyMap<string, number>(), 'a', 1);
  const batch = new Batch(base);
  batch.set('a', 2);
  batch.set('b', 3);
  batch.delete('a');
  assert.equal(batch.get('a'), undefined);
  assert.equal(batch.size, 1);
  const next = batch.finish();
  assert.equal(getEntry(base, 'a'), 1);
  assert.deepEqual(contents(next), new Map([['b', 3]]));
});

test('a batch that was looked at in the middle goes on: what was seen, the base and the result stay apart', () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 30 }), fc.array(change, { maxLength: 30 }), (first, second) => {
    const base = setEntry(setEntry(emptyMap<string, number>(), 'a', 1), 'bb', 2);
    const model = new Map([['a', 1], ['bb', 2]]);
    const batch = new Batch(base);
    const make = (each: typeof first[number]): void => {
      if (each.do === 'set') {
        batch.set(each.key, each.value);
        model.set(each.key, each.value);
      } else {
        batch.delete(each.key);
        model.delete(each.key);
      }
      assert.equal(batch.get(each.key), model.get(each.key));
      assert.equal(batch.size, model.size);
    };
    for (const each of first) make(each);
    const seen = batch.values();
    const expected = [...model.values()].sort((a, b) => a - b);
    for (const each of second) make(each);
    assert.deepEqual([...seen].sort((a, b) => a - b), expected);
    assert.deepEqual(contents(batch.finish()), model);
    assert.deepEqual(contents(base), new Map([['a', 1], ['bb', 2]]));
  }));
});
