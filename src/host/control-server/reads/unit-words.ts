/** Words about a unit that several answers share. */
import type { JobId, MonotonicUsec } from '../../../base/brand.ts';
import { getEntry } from '../../../base/persistent-map.ts';
import type { ClockReading } from '../../../base/time.ts';
import type { JobAnswer, NotEffectiveAnswer } from '../../../control/answers.ts';
import { matchesGlob } from '../../../control/glob.ts';
import type { DependencyOrigin } from '../../../core/unit/dependency.ts';
import type { Origin } from '../../../core/unit/source.ts';
import type { Job, ManagerState, Unit } from '../../../core/manager/state.ts';

/** SubState: the word of the unit's own machine. */
export function subState(unit: Unit): string {
  return unit.runtime.state;
}

export function resultOf(unit: Unit): string {
  return 'result' in unit.runtime ? unit.runtime.result : 'success';
}

/** A monotonic instant as wall clock time; 0 for none. */
export function wallClock(instant: MonotonicUsec | null, now: ClockReading): number {
  return instant === null ? 0 : Math.round(now.realtimeUsec - (now.monotonicUsec - instant));
}

export function jobAnswer(state: ManagerState, job: Job, now: ClockReading): JobAnswer {
  const blocker = job.blockedBy === null ? undefined : getEntry(state.jobs, job.blockedBy);
  return {
    job: job.id,
    unit: job.unit,
    type: job.type,
    state: job.state,
    createdUsec: wallClock(job.createdUsec, now),
    startedUsec: wallClock(job.startedUsec, now),
    deadlineUsec: wallClock(jobDeadline(state, job), now),
    waitsFor: blocker?.unit ?? null,
  };
}

export function jobOf(state: ManagerState, id: JobId | null): Job | undefined {
  return id === null ? undefined : getEntry(state.jobs, id);
}

/** The nearest of the job's own time-out and that of what its unit is doing. */
function jobDeadline(state: ManagerState, job: Job): MonotonicUsec | null {
  const unit = getEntry(state.units, job.unit);
  const running = job.state === 'running' && unit !== undefined && 'deadlineUsec' in unit.runtime ? unit.runtime.deadlineUsec : null;
  if (job.deadlineUsec === null) return running;
  return running === null || job.deadlineUsec < running ? job.deadlineUsec : running;
}

export function placeOf(origin: DependencyOrigin | Origin | null): string {
  if (origin === null || typeof origin === 'string') return origin ?? '';
  return origin.line > 0 ? `${origin.file}:${String(origin.line)}` : origin.file;
}

const WHY_WORDS: Readonly<Record<string, string>> = {
  'not-implemented': 'not implemented',
  'no-capability': 'the manager lacks the capability',
  'no-cgroup': 'no writable control group',
  'no-kernel-support': 'the kernel has no support for it',
  'not-privileged': 'only a privileged manager may',
  'no-bus': 'there is no dbus.socket',
};

/** Requested and not in effect: what is known from the files, then what the last start found out. */
export function notEffectiveAnswers(unit: Unit): readonly NotEffectiveAnswer[] {
  const fromFiles = unit.definition.notEffective.map((item): NotEffectiveAnswer => ({
    directive: item.directive, requested: item.requested, why: WHY_WORDS[item.why] ?? item.why, origin: placeOf(item.origin),
  }));
  const seen = new Set(fromFiles.map((item) => item.directive));
  const atRuntime = unit.notEffectiveAtRuntime.flatMap((item): readonly NotEffectiveAnswer[] => {
    const entry = unit.definition.entries.findLast((candidate) => candidate.key === item.directive);
    // A default that cannot be had is no wish of the unit.
    if (entry === undefined || seen.has(item.directive)) return [];
    return [{
      directive: item.directive, requested: entry.value, why: WHY_WORDS[item.why] ?? item.why,
      origin: placeOf({ file: entry.file, line: entry.line }),
    }];
  });
  return [...fromFiles, ...atRuntime];
}

/** Whether a list of units of one kind has this one: by patterns, states, and without `all` only when something goes on. */
export function isListed(unit: Unit, filter: { readonly patterns: readonly string[]; readonly all: boolean; readonly states: readonly string[] }): boolean {
  if (filter.patterns.length > 0 && !filter.patterns.some((pattern) => unit.definition.names.some((name) => matchesGlob(pattern, name)))) return false;
  if (filter.states.length > 0) return filter.states.some((state) => state === unit.activeState || state === subState(unit) || state === unit.definition.loadState);
  return filter.all || unit.activeState !== 'inactive' || unit.job !== null;
}
