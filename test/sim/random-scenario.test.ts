import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECK_LEVELS } from '../../src/sim/laws.ts';
import { randomScenario } from '../../src/sim/random-scenario.ts';
import { runScenario } from '../../src/sim/run-scenario.ts';
import type { Scenario } from '../../src/sim/scenario.ts';

test('the same seed gives the same life, faults and deaths of the engine included', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const first = runScenario(randomScenario(seed));
    const second = runScenario(randomScenario(seed));
    assert.equal(first.steps, second.steps);
    assert.deepEqual([...first.reached], [...second.reached]);
    assert.deepEqual([...first.faults], [...second.faults]);
  }
});

test('a state that goes through a snapshot after every third step lives the same life', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const scenario = randomScenario(seed, { isPeaceful: true });
    const unharmed = runScenario(scenario);
    const revived = runScenario(scenario, { restoreEvery: 3 });
    assert.equal(revived.steps, unharmed.steps, `seed ${String(seed)}`);
    assert.deepEqual([...revived.reached], [...unharmed.reached], `seed ${String(seed)}`);
  }
});

const REGRESSIONS = join(import.meta.dirname, 'regressions');
for (const file of readdirSync(REGRESSIONS)) {
  const { defect, scenario } = JSON.parse(readFileSync(join(REGRESSIONS, file), 'utf8')) as { readonly defect: string; readonly scenario: Scenario };
  test(`no more: ${defect}`, () => { for (const checks of CHECK_LEVELS) runScenario(scenario, { checks }); });
}
