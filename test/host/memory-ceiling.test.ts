import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryCeiling } from '../../src/host/memory/memory-ceiling.ts';

const MIB = 2 ** 20;
const SECOND = 1_000_000;

function makeCeiling(mebibytesMax: number | null) {
  const seen = { size: 60, collectable: 0, reexecs: 0, looks: 0, collections: 0, lines: [] as string[] };
  const ceiling = new MemoryCeiling({
    bytesMax: mebibytesMax === null ? null : mebibytesMax * MIB,
    log: { write: (_level, _unit, message) => { seen.lines.push(message); } },
    residentSize: () => { seen.looks += 1; return (seen.size + seen.collectable) * MIB; },
    collect: () => {
      seen.collectable = 0;
      seen.collections += 1;
    },
    reexec: () => { seen.reexecs += 1; },
  });
  return { seen, ceiling };
}

test('an engine that has grown past its ceiling executes itself anew, and says what it took', () => {
  const { seen, ceiling } = makeCeiling(200);
  ceiling.look(1 * SECOND);
  seen.size = 199;
  ceiling.look(3 * SECOND);
  assert.equal(seen.reexecs, 0);
  seen.size = 201;
  ceiling.look(5 * SECOND);
  assert.equal(seen.reexecs, 1);
  assert.match(seen.lines[0] ?? '', /takes 201M, more than EngineMemoryMax=200M/);
});

test('what a collection gives back does not count', () => {
  const { seen, ceiling } = makeCeiling(200);
  ceiling.look(1 * SECOND);
  seen.collectable = 500;
  ceiling.look(3 * SECOND);
  assert.deepEqual([seen.reexecs, seen.lines.length], [0, 0]);
  seen.size = 240;
  ceiling.look(5 * SECOND);
  assert.equal(seen.reexecs, 1);
});

test('an engine that was never smaller says so once instead of beginning anew without end', () => {
  const { seen, ceiling } = makeCeiling(200);
  seen.size = 300;
  for (let second = 1; second < 200; second += 2) ceiling.look(second * SECOND);
  assert.equal(seen.reexecs, 0);
  assert.equal(seen.lines.length, 1);
  assert.equal(seen.collections, 1);
  seen.size = 351;
  ceiling.look(300 * SECOND);
  assert.equal(seen.reexecs, 1);
});

test('it is looked at once a second at the most, and without a ceiling never', () => {
  const { seen, ceiling } = makeCeiling(200);
  for (let msec = 1000; msec < 2000; msec += 10) ceiling.look(msec * 1000);
  assert.equal(seen.looks, 1);
  const without = makeCeiling(null);
  without.ceiling.look(1 * SECOND);
  assert.equal(without.seen.looks, 0);
});
