/** RestartOverlap=: a restart that starts the new main process beside the old one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Signal, UnitName, Usec } from '../../../src/base/brand.ts';
import type { ServiceRuntime } from '../../../src/core/manager/state.ts';
import { NO_RENEWAL } from '../../../src/core/unit/renewal.ts';
import type { ServiceUnit } from '../../../src/core/unit/service.ts';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';
import type { Script } from '../../../src/sim/process-table.ts';
import { saidOf, serviceOf, unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const SECOND = 1_000_000;
const NAME = 'web.service' as UnitName;

/** Two services: `web`, which overlaps, and one that requires it. */
function boot(scripts: readonly Script[], settings: Partial<ServiceUnit> = {}, surviveSeconds = 5): SimulatedKernel {
  // restoreEvery: the manager dies and comes back after every step.
  const kernel = new SimulatedKernel({ restoreEvery: 1, scripts: { '/bin/web.service': (run) => scripts[run - 1] ?? {} } });
  kernel.boot([
    target('default.target', { Wants: [NAME, 'needs.service'] }),
    service(NAME, { renewal: { ...NO_RENEWAL, overlapUsec: (surviveSeconds * SECOND) as Usec }, timeoutStopUsec: (10 * SECOND) as Usec, timeoutStartUsec: (20 * SECOND) as Usec, ...settings }),
    service('needs.service', { edges: { Requires: [NAME], After: [NAME], PartOf: [NAME] } }),
  ]);
  kernel.run(SECOND);
  return kernel;
}

function runtimeOf(kernel: SimulatedKernel): ServiceRuntime {
  const { runtime } = kernel.unit(NAME);
  assert.ok(runtime.kind === 'service');
  return runtime;
}

function restart(kernel: SimulatedKernel): { readonly old: number; readonly result: () => string | undefined } {
  const old = runtimeOf(kernel).mainPid ?? 0;
  const request = kernel.enqueue('restart', NAME);
  return { old, result: () => {
    const reply = kernel.replies.get(request);
    return reply?.ok === true ? `${reply.jobs[0]?.type ?? ''} ${reply.jobs[0]?.result ?? ''}` : undefined;
  } };
}

const pids = (kernel: SimulatedKernel): readonly number[] => kernel.processesOf(NAME).map(({ pid }) => pid);

test('the new process lives beside the old one for its time, then the old one goes; nobody who needs the unit notices', () => {
  const kernel = boot([{ termTakesUsec: 2 * SECOND }]);
  const needs = kernel.processesOf('needs.service' as UnitName)[0]?.pid;
  const { old, result } = restart(kernel);
  kernel.run(4 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, kernel.unit(NAME).activeState, runtimeOf(kernel).mainPid, pids(kernel).length], ['replace-watch', 'reloading', old, 2]);
  kernel.run(2 * SECOND);
  assert.equal(runtimeOf(kernel).state, 'replace-stop');
  assert.notEqual(runtimeOf(kernel).mainPid, old);
  assert.equal(result(), undefined);
  kernel.run(2 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, result(), runtimeOf(kernel).beside], ['running', 'replace done', null]);
  assert.deepEqual(pids(kernel), [runtimeOf(kernel).mainPid]);
  assert.equal(kernel.processesOf('needs.service' as UnitName)[0]?.pid, needs);
});

test('a new process that ends too soon leaves the old one, and the restart has failed', () => {
  for (const exitStatus of [0, 3]) {
    const kernel = boot([{}, { exitAfterUsec: 2 * SECOND, exitStatus }]);
    const { old, result } = restart(kernel);
    kernel.run(10 * SECOND);
    assert.deepEqual([runtimeOf(kernel).state, runtimeOf(kernel).mainPid, result(), runtimeOf(kernel).result], ['running', old, 'replace failed', 'success']);
    assert.deepEqual(pids(kernel), [old]);
    assert.equal(runtimeOf(kernel).reloadResult, exitStatus === 0 ? 'protocol' : 'exit-code');
    // And it can be tried again.
    const again = restart(kernel);
    kernel.run(20 * SECOND);
    assert.equal(again.result(), 'replace done');
  }
});

test('a new process that cannot be started leaves the old one', () => {
  const kernel = boot([{}, { spawnFails: { stage: 'exec', errno: 'ENOENT' } }]);
  const { old, result } = restart(kernel);
  kernel.run(10 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, runtimeOf(kernel).mainPid, result()], ['running', old, 'replace failed']);
});

test('a notify service has to say that it is ready, within the time for a start', () => {
  const settings = { type: 'notify', notifyAccess: 'main' } as const;
  const kernel = boot([{ readyAfterUsec: 0 }, { readyAfterUsec: 3 * SECOND }, {}], settings, 0);
  const first = restart(kernel);
  kernel.run(2 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, runtimeOf(kernel).mainPid], ['replace-start', first.old]);
  kernel.run(2 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, first.result()], ['running', 'replace done']);
  const second = restart(kernel);
  kernel.run(19 * SECOND);
  assert.equal(second.result(), undefined);
  kernel.run(3 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, second.result(), runtimeOf(kernel).mainPid, pids(kernel).length], ['running', 'replace failed', second.old, 1]);
});

