import assert from 'node:assert/strict';
import { test } from 'node:test';
import { device, service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

test('a unit that requires a device in a container runs all the same', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Requires: ['reader.service'], After: ['reader.service'] }),
    service('reader.service', { edges: { Requires: ['card.device'], After: ['card.device'] } }),
    device('card.device', '/dev/card', false),
  ]);
  assert.equal(kernel.unit('card.device').activeState, 'inactive');
  assert.deepEqual(kernel.unit('card.device').endReason, { reason: 'not-implemented' });
  assert.equal(kernel.unit('reader.service').activeState, 'active');
});

test('a unit bound to a device in a container is held back with that reason', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Wants: ['reader.service'] }),
    service('reader.service', { edges: { BindsTo: ['card.device'], After: ['card.device'] } }),
    device('card.device', '/dev/card', false),
  ]);
  const { activeState, endReason } = kernel.unit('reader.service');
  assert.equal(activeState, 'inactive');
  assert.equal(endReason?.reason === 'dependency-failed' && endReason.on, 'card.device');
});
