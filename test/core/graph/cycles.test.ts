import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UnitName } from '../../../src/base/brand.ts';
import { findOrderCycles } from '../../../src/core/graph/cycles.ts';
import { buildGraph, neighbours } from '../../../src/core/graph/graph.ts';
import { service } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

const name = (i: number): UnitName => `u${String(i)}.service` as UnitName;

test('a set of units has a cycle exactly when it has no topological order, and every cycle shown is one', () => {
  const pairs = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
  fc.assert(fc.property(pairs, (list) => {
    const edges = list.filter(([from, to]) => from !== to);
    const units = Array.from({ length: 10 }, (_, i) => service(name(i), { edges: { Before: edges.filter(([from]) => from === i).map(([, to]) => name(to)) } }));
    const graph = buildGraph(units, (each) => each);
    const left = new Set(units.map((unit) => unit.name));
    for (let changed = true; changed;) {
      changed = false;
      for (const each of left) {
        if (neighbours(graph, each, 'After').some((other) => left.has(other))) continue;
        left.delete(each);
        changed = true;
      }
    }
    const cycles = findOrderCycles(graph, units.map((unit) => unit.name));
    assert.equal(cycles.length > 0, left.size > 0);
    for (const cycle of cycles) {
      cycle.forEach((each, i) => { assert.ok(neighbours(graph, each, 'Before').includes(cycle[(i + 1) % cycle.length] as UnitName)); });
    }
  }));
});

test('a chain of ten thousand units is looked through without deep recursion', () => {
  const units = Array.from({ length: 10_000 }, (_, i) => service(name(i), { edges: { After: i === 0 ? [] : [name(i - 1)] } }));
  assert.deepEqual(findOrderCycles(buildGraph(units, (each) => each), units.map((unit) => unit.name)), []);
});

test('a cycle is reported when the units are loaded, with the place of every edge', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([service('a.service', { edges: { After: ['b.service'] } }), service('b.service', { edges: { After: ['a.service'] } })]);
  assert.match(kernel.logs.join('\n'), /Ordering cycle: [ab]\.service After=[ab]\.service \(\/sim\/unit:1\), [ab]\.service After=[ab]\.service \(\/sim\/unit:1\)\./);
});
