import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { addToGraph, buildGraph, emptyGraph, neighbours } from '../../../src/core/graph/graph.ts';
import { service } from '../../../src/sim/definitions.ts';

// A recovery builds the graph anew and steps the journal again: with another order of neighbours it would make jobs in another order.
test('neighbours are in the same order whichever unit was loaded first', () => {
  const units = ['c.service', 'a.service', 'b.service'].map((name) => service(name, { edges: { After: ['z.service'] } }));
  const same = (name: UnitName): UnitName => name;
  const whole = buildGraph(units, same);
  const oneByOne = [...units].reverse().reduce((graph, unit) => addToGraph(graph, [unit], same), emptyGraph());
  assert.deepEqual(neighbours(whole, 'z.service' as UnitName, 'Before'), ['a.service', 'b.service', 'c.service']);
  assert.deepEqual(neighbours(oneByOne, 'z.service' as UnitName, 'Before'), neighbours(whole, 'z.service' as UnitName, 'Before'));
});