test('an old process that does not obey is killed after TimeoutStopSec=', () => {
  const kernel = boot([{ ignoresTerm: true }]);
  const { old, result } = restart(kernel);
  kernel.run(14 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, pids(kernel).includes(old)], ['replace-stop', true]);
  kernel.run(2 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, pids(kernel).includes(old), result()], ['running', false, 'replace done']);
});

test('however short TimeoutStopSec= is, the end of an old process that was killed is waited for', () => {
  const manager = new OneUnitManager('service', NAME, '[Service]\nExecStart=/bin/web\nRestartOverlap=yes\nRestartOverlapSec=0\nTimeoutStopSec=1ms');
  manager.ask('start');
  manager.run();
  manager.ask('restart');
  manager.run();
  assert.equal(manager.unit().runtime.state, 'replace-stop');
  manager.later(0.002);
  assert.equal(manager.unit().runtime.state, 'replace-kill');
  manager.later(0.5);
  assert.equal(manager.unit().runtime.state, 'replace-kill');
  manager.later(0.6);
  assert.equal(manager.unit().runtime.state, 'running');
});

test('an old process that dies by itself meanwhile makes the new one the main one', () => {
  for (const afterSeconds of [0, 2]) {
    const kernel = boot([{}], { restart: 'always' });
    const { old, result } = restart(kernel);
    kernel.run(afterSeconds * SECOND);
    kernel.kill(old, 9);
    kernel.run(10 * SECOND);
    assert.deepEqual([runtimeOf(kernel).state, result(), runtimeOf(kernel).restarts], ['running', 'replace done', 0]);
    assert.deepEqual(pids(kernel), [runtimeOf(kernel).mainPid]);
  }
});

test('a stop in each stage of it ends both processes', () => {
  for (const afterSeconds of [0, 1, 6]) {
    const kernel = boot([{ termTakesUsec: 3 * SECOND }]);
    const { result } = restart(kernel);
    kernel.run(afterSeconds * SECOND);
    kernel.enqueue('stop', NAME);
    kernel.run(30 * SECOND);
    assert.deepEqual([runtimeOf(kernel).state, pids(kernel), result()], ['dead', [], 'replace canceled']);
  }
});

test('a second restart while one is under way is done after it', () => {
  const kernel = boot([]);
  const first = restart(kernel);
  kernel.run(2 * SECOND);
  const second = restart(kernel);
  kernel.run(5 * SECOND);
  const between = runtimeOf(kernel).mainPid;
  kernel.run(20 * SECOND);
  assert.deepEqual([first.result(), second.result(), runtimeOf(kernel).state], ['replace done', 'replace done', 'running']);
  assert.notEqual(runtimeOf(kernel).mainPid, between);
});

test('a new main process that dies while the old one goes is an end of the service as any other', () => {
  const kernel = boot([{ termTakesUsec: 8 * SECOND }, { exitAfterUsec: 7 * SECOND, exitStatus: 1 }], { restart: 'always', restartUsec: SECOND as Usec });
  restart(kernel);
  kernel.run(40 * SECOND);
  assert.deepEqual([runtimeOf(kernel).state, runtimeOf(kernel).restarts, pids(kernel).length], ['running', 1, 1]);
});

test('a service that is down is started, and one that restarts by itself does not overlap', () => {
  const kernel = boot([{ exitAfterUsec: 2 * SECOND }]);
  kernel.run(3 * SECOND);
  assert.equal(runtimeOf(kernel).state, 'dead');
  const { result } = restart(kernel);
  kernel.run(SECOND);
  assert.deepEqual([runtimeOf(kernel).state, result()], ['running', 'start done']);
});

test('with KillMode=control-group the old process goes with its children, with KillMode=process alone', () => {
  const signalOf = (killMode: 'control-group' | 'process'): readonly string[] => {
    const kills: string[] = [];
    const kernel = boot([], { kill: { ...service('x.service').kill, killMode, killSignal: 15 as Signal } });
    kernel.onEffect = ({ kind }) => { if (kind.startsWith('kill-')) kills.push(kind); };
    restart(kernel);
    kernel.run(10 * SECOND);
    return [...new Set(kills)];
  };
  assert.deepEqual(signalOf('control-group'), ['kill-process-tree']);
  assert.deepEqual(signalOf('process'), ['kill-process']);
});

test('the settings are read from [Service], and a type that cannot overlap says so', () => {
  const lines = 'ExecStart=/bin/true\nRestartOverlap=yes\nRestartOverlapSec=3s\n';
  assert.equal(serviceOf(lines).renewal.overlapUsec, 3 * SECOND);
  assert.equal(serviceOf('ExecStart=/bin/true\nRestartOverlapSec=3s\n').renewal.overlapUsec, null);
  const oneshot = unitOf('a.service', `[Service]\nType=oneshot\n${lines}`);
  assert.match(saidOf(oneshot).join('\n'), /RestartOverlap= has no effect on a service of Type=oneshot/);
});
