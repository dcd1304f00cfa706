/** The simulator's kernel is a model of the real one: the same scripts are lived through in both, and what units do must be the same. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parseScript, type WorldScript } from '../../src/sim/script/script-text.ts';
import { runScript } from '../../src/sim/script/run-script.ts';
import { SERVICE_SCENARIOS, type ModelScenario } from './model/scenarios.ts';
import { TRIGGER_SCENARIOS } from './model/trigger-scenarios.ts';
import { liveThrough, type StateChange, type WorldOutcome } from './model/real-world.ts';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const SCENARIOS: readonly ModelScenario[] = [...SERVICE_SCENARIOS, ...TRIGGER_SCENARIOS];
/** Scenarios that run at the same time: their programs share the processors. */
const AT_ONCE = 10;
const real = new Map<ModelScenario, WorldOutcome>();

function scriptOf({ script }: ModelScenario): WorldScript {
  const parsed = parseScript(script);
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.problems));
  return parsed.script;
}

function modelOf(scenario: ModelScenario): WorldOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'heartwood-model-'));
  try {
    for (const [name, text] of Object.entries(scenario.units)) writeFileSync(join(folder, name), text);
    const run = runScript(scriptOf(scenario), { directories: [folder], mode: 'system', environment: {}, isFull: false });
    return {
      changes: run.entries.filter(({ what }) => what === 'state').map(({ unit, text }) => ({ unit, state: text.replace(/, result .*\)$/, ')') })),
      broken: run.expectations.filter(({ holds }) => !holds).map(({ text, found }) => `${text}: ${found}`),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function liveInKernel(scenarios: readonly ModelScenario[]): Promise<void> {
  const units = Object.assign({ 'default.target': '[Unit]\n' }, ...scenarios.map((each) => each.units)) as Record<string, string>;
  await withRig({ units, args: [] }, async (rig) => {
    await rig.booted();
    const outcomes = await liveThrough(rig, scenarios.map(scriptOf));
    for (const [index, scenario] of scenarios.entries()) real.set(scenario, outcomes[index] as WorldOutcome);
  });
}

/** A unit passes it when the group is seen empty a moment after its main process has ended, and not when both are seen at once. */
const PASSED_BY_CHANCE = 'deactivating (final-sigterm)';

/** What each unit did, in its order; and between units, where they settled in which order. */
function storyOf({ units, ordered }: ModelScenario, { changes, broken }: WorldOutcome): object {
  const own = changes.filter(({ unit, state }) => unit in units && state !== PASSED_BY_CHANCE);
  const byUnit = Object.fromEntries(Object.keys(units).map((name) => [name, own.filter(({ unit }) => unit === name).map(({ state }) => state)]));
  const settled = ({ state }: StateChange): boolean => /^(?:active|inactive|failed) /.test(state);
  return { broken, byUnit, ...(ordered === true ? { order: own.filter(settled).map(({ unit, state }) => `${unit} ${state}`) } : {}) };
}

before(async () => {
  if (skip !== false) return;
  for (let from = 0; from < SCENARIOS.length; from += AT_ONCE) await liveInKernel(SCENARIOS.slice(from, from + AT_ONCE));
});

for (const scenario of SCENARIOS) {
  test(`on the kernel as in the model: ${scenario.name}`, { skip, timeout: 60_000 }, async () => {
    const model = storyOf(scenario, modelOf(scenario));
    assert.deepEqual((model as { readonly broken: readonly string[] }).broken, [], 'the model does what the scenario says');
    const isSame = (): boolean => JSON.stringify(storyOf(scenario, real.get(scenario) as WorldOutcome)) === JSON.stringify(model);
    // The machine may have been too busy for the spans of the scenario: alone it has more of it.
    if (!isSame()) await liveInKernel([scenario]);
    assert.deepEqual(storyOf(scenario, real.get(scenario) as WorldOutcome), model);
  });
}
