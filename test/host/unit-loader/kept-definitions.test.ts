import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { KeptDefinitions } from '../../../src/host/unit-loader/kept-definitions.ts';
import { service } from '../../../src/sim/definitions.ts';

const disk = { stampOf: () => 'stamp', exists: () => true };
const nameOf = (index: number): UnitName => `visitor@${String(index)}.service` as UnitName;

test('definitions of units that are not loaded any more are let go of when there are many', () => {
  const kept = new KeptDefinitions(100_000);
  const count = 3000;
  for (let index = 0; index < count; index++) {
    kept.keep({ definition: service(nameOf(index)), ingredients: { place: '', stamps: [], asked: [] } });
    kept.prune((name) => name === nameOf(7));
  }
  const left = Array.from({ length: count }, (_, index) => nameOf(index)).filter((name) => kept.find(name, '', disk) !== null);
  assert.ok(left.length <= 1025, `${String(left.length)} are left`);
  assert.ok(left.includes(nameOf(7)));
});
