/** Where Heartwood once differed from systemd 252 when both were given the same units (`npm run compare`). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName, Usec } from '../../../src/base/brand.ts';
import { endOf } from '../../../src/core/machine/service/judge-exit.ts';
import type { ServiceRuntime } from '../../../src/core/manager/state.ts';
import { command, service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;

function runtime(kernel: SimulatedKernel, name: string): ServiceRuntime {
  const { runtime: run } = kernel.unit(name);
  assert(run.kind === 'service');
  return run;
}

test('of two conflicting units that are down only the required one comes up, and the wanted one is left out', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Requires: ['a.service'], Wants: ['b.service'] }), service('a.service', { edges: { Conflicts: ['b.service'] } }), service('b.service')]);
  kernel.run(SECOND);
  assert.equal(kernel.unit('a.service').activeState, 'active');
  assert.equal(kernel.unit('b.service').activeState, 'inactive');
});

test('OnFailure= hears of a service that used up its start limit by automatic restarts', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/bad.service': { exitAfterUsec: 1000, exitStatus: 1 } } });
  kernel.boot([target('default.target', { Wants: ['bad.service'] }), service('bad.service', { restart: 'always', edges: { OnFailure: ['helper.service'] } }), service('helper.service')]);
  kernel.run(60 * SECOND);
  assert.equal(kernel.unit('bad.service').activeState, 'failed');
  assert.equal(kernel.unit('helper.service').activeState, 'active');
  assert.equal(kernel.history.filter((line) => line === 'spawn ExecStart helper.service').length, 1);
});

test('a start that ExecCondition= makes needless does not fail what requires the unit', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/no': { exitAfterUsec: 10, exitStatus: 1 } } });
  kernel.boot([
    target('default.target', { Wants: ['top.service'] }), service('low.service', { execCondition: [command('/bin/no')] }),
    service('top.service', { edges: { Requires: ['low.service'], After: ['low.service'] } }),
  ]);
  kernel.run(SECOND);
  assert.equal(kernel.unit('top.service').activeState, 'active');
  assert.equal(kernel.unit('low.service').conditionResult, false);
});

test('a service stopped in the pause before its restart is inactive, not failed', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/bad.service': { exitAfterUsec: 10, exitStatus: 1 } } });
  kernel.boot([target('default.target', { Wants: ['bad.service'] }), service('bad.service', { restart: 'always', restartUsec: 60 * SECOND as Usec })]);
  kernel.run(SECOND);
  assert.equal(runtime(kernel, 'bad.service').state, 'auto-restart');
  kernel.enqueue('stop', 'bad.service');
  kernel.run(SECOND);
  assert.equal(kernel.unit('bad.service').activeState, 'inactive');
  assert.equal(runtime(kernel, 'bad.service').result, 'exit-code');
});

test('with KillMode=none a stop waits for nobody', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/deaf.service': { ignoresTerm: true } } });
  const plain = service('deaf.service');
  kernel.boot([target('default.target', { Wants: ['deaf.service'] }), { ...plain, kill: { ...plain.kill, killMode: 'none' } }]);
  const id = kernel.enqueue('stop', 'deaf.service');
  kernel.run(1000);
  assert.equal(kernel.replies.get(id)?.ok, true);
  assert.equal(kernel.unit('deaf.service').activeState, 'inactive');
  assert.equal(runtime(kernel, 'deaf.service').result, 'success');
});

test('TimeoutStopFailureMode=abort sends WatchdogSignal= to a service that does not obey its stop signal', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/deaf.service': { ignoresTerm: true } } });
  const limit = SECOND as Usec;
  kernel.boot([target('default.target', { Wants: ['deaf.service'] }), service('deaf.service', { timeoutStopUsec: limit, timeoutAbortUsec: limit, timeoutStopFailureMode: 'abort' })]);
  kernel.enqueue('stop', 'deaf.service');
  kernel.run(10 * SECOND);
  const SIGABRT = 6;
  assert.equal(runtime(kernel, 'deaf.service').mainExit?.exit?.status, SIGABRT);
  assert.equal(runtime(kernel, 'deaf.service').result, 'timeout');
});

test('a program that cannot be executed counts as a main process that ended with the status of that stage', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/x.service': { spawnFails: { stage: 'exec', errno: 'ENOENT' } } } });
  kernel.boot([target('default.target', { Wants: ['x.service'] }), service('x.service')]);
  assert.equal(runtime(kernel, 'x.service').mainExit?.exit?.status, 203);
  assert.equal(runtime(kernel, 'x.service').result, 'exit-code');
});

test('a program with "-" that is not there is left out as if it had ended with status 0, whoever finds that out', () => {
  const statusOf = (errno: string, stage = 'exec'): number | undefined => {
    const kernel = new SimulatedKernel({ scripts: { '/bin/x': { spawnFails: { stage, errno } } } });
    kernel.boot([target('default.target', { Wants: ['x.service'] }), service('x.service', { execStart: [command('/bin/x', { ignoreFailure: true })] })]);
    kernel.run(SECOND);
    assert.equal(runtime(kernel, 'x.service').result, 'success');
    return runtime(kernel, 'x.service').mainExit?.exit?.status;
  };
  assert.equal(statusOf('ENOENT'), 0);
  assert.equal(statusOf('EACCES'), 0);
  assert.equal(statusOf('ENOEXEC'), 203);
  assert.equal(statusOf('ENOENT', 'chdir'), 200);
  // The executor tells the reason, and ends.
  const run = { spawnFailure: { role: 'ExecStart', stage: 'exec', errno: 'ENOENT', subject: '/bin/x' } };
  const ended = { code: 'exited', status: 203 } as const;
  assert.equal(endOf(run, 'ExecStart', ended, command('/bin/x', { ignoreFailure: true })).status, 0);
  assert.equal(endOf(run, 'ExecStart', ended, command('/bin/x')).status, 203);
  assert.equal(endOf(run, 'ExecReload', { code: 'exited', status: 1 }, command('/bin/x', { ignoreFailure: true })).status, 1);
});

test('an environment file that cannot be read is a lack of resources, without an exit status', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/x.service': { spawnFails: { stage: 'environment', errno: 'ENOENT' } } } });
  kernel.boot([target('default.target', { Wants: ['x.service'] }), service('x.service')]);
  assert.equal(runtime(kernel, 'x.service').mainExit, null);
  assert.equal(runtime(kernel, 'x.service').result, 'resources');
});

test('RefuseManualStart= also refuses a reload that would become a start, and no try-reload of a unit that can be reloaded', () => {
  const kernel = new SimulatedKernel();
  const reloading = { ...service('web.service'), execReload: [command('/bin/reload')], refuseManualStart: true, refuseManualStop: true };
  kernel.boot([target('default.target'), target('up.target', { Wants: ['web.service'] }), reloading]);
  const code = (type: 'reload-or-restart' | 'reload-or-try-restart'): string => {
    const reply = kernel.replies.get(kernel.enqueue(type, 'web.service'));
    return reply?.ok === false ? reply.code : 'taken';
  };
  assert.equal(code('reload-or-restart'), 'refused-manually');
  assert.equal(code('reload-or-try-restart'), 'taken');
  kernel.enqueue('start', 'up.target');
  kernel.run(SECOND);
  assert.equal(kernel.unit('web.service').activeState, 'active');
  assert.equal(code('reload-or-restart'), 'taken');
});

test('a command that the stop of a service cuts short fails the service, unless it is the daemon itself', () => {
  const resultAfterStop = (overrides: Parameters<typeof service>[1]): string => {
    const kernel = new SimulatedKernel({ scripts: { '/bin/true': { exitAfterUsec: 10 } } });
    kernel.boot([target('default.target', { Wants: ['x.service'] }), service('x.service', overrides)]);
    kernel.run(SECOND);
    if (kernel.unit('x.service').activeState === 'active') kernel.enqueue('reload', 'x.service');
    kernel.run(SECOND);
    kernel.enqueue('stop', 'x.service');
    kernel.run(SECOND);
    return `${runtime(kernel, 'x.service').result} ${kernel.unit('x.service').activeState}`;
  };
  assert.equal(resultAfterStop({ execStartPre: [command('/bin/forever')] }), 'signal failed');
  assert.equal(resultAfterStop({ execStartPre: [command('/bin/forever', { ignoreFailure: true })] }), 'success inactive');
  assert.equal(resultAfterStop({ execReload: [command('/bin/forever')] }), 'signal failed');
  assert.equal(resultAfterStop({ execReload: [command('/bin/true')] }), 'success inactive');
  assert.equal(resultAfterStop({ type: 'forking' }), 'success inactive');
});

test('what comes with a unit that is not needed is started before that unit is stopped again', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target'), service('lone.service', { stopWhenUnneeded: true, execStop: [command('/bin/forever')], edges: { Wants: ['beside.service'] } }),
    service('beside.service', { edges: { After: ['lone.service'] } }),
  ]);
  kernel.enqueue('start', 'lone.service');
  kernel.run(SECOND);
  assert.equal(runtime(kernel, 'lone.service').state, 'stop');
  assert.equal(kernel.unit('beside.service').activeState, 'active');
});

test('a unit is not left up without the one it is bound to, however that one was stopped', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Wants: ['bound.service', 'requiring.service'] }), service('base.service'),
    service('bound.service', { edges: { BindsTo: ['base.service'], After: ['base.service'] } }), service('requiring.service', { edges: { Requires: ['base.service'] } }),
  ]);
  kernel.run(SECOND);
  kernel.request({ method: 'enqueue', type: 'stop', units: ['base.service' as UnitName], mode: 'ignore-dependencies', wait: true, verb: 'stop' });
  kernel.run(SECOND);
  assert.equal(kernel.unit('bound.service').activeState, 'inactive');
  assert.equal(kernel.unit('requiring.service').activeState, 'active');
});

test('a job that waits for another runs at once when it is asked for again without its dependencies', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/slow.service': { exitAfterUsec: 60 * SECOND } } });
  kernel.boot([
    target('default.target', { Wants: ['late.service'] }), service('slow.service', { type: 'oneshot' }),
    service('late.service', { edges: { Wants: ['slow.service'], After: ['slow.service'] } }),
  ]);
  kernel.run(SECOND);
  assert.equal(kernel.unit('late.service').activeState, 'inactive');
  kernel.request({ method: 'enqueue', type: 'start', units: ['late.service' as UnitName], mode: 'ignore-dependencies', wait: true, verb: 'start' });
  kernel.run(SECOND);
  assert.equal(kernel.unit('late.service').activeState, 'active');
});
