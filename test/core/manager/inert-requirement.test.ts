import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { InertUnit } from '../../../src/core/unit/definition.ts';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

/** A device unit: its type loads, takes part in dependencies, and cannot be started yet. */
function device(name: string): InertUnit {
  return { ...target(name), kind: 'device', name: name as UnitName };
}

test('a unit that requires one of a type that is not started yet runs all the same', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Requires: ['reader.service'], After: ['reader.service'] }),
    service('reader.service', { edges: { Requires: ['card.device'], After: ['card.device'] } }),
    device('card.device'),
  ]);
  assert.equal(kernel.unit('card.device').activeState, 'inactive');
  assert.deepEqual(kernel.unit('card.device').endReason, { reason: 'not-implemented' });
  assert.equal(kernel.unit('reader.service').activeState, 'active');
});

test('a unit bound to one of a type that is not started yet is held back with that reason', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Wants: ['reader.service'] }),
    service('reader.service', { edges: { BindsTo: ['card.device'], After: ['card.device'] } }),
    device('card.device'),
  ]);
  const { activeState, endReason } = kernel.unit('reader.service');
  assert.equal(activeState, 'inactive');
  assert.equal(endReason?.reason === 'dependency-failed' && endReason.on, 'card.device');
});
