/**
 * What holds after every step of the manager, whatever goes wrong around it. A law remembers what it has seen of one world, so each world
 * has laws of its own. `test/sim/laws.test.ts` shows for each that it finds a manager that breaks it.
 */
import type { InvocationId, JobId, UnitName } from '../base/brand.ts';
import { changedValues } from '../base/changed-values.ts';
import { assert } from '../base/assert.ts';
import { entriesOf, getEntry, valuesOf } from '../base/persistent-map.ts';
import { buildGraph, neighbours, type Graph } from '../core/graph/graph.ts';
import type { Effect, SpawnEffect } from '../core/manager/effect.ts';
import { checkInvariants, checkJob, checkUnit } from '../core/manager/invariants.ts';
import type { Job, JobType, ManagerState, Unit } from '../core/manager/state.ts';
import { Turn } from '../core/manager/turn.ts';
import { isForgottenBySystemd } from '../core/manager/upkeep/garbage.ts';
import type { ClockReading } from '../base/time.ts';
import { nextDueUsec } from '../core/machine/service/deadlines.ts';
import { elapseUsec } from '../core/machine/timer.ts';
import { stateDeadlineOf } from '../core/manager/unit-processes.ts';
import { BrokenLaw } from './broken-law.ts';
import type { StepLook } from './kernel.ts';

/** One step with what it changed, or several with what they changed together. */
export interface Look extends StepLook {
  readonly units: readonly Unit[];
  readonly jobs: readonly Job[];
  /** Among the effects: processes to be started, and what is told to subscribers. */
  readonly spawns: readonly SpawnEffect[];
  readonly changes: readonly PublishedChange[];
}

type PublishedChange = Extract<Effect, { readonly kind: 'publish' }>['change'];

/** The unit may leave processes behind when it stops, for its files say so. */
export type MayLeave = (unit: UnitName) => boolean;

/** Says what is wrong, or null. */
type Check = (look: Look) => string | null;

/** The whole state is looked at once in so many looks; what changed, always. */
const WHOLE_EVERY_LOOKS = 1024;

const STARTING: ReadonlySet<JobType> = new Set<JobType>(['start', 'restart', 'try-restart', 'reload-or-start', 'verify-active']);
const STOPPING: ReadonlySet<JobType> = new Set<JobType>(['stop', 'restart', 'try-restart']);

type Change<C> = Extract<PublishedChange, { readonly change: C }>;

function overlaps({ units }: ManagerState, name: UnitName): boolean {
  const definition = getEntry(units, name)?.definition;
  return definition?.kind === 'service' && definition.renewal.overlapUsec !== null;
}

/** At most one live main process per service. */
function oneMainProcess(mayLeave: MayLeave): Check {
  return ({ after, spawns, kernel }) => {
    if (spawns.length === 0) return null;
    const begun = new Set<UnitName>();
    for (const spawn of spawns) {
      const { definition, unit } = spawn;
      if (spawn.role !== 'ExecStart' || definition.kind !== 'service') continue;
      if (begun.has(unit)) return `${unit} starts two main processes in one step`;
      begun.add(unit);
      const living = kernel.processesOf(unit).filter((process) => process.role === 'ExecStart');
      // A replacement begins beside one, and only beside one.
      const [left] = overlaps(after, unit) ? living.slice(1) : living;
      if (left !== undefined && !mayLeave(unit)) return `${unit} starts a main process while ${String(left.pid)} lives`;
    }
    return null;
  };
}

/** Starts wait for what they are ordered after, stops go in reverse, a stop goes before a start. */
function order(): Check {
  return ({ before, after, jobs }) => {
    for (const job of jobs) {
      const was = getEntry(before.jobs, job.id);
      if (job.state !== 'running' || job.ignoreOrder || job.type === 'nop' || (was !== undefined && was.state === 'running')) continue;
      const blocker = earlierJob(before, after, job);
      if (blocker !== null) return `${job.unit}/${job.type} runs before ${blocker.unit}/${blocker.type}`;
    }
    return null;
  };
}

