import assert from 'node:assert/strict';
import { test } from 'node:test';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

// Its whole life is one step: without care nobody, its own start job included, would notice that it had been up.
test('a oneshot with nothing to run ends its start job, and what waits for it goes on', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Requires: ['nothing.service'], After: ['nothing.service'] }),
    service('nothing.service', { type: 'oneshot', execStart: [] }),
  ]);
  assert.equal(kernel.unit('nothing.service').activeState, 'inactive');
  assert.equal(kernel.unit('nothing.service').job, null);
  assert.equal(kernel.unit('default.target').activeState, 'active');
  assert.equal(kernel.bootFinished, true);
});
