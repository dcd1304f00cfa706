import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { refile, type DueIndex } from '../../src/base/due-index.ts';
import { emptyLedger, fileNotes, isFull, noteDue } from '../../src/base/due-ledger.ts';

const changes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.option(fc.integer({ min: 0, max: 20 }))), { maxLength: 60 });

test('a ledger has what an index has that is brought up to date with each change, whenever its notes are filed', () => {
  fc.assert(fc.property(changes, fc.integer({ min: 1, max: 10 }), (made, every) => {
    const due = new Map<string, number>();
    const dueOf = (key: string): number | null => due.get(key) ?? null;
    let ledger = emptyLedger<string>();
    let index: DueIndex<string> = null;
    for (const [at, [key, usec]] of made.entries()) {
      const before = dueOf(key);
      if (usec === null) due.delete(key);
      else due.set(key, usec);
      if (before !== usec) ledger = noteDue(ledger, key, before);
      index = refile(index, key, before, usec);
      if (at % every === 0) ledger = fileNotes(ledger, dueOf);
    }
    assert.deepEqual(fileNotes(ledger, dueOf), { index, notes: null });
  }));
});

test('a ledger whose keys change again and again is full some day, however few they are', () => {
  let ledger = emptyLedger<string>();
  let notes = 0;
  for (; !isFull(ledger, 1) && notes < 10_000; notes++) ledger = noteDue(ledger, 'a', notes % 2 === 0 ? null : notes);
  assert.ok(notes > 10 && notes < 1000, `${String(notes)} notes`);
  assert.equal(isFull(fileNotes(ledger, () => 5), 1), false);
});
