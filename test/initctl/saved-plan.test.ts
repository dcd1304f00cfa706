import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlan, savedPlan } from '../../src/initctl/saved-plan.ts';

const PLANS = {
  plans: [{
    unit: 'a.service', dropped: [], refused: null,
    steps: [
      { wave: 1, unit: 'b.service', type: 'start', reason: '', origin: null, after: [] },
      { wave: 2, unit: 'a.service', type: 'restart', reason: '', origin: null, after: ['b.service'] },
    ],
  }],
};

test('a plan that was saved is read back with all its jobs', () => {
  assert.deepEqual(parsePlan(savedPlan('restart', 'fail', PLANS)), {
    heartwoodPlan: 1, verb: 'restart', mode: 'fail', units: ['a.service'], jobs: ['b.service/start', 'a.service/restart'],
  });
});

test('isolate is saved as the start with that mode', () => {
  const plan = parsePlan(savedPlan('isolate', 'isolate', PLANS));
  assert.ok(typeof plan === 'object' && plan.verb === 'start' && plan.mode === 'isolate');
});

test('what is no plan is refused with a sentence', () => {
  for (const text of ['', '{', 'null', '[]', '{"heartwoodPlan":2}', '{"heartwoodPlan":1,"verb":"poweroff"}', '{"heartwoodPlan":1,"verb":"start","mode":"x"}', '{"heartwoodPlan":1,"verb":"start","mode":"fail","units":[1],"jobs":[]}']) {
    assert.equal(typeof parsePlan(text), 'string', text);
  }
});
