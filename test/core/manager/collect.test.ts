import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { getEntry, hasEntry } from '../../../src/base/persistent-map.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { after, service, target, timer } from '../../../src/sim/definitions.ts';
import { SimulatedKernel, type SimulationOptions } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;

function transient<T extends UnitDefinition>(definition: T): T {
  return { ...definition, transient: true, fragmentPath: `/run/transient/${definition.name}` };
}

/** The manager with units that a client makes after the boot. */
function withTransient(units: readonly UnitDefinition[], options: SimulationOptions = {}): SimulatedKernel {
  const kernel = new SimulatedKernel({ scripts: { '/bin/t.service': { exitAfterUsec: SECOND } }, ...options });
  kernel.boot([target('default.target'), target('other.target')]);
  kernel.feed({ event: 'definitions', reload: false, definitions: units, monotonicUsec: kernel.nowUsec as never, realtimeUsec: 1 as never });
  return kernel;
}

function isLoaded(kernel: SimulatedKernel, name: string): boolean {
  return hasEntry(kernel.state.units, name as UnitName);
}

test('a transient unit is forgotten when it has ended, and leaves nothing in the graph', () => {
  const kernel = withTransient([transient(service('t.service', { edges: { After: ['other.target'], Conflicts: ['other.target'] } }))]);
  const removed: string[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'remove-transient') removed.push(effect.unit); };
  kernel.enqueue('start', 't.service');
  assert.ok(isLoaded(kernel, 't.service'));
  kernel.run(2 * SECOND);
  assert.ok(!isLoaded(kernel, 't.service'));
  assert.deepEqual(removed, ['t.service']);
  assert.equal(getEntry(kernel.state.graph, 't.service' as UnitName), undefined);
  assert.ok(!JSON.stringify(getEntry(kernel.state.graph, 'other.target' as UnitName) ?? {}).includes('t.service'));
});

test('one that failed stays until reset-failed, unless CollectMode= says otherwise', () => {
  const failing = { scripts: { '/bin/t.service': { exitAfterUsec: SECOND, exitStatus: 1 } } };
  const kernel = withTransient([transient(service('t.service'))], failing);
  kernel.enqueue('start', 't.service');
  kernel.run(2 * SECOND);
  assert.equal(kernel.unit('t.service').activeState, 'failed');
  kernel.request({ method: 'reset-failed', units: ['t.service' as UnitName] });
  assert.ok(!isLoaded(kernel, 't.service'));
  const entries = [{ section: 'Unit', key: 'CollectMode', value: 'inactive-or-failed', file: '/f', line: 1, column: 0, valueColumn: 0 }];
  const collected = withTransient([transient(service('t.service', { entries }))], failing);
  collected.enqueue('start', 't.service');
  collected.run(2 * SECOND);
  assert.ok(!isLoaded(collected, 't.service'));
});

test('a service stays as long as the timer that starts it, and goes with it', () => {
  const kernel = withTransient([
    transient(timer('t.timer', { triggers: [after('OnActiveSec', 1), after('OnUnitActiveSec', 10)] })), transient(service('t.service')),
  ]);
  kernel.enqueue('start', 't.timer');
  kernel.run(25 * SECOND);
  assert.equal(kernel.history.filter((line) => line === 'spawn ExecStart t.service').length, 3);
  kernel.enqueue('stop', 't.timer');
  assert.ok(!isLoaded(kernel, 't.timer'));
  assert.ok(!isLoaded(kernel, 't.service'));
});

test('a timer without anything more to come goes, its service when it has ended', () => {
  const kernel = withTransient([transient(timer('t.timer', { triggers: [after('OnActiveSec', 1)], remainAfterElapse: false })), transient(service('t.service'))]);
  kernel.enqueue('start', 't.timer');
  kernel.run(1.5 * SECOND);
  assert.ok(isLoaded(kernel, 't.service'));
  kernel.run(2 * SECOND);
  assert.ok(!isLoaded(kernel, 't.timer'));
  assert.ok(!isLoaded(kernel, 't.service'));
});

test('a unit that has a file of the administrator is never forgotten', () => {
  const kernel = withTransient([service('t.service')]);
  kernel.enqueue('start', 't.service');
  kernel.run(2 * SECOND);
  assert.ok(isLoaded(kernel, 't.service'));
});

test('a transient unit survives the death of the manager with its own definition', () => {
  const kernel = withTransient([transient(service('t.service'))], { restoreEvery: 1 });
  kernel.enqueue('start', 't.service');
  assert.equal(kernel.unit('t.service').activeState, 'active');
  kernel.run(2 * SECOND);
  assert.ok(!isLoaded(kernel, 't.service'));
});
