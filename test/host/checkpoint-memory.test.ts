/** The memory that outlives the engine: what of it can still be read when bytes of it were overwritten. */
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import test from 'node:test';
import { CheckpointMemory } from '../../src/host/checkpoint/checkpoint-memory.ts';
import { native } from '../native/native-under-test.ts';

// One for the whole file: a process maps one memory.
const opened = CheckpointMemory.open(native, null);
assert.ok(typeof opened !== 'string', 'a memory can be had');
const memory: CheckpointMemory = opened;

/** Overwrites one byte in the middle of the newest place where the text stands, as a stray store would. */
function damage(text: string): void {
  const fd = openSync(`/proc/self/fd/${String(memory.fd)}`, 'r+');
  const chunk = Buffer.alloc(8 << 20);
  let found = false;
  for (let at = 0; at < fstatSync(fd).size && !found; at += chunk.length - 4096) {
    const size = readSync(fd, chunk, 0, chunk.length, at);
    const place = chunk.subarray(0, size).indexOf(text);
    if (place < 0) continue;
    writeSync(fd, '#', at + place + Math.floor(text.length / 2));
    found = true;
  }
  closeSync(fd);
  assert.ok(found, `"${text}" stands in the memory`);
}

const texts = (): readonly string[] => memory.readSnapshots().map(({ text }) => text);

test('a journal is read up to its first damaged entry, and goes on from there', () => {
  assert.ok(memory.writeSnapshot('the state before'));
  for (const entry of ['first entry', 'second entry', 'third entry']) assert.ok(memory.append(entry));
  assert.deepEqual(memory.readRing(), { entries: ['first entry', 'second entry', 'third entry'], isDamaged: false });
  damage('second entry');
  assert.deepEqual(memory.readRing(), { entries: ['first entry'], isDamaged: true });
  assert.ok(memory.append('another second entry'));
  assert.deepEqual(memory.readRing(), { entries: ['first entry', 'another second entry'], isDamaged: false });
});

test('of two snapshots the whole ones are found, the newest first', () => {
  assert.ok(memory.writeSnapshot('the state in between'));
  assert.ok(memory.writeSnapshot('the state at the end'));
  assert.deepEqual(texts(), ['the state at the end', 'the state in between']);
  damage('the state at the end');
  assert.deepEqual(memory.readSnapshots().map(({ text, isNewest }) => [text, isNewest]), [['the state in between', false]]);
  damage('the state in between');
  assert.deepEqual(texts(), []);
});

test('the next snapshot takes the place of a damaged one, and the journal begins anew', () => {
  assert.ok(memory.append('an entry of the past'));
  assert.ok(memory.writeSnapshot('a state to go on from'));
  assert.deepEqual(texts(), ['a state to go on from']);
  assert.deepEqual(memory.readRing(), { entries: [], isDamaged: false });
});
