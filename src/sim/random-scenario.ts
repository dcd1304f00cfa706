/**
 * One random life of a manager, made wholly from a seed: a set of units with random dependencies and settings, programs that behave well
 * or badly, and a user who starts, stops, reloads and kills at random. Laws are checked after every step (sim/kernel) and at the end:
 * every job ended, every unit rests or runs, and a shutdown leaves no process.
 */
import { assert } from '../base/assert.ts';
import type { Usec } from '../base/brand.ts';
import { nextRandom, seedRandom, type RandomState } from '../base/random.ts';
import { valuesOf } from '../base/persistent-map.ts';
import { isInactive } from '../core/job/job-type.ts';
import type { DependencyKind, RestartPolicy, ServiceType, ServiceUnit, UnitDefinition } from '../core/unit/definition.ts';
import { command, service, target } from './definitions.ts';
import { SimulatedKernel, type Script } from './kernel.ts';

const SECOND = 1_000_000;

/** Longer than all time-outs of a scenario after one another. */
const QUIET_USEC = 600 * SECOND;

/** All time-outs that one job of a scenario can run into, and then some. */
const JOB_USEC_MAX = 120 * SECOND;

export interface ScenarioOptions {
  readonly seed: number;
  readonly units?: number;
  readonly actions?: number;
  /** The manager dies and is restored after every so many steps. */
  readonly restoreEvery?: number;
}

export interface ScenarioResult {
  readonly seed: number;
  readonly steps: number;
  /** How often each sub-state was entered, over all units. */
  readonly reached: ReadonlyMap<string, number>;
}

class Dice {
  #state: RandomState;

  constructor(seed: number) {
    this.#state = seedRandom(seed);
  }