/** A job that was there before the step, still waits to end, and has to go first. */
function earlierJob(before: ManagerState, after: ManagerState, job: Job): Job | null {
  const rival = (name: UnitName): Job | null => {
    const id = getEntry(after.units, name)?.job ?? null;
    const other = id === null || id === job.id ? undefined : getEntry(after.jobs, id);
    return other === undefined || other.ignoreOrder || other.type === 'nop' || getEntry(before.jobs, other.id)?.type !== other.type ? null : other;
  };
  if (!STOPPING.has(job.type)) {
    for (const name of neighbours(after.graph, job.unit, 'After')) {
      const other = rival(name);
      if (other !== null) return other;
    }
  }
  for (const name of neighbours(after.graph, job.unit, 'Before')) {
    const other = rival(name);
    if (other !== null && STOPPING.has(other.type)) return other;
  }
  return null;
}

/** A start that waits for a required unit fails when that one's start does. */
function requirement(): Check {
  return ({ before, after, changes }) => {
    for (const change of changes) {
      if (change.change !== 'job-removed' || change.type !== 'start' || !['failed', 'timeout', 'dependency'].includes(change.result)) continue;
      for (const kind of ['RequiredBy', 'BoundBy'] as const) {
        for (const name of neighbours(after.graph, change.unit, kind)) {
          const id = getEntry(before.units, name)?.job ?? null;
          const was = id === null ? undefined : getEntry(before.jobs, id);
          const is = id === null ? undefined : getEntry(after.jobs, id);
          if (was?.state === 'waiting' && was.type === 'start' && is?.type === 'start') return `${name} is still to be started though ${change.unit}, which it requires, failed to`;
        }
      }
    }
    return null;
  };
}

/** Nothing restarts by itself after a stop was asked for. */
function stopIsStop(): Check {
  const stopped = new Set<UnitName>();
  const onJob = (change: Change<'job-new'>, after: ManagerState): string | null => {
    if (!STARTING.has(change.type)) return null;
    const reason = getEntry(after.jobs, change.job)?.reason.reason;
    if (reason === 'auto-restart' && stopped.has(change.unit)) return `${change.unit} restarts by itself after it was stopped`;
    stopped.delete(change.unit);
    return null;
  };
  return ({ after, effects, changes }) => {
    // A job that was new as a reload may have been merged with a start by the time it runs.
    for (const change of changes) if (change.change === 'job-running' && STARTING.has(change.type)) stopped.delete(change.unit);
    for (const effect of effects) {
      if (effect.kind === 'spawn' && effect.role === 'ExecStart' && stopped.has(effect.unit)) return `${effect.unit} runs again after it was stopped`;
      if (effect.kind !== 'publish') continue;
      const { change } = effect;
      if (change.change === 'job-new') {
        const broken = onJob(change, after);
        if (broken !== null) return broken;
      } else if (change.change === 'job-removed' && change.type === 'stop' && change.result === 'done') {
        stopped.add(change.unit);
      }
    }
    return null;
  };
}

/** StartLimitBurst= starts within StartLimitIntervalSec=, and no more. */
function startLimit(): Check {
  const starts = new Map<UnitName, number[]>();
  /** Each start has an id of its own, and any number of commands. */
  const newest = new Map<UnitName, InvocationId>();
  return ({ before, event, after, spawns, kernel }) => {
    if (event.event === 'request' && event.request.method === 'reset-failed') {
      if (event.request.units.length === 0) starts.clear();
      for (const unit of event.request.units) starts.delete(unit);
    } else if (event.event === 'request' && event.request.method === 'enqueue' && event.request.type !== 'stop') {
      // Who asks for a unit that systemd would have forgotten begins with a new count.
      for (const name of event.request.units) {
        const unit = starts.has(name) ? getEntry(before.units, name) : undefined;
        if (unit !== undefined && isForgottenBySystemd(new Turn(before), unit)) starts.delete(name);
      }
    }
    for (const spawn of spawns) {
      const definition = getEntry(after.units, spawn.unit)?.definition;
      if (definition?.kind !== 'service' || newest.get(spawn.unit) === spawn.invocationId) continue;
      newest.set(spawn.unit, spawn.invocationId);
      // With RestartAwaitsNeeds= a start that failed for want of another unit does not count, and only the manager knows which did.
      if (definition.startLimitBurst === 0 || definition.startLimitIntervalUsec === 0 || definition.restartPacing.awaitsNeeds) continue;
      const recent = (starts.get(spawn.unit) ?? []).filter((at) => at > kernel.nowUsec - definition.startLimitIntervalUsec);
      recent.push(kernel.nowUsec);
      starts.set(spawn.unit, recent);
      // RestartAfterLimitSec= makes one more try each time that span is over.
      const { afterLimitUsec } = definition.restartPacing;
      const more = afterLimitUsec === null ? 0 : Math.ceil(definition.startLimitIntervalUsec / Math.max(1, afterLimitUsec));
      if (recent.length > definition.startLimitBurst + more) return `${spawn.unit} starts ${String(recent.length)} times in its interval`;
    }
    return null;
  };
}

