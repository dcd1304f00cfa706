import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapFrom, entriesOf } from '../../src/base/persistent-map.ts';
import { unitDues } from '../../src/core/manager/due.ts';
import type { Effect } from '../../src/core/manager/effect.ts';
import type { Step } from '../../src/core/manager/survival/replay.ts';
import type { ManagerState, ServiceRuntime, Unit } from '../../src/core/manager/state.ts';
import { step } from '../../src/core/manager/step.ts';
import { randomScenario } from '../../src/sim/random-scenario.ts';
import { failureOf, shrink } from '../../src/sim/shrink.ts';
import { LAWS } from '../../src/sim/laws.ts';
import type { Scenario } from '../../src/sim/scenario.ts';

/** Lives that are enough for every defect below to show. */
const SEEDS = 80;

/** Changes every unit of a state. */
function mapUnits(state: ManagerState, change: (unit: Unit) => Unit): ManagerState {
  const units = entriesOf(state.units).map(([name, unit]) => [name, change(unit)] as const);
  return { ...state, units: mapFrom(units), unitDues: unitDues(units.map(([, unit]) => unit)) };
}

function mapServices(state: ManagerState, change: (run: ServiceRuntime) => ServiceRuntime): ManagerState {
  return mapUnits(state, (unit) => (unit.runtime.kind === 'service' ? { ...unit, runtime: change(unit.runtime) } : unit));
}

function withoutEdges(state: ManagerState, kinds: readonly string[]): ManagerState {
  const graph = mapFrom([...entriesOf(state.graph)].map(([name, node]) => [name, Object.fromEntries(Object.entries(node).filter(([kind]) => !kinds.includes(kind)))] as const));
  return { ...state, graph };
}

/** Lets the manager think that the graph lacks these edges; the state keeps them. */
function blindFor(kinds: readonly string[]): Step {
  return (state, event) => {
    if ('definitions' in event) return step(state, event);
    const [next, effects] = step(withoutEdges(state, kinds), event);
    return [{ ...next, graph: state.graph }, effects];
  };
}

/** Effects, each replaced by any number of them. */
function withEffects(change: (effect: Effect) => readonly Effect[]): Step {
  return (state, event) => {
    const [next, effects] = step(state, event);
    return [next, effects.flatMap(change)];
  };
}

/** For each law a manager that breaks it. */
const BROKEN_STEPS: Readonly<Record<string, Step>> = {
  'one main process': withEffects((effect) => (effect.kind === 'spawn' && effect.role === 'ExecStart' ? [effect, effect] : [effect])),
  order: blindFor(['After', 'Before']),
  requirement: blindFor(['RequiredBy', 'BoundBy', 'RequisiteOf']),
  'stop is stop': (state, event) => {
    // A restart that nobody asked for is queued for what was stopped.
    const [next, effects] = step(state, event);
    const stopped = effects.flatMap((effect) => (effect.kind === 'publish' && effect.change.change === 'job-removed' && effect.change.type === 'stop' && effect.change.result === 'done' ? [effect.change.unit] : []));
    return [mapUnits(next, (unit) => (stopped.includes(unit.name) && unit.runtime.kind === 'service' && unit.runtime.state === 'dead'
      ? { ...unit, activeState: 'activating', runtime: { ...unit.runtime, state: 'auto-restart', deadlineUsec: next.armedUsec ?? event.monotonicUsec } } : unit)), effects];
  },
  'start limit': (state, event) => step(mapUnits(state, (unit) => ({ ...unit, startTimes: [] })), event),
  'timer for each deadline': (state, event) => {
    const [next, effects] = step(state, event);
    return [{ ...next, armedUsec: null }, effects];
  },
  bounds: (state, event) => {
    const [next, effects] = step(state, event);
    return [event.event === 'notify' ? mapServices(next, (run) => ({ ...run, statusText: 'x'.repeat(2000) })) : next, effects];
  },
  reason: (state, event) => {
    const [next, effects] = step(state, event);
    return [mapUnits(next, (unit) => ({ ...unit, endReason: null })), effects];
  },
  consistency: (state, event) => {
    const [next, effects] = step(state, event);
    return [event.event === 'spawned' ? { ...next, pids: mapFrom([...entriesOf(next.pids)].filter(([pid]) => pid !== event.pid)) } : next, effects];
  },
  'once only': withEffects((effect) => (effect.kind === 'reply' ? [effect, effect] : [effect])),
};

test('every law has a manager that breaks it', () => {
  assert.deepEqual(Object.keys(BROKEN_STEPS), Object.keys(LAWS));
});

for (const [law, broken] of Object.entries(BROKEN_STEPS)) {
  test(`a manager that breaks the law "${law}" is found out`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) if (failureOf(randomScenario(seed, { isPeaceful: true }), { step: broken })?.law === law) return;
    assert.fail(`${String(SEEDS)} lives broke no law "${law}"`);
  });

  test(`a manager that breaks the law "${law}" is found out with light checks, too`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) if (failureOf(randomScenario(seed, { isPeaceful: true }), { step: broken, checks: 'light' })?.law === law) return;
    assert.fail(`${String(SEEDS)} lives broke no law "${law}"`);
  });
}

/** What is found out only when all has gone well for a while, by the words of the failure. */
const NEVER_ENDING: Readonly<Record<string, Step>> = {
  'job ends': (state, event) => (event.event === 'exited' || event.event === 'timer' ? [state, []] : step(state, event)),
  'shutdown comes to its end': (state, event) => (event.event === 'final-kill-done' ? [state, []] : step(state, event)),
};
for (const [words, broken] of Object.entries(NEVER_ENDING)) {
  test(`a manager of which it cannot be said that every ${words} is found out`, () => {
    const laws = Array.from({ length: 20 }, (_, seed) => failureOf(randomScenario(seed + 1, { isPeaceful: true }), { step: broken })?.message ?? '');
    assert.ok(laws.some((message) => message.includes(words)), laws[0]);
  });
}

test('a manager that depends on more than state and event is found out when it is recovered', () => {
  let calls = 0;
  const impure: Step = (state, event) => {
    calls += 1;
    return step({ ...state, nextJobId: state.nextJobId + (calls % 2) }, event);
  };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const scenario: Scenario = { ...randomScenario(seed, { isPeaceful: true }), faults: { crash: 20 } };
    if (failureOf(scenario, { step: impure })?.message.includes('a recovered state is the state the engine died with') === true) return;
  }
  assert.fail('no life noticed');
});

test('a failure is made smaller and is still the same', () => {
  const broken = BROKEN_STEPS['reason'] as Step;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const failure = failureOf(randomScenario(seed, { actions: 20 }), { step: broken });
    if (failure?.law !== 'reason') continue;
    const small = shrink(failure, { step: broken });
    assert.equal(small.law, 'reason');
    assert.ok(small.scenario.actions.length <= 2, `${String(small.scenario.actions.length)} actions are left`);
    const timeouts = (text = ''): readonly string[] => text.split('\n').filter((line) => line.startsWith('Timeout'));
    for (const [file, text] of Object.entries(small.scenario.files)) assert.deepEqual(timeouts(text), timeouts(failure.scenario.files[file]), 'no other failure is made by taking time-outs away');
    assert.equal(failureOf(small.scenario, { step: broken })?.law, 'reason', 'what was written down breaks the law again');
    assert.equal(failureOf(small.scenario), null, 'and does so only with the defect');
    return;
  }
  assert.fail('no seed broke the law');
});
