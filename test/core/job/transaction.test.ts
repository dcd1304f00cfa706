import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UnitName } from '../../../src/base/brand.ts';
import { buildGraph } from '../../../src/core/graph/graph.ts';
import { areConflicting, firstOf, isActive } from '../../../src/core/job/job-type.ts';
import type { Transaction, TransactionOutcome } from '../../../src/core/job/transaction/outcome.ts';
import type { Anchor, TransactionView } from '../../../src/core/job/transaction/request.ts';
import { buildTransaction } from '../../../src/core/job/transaction/transaction.ts';
import { newUnit } from '../../../src/core/manager/load.ts';
import type { ActiveState, Job, JobType, Unit } from '../../../src/core/manager/state.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import type { DependencyKind } from '../../../src/core/unit/dependency.ts';
import type { JobMode } from '../../../src/core/unit/unit-common.ts';
import { missing, service, target } from '../../../src/sim/definitions.ts';

interface Situation {
  readonly units: readonly UnitDefinition[];
  readonly states?: Readonly<Record<string, ActiveState>>;
  readonly jobs?: Readonly<Record<string, JobType>>;
  readonly irreversible?: boolean;
}

function viewOf({ units, states = {}, jobs = {}, irreversible = false }: Situation): TransactionView {
  const installed = new Map(Object.entries(jobs).map(([unit, type], index) => [index + 1, { id: index + 1, unit, type, irreversible } as unknown as Job]));
  const known = new Map<UnitName, Unit>(units.map((definition) => {
    const job = [...installed.values()].find((each) => each.unit === definition.name);
    return [definition.name, { ...newUnit(definition), activeState: states[definition.name] ?? 'inactive', job: job?.id ?? null }];
  }));
  return {
    graph: buildGraph(units, (name) => name), orderIsAcyclic: false, units: () => known.values(), unit: (name) => known.get(name), job: (id) => installed.get(id),
  };
}

function build(situation: Situation, unit: string, type: JobType, mode: JobMode = 'replace'): TransactionOutcome {
  return buildTransaction(viewOf(situation), { unit: unit as UnitName, type, mode, reason: { reason: 'boot' }, boot: false });
}

/** `a.service/start b.service/stop`, sorted. */
function jobsOf(outcome: TransactionOutcome): string {
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.refusal.message);
  return outcome.transaction.jobs.map((job) => `${job.unit}/${job.type}`).sort().join(' ');
}

test('a try-restart of what is down is nothing and pulls in nothing', () => {
  const units = [service('a.service', { edges: { Wants: ['b.service'] } }), service('b.service')];
  assert.equal(jobsOf(build({ units }, 'a.service', 'try-restart')), 'a.service/nop');
  assert.equal(jobsOf(build({ units, states: { 'a.service': 'active' } }, 'a.service', 'try-restart')), 'a.service/restart b.service/start');
});

test('a try-restart of a unit without a file is refused, of a masked one it is not', () => {
  const absent = build({ units: [missing('a.service')] }, 'a.service', 'try-restart');
  assert.equal(absent.ok ? '' : absent.refusal.code, 'no-such-unit');
  assert.equal(jobsOf(build({ units: [{ ...service('a.service'), loadState: 'masked' }] }, 'a.service', 'try-restart')), 'a.service/nop');
});

test('what is only wanted is started without its missing requirement and that is said; a start of it by hand is refused', () => {
  const units = [target('top.target', { Wants: ['a.service'] }), service('a.service', { edges: { Requires: ['gone.service'] } }), missing('gone.service')];
  const outcome = build({ units }, 'top.target', 'start');
  assert.equal(jobsOf(outcome), 'a.service/start top.target/start');
  assert.match(outcome.ok ? outcome.transaction.dropped.map((each) => each.message).join() : '', /a\.service\/start goes on without gone\.service/);
  const direct = build({ units }, 'a.service', 'start');
  assert.deepEqual(direct.ok ? null : direct.refusal.path, ['a.service', 'gone.service']);
});

