/** What goes on through a soft-reboot, and how the next life takes it over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { valuesOf } from '../../../src/base/persistent-map.ts';
import { rememberUnits, type Remembered } from '../../../src/core/manager/soft-reboot.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;
const SURVIVES = { recorded: { SurviveFinalKillSignal: 'yes' }, defaultDependencies: false } as const;

/** Boots, starts all services, and ends with a soft-reboot, asked once or, to hurry it, twice. */
function lifeOf(definitions: readonly UnitDefinition[], asked = 1): SimulatedKernel {
  const kernel = new SimulatedKernel({ config: { mode: 'system' } });
  kernel.boot([target('default.target', { Wants: definitions.map(({ name }) => name) }), ...definitions]);
  kernel.run(SECOND);
  for (let times = 0; times < asked; times++) kernel.signal('SIGRTMIN+7');
  kernel.run(5 * SECOND);
  assert.equal(kernel.finished?.goal, 'soft-reboot');
  return kernel;
}

function survivorsOf(kernel: SimulatedKernel): readonly string[] {
  return rememberUnits(valuesOf(kernel.state.units)).services.map(({ unit }) => unit as string).sort();
}

test('only a running service that asks for it and that no part of the shutdown stops goes on', () => {
  const conflicts = (other: string) => ({ edges: { Conflicts: [other] } });
  const kernel = lifeOf([
    service('plain.service'), service('on.service', SURVIVES), service('default.service', { ...SURVIVES, defaultDependencies: true }),
    service('shut.service', { ...SURVIVES, ...conflicts('shutdown.target') }), service('reboot.service', { ...SURVIVES, ...conflicts('reboot.target') }),
    service('once.service', { ...SURVIVES, type: 'oneshot', remainAfterExit: true }), service('bound.service', { ...SURVIVES, edges: { BindsTo: ['plain.service'] } }),
  ]);
  assert.deepEqual(survivorsOf(kernel), ['on.service', 'reboot.service']);
  assert.deepEqual([...kernel.processes.values()].map(({ unit }) => unit as string).sort(), ['on.service', 'reboot.service']);
  assert.deepEqual(survivorsOf(lifeOf([service('plain.service'), service('on.service', SURVIVES)], 2)), ['on.service'], 'also when it is hurried');
});

test('a shutdown that is no soft-reboot stops it like any other', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['on.service'] }), service('on.service', SURVIVES)]);
  kernel.run(SECOND);
  kernel.signal('SIGTERM');
  kernel.run(5 * SECOND);
  assert.equal(kernel.unit('on.service').activeState, 'inactive');
  assert.equal(kernel.processes.size, 0);
});

test('the next life gives stored fds to who may have them, as many as it may, and closes the others', () => {
  const remembered: Remembered = {
    services: [],
    stores: [
      { unit: 'a.service' as UnitName, fds: ['store:a.service:x:1', 'store:a.service:x:2'] },
      { unit: 'gone.service' as UnitName, fds: ['store:gone.service:x:3'] }, { unit: 'none.service' as UnitName, fds: ['store:none.service:x:4'] },
    ],
  };
  const kernel = new SimulatedKernel();
  const closed: string[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'close-fds') closed.push(...effect.names); };
  kernel.boot([target('default.target'), service('a.service', { fileDescriptorStoreMax: 1 }), service('none.service')], 1, remembered.stores);
  const { runtime } = kernel.unit('a.service');
  assert.deepEqual(runtime.kind === 'service' ? runtime.fdStore : null, ['store:a.service:x:1']);
  assert.deepEqual(closed, ['store:a.service:x:2', 'store:gone.service:x:3', 'store:none.service:x:4']);
});
