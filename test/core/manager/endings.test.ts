/** What ends with a unit: the manager, with which status, and what does not hear of an end at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';
import type { Script } from '../../../src/sim/process-table.ts';
import { saidOf, unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const SECOND = 1_000_000;

function ended(unit: Parameters<typeof service>[1], script: Script): unknown {
  const kernel = new SimulatedKernel({ scripts: { '/bin/app.service': script } });
  kernel.boot([target('default.target', { Wants: ['app.service'] }), service('app.service', unit)]);
  kernel.run(SECOND);
  return kernel.finished;
}

const finished = (exitStatus: number, rebootArgument = '', goal = 'exit'): unknown => ({ kind: 'finish', goal, exitStatus, rebootArgument });

test('ExitOn= ends the manager with the status of the service, for the ends it names and no others', () => {
  assert.deepEqual(ended({ recorded: { ExitOn: 'failure' } }, { exitAfterUsec: 1, exitStatus: 7 }), finished(7));
  assert.equal(ended({ recorded: { ExitOn: 'success' } }, { exitAfterUsec: 1, exitStatus: 7 }), null);
  assert.deepEqual(ended({ recorded: { ExitOn: 'success' } }, { exitAfterUsec: 1 }), finished(0));
  assert.deepEqual(ended({ recorded: { ExitOn: '3 9' } }, { exitAfterUsec: 1, exitStatus: 9 }), finished(9));
  assert.deepEqual(ended({ recorded: { ExitOn: '143' } }, { exitAfterUsec: 1, exitSignal: 15 }), finished(143));
  assert.equal(ended({ recorded: { ExitOn: '3 9' } }, { exitAfterUsec: 1 }), null);
});

test('a service that is restarted has not ended for good, and ExitOn= waits for the end that is', () => {
  const unit = { recorded: { ExitOn: 'failure' }, restart: 'on-failure' as const, restartUsec: 1000 as never, startLimitBurst: 3 };
  const kernel = new SimulatedKernel({ scripts: { '/bin/app.service': { exitAfterUsec: 1, exitStatus: 4 } } });
  kernel.boot([target('default.target', { Wants: ['app.service'] }), service('app.service', unit)]);
  kernel.run(SECOND);
  assert.deepEqual(kernel.finished, finished(4));
  assert.equal(kernel.history.filter((line) => line === 'spawn ExecStart app.service').length, 3);
});

test('FailureActionExitStatus= and SuccessActionExitStatus= come before the status of the service, and a reboot gets its argument', () => {
  assert.deepEqual(ended({ failureAction: 'exit', recorded: { FailureActionExitStatus: '55' } }, { exitAfterUsec: 1, exitStatus: 7 }), finished(55));
  assert.deepEqual(ended({ failureAction: 'exit' }, { exitAfterUsec: 1, exitStatus: 7 }), finished(7));
  assert.deepEqual(ended({ successAction: 'exit', recorded: { SuccessActionExitStatus: '12', FailureActionExitStatus: '13' } }, { exitAfterUsec: 1 }), finished(12));
  assert.deepEqual(ended({ failureAction: 'reboot', recorded: { RebootArgument: 'bootloader' } }, { exitAfterUsec: 1, exitStatus: 7 }), finished(7, 'bootloader', 'reboot'));
});

test('ExitOn= is read as words and statuses, and what is neither is refused with its line', () => {
  const recorded = (line: string): string | undefined => unitOf('a.service', `[Unit]\n${line}\n[Service]\nExecStart=/bin/a`).recorded['ExitOn'];
  assert.equal(recorded('ExitOn=always 3'), 'success failure 3');
  assert.equal(recorded('ExitOn=failure'), 'failure');
  assert.match(saidOf(unitOf('a.service', '[Unit]\nExitOn=sometimes\n[Service]\nExecStart=/bin/a')).join(), /warning 2: .*neither success, failure or always nor an exit status/);
});

const CLIENT = unitOf('client.service', '[Unit]\nDefaultDependencies=no\nRequires=app.service\nAfter=app.service\n[Service]\nExecStart=/bin/client');

/** A service whose first start fails, with somebody who waits for it. */
class Manager extends OneUnitManager<'service'> {
  constructor(lines: string) {
    super('service', 'app.service', `[Service]\nType=notify\nExecStart=/bin/app\nRestart=always\nRestartSec=1\n${lines}`, { more: [CLIENT] });
    this.ask('start', 'client.service');
    this.run();
    this.exit(1);
    this.feed({ event: 'cgroup-empty', unit: this.name });
  }
}

test('with RestartMode=direct who waits for a service does not hear that its start failed, and goes on waiting', () => {
  const normal = new Manager('');
  assert.equal(normal.any('client.service').job, null);
  assert.deepEqual(normal.any('client.service').endReason, { reason: 'dependency-failed', on: 'app.service', kind: 'RequiredBy' });
  const direct = new Manager('RestartMode=direct');
  assert.equal(direct.words, 'activating auto-restart exit-code');
  assert.notEqual(direct.any('client.service').job, null);
  direct.later(1);
  direct.run();
  assert.equal(direct.unit().runtime.restarts, 1);
  direct.feed({ event: 'notify', unit: direct.name, pid: direct.unit().runtime.mainPid as never, fields: [['READY', '1']], fds: [] });
  assert.equal(direct.words, 'active running success');
  assert.equal(direct.run(), '/bin/client');
});

test('with RestartMode=debug every run after the first is told so', () => {
  const manager = new Manager('RestartMode=debug');
  manager.later(1);
  const spawned = manager.effects.find((effect) => effect.kind === 'spawn');
  assert.ok(spawned?.extraEnvironment.includes('DEBUG_INVOCATION=1'));
});

test('however short TimeoutStopSec= is, the end of a killed process is waited for, and known', () => {
  const manager = new OneUnitManager('service', 'app.service', '[Service]\nExecStart=/bin/app\nTimeoutStopSec=1ms');
  manager.ask('start');
  manager.run();
  manager.ask('stop');
  assert.equal(manager.words, 'deactivating stop-sigterm success');
  manager.later(0.002);
  assert.equal(manager.words, 'deactivating stop-sigkill timeout');
  manager.later(0.5);
  assert.equal(manager.words, 'deactivating stop-sigkill timeout');
  manager.exit(0);
  manager.feed({ event: 'cgroup-empty', unit: manager.name });
  assert.equal(manager.words, 'failed failed timeout');
  assert.equal(manager.unit().runtime.execs.at(-1)?.exit?.code, 'exited');

  const stubborn = new OneUnitManager('service', 'app.service', '[Service]\nExecStart=/bin/app\nTimeoutStopSec=1ms');
  stubborn.ask('start');
  stubborn.run();
  stubborn.ask('stop');
  stubborn.later(0.002);
  // Not even SIGKILL ends what the kernel holds; then nobody waits for ever: once for the process, once for its group.
  stubborn.later(1.1);
  stubborn.later(0.002);
  stubborn.later(1.1);
  assert.equal(stubborn.words, 'failed failed timeout');
});
