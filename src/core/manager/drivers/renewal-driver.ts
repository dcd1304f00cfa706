/**
 * Services that begin anew while they run: after a span, on a calendar (RestartEverySec=, RestartOnCalendar=), or when a file changes
 * (RestartOnChange=, ReloadOnChange=). Settings: unit/renewal.
 *
 * All of this is armed while the service is up. What is due becomes a job as any other, so that RestartOverlap= and dependencies have
 * their say.
 */
import type { MonotonicUsec, RealtimeUsec, UnitName, Usec } from '../../../base/brand.ts';
import { addUsec, seconds } from '../../../base/time.ts';
import { isActive } from '../../job/job-type.ts';
import { isGood } from '../../machine/path.ts';
import { nextElapse } from '../../time/calendar-elapse.ts';
import type { TimeZone } from '../../time/time-zone.ts';
import { inZone } from '../../unit/calendar-zone.ts';
import { renewalWatches, type Renewal } from '../../unit/renewal.ts';
import type { EventOf } from '../event.ts';
import { isReloadable } from '../../graph/reloadable.ts';
import { enqueueInternal } from '../jobs.ts';
import { restartTypeOf } from '../restarts/restart-type.ts';
import type { JobType, RenewalRuntime, RenewalSetting } from '../state.ts';
import { isService, type ServiceRecord } from './service-driver.ts';
import { setRuntime } from './set-runtime.ts';
import type { Turn } from '../turn.ts';

/** Files that belong together change one after the other, and many programs write one in steps: what is done waits until so long nothing changed. */
const QUIET_USEC = 500_000 as Usec;
/** A file that changes all the time, as a log does, must not put it off for ever. */
const LONGEST_WAIT_USEC = seconds(5);

/** The two clocks run at slightly different speeds: an elapse may be due a moment before the wall clock says so, and must not count twice. */
const SAME_ELAPSE_USEC = seconds(1);

function hasRenewal({ everyUsec, calendars, watches }: Renewal): boolean {
  return everyUsec !== null || calendars.length > 0 || watches.length > 0;
}

/** The service has changed: arms what is to be waited for, or takes it back. */
export function settleRenewal(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (unit === undefined || !isService(unit)) return;
  const { definition, runtime, activeState } = unit;
  const armed = runtime.renewal;
  if (!isActive(activeState) || !hasRenewal(definition.renewal)) {
    if (armed !== null) disarm(turn, unit, armed);
  } else if (armed === null) {
    arm(turn, unit, null);
  } else if (armed.mainPid !== runtime.mainPid) {
    take(turn, unit, { ...armed, ...periodOf(turn, unit, { mainPid: runtime.mainPid, since: turn.now }) });
  }
}

function take(turn: Turn, unit: ServiceRecord, renewal: RenewalRuntime | null): void {
  turn.wantTimer(renewal?.periodDueUsec ?? null);
  turn.wantTimer(renewal?.change?.dueUsec ?? null);
  setRuntime(turn, unit.name, { ...unit.runtime, renewal }, unit.activeState);
}

function disarm(turn: Turn, unit: ServiceRecord, armed: RenewalRuntime): void {
  if (armed.token > 0) turn.emit({ kind: 'unwatch-paths', unit: unit.name });
  take(turn, unit, null);
}

/** @param former what was armed under other definitions; null = nothing */
function arm(turn: Turn, unit: ServiceRecord, former: RenewalRuntime | null): void {
  const { definition, runtime } = unit;
  const { watches } = definition.renewal;
  const token = watches.length > 0 ? runtime.spawnCount + 1 : 0;
  if (token > 0) {
    turn.emit({ kind: 'watch-paths', unit: unit.name, token, watches: renewalWatches(definition.renewal), makeDirectoryMode: null });
  } else if (former !== null && former.token > 0) {
    turn.emit({ kind: 'unwatch-paths', unit: unit.name });
  }
  const life = former ?? { mainPid: runtime.mainPid, since: turn.now };
  const counted: ServiceRecord = token > 0 ? { ...unit, runtime: { ...runtime, spawnCount: token } } : unit;
  take(turn, counted, { token, seen: [], change: null, ...periodOf(turn, unit, life) });
}

/** After a daemon-reload other things may be waited for. */
export function reconsiderRenewals(turn: Turn): void {
  for (const unit of turn.units()) {
    if (!isService(unit)) continue;
    if (unit.runtime.renewal !== null && hasRenewal(unit.definition.renewal)) arm(turn, unit, unit.runtime.renewal);
    else settleRenewal(turn, unit.name);
  }
}

/** The machine's local time zone is another one now. */
export function onRenewalZoneChanged(turn: Turn, zone: TimeZone): void {
  for (const unit of turn.units()) {
    if (!isService(unit) || unit.definition.renewal.calendars.length === 0) continue;
    const { renewal } = unit.definition;
    turn.setUnit({ ...unit, definition: { ...unit.definition, renewal: { ...renewal, calendars: renewal.calendars.map((each) => inZone(each, zone)) } } });
  }
  onRenewalClockChanged(turn);
}