test('mode fail replaces no job by its opposite, but may widen one', () => {
  const units = [service('a.service')];
  const running = { units, states: { 'a.service': 'activating' }, jobs: { 'a.service': 'start' } } as const;
  assert.equal(jobsOf(build(running, 'a.service', 'restart', 'fail')), 'a.service/restart');
  assert.equal(build(running, 'a.service', 'stop', 'fail').ok, false);
  assert.equal(jobsOf(build(running, 'a.service', 'stop')), 'a.service/stop');
});

test('mode fail leaves running what the job merely would rather have stopped', () => {
  const units = [service('a.service'), service('b.service', { edges: { Conflicts: ['a.service'] } })];
  const situation = { units, states: { 'b.service': 'active' } } as const;
  assert.equal(jobsOf(build(situation, 'a.service', 'start', 'fail')), 'a.service/start');
  assert.equal(jobsOf(build(situation, 'a.service', 'start')), 'a.service/start b.service/stop');
});

test('a job that is irreversible yields to no mode', () => {
  const units = [service('a.service')];
  for (const mode of ['replace', 'replace-irreversibly', 'flush', 'ignore-dependencies'] as const) {
    assert.equal(build({ units, jobs: { 'a.service': 'stop' }, irreversible: true }, 'a.service', 'start', mode).ok, false, mode);
  }
});

test('an isolate that would stop what it starts is refused', () => {
  const units = [service('a.service', { edges: { PartOf: ['b.service'] } }), service('b.service')];
  assert.equal(build({ units, states: { 'b.service': 'active' } }, 'a.service', 'start', 'isolate').ok, false);
  assert.equal(jobsOf(build({ units, states: { 'a.service': 'active' } }, 'b.service', 'start', 'isolate')), 'a.service/stop b.service/start');
});

test('an isolate that would stop what it starts over a unit that is down already is refused', () => {
  const units = [service('a.service', { edges: { PartOf: ['b.service'] } }), service('b.service', { edges: { Requires: ['c.target'] } }), target('c.target')];
  assert.equal(build({ units, states: { 'c.target': 'active' } }, 'a.service', 'start', 'isolate').ok, false);
  assert.equal(jobsOf(build({ units, states: {} }, 'a.service', 'start', 'isolate')), 'a.service/start');
});

test('a target that hands reloads on can be reloaded; one that does not cannot', () => {
  const reloading = { ...service('a.service'), execReload: service('a.service').execStart };
  const units = [target('top.target', { PropagatesReloadTo: ['a.service'] }), target('bare.target'), reloading];
  const states = { 'top.target': 'active', 'bare.target': 'active', 'a.service': 'active' } as const;
  assert.equal(jobsOf(build({ units, states }, 'top.target', 'reload')), 'a.service/reload top.target/reload');
  assert.equal(build({ units, states }, 'bare.target', 'reload').ok, false);
});

test('of two that are only wanted and conflict, the one that asks for the conflict is started; a stop that is only handed on yields to a start', () => {
  const conflicting = [target('top.target', { Wants: ['a.service', 'b.service'] }), service('a.service', { edges: { Conflicts: ['b.service'] } }), service('b.service')];
  assert.equal(jobsOf(build({ units: conflicting }, 'top.target', 'start')), 'a.service/start top.target/start');
  const handedOn = [
    target('top.target', { Wants: ['a.service', 'b.service'] }), service('a.service', { edges: { Conflicts: ['c.service'] } }),
    service('b.service', { edges: { PartOf: ['c.service'] } }), service('c.service'),
  ];
  assert.equal(jobsOf(build({ units: handedOn, states: { 'c.service': 'active' } }, 'top.target', 'start')), 'b.service/start top.target/start');
});

test('restart-dependencies restarts what a restart would, and only starts the unit itself', () => {
  const units = [service('a.service'), service('b.service', { edges: { Requires: ['a.service'] } }), service('c.service', { edges: { PartOf: ['a.service'] } })];
  const states = { 'a.service': 'active', 'b.service': 'active' } as const;
  assert.equal(jobsOf(build({ units, states }, 'a.service', 'start', 'restart-dependencies')), 'a.service/start b.service/restart');
});