function latestElapse(accuracyUsec: number, elapse: number | null): number | null {
  return elapse === null ? null : elapse + accuracyUsec;
}

function dueUsecOf(unit: Unit, now: ClockReading): number | null {
  const { runtime } = unit;
  switch (runtime.kind) {
    case 'service': return nextDueUsec(runtime);
    case 'timer': return unit.definition.kind === 'timer' ? latestElapse(unit.definition.accuracyUsec, elapseUsec(runtime, now)) : null;
    default: return stateDeadlineOf(unit);
  }
}

/** Whatever has a deadline has a timer that fires by then. */
function timerForEachDeadline(): Check {
  return ({ after, units, jobs, kernel }) => {
    if (units.length + jobs.length === 0) return null;
    const now = kernel.clock();
    const isArmedFor = (due: number | null): boolean => due === null || (after.armedUsec !== null && after.armedUsec <= due);
    for (const unit of units) if (!isArmedFor(dueUsecOf(unit, now))) return `${unit.name} (${unit.runtime.state}) waits for a timer that is not armed`;
    for (const job of jobs) if (!isArmedFor(job.deadlineUsec)) return `${job.unit}/${job.type} waits for a timer that is not armed`;
    return null;
  };
}

const ANSWERS_MAX = 256;
const STATUS_TEXT_MAX = 1024;
const AUTOMATIC_JOBS_MAX = 16;

/** Nothing in the state grows without end. */
function bounds(): Check {
  return ({ after, units }) => {
    if (after.answers.length > ANSWERS_MAX) return `${String(after.answers.length)} answers are remembered`;
    if (after.jobs.size > after.units.size) return `${String(after.jobs.size)} jobs for ${String(after.units.size)} units`;
    for (const { name, startTimes, automaticJobTimes, definition, runtime } of units) {
      if (startTimes.length > Math.max(definition.startLimitBurst, 0) && startTimes.length > 5) return `${name} remembers ${String(startTimes.length)} starts`;
      if (automaticJobTimes.length > AUTOMATIC_JOBS_MAX) return `${name} remembers ${String(automaticJobTimes.length)} jobs`;
      if (runtime.kind === 'service' && runtime.statusText.length > STATUS_TEXT_MAX) return `${name} has a status of ${String(runtime.statusText.length)} characters`;
    }
    return null;
  };
}

/** What failed says why, until it is to be started again. */
function reason(): Check {
  return ({ units }) => {
    for (const unit of units) if (unit.activeState === 'failed' && unit.endReason === null && unit.job === null) return `${unit.name} failed for no reason`;
    return null;
  };
}

/** A recovery builds the graph anew, and has to come to the same one. */
function isOfDefinitions({ units, graph, aliases }: ManagerState): boolean {
  const anew = buildGraph(valuesOf(units).map(({ definition }) => definition), (name) => getEntry(aliases, name) ?? name);
  const textOf = (each: Graph): string => JSON.stringify(entriesOf(each).map(([name, node]) => [name, Object.entries(node).filter(([, others]) => others.length > 0).sort()]).sort());
  return textOf(anew) === textOf(graph);
}

