/**
 * Messages of sd_notify(3). The host delivers what came with the kernel's word on the sender; whether that sender may speak for the
 * service is decided here (NotifyAccess=).
 */
import type { Pid, Usec } from '../../../base/brand.ts';
import { addUsec } from '../../../base/time.ts';
import type { ServiceRuntime } from '../../manager/state.ts';
import { storedName } from './fd-store.ts';
import { enter, type ServiceContext } from './context.ts';
import { isProvingItself, isReplacing, onReplacementReady } from './overlap.ts';
import { adoptMain, armWatchdog, enterRunning, enterStartPost } from './start.ts';
import { enterSignalWith } from './stop.ts';

/** A status line longer than this is cut: it is shown on one line. */
const STATUS_TEXT_CHARACTERS_MAX = 1024;

export interface NotifyInput {
  readonly pid: Pid;
  readonly fields: readonly (readonly [string, string])[];
  /** Names in the host's fd table of the fds that came along. */
  readonly fds: readonly string[];
}

export function onNotify(c: ServiceContext, run: ServiceRuntime, input: NotifyInput): ServiceRuntime {
  const { definition } = c;
  if (!maySpeak(c, run, input.pid)) {
    c.effects.push({
      kind: 'log', level: 'warning', unit: definition.name,
      message: `notification from PID ${String(input.pid)} ignored: NotifyAccess=${definition.notifyAccess}`,
    });
    if (input.fds.length > 0) c.effects.push({ kind: 'close-fds', names: input.fds });
    return run;
  }
  const fields = new Map(input.fields);
  if (isReplacing(run.state) && input.pid !== run.mainPid) return ofTheOther(c, run, fields, input.fds);
  let next = run;
  const mainPid = positiveInteger(fields.get('MAINPID'));
  if (mainPid !== null && mainPid !== run.mainPid && (next.state === 'start' || next.state === 'start-post' || next.state === 'running' || next.state === 'reload')) {
    next = adoptMain(c, next, mainPid as Pid);
  }
  next = onLifecycle(c, next, fields);
  const status = fields.get('STATUS');
  if (status !== undefined) next = { ...next, statusText: printable(status) };
  const errno = fields.get('ERRNO');
  if (errno !== undefined) next = { ...next, statusErrno: positiveInteger(errno) ?? 0 };
  const extendUsec = positiveInteger(fields.get('EXTEND_TIMEOUT_USEC'));
  if (extendUsec !== null && next.deadlineUsec !== null) {
    const until = addUsec(c.now.monotonicUsec, extendUsec as Usec);
    if (until > next.deadlineUsec) next = { ...next, deadlineUsec: until };
  }
  const watchdogUsec = positiveInteger(fields.get('WATCHDOG_USEC'));
  if (watchdogUsec !== null) next = armWatchdog(c, { ...next, watchdogOverrideUsec: watchdogUsec as Usec });
  const watchdog = fields.get('WATCHDOG');
  if (watchdog === '1' && next.watchdogDueUsec !== null) next = armWatchdog(c, next);
  if (watchdog === 'trigger') next = enterSignalWith(c, next, 'stop-watchdog', 'watchdog', { reason: 'watchdog' });
  return storeFds(c, next, input.fds, fields);
}

/** A message of the process beside the main one: while that is new, it says when it is ready. What else it says is not about the service. */
function ofTheOther(c: ServiceContext, run: ServiceRuntime, fields: ReadonlyMap<string, string>, fds: readonly string[]): ServiceRuntime {
  const { type } = c.definition;
  const speaksOfReadiness = fields.get('READY') === '1' && (type === 'notify' || type === 'notify-reload');
  return storeFds(c, speaksOfReadiness ? onReplacementReady(c, run) : run, fds, fields);
}

/** READY=, RELOADING= and STOPPING=. */
function onLifecycle(c: ServiceContext, run: ServiceRuntime, fields: ReadonlyMap<string, string>): ServiceRuntime {
  let next = run;
  const { type } = c.definition;
  if (fields.get('STOPPING') === '1' && (next.state === 'running' || next.state === 'reload-notify')) {
    // It ends by itself: no signal, but the time is limited. Whether it restarts is up to Restart=.
    return { ...enter(c, next, 'stop-sigterm', c.definition.timeoutStopUsec), watchdogDueUsec: null, runtimeMaxDueUsec: null };
  }
  if (fields.get('RELOADING') === '1' && (next.state === 'running' || next.state === 'reload-signal')) {
    next = enter(c, { ...next, reloadResult: 'success' }, 'reload-notify', c.definition.timeoutStartUsec);
  }
  if (fields.get('READY') === '1') {
    if (isProvingItself(next.state)) return onReplacementReady(c, next);
    if (next.state === 'start' && (type === 'notify' || type === 'notify-reload')) return enterStartPost(c, next);
    if (next.state === 'reload-notify' && fields.get('RELOADING') !== '1') return enterRunning(c, next, 'success', null);
  }
  return next;
}

function maySpeak(c: ServiceContext, run: ServiceRuntime, pid: Pid): boolean {
  switch (c.definition.notifyAccess) {
    case 'none': return false;
    case 'main': return pid === run.mainPid || pid === run.beside?.pid;
    case 'exec': return pid === run.mainPid || pid === run.beside?.pid || pid === run.controlPid;
    case 'all': return true;
  }
}

function storeFds(c: ServiceContext, run: ServiceRuntime, fds: readonly string[], fields: ReadonlyMap<string, string>): ServiceRuntime {
  if (fields.get('FDSTORE') === '1' && fds.length > 0) {
    const room = Math.max(0, c.definition.fileDescriptorStoreMax - run.fdStore.length);
    const kept = fds.slice(0, room);
    if (kept.length < fds.length) c.effects.push({ kind: 'close-fds', names: fds.slice(room) });
    return { ...run, fdStore: [...run.fdStore, ...kept] };
  }
  if (fds.length > 0) c.effects.push({ kind: 'close-fds', names: fds });
  const name = fields.get('FDNAME');
  if (fields.get('FDSTOREREMOVE') === '1' && name !== undefined) {
    const gone = run.fdStore.filter((each) => storedName(each) === name);
    if (gone.length > 0) c.effects.push({ kind: 'close-fds', names: gone });
    return { ...run, fdStore: run.fdStore.filter((each) => !gone.includes(each)) };
  }
  return run;
}

/** The other end of a stored fd has hung up: nothing can be done with it any more. */
export function onStoredFdHungUp(c: ServiceContext, run: ServiceRuntime, key: string): ServiceRuntime {
  if (!run.fdStore.includes(key)) return run;
  c.effects.push(
    { kind: 'close-fds', names: [key] },
    { kind: 'log', level: 'info', unit: c.definition.name, message: `the stored fd "${storedName(key)}" has hung up and is closed` },
  );
  return { ...run, fdStore: run.fdStore.filter((each) => each !== key) };
}

function positiveInteger(text: string | undefined): number | null {
  return text !== undefined && /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : null;
}

function printable(text: string): string {
  // A status text must not steer the terminal that shows it.
  return text.slice(0, STATUS_TEXT_CHARACTERS_MAX).replace(/[\u0000-\u001f\u007f]/g, ' ');
}