test('of an order cycle the job that was pulled in last and that the anchor does not need is left out, with every edge; what is needed is refused with the path', () => {
  const units = (needs: 'Wants' | 'Requires'): readonly UnitDefinition[] => [
    service('a.service', { edges: { [needs]: ['b.service'], After: ['c.service'] } }), service('b.service', { edges: { [needs]: ['c.service'] } }),
    service('c.service', { edges: { After: ['b.service'] } }), service('d.service', { edges: { Requires: ['c.service'], Before: ['b.service'], After: ['c.service'] } }),
  ];
  const whole = units('Wants').map((unit) => (unit.name === 'b.service' ? service('b.service', { edges: { Wants: ['c.service', 'd.service'] } }) : unit));
  const outcome = build({ units: whole }, 'a.service', 'start');
  assert.equal(jobsOf(outcome), 'a.service/start b.service/start c.service/start', 'd closes the cycle b, c, d and is wanted');
  const [left] = outcome.ok ? outcome.transaction.dropped : [];
  assert.match(left?.message ?? '', /^Ordering cycle: .*After=.*Before=.*d\.service\/start is left out to break it: a\.service\/start does not need it\.$/);
  assert.deepEqual([left?.unit, left?.cycle.length, left?.path], ['d.service', 3, ['a.service', 'b.service', 'd.service']]);
  const needed = units('Requires').map((unit) => (unit.name === 'b.service' ? service('b.service', { edges: { Requires: ['c.service', 'd.service'] } }) : unit));
  const refused = build({ units: needed }, 'a.service', 'start');
  assert.deepEqual(refused.ok ? null : [refused.refusal.path[0], refused.refusal.cycle.length], ['a.service', 3]);
});

// --- laws

const KINDS: readonly DependencyKind[] = ['Requires', 'Requisite', 'Wants', 'BindsTo', 'PartOf', 'Upholds', 'Conflicts', 'Before', 'After', 'PropagatesReloadTo', 'PropagatesStopTo'];
const STATES: readonly ActiveState[] = ['active', 'inactive', 'failed', 'activating', 'deactivating', 'reloading'];
const MODES: readonly JobMode[] = ['fail', 'replace', 'replace-irreversibly', 'isolate', 'flush', 'ignore-dependencies', 'ignore-requirements', 'triggering', 'restart-dependencies'];
const TYPES: readonly JobType[] = ['start', 'stop', 'restart', 'try-restart', 'reload-or-start'];
const UNITS_MAX = 7;

/** What a graph is made from; small, so that a counterexample can be read. */
const sketch = fc.integer({ min: 1, max: UNITS_MAX }).chain((count) => {
  const name = fc.integer({ min: 0, max: count - 1 }).map((index) => `u${String(index)}.service`);
  return fc.record({
    edges: fc.array(fc.tuple(name, fc.constantFrom(...KINDS), name), { maxLength: 12 }),
    states: fc.array(fc.constantFrom(...STATES), { minLength: count, maxLength: count }),
    jobs: fc.dictionary(name, fc.constantFrom<JobType>('start', 'stop', 'restart', 'reload'), { maxKeys: 2 }),
    irreversible: fc.boolean(),
    unit: name, type: fc.constantFrom(...TYPES), mode: fc.constantFrom(...MODES), boot: fc.boolean(),
  });
});

function check(law: (transaction: Transaction, view: TransactionView, anchor: Anchor) => void): void {
  fc.assert(fc.property(sketch, ({ edges, states, jobs, irreversible, unit, type, mode, boot }) => {
    const units = states.map((_, index) => {
      const own: Record<string, string[]> = {};
      for (const [from, kind, to] of edges) if (from === `u${String(index)}.service`) (own[kind] ??= []).push(to);
      return service(`u${String(index)}.service`, { edges: own });
    });
    const view = viewOf({ units, states: Object.fromEntries(units.map((each, index) => [each.name, states[index] as ActiveState])), jobs, irreversible });
    const anchor: Anchor = { unit: unit as UnitName, type, mode, reason: { reason: 'boot' }, boot };
    const outcome = buildTransaction(view, anchor);
    if (outcome.ok) law(outcome.transaction, view, anchor);
    else assert.ok(outcome.refusal.path[0] === unit && outcome.refusal.message !== '', 'a refusal tells the path from the anchor');
  }), { numRuns: 2000 });
}

