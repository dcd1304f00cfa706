import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { loadNative } from '../../../src/host/load-native.ts';
import { PollSet } from '../../../src/host/poll-set.ts';
import { watchClock } from '../../../src/host/watching/clock-watch.ts';

/** What the kernel watches for this process, as /proc shows it. */
function watchesOfInotify(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== 'anon_inode:inotify') return [];
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').split('\n').filter((line) => line.startsWith('inotify '));
    } catch {
      // The descriptor the directory was read with.
      return [];
    }
  });
}

// What is watched when a process ends keeps it from ending for as long as the kernel takes to forget the watch.
test('nothing is left for the kernel to forget when the watch of the clock has ended', () => {
  const native = loadNative();
  const poll = new PollSet(native);
  const before = watchesOfInotify();
  const end = watchClock({ native, poll, log: { write: () => undefined }, submit: () => undefined });
  assert.equal(watchesOfInotify().length, before.length + 1);
  end();
  assert.deepEqual(watchesOfInotify(), before);
  native.pollStop();
});
