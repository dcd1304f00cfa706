/** The memory that outlives the engine: what of it can still be read when bytes of it were overwritten. */
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import test from 'node:test';
import type { Fd } from '../../src/base/brand.ts';
import { CheckpointMemory } from '../../src/host/checkpoint/checkpoint-memory.ts';
import { native } from '../native/native-under-test.ts';

const externalBefore = process.memoryUsage().external;
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

/** Twice the room for young objects that the manager gives V8: beyond, each new buffer means a collection, in the midst of a boot. */
const EXTERNAL_BYTES_MAX = 2 << 20;

const texts = (): readonly string[] => memory.readSnapshots().map(({ text }) => text);

test('a memory that holds little does not look like want of memory to V8', () => {
  assert.ok(memory.writeSnapshot('little'));
  assert.ok(memory.append('an event') && memory.keep(9 as Fd, 'a pipe'));
  memory.drop(9 as Fd);
  const grown = process.memoryUsage().external - externalBefore;
  assert.ok(grown < EXTERNAL_BYTES_MAX, `${String(grown)} bytes`);
});

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

test('a snapshot of some megabytes is found whole, whatever its letters are', () => {
  const long = ['a'.repeat(5 << 20), 'ü'.repeat(3 << 20), '€'.repeat(1 << 20)];
  for (const text of long) {
    assert.ok(memory.writeSnapshot(text));
    assert.ok(texts()[0] === text);
  }
});

test('what is too long leaves the former snapshot in force', () => {
  assert.ok(memory.writeSnapshot('short'));
  assert.equal(memory.writeSnapshot('a'.repeat((32 << 20) + 1)), false);
  assert.deepEqual(texts(), ['short']);
});

test('a journal of many events, kept fds with high numbers and long entries are all found again', () => {
  assert.ok(memory.writeSnapshot('before'));
  const entries = Array.from({ length: 5000 }, (_, index) => `event ${String(index)} ${'é'.repeat(index % 200)}`);
  for (const entry of entries) assert.ok(memory.append(entry));
  assert.deepEqual(memory.readRing(), { entries, isDamaged: false });
  const fds = [3, 200, 4000, 32_767] as readonly number[] as readonly Fd[];
  for (const fd of fds) assert.ok(memory.keep(fd, `pipe ${String(fd)}`));
  assert.equal(memory.keep(32_768 as Fd, 'too high'), false);
  assert.deepEqual(memory.kept(), fds.map((fd) => [fd, `pipe ${String(fd)}`]));
  for (const fd of fds) memory.drop(fd);
  assert.deepEqual(memory.kept(), []);
});

test('a full journal says so, and is as it was', () => {
  assert.ok(memory.writeSnapshot('before'));
  const entry = 'x'.repeat(1 << 20);
  let count = 0;
  while (memory.append(entry)) count += 1;
  assert.ok(count >= 5);
  assert.equal(memory.readRing().entries.length, count);
});