/** References inside the state lead somewhere. */
function consistency(): Check {
  let looks = 0;
  return ({ after, units, jobs }) => {
    looks += 1;
    try {
      if (looks % WHOLE_EVERY_LOOKS === 0) {
        checkInvariants(after);
        assert(isOfDefinitions(after), 'the graph is made of the definitions and of nothing else');
      }
      for (const unit of units) checkUnit(after, unit);
      for (const job of jobs) checkJob(after, job);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return null;
  };
}

/** Job numbers are never given out again, and no request is answered twice. */
function onceOnly(): Check {
  let newest: JobId = 0 as JobId;
  const answered = new Set<number>();
  return ({ effects, spawns, kernel }) => {
    for (const effect of effects) {
      if (effect.kind === 'reply') {
        if (answered.has(effect.request)) return `request ${String(effect.request)} is answered twice`;
        answered.add(effect.request);
      } else if (effect.kind === 'publish' && effect.change.change === 'job-new') {
        if (effect.change.job <= newest) return `job ${String(effect.change.job)} is new for the second time`;
        newest = effect.change.job;
      }
    }
    return kernel.finished !== null && spawns.length > 0 ? 'a process is started after the end' : null;
  };
}

/**
 * How much is looked at. `full`: every law after every step. `light`: laws about what a step does, after every step; those about what units
 * and jobs are, after every so many, and then of all that changed in between. `end`: no law, only that all comes to rest at the end.
 */
export const CHECK_LEVELS = ['full', 'light', 'end'] as const;
export type CheckLevel = (typeof CHECK_LEVELS)[number];

/** Steps between two looks of level `light`. */
const LIGHT_LOOK_EVERY_STEPS = 32;

/** Laws about what units and jobs are; the others are about what a step does. */
const LAWS_OF_STATE: ReadonlySet<string> = new Set(['timer for each deadline', 'bounds', 'reason', 'consistency']);

export const LAWS: Readonly<Record<string, (mayLeave: MayLeave) => Check>> = {
  'one main process': oneMainProcess,
  order,
  requirement,
  'stop is stop': stopIsStop,
  'start limit': startLimit,
  'timer for each deadline': timerForEachDeadline,
  bounds,
  reason,
  consistency,
  'once only': onceOnly,
};

/**
 * What a step, or several, have changed; the effects are looked through once for all laws.
 *
 * @param isOfUnits some law asks for the units that changed
 */
function lookOf({ event, after, effects, kernel }: StepLook, before: ManagerState, isOfUnits: boolean): Look {
  const spawns: SpawnEffect[] = [];
  const changes: PublishedChange[] = [];
  for (const effect of effects) {
    if (effect.kind === 'spawn') spawns.push(effect);
    else if (effect.kind === 'publish') changes.push(effect.change);
  }
  return {
    before, event, after, effects, kernel, spawns, changes,
    units: isOfUnits ? changedValues(before.units, after.units) : [], jobs: changedValues(before.jobs, after.jobs),
  };
}

/** The laws of a new world. @returns what to call after every step; throws BrokenLaw */
export function watchLaws(mayLeave: MayLeave, level: CheckLevel = 'full'): (look: StepLook) => void {
  if (level === 'end') return () => undefined;
  const all = Object.entries(LAWS).map(([name, make]) => ({ name, check: make(mayLeave) }));
  const ofState = level === 'full' ? [] : all.filter(({ name }) => LAWS_OF_STATE.has(name));
  const ofSteps = level === 'full' ? all : all.filter(({ name }) => !LAWS_OF_STATE.has(name));
  const judge = (laws: typeof all, look: Look): void => {
    for (const law of laws) {
      const what = law.check(look);
      if (what !== null) throw new BrokenLaw(law.name, what);
    }
  };
  let steps = 0;
  let seen: ManagerState | null = null;
  return (look) => {
    judge(ofSteps, lookOf(look, look.before, level === 'full'));
    if (ofState.length === 0) return;
    seen ??= look.before;
    steps += 1;
    if (steps % LIGHT_LOOK_EVERY_STEPS !== 0) return;
    judge(ofState, lookOf(look, seen, true));
    seen = look.after;
  };
}
