import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { getEntry, hasEntry } from '../../../src/base/persistent-map.ts';
import { deserialise, serialise } from '../../../src/core/manager/survival/serialise.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel, type SimulationOptions } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;

function booted(options: SimulationOptions = {}): SimulatedKernel {
  const kernel = new SimulatedKernel(options);
  kernel.boot([target('default.target', { Wants: ['kept.service'] }), service('kept.service'), service('never-started.service')]);
  return kernel;
}

/** As the host does when somebody asks about units that are not loaded. */
function ask(kernel: SimulatedKernel, ...definitions: UnitDefinition[]): void {
  kernel.feed({ event: 'definitions', reload: false, definitions, monotonicUsec: kernel.nowUsec as never, realtimeUsec: 1 as never });
}

function loaded(kernel: SimulatedKernel, ...names: string[]): string[] {
  return names.filter((name) => hasEntry(kernel.state.units, name as UnitName));
}

const notFound = (name: string): UnitDefinition => ({ ...service(name), loadState: 'not-found', fragmentPath: null, names: [name as UnitName] });

test('a unit that was only asked about is there for the answer, and is forgotten seconds later', () => {
  const kernel = booted();
  ask(kernel, service('a.service', { edges: { After: ['kept.service'] } }), notFound('no-such.service'));
  kernel.run(4 * SECOND);
  assert.deepEqual(loaded(kernel, 'a.service', 'no-such.service'), ['a.service', 'no-such.service']);
  kernel.run(2 * SECOND);
  assert.deepEqual(loaded(kernel, 'a.service', 'no-such.service'), []);
  assert.equal(getEntry(kernel.state.graph, 'a.service' as UnitName), undefined);
  assert.ok(!JSON.stringify(getEntry(kernel.state.graph, 'kept.service' as UnitName) ?? {}).includes('a.service'));
  assert.equal(kernel.state.armedUsec, null, 'nobody is woken for nothing');
});

test('what came with the boot stays, and so does what a unit that stays speaks of', () => {
  const kernel = booted();
  ask(kernel, service('holder.service', { edges: { Wants: ['held.service'] } }), service('held.service', { edges: { After: ['deep.service'] } }), notFound('deep.service'));
  kernel.enqueue('start', 'holder.service');
  kernel.enqueue('stop', 'held.service');
  kernel.run(60 * SECOND);
  assert.deepEqual(loaded(kernel, 'never-started.service', 'holder.service', 'held.service', 'deep.service'), ['never-started.service', 'holder.service', 'held.service', 'deep.service']);
});

test('units that only speak of each other go together', () => {
  const kernel = booted();
  ask(kernel, service('one.service', { edges: { Wants: ['two.service'] } }), service('two.service', { edges: { PartOf: ['one.service'] } }));
  kernel.run(6 * SECOND);
  assert.deepEqual(loaded(kernel, 'one.service', 'two.service'), []);
});

test('a unit that failed stays until reset-failed, unless CollectMode=inactive-or-failed', () => {
  const kernel = booted({ scripts: { '/bin/bad.service': { exitAfterUsec: SECOND, exitStatus: 1 }, '/bin/gone.service': { exitAfterUsec: SECOND, exitStatus: 1 } } });
  const entries = [{ section: 'Unit', key: 'CollectMode', value: 'inactive-or-failed', file: '/f', line: 1, column: 0, valueColumn: 0 }];
  ask(kernel, service('bad.service'), service('gone.service', { entries }));
  kernel.enqueue('start', 'bad.service', 'gone.service');
  // It ended, so it is among the newest that are kept to be asked about: enough others push it out.
  for (let index = 0; index < 300; index++) {
    const name = `job@${String(index)}.service`;
    ask(kernel, service(name, { type: 'oneshot', execStart: [] }));
    kernel.enqueue('start', name);
    kernel.run(SECOND);
  }
  kernel.run(20 * SECOND);
  assert.deepEqual(loaded(kernel, 'bad.service', 'gone.service'), ['bad.service']);
});

test('of those that ended the newest are kept to be asked about', () => {
  const kernel = booted();
  const names = Array.from({ length: 400 }, (_, index) => `job@${String(index)}.service`);
  for (const name of names) {
    ask(kernel, service(name));
    kernel.enqueue('start', name);
    kernel.enqueue('stop', name);
    kernel.run(100_000);
  }
  kernel.run(60 * SECOND);
  ask(kernel, notFound('x.service'));
  kernel.run(60 * SECOND);
  assert.deepEqual(loaded(kernel, ...names), names.slice(-256));
});

test('a limit of starts is not forgotten with the unit', () => {
  const kernel = booted();
  ask(kernel, service('limited.service', { startLimitIntervalUsec: (3600 * SECOND) as never }));
  kernel.enqueue('start', 'limited.service');
  kernel.enqueue('stop', 'limited.service');
  for (let index = 0; index < 300; index++) {
    const name = `job@${String(index)}.service`;
    ask(kernel, service(name));
    kernel.enqueue('start', name);
    kernel.enqueue('stop', name);
    kernel.run(100_000);
  }
  kernel.run(30 * SECOND);
  assert.deepEqual(loaded(kernel, 'limited.service'), ['limited.service']);
});

test('ten thousand questions leave as many units as before, though they never pause', () => {
  const kernel = booted();
  const before = kernel.state.units.size;
  let most = 0;
  for (let index = 0; index < 10_000; index++) {
    ask(kernel, notFound(`no-such-${String(index)}.service`));
    kernel.run(10_000);
    most = Math.max(most, kernel.state.units.size);
  }
  assert.ok(most < 1200, `${String(most)} units at most`);
  kernel.run(20 * SECOND);
  assert.equal(kernel.state.units.size, before);
});

test('the sweep that is planned lives through a snapshot', () => {
  const kernel = booted();
  ask(kernel, notFound('no-such.service'));
  const text = serialise(kernel.state);
  const definitions = ['default.target', 'kept.service', 'never-started.service', 'no-such.service'].map((name) => kernel.unit(name).definition);
  const restored = deserialise(text, definitions);
  assert.ok(restored.ok);
  assert.equal(restored.state.sweepDueUsec, kernel.state.sweepDueUsec);
  assert.notEqual(restored.state.sweepDueUsec, null);
  assert.equal(getEntry(restored.state.units, 'no-such.service' as UnitName)?.loadedUsec, kernel.unit('no-such.service').loadedUsec);
});
