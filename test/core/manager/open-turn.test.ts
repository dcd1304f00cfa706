/** The host steps the events of a turn together, the simulation and a recovery one by one: it has to be the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ManagerEvent } from '../../../src/core/manager/event.ts';
import type { ManagerState } from '../../../src/core/manager/state.ts';
import { openTurn, step } from '../../../src/core/manager/step.ts';
import { serialise } from '../../../src/core/manager/survival/serialise.ts';
import { checkInvariants } from '../../../src/core/manager/invariants.ts';
import { randomScenario } from '../../../src/sim/random-scenario.ts';
import { runScenario } from '../../../src/sim/run-scenario.ts';

/** As many events of a life that follow one another are one turn. */
const TURN_SIZES = [2, 7, 100];

interface Life { readonly first: ManagerState; readonly events: readonly ManagerEvent[] }

/** Without deaths of the engine, so that each state follows from the one before. */
function lifeOf(seed: number): Life {
  const { faults: { crash: _crash, poison: _poison, ...faults }, ...scenario } = randomScenario(seed, { actions: 30 });
  const states: ManagerState[] = [];
  const events: ManagerEvent[] = [];
  runScenario({ ...scenario, faults }, {
    checks: 'end',
    step: (state, event) => {
      states.push(state);
      events.push(event);
      return step(state, event);
    },
  });
  const first = states[0];
  assert.ok(first !== undefined);
  return { first, events };
}

test('the steps of a turn taken together give the state and the effects that they give one by one, and leave the old state alone', () => {
  let taken = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const { first, events } = lifeOf(seed);
    for (const size of TURN_SIZES) {
      let state = first;
      for (let from = 0; from < events.length; from += size) {
        const before = serialise(state);
        const turn = openTurn(state);
        let single = state;
        for (const event of events.slice(from, from + size)) {
          const [next, effects] = step(single, event);
          single = next;
          assert.deepEqual(turn.take(event), effects);
          taken += 1;
        }
        const together = turn.state();
        assert.equal(serialise(together), serialise(single));
        assert.equal(serialise(state), before);
        checkInvariants(together);
        state = together;
      }
    }
  }
  assert.ok(taken > 2000, `${String(taken)} events are enough to say something`);
});
