/** The simulator's kernel is a model of the real one: the same scripts are lived through in both, and what units do must be the same. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseScript, type WorldScript } from '../../src/sim/script/script-text.ts';
import { runScript } from '../../src/sim/script/run-script.ts';
import { SERVICE_SCENARIOS, type ModelScenario } from './model/scenarios.ts';
import { SWAP_LINK, SWAP_SCENARIOS, TRIGGER_SCENARIOS } from './model/trigger-scenarios.ts';
import { liveThrough, type StateChange, type WorldOutcome } from './model/real-world.ts';
import { whyNoNamespaces, withRig } from './rig.ts';
import { giveSwapDevice, makeSwapDevice } from './swap-device.ts';

const skip = whyNoNamespaces() ?? false;
const hasAutofs = existsSync('/dev/autofs') && readFileSync('/proc/filesystems', 'utf8').includes('autofs');
const swapDevice = skip === false ? makeSwapDevice() : null;
const SCENARIOS: readonly ModelScenario[] = [...SERVICE_SCENARIOS, ...TRIGGER_SCENARIOS, ...SWAP_SCENARIOS];
/** Those that are lived through while the engine dies, too: whatever waits for something in the kernel. */
const WITH_DEATHS: readonly ModelScenario[] = [...TRIGGER_SCENARIOS, ...SWAP_SCENARIOS];
const DEATHS: readonly NodeJS.Signals[] = ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL'];
/** Scenarios that run at the same time: their programs share the processors. */
const AT_ONCE = 10;
/** A machine that is busy, or a death at a bad moment, may take the time that a scenario leaves: alone it has more of it. */
const TRIES_ALONE = 3;

/** Why this scenario cannot be lived through on this machine. */
function whyNot({ units }: ModelScenario): string | false {
  const has = (type: string): boolean => Object.keys(units).some((name) => name.endsWith(type));
  if (!hasAutofs && has('.automount')) return 'this kernel has no autofs';
  return swapDevice === null && has('.swap') ? 'this machine has no loop device for a swap area' : skip;
}

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

async function liveInKernel(scenarios: readonly ModelScenario[], deaths: readonly NodeJS.Signals[]): Promise<readonly WorldOutcome[]> {
  const units = Object.assign({ 'default.target': '[Unit]\n' }, ...scenarios.map((each) => each.units)) as Record<string, string>;
  return withRig({ units, args: [] }, async (rig) => {
    await rig.booted();
    await rig.run(['mknod', '/dev/autofs', 'c', '10', '235']);
    if (swapDevice !== null) await giveSwapDevice(rig, swapDevice, SWAP_LINK);
    return liveThrough(rig, scenarios.map(scriptOf), deaths);
  });
}

/** Several at a time, each once. */
async function liveAll(scenarios: readonly ModelScenario[], deaths: readonly NodeJS.Signals[], real: Map<ModelScenario, WorldOutcome>): Promise<void> {
  const possible = scenarios.filter((scenario) => whyNot(scenario) === false);
  for (let from = 0; from < possible.length; from += AT_ONCE) {
    const some = possible.slice(from, from + AT_ONCE);
    for (const [index, outcome] of (await liveInKernel(some, deaths)).entries()) real.set(some[index] as ModelScenario, outcome);
  }
}

/** A unit passes it when the group is seen empty a moment after its main process has ended, and not when both are seen at once. */
const PASSED_BY_CHANCE = 'deactivating (final-sigterm)';

interface Story {
  readonly broken: readonly string[];
  readonly byUnit: Readonly<Record<string, readonly string[]>>;
  readonly order?: readonly string[];
}

/** What each unit did, in its order; and between units, where they settled in which order. */
function storyOf({ units, ordered }: ModelScenario, { changes, broken }: WorldOutcome): Story {
  const own = changes.filter(({ unit, state }) => unit in units && state !== PASSED_BY_CHANCE);
  const byUnit = Object.fromEntries(Object.keys(units).map((name) => [name, own.filter(({ unit }) => unit === name).map(({ state }) => state)]));
  const settled = ({ state }: StateChange): boolean => /^(?:active|inactive|failed) /.test(state);
  return { broken, byUnit, ...(ordered === true ? { order: own.filter(settled).map(({ unit, state }) => `${unit} ${state}`) } : {}) };
}

/** While no engine listens nobody hears of states that pass, so all that is seen must be part of the story, in its order. */
function isPartOf(seen: Story, story: Story): boolean {
  return seen.broken.length === 0 && Object.entries(seen.byUnit).every(([unit, states]) => {
    const rest = [...story.byUnit[unit] ?? []];
    return states.every((state) => {
      const at = rest.indexOf(state);
      rest.splice(0, at + 1);
      return at >= 0;
    });
  });
}

const calm = new Map<ModelScenario, WorldOutcome>();
const deadly = new Map<ModelScenario, WorldOutcome>();

before(async () => {
  if (skip !== false) return;
  await liveAll(SCENARIOS, [], calm);
  await liveAll(WITH_DEATHS, DEATHS, deadly);
});

after(() => { swapDevice?.remove(); });

function modelStory(scenario: ModelScenario): Story {
  const model = storyOf(scenario, modelOf(scenario));
  assert.deepEqual(model.broken, [], 'the model does what the scenario says');
  return model;
}

/** @returns the story as it was lived with the others, or alone, the first that is as it is to be, else the last */
async function realStory(scenario: ModelScenario, first: WorldOutcome | undefined, deaths: readonly NodeJS.Signals[], isRight: (story: Story) => boolean): Promise<Story> {
  let story = storyOf(scenario, first as WorldOutcome);
  for (let tries = 0; tries < TRIES_ALONE && !isRight(story); tries++) story = storyOf(scenario, (await liveInKernel([scenario], deaths))[0] as WorldOutcome);
  return story;
}

for (const scenario of SCENARIOS) {
  test(`on the kernel as in the model: ${scenario.name}`, { skip: whyNot(scenario), timeout: 120_000 }, async () => {
    const model = modelStory(scenario);
    assert.deepEqual(await realStory(scenario, calm.get(scenario), [], (story) => JSON.stringify(story) === JSON.stringify(model)), model);
  });
}

for (const scenario of WITH_DEATHS) {
  test(`on the kernel as in the model while the engine dies: ${scenario.name}`, { skip: whyNot(scenario), timeout: 120_000 }, async () => {
    const model = modelStory(scenario);
    const story = await realStory(scenario, deadly.get(scenario), DEATHS, (each) => isPartOf(each, model));
    assert.ok(isPartOf(story, model), `seen: ${JSON.stringify(story, null, 1)}\nthe model: ${JSON.stringify(model, null, 1)}`);
  });
}
