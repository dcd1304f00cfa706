/** What units do to each other while they live, beside what a transaction already decides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel, type SimulationOptions } from '../../../src/sim/kernel.ts';
import type { UnitName } from '../../../src/base/brand.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import type { JobMode } from '../../../src/core/unit/unit-common.ts';

const SECOND = 1_000_000;

function boot(units: readonly UnitDefinition[], options: SimulationOptions = {}): SimulatedKernel {
  const kernel = new SimulatedKernel(options);
  kernel.boot([target('default.target', {}), ...units]);
  return kernel;
}

function start(kernel: SimulatedKernel, unit: string, mode: JobMode = 'replace'): void {
  kernel.request({ method: 'enqueue', type: 'start', units: [unit as UnitName], mode, wait: false, verb: 'start' });
  kernel.run(SECOND);
}

test('Upholds= brings the other up as soon as its holder is, though nothing pulled it in, and again when it dies', () => {
  const kernel = boot([service('a.service', { edges: { Upholds: ['b.service'] } }), service('b.service')]);
  start(kernel, 'a.service', 'ignore-dependencies');
  assert.equal(kernel.unit('b.service').activeState, 'active');
  kernel.kill(kernel.processesOf('b.service' as UnitName)[0]?.pid ?? 0, 9);
  kernel.run(SECOND);
  assert.equal(kernel.unit('b.service').activeState, 'active');
});

test('isolate cancels the jobs of units it does not want, but for those with IgnoreOnIsolate=', () => {
  const slow = { '/bin/kept.service': {}, '/bin/gone.service': {} };
  const kernel = boot([
    { ...target('other.target', {}), allowIsolate: true },
    { ...service('kept.service', { type: 'notify', notifyAccess: 'main' }), ignoreOnIsolate: true },
    service('gone.service', { type: 'notify', notifyAccess: 'main' }),
  ], { scripts: slow });
  start(kernel, 'kept.service');
  start(kernel, 'gone.service');
  assert.notEqual(kernel.unit('gone.service').job, null);
  start(kernel, 'other.target', 'isolate');
  assert.notEqual(kernel.unit('kept.service').job, null);
  assert.equal(kernel.unit('gone.service').activeState, 'inactive');
});

test('a reload of what is down is queued and ends as invalid', () => {
  const reloading = { ...service('a.service'), execReload: service('a.service').execStart };
  const kernel = boot([reloading]);
  const request = kernel.enqueue('reload', 'a.service');
  kernel.run(SECOND);
  const reply = kernel.replies.get(request);
  assert.equal(reply?.ok === true ? reply.jobs[0]?.result : reply?.message, 'invalid', 'its unit is not active');
});

test('a target without a reload of its own hands it on to the units it propagates reloads to', () => {
  const reloading = { ...service('a.service'), execReload: [command('/bin/reload')] };
  const kernel = boot([target('top.target', { PropagatesReloadTo: ['a.service'], Wants: ['a.service'] }), reloading], { scripts: { '/bin/reload': { exitAfterUsec: 1000 } } });
  start(kernel, 'top.target');
  const request = kernel.enqueue('reload', 'top.target');
  kernel.run(SECOND);
  const reply = kernel.replies.get(request);
  assert.equal(reply?.ok === true ? reply.jobs[0]?.result : reply?.message, 'done');
  assert.ok(kernel.history.some((line) => line.startsWith('reload a.service')), kernel.history.join('\n'));
});

test('a service that another one\'s failure starts is told how that one ended', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/fails.service': { exitAfterUsec: 1000, exitStatus: 7 } } });
  const told: (readonly string[])[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn' && effect.unit === 'told.service') told.push(effect.extraEnvironment); };
  kernel.boot([target('default.target', {}), service('fails.service', { type: 'oneshot', edges: { OnFailure: ['told.service'] } }), service('told.service')]);
  start(kernel, 'fails.service');
  start(kernel, 'told.service');
  assert.deepEqual(told.map((environment) => environment.filter((each) => !each.startsWith('MONITOR_INVOCATION_ID='))), [
    ['MONITOR_SERVICE_RESULT=exit-code', 'MONITOR_EXIT_CODE=exited', 'MONITOR_EXIT_STATUS=7', 'MONITOR_UNIT=fails.service'],
  ]);
});

test('a handler of several units is told of none of them', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/fails.service': { exitAfterUsec: 1000, exitStatus: 7 } } });
  const told: (readonly string[])[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn' && effect.unit === 'told.service') told.push(effect.extraEnvironment); };
  const handled = (name: string): UnitDefinition => service(name, { type: 'oneshot', edges: { OnFailure: ['told.service'] } });
  kernel.boot([target('default.target', {}), handled('fails.service'), handled('other.service'), service('told.service')]);
  start(kernel, 'fails.service');
  assert.deepEqual(told, [[]]);
});
