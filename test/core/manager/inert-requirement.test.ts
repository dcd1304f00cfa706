import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { InertUnit } from '../../../src/core/unit/definition.ts';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

/** A socket unit: its type loads, takes part in dependencies, and cannot be started yet. */
function socket(name: string): InertUnit {
  return { ...target(name), kind: 'socket', name: name as UnitName };
}

// Debian's rsyslog.service has Requires=syslog.socket and works without it.
test('a unit that requires one of a type that is not started yet runs all the same', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Requires: ['rsyslog.service'], After: ['rsyslog.service'] }),
    service('rsyslog.service', { edges: { Requires: ['syslog.socket'], After: ['syslog.socket'] } }),
    socket('syslog.socket'),
  ]);
  assert.equal(kernel.unit('syslog.socket').activeState, 'inactive');
  assert.deepEqual(kernel.unit('syslog.socket').endReason, { reason: 'not-implemented' });
  assert.equal(kernel.unit('rsyslog.service').activeState, 'active');
});

test('a unit bound to one of a type that is not started yet is held back with that reason', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Wants: ['reader.service'] }),
    service('reader.service', { edges: { BindsTo: ['card.socket'], After: ['card.socket'] } }),
    socket('card.socket'),
  ]);
  const { activeState, endReason } = kernel.unit('reader.service');
  assert.equal(activeState, 'inactive');
  assert.equal(endReason?.reason === 'dependency-failed' && endReason.on, 'card.socket');
});
