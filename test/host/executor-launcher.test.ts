import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fd, Pid, UnitName } from '../../src/base/brand.ts';
import type { KeptFds } from '../../src/host/checkpoint/kept-fds.ts';
import type { NativeBinding } from '../../src/host/native.ts';
import type { PollSet } from '../../src/host/poll-set.ts';
import { ExecutorLauncher, type ExecutorLauncherOptions } from '../../src/host/spawn/executor-launcher.ts';

const [FD, PID] = [30 as Fd, 77 as Pid];

/** A launcher that found one report of a former engine, and what it does in order. */
function makeLauncher(): { launcher: ExecutorLauncher; report: () => void; done: string[] } {
  const done: string[] = [];
  let report = (): void => undefined;
  const launcher = new ExecutorLauncher({
    native: { read: () => 0, close: () => { done.push('close'); return 0; } } as unknown as NativeBinding,
    kept: { inherited: () => [[FD, { is: 'exec-report', unit: 'a.service' as UnitName, pid: PID }]], drop: () => { done.push('drop'); } } as unknown as KeptFds,
    poll: { add: (_fd: Fd, _events: number, callback: () => void) => { report = callback; return 0; }, remove: () => undefined } as unknown as PollSet,
    submit: ({ event }) => { done.push(event); },
    onNotes: () => undefined,
  } as Partial<ExecutorLauncherOptions> as ExecutorLauncherOptions);
  return { launcher, report: () => { report(); }, done };
}

// An engine that died in between would have left a service for ever on its way.
test('what an executor reported is written down before its pipe is given up', () => {
  const { launcher, report, done } = makeLauncher();
  assert.ok(launcher.isPending(PID));
  report();
  assert.deepEqual(done, ['exec-done', 'drop', 'close']);
  assert.ok(!launcher.isPending(PID));
});

test('a report that a former engine has told is not told a second time', () => {
  const { launcher, done } = makeLauncher();
  launcher.forget(PID);
  assert.deepEqual(done, ['drop', 'close']);
  assert.ok(!launcher.isPending(PID));
});