  below(limit: number): number {
    const [word, next] = nextRandom(this.#state);
    this.#state = next;
    return word % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    assert(item !== undefined, 'a list to pick from has items');
    return item;
  }
}

const TYPES: readonly ServiceType[] = ['simple', 'exec', 'forking', 'oneshot', 'notify', 'simple'];
const RESTARTS: readonly RestartPolicy[] = ['no', 'no', 'on-success', 'on-failure', 'on-abnormal', 'on-abort', 'on-watchdog', 'always'];
const KINDS: readonly DependencyKind[] = ['Requires', 'Wants', 'BindsTo', 'PartOf', 'Requisite', 'Conflicts', 'OnFailure', 'Upholds', 'PropagatesStopTo'];

/** Runs the scenario of a seed. @throws AssertionError with the seed when a law is broken */
export function runScenario(options: ScenarioOptions): ScenarioResult {
  const dice = new Dice(options.seed);
  const count = options.units ?? 2 + dice.below(14);
  const names = Array.from({ length: count }, (_, i) => `u${String(i)}.service`);
  const definitions: UnitDefinition[] = [
    target('default.target', { Wants: names.filter(() => dice.chance(70)), After: names }),
    ...names.map((name, index) => randomService(dice, names, name, index)),
  ];
  const kernel = new SimulatedKernel({
    scripts: randomScripts(dice, names), ...(options.restoreEvery === undefined ? {} : { restoreEvery: options.restoreEvery }),
  });
  try {
    kernel.boot(definitions, options.seed);
    for (let i = 0; i < (options.actions ?? 30); i++) {
      act(dice, kernel, names);
      kernel.run(dice.below(20 * SECOND));
    }
    finish(kernel, names);
  } catch (error) {
    const tail = kernel.history.slice(-12).join('\n  ');
    throw new Error(`seed ${String(options.seed)}: ${error instanceof Error ? error.message : String(error)}\n  ${tail}`, { cause: error });
  }
  const reached = new Map<string, number>();
  for (const line of kernel.history) {
    const word = line.slice(0, line.indexOf(' '));
    reached.set(word, (reached.get(word) ?? 0) + 1);
  }
  return { seed: options.seed, steps: kernel.steps, reached };
}

function randomService(dice: Dice, names: readonly string[], name: string, index: number): ServiceUnit {
  const type = dice.pick(TYPES);
  const edges: Partial<Record<DependencyKind, string[]>> = {};
  for (let i = dice.below(4); i > 0; i--) {
    const other = dice.pick(names);
    if (other === name) continue;
    const kind = dice.pick(KINDS);
    (edges[kind] ??= []).push(other);
    // Mostly ordered downwards, so that cycles are an exception and not the rule.
    if (dice.chance(70)) (edges[names.indexOf(other) < index || dice.chance(3) ? 'After' : 'Before'] ??= []).push(other);
  }
  const commands = (role: string, percent: number) => (dice.chance(percent) ? [command(`/bin/${role}`, { ignoreFailure: dice.chance(30) })] : []);
  const notify = type === 'notify';
  return service(name, {
    type, edges, restart: dice.pick(RESTARTS), restartUsec: (dice.chance(30) ? 0 : dice.below(3 * SECOND)) as Usec,
    notifyAccess: notify ? 'main' : 'none', watchdogUsec: notify && dice.chance(40) ? (2 * SECOND) as Usec : null,
    execStartPre: commands('pre', 20), execStartPost: commands('post', 15), execStop: commands('stop', 20), execStopPost: commands('stop-post', 20),
    execReload: commands('reload', 40), execCondition: commands('condition', 10),
    remainAfterExit: dice.chance(25), stopWhenUnneeded: dice.chance(15),
    timeoutStartUsec: (10 * SECOND) as Usec, timeoutStopUsec: (5 * SECOND) as Usec, timeoutAbortUsec: (5 * SECOND) as Usec,
    timeoutStartFailureMode: dice.pick(['terminate', 'abort', 'kill']), timeoutStopFailureMode: dice.pick(['terminate', 'abort', 'kill']),
    runtimeMaxUsec: dice.chance(10) ? (30 * SECOND) as Usec : null,
    kill: { ...service(name).kill, killMode: dice.pick(['control-group', 'control-group', 'mixed', 'process', 'none']), sendSigkill: dice.chance(90) },
  });
}

function randomScripts(dice: Dice, names: readonly string[]): Record<string, (run: number) => Script> {
  const scripts: Record<string, (run: number) => Script> = {};
  for (const path of [...names.map((name) => `/bin/${name}`), '/bin/pre', '/bin/post', '/bin/stop', '/bin/stop-post', '/bin/reload', '/bin/condition']) {
    const main = path.endsWith('.service');
    scripts[path] = () => ({
      ...(dice.chance(main ? 45 : 95) ? { exitAfterUsec: dice.below((main ? 30 : 3) * SECOND) } : {}),
      exitStatus: dice.chance(60) ? 0 : dice.pick([1, 2, 255]),
      ...(dice.chance(80) ? { readyAfterUsec: dice.below(2 * SECOND) } : {}),
      ignoresTerm: dice.chance(10),
      termTakesUsec: dice.chance(50) ? 0 : dice.below(8 * SECOND),
      ...(dice.chance(40) ? { pingsEveryUsec: SECOND } : {}),
      ...(dice.chance(20) ? { forks: { ignoresTerm: dice.chance(20), ...(dice.chance(50) ? { exitAfterUsec: dice.below(20 * SECOND) } : {}) } } : {}),
      ...(dice.chance(4) ? { spawnFails: { stage: dice.pick(['clone', 'exec', 'chdir', 'user']), errno: dice.pick(['EAGAIN', 'ENOENT']) } } : {}),
    });
  }
  return scripts;
}

function act(dice: Dice, kernel: SimulatedKernel, names: readonly string[]): void {
  const unit = dice.pick(names);
  switch (dice.below(8)) {
    case 0:
    case 1: kernel.enqueue('start', unit); return;
    case 2: kernel.enqueue('stop', unit); return;
    case 3: kernel.enqueue('restart', unit); return;
    case 4: kernel.enqueue(dice.pick(['try-restart', 'reload', 'reload-or-restart']), unit); return;
    case 5: kernel.request({ method: 'reset-failed', units: [] }); return;
    case 6: kernel.request({ method: 'cancel', jobs: [] }); return;
    default: {
      const pids = [...kernel.processes.keys()];
      if (pids.length > 0) kernel.kill(dice.pick(pids), dice.pick([9, 11, 15, 6]));
    }
  }
}

/** No more actions: everything has to come to rest, and then to an end. */
function finish(kernel: SimulatedKernel, names: readonly string[]): void {
  for (const name of names) kernel.enqueue('stop', name);
  kernel.run(QUIET_USEC);
  for (const job of valuesOf(kernel.state.jobs)) {
    // A unit that is upheld and dies again and again has a new job every few seconds, and others may wait for it as long.
    assert(job.blockedBy !== null || job.createdUsec > kernel.nowUsec - JOB_USEC_MAX, `every job ends: ${job.unit}/${job.type} is ${job.state}`);
  }
  assert(kernel.state.requests.size === 0, 'every request is answered');
  for (const unit of valuesOf(kernel.state.units)) {
    const steady = unit.job !== null || unit.times.stateChange.monotonicUsec > kernel.nowUsec - JOB_USEC_MAX || unit.activeState === 'active' || unit.activeState === 'inactive' || unit.activeState === 'failed' || unit.runtime.state === 'auto-restart';
    assert(steady, `${unit.name} comes to rest, but is ${unit.activeState} (${unit.runtime.state})`);
    if (unit.activeState === 'failed') assert(unit.endReason !== null, `${unit.name} failed for a reason`);
  }
  for (const process of kernel.processes.values()) {
    const unit = kernel.unit(process.unit);
    const killMode = unit.definition.kind === 'service' ? unit.definition.kill.killMode : 'none';
    const mayStay = !isInactive(unit.activeState) || killMode === 'process' || killMode === 'none' || killMode === 'mixed'
      || (unit.definition.kind === 'service' && !unit.definition.kill.sendSigkill);
    assert(mayStay, `no process of ${unit.name} outlives its stop`);
  }
  kernel.signal('SIGTERM');
  kernel.run(QUIET_USEC);
  assert(kernel.finished !== null, 'a shutdown comes to its end');
}