test('a transaction has its anchor and at most one job for each unit, or it is refused with a path', () => {
  check((transaction, _view, anchor) => {
    const units = transaction.jobs.map((job) => job.unit);
    assert.equal(new Set(units).size, units.length);
    assert.ok(units.includes(anchor.unit));
  });
});

test('a transaction that stops what it needs is never built', () => {
  check((transaction, view, { mode }) => {
    if (mode === 'ignore-dependencies' || mode === 'ignore-requirements') return;
    const types = new Map(transaction.jobs.map((job) => [job.unit, job.type]));
    for (const [unit, type] of types) {
      if (type !== 'start' && type !== 'restart') continue;
      for (const { kind, other } of view.unit(unit)?.definition.dependencies ?? []) {
        if (kind === 'Requires' || kind === 'BindsTo') assert.notEqual(types.get(other), 'stop', `${unit}/${type} and ${other}/stop`);
        if (kind === 'Conflicts' && other !== unit) assert.ok(!['start', 'restart'].includes(types.get(other) ?? ''), `${unit}/${type} and ${other}/${types.get(other) ?? ''}`);
      }
    }
  });
});

test('what the anchor requires is in the transaction unless it is up already', () => {
  check((transaction, view, { unit, type, mode }) => {
    if (type !== 'start' || mode === 'ignore-dependencies' || mode === 'ignore-requirements') return;
    const units = new Set(transaction.jobs.map((job) => job.unit));
    for (const { kind, other } of view.unit(unit)?.definition.dependencies ?? []) {
      if (kind === 'Requires' || kind === 'BindsTo') assert.ok(units.has(other) || isActive(view.unit(other)?.activeState ?? 'inactive'), `${other} is missing`);
    }
  });
});

test('the jobs of a transaction have an order: none waits for itself, over any number of others', () => {
  check((transaction, view) => {
    const types = new Map(transaction.jobs.map((job) => [job.unit, job.type]));
    const left = new Set(types.keys());
    const waits = (unit: UnitName): boolean => [...left].some((other) => {
      if (other === unit) return false;
      const edge = (from: UnitName, kind: DependencyKind, to: UnitName): boolean => view.unit(from)?.definition.dependencies.some((each) => each.kind === kind && each.other === to) === true;
      const isAfter = edge(unit, 'After', other) || edge(other, 'Before', unit);
      const isBefore = edge(unit, 'Before', other) || edge(other, 'After', unit);
      return (isAfter && firstOf(types.get(other) as JobType, types.get(unit) as JobType) === 'before')
        || (isBefore && firstOf(types.get(unit) as JobType, types.get(other) as JobType) === 'after');
    });
    while (left.size > 0) {
      const free = [...left].find((unit) => !waits(unit));
      assert.ok(free !== undefined, `a cycle among ${[...left].join(', ')}`);
      left.delete(free);
    }
  });
});

test('a start that needs nothing of what it wants is never refused for an order cycle', () => {
  fc.assert(fc.property(sketch, ({ edges, states }) => {
    const names = states.map((_, index) => `u${String(index)}.service`);
    const units = names.map((name) => {
      const own: Record<string, string[]> = {};
      for (const [from, kind, to] of edges) if (from === name) (own[kind] ??= []).push(to);
      return service(name, { edges: own });
    });
    const outcome = build({ units: [target('top.target', { Wants: names }), ...units] }, 'top.target', 'start');
    assert.ok(outcome.ok, outcome.ok ? '' : outcome.refusal.message);
  }), { numRuns: 2000 });
});

test('no transaction undoes a job that is irreversible, nor any in mode fail', () => {
  check((transaction, view, { mode }) => {
    for (const { unit, type } of transaction.jobs) {
      const id = view.unit(unit)?.job ?? null;
      const installed = id === null ? undefined : view.job(id);
      if (installed !== undefined && (installed.irreversible || mode === 'fail')) assert.ok(!areConflicting(installed.type, type), `${unit}: ${installed.type} and ${type}`);
    }
  });
});
