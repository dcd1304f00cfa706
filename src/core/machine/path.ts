/**
 * Path units: a unit is started when something is, or happens, in the file system.
 *
 *     dead -> waiting      start
 *     waiting -> running   what is watched for is there: a start job for the unit is queued, and nothing is watched meanwhile
 *     running -> waiting   the unit is down again
 *     any -> failed        the unit cannot be started, is started too often, or nothing can be watched
 *
 * The host watches and looks; it answers each `watch-paths` at once with what it saw, and again whenever something moved.
 * With TriggerJob= other than start it stays in waiting, for a unit that is up has something to lose as well.
 * Source: systemd.path(5); where that is silent, what systemd 252 does.
 */
import type { PathObservation, PathRuntime } from '../manager/state.ts';
import type { PathWatchKind } from '../unit/path.ts';

export const PATH_NEVER_STARTED: PathRuntime = { kind: 'path', state: 'dead', result: 'success', token: 0, look: 'first', seen: [], triggerTimes: [] };

/** Whether what is seen is a reason to start the unit. */
export function isGood(kind: PathWatchKind, look: PathRuntime['look'], now: PathObservation, before: PathObservation | undefined, resumed: boolean): boolean {
  if (isLasting(kind)) return now.holds;
  // A change is one only between two looks with a watch in between; that of a former manager counts as one.
  if (before === undefined || look !== 'again') return false;
  return now.holds !== before.holds || (resumed && now.stamp !== before.stamp);
}

/** Whether it is about what is there, and not about what happens. */
export function isLasting(kind: PathWatchKind): boolean {
  return kind !== 'PathChanged' && kind !== 'PathModified';
}
