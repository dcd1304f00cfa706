/** The law everything else rests on: recovery, `plan` and simulation call `step` on states that others still hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Step } from '../../../src/core/manager/survival/replay.ts';
import { serialise } from '../../../src/core/manager/survival/serialise.ts';
import { step } from '../../../src/core/manager/step.ts';
import { randomScenario } from '../../../src/sim/random-scenario.ts';
import { runScenario } from '../../../src/sim/run-scenario.ts';

/** Freezes plain data to the bottom; what is frozen already was so with all below it. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const each of value instanceof Map ? value.values() : Object.values(value)) freeze(each);
}

test('a step changes neither the state nor the event it is given, and gives the same result each time', () => {
  let steps = 0;
  const checked: Step = (state, event) => {
    freeze(state);
    freeze(event);
    const before = serialise(state);
    const [next, effects] = step(state, event);
    const [again, sameEffects] = step(state, event);
    assert.equal(serialise(state), before);
    assert.equal(serialise(again), serialise(next));
    assert.deepEqual(sameEffects, effects);
    steps += 1;
    return [next, effects];
  };
  for (let seed = 1; seed <= 8; seed++) runScenario(randomScenario(seed, { actions: 30 }), { step: checked, checks: 'end' });
  assert.ok(steps > 1000, `${String(steps)} steps are enough to say something`);
});