/** The wall clock was set. */
export function onRenewalClockChanged(turn: Turn): void {
  for (const unit of turn.units()) {
    if (!isService(unit) || unit.runtime.renewal === null || unit.definition.renewal.calendars.length === 0) continue;
    take(turn, unit, { ...unit.runtime.renewal, ...periodOf(turn, unit, unit.runtime.renewal) });
  }
}

type Life = Pick<RenewalRuntime, 'mainPid' | 'since'>;

/**
 * When the life of this process is over, and by what.
 *
 * @param passedUsec of the calendar: nothing so near after now counts
 */
function periodOf(turn: Turn, { definition }: ServiceRecord, life: Life, passedUsec = 0): Life & Pick<RenewalRuntime, 'periodDueUsec' | 'periodSetting'> {
  const { everyUsec, calendars } = definition.renewal;
  const { monotonicUsec, realtimeUsec } = turn.now;
  const spanDue = everyUsec === null ? Infinity : life.since.monotonicUsec + everyUsec;
  const instants = calendars.map(({ calendar, zone }) => nextElapse(calendar, (realtimeUsec + passedUsec) as RealtimeUsec, zone)).filter((each) => each !== null);
  const calendarDue = instants.length === 0 ? Infinity : monotonicUsec + (Math.min(...instants) - realtimeUsec);
  const due = Math.min(spanDue, calendarDue);
  return {
    mainPid: life.mainPid, since: life.since,
    periodDueUsec: due === Infinity ? null : due as MonotonicUsec, periodSetting: spanDue <= calendarDue ? 'RestartEverySec' : 'RestartOnCalendar',
  };
}

/** Something of the service is due: perhaps this. */
export function onRenewalDue(turn: Turn, unit: ServiceRecord): void {
  const armed = unit.runtime.renewal;
  if (armed === null) return;
  const now = turn.now.monotonicUsec;
  const isPeriodOver = armed.periodDueUsec !== null && armed.periodDueUsec <= now;
  const { change } = armed;
  const isQuiet = change !== null && change.dueUsec <= now;
  if (!isPeriodOver && !isQuiet) return;
  // From now on anew, whatever becomes of the job: what cannot be restarted this time is tried again after the next period.
  const next = isPeriodOver ? { ...armed, ...periodOf(turn, unit, { mainPid: armed.mainPid, since: turn.now }, SAME_ELAPSE_USEC) } : armed;
  take(turn, unit, isQuiet ? { ...next, change: null } : next);
  if (turn.shutdown !== null) return;
  const { renewal } = unit.definition;
  if (isPeriodOver) {
    const texts = armed.periodSetting === 'RestartEverySec' ? `${String((renewal.everyUsec ?? 0) / 1_000_000)}s` : renewal.calendars.map(({ text }) => text).join(', ');
    renew(turn, unit, armed.periodSetting, texts);
  }
  if (isQuiet) onQuiet(turn, unit, armed, change);
}

function onQuiet(turn: Turn, unit: ServiceRecord, armed: RenewalRuntime, change: NonNullable<RenewalRuntime['change']>): void {
  const { watches } = unit.definition.renewal;
  const missing = watches.find((_, index) => armed.seen[index]?.holds === false);
  if (missing === undefined) renew(turn, unit, change.setting, change.path);
  // It would have to do without; when the file is back that is one more change.
  else turn.log('warning', unit.name, `${unit.definition.description}: ${change.path} changed, but ${missing.path} is not there; nothing is done before it is (${change.setting}=)`);
}

function renew(turn: Turn, unit: ServiceRecord, setting: RenewalSetting, what: string): void {
  const reloads = setting === 'ReloadOnChange' && isReloadable(turn.graph, unit.definition);
  const type: JobType = reloads ? 'reload' : restartTypeOf(unit, 'try-restart');
  turn.log('notice', unit.name, `${unit.definition.description}: ${reloads ? 'reloaded' : 'restarted'} by ${setting}=${what}`);
  enqueueInternal(turn, unit.name, type, 'fail', { reason: 'renewal', setting, what });
}

/** What the host saw of the watched paths. */
export function onRenewalPathsObserved(turn: Turn, event: EventOf<'paths-observed'>): void {
  const unit = turn.unit(event.unit);
  if (unit === undefined || !isService(unit)) return;
  const armed = unit.runtime.renewal;
  if (armed === null || armed.token !== event.token) return;
  if (event.error !== '') turn.log('warning', unit.name, `${unit.name}: ${event.error}; changes of its files will not be noticed`);
  const { watches } = unit.definition.renewal;
  const index = event.changed ?? watches.findIndex((_, each) => {
    const now = event.observations[each];
    return now !== undefined && isGood('PathChanged', 'again', now, armed.seen[each], event.resumed);
  });
  const watch = watches[index];
  const now = turn.now.monotonicUsec;
  const firstUsec = armed.change?.firstUsec ?? now;
  const change = watch === undefined ? armed.change : {
    // Of several files the one that needs a restart decides.
    setting: armed.change?.setting === 'RestartOnChange' ? armed.change.setting : watch.setting, path: watch.path, firstUsec,
    dueUsec: Math.min(addUsec(now, QUIET_USEC), addUsec(firstUsec, LONGEST_WAIT_USEC)) as MonotonicUsec,
  };
  take(turn, unit, { ...armed, seen: event.observations, change });
}
