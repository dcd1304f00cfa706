/**
 * Probes of a service: when they are asked, and what follows from the answers.
 *
 *     startup    asked from the start of the main process (or its READY=1) until yes. No means that the start failed
 *     readiness  asked when startup is through; the unit becomes active at the first yes, and the answers are shown from then on
 *     liveness   asked while the service runs. No ends it as a watchdog does, and Restart= decides what follows
 *     bus-name   as startup, and before it: its name on the bus has an owner (Type=dbus)
 *     bus-loss   asked while the service runs and somebody serves the bus. Yes stops it: nobody reaches it by its name any more
 *
 * A line of the log is waited for: the question of a start-up or readiness probe has no end but the line, and is not asked again when it
 * came, since a line once written stays written. Liveness asks at each interval whether such a line comes within the time-out.
 *
 * A start waits in the state `start`, and TimeoutStartSec= limits it.
 */
import type { MonotonicUsec, Pid, Usec } from '../../../base/brand.ts';
import { SIGKILL } from '../../../base/signals.ts';
import { addUsec, earlierOf, seconds } from '../../../base/time.ts';
import type { ProbeRuntime, Reason, ServiceRuntime, ServiceState } from '../../manager/state.ts';
import type { Probe, ProbeKind } from '../../unit/probe.ts';
import type { ServiceContext } from './context.ts';

/** The host keeps the time itself and tells why; this is for an answer that was lost with an engine. */
const GRACE_USEC = seconds(1);
/** A unit that others wait for is asked no less often than this, however rarely it is asked later. */
const START_INTERVAL_USEC = seconds(1);
/** A line that a start waits for is asked for again so often, in case that the question was lost or the unit's file has another one now. */
const LINE_REMINDER_USEC = seconds(30);
/** What an answer said is one line of `status`. */
const DETAIL_CHARACTERS_MAX = 200;

/** States in which something is asked. In all others a probe would speak of a service on its way down. */
const PROBED_STATES: ReadonlySet<ServiceState> = new Set<ServiceState>([
  'start', 'start-post', 'running', 'reload', 'reload-signal', 'reload-notify',
  'replace-start', 'replace-watch', 'replace-stop', 'replace-kill',
]);

const NOT_ASKED: Omit<ProbeRuntime, 'probe'> = { token: null, pid: null, dueUsec: null, successes: 0, failures: 0, holds: null, detail: '' };

function probeOf(c: ServiceContext, kind: ProbeKind): Probe | undefined {
  return c.definition.probes.find((probe) => probe.kind === kind);
}

function runOf(run: ServiceRuntime, kind: ProbeKind): ProbeRuntime {
  return run.probes.find((each) => each.probe === kind) ?? { probe: kind, ...NOT_ASKED };
}

function withProbe(run: ServiceRuntime, probe: ProbeRuntime): ServiceRuntime {
  return { ...run, probes: [...run.probes.filter((each) => each.probe !== probe.probe), probe] };
}

/** What has to be proved still before the unit is up; null = nothing (more). */
function nextProof(c: ServiceContext, run: ServiceRuntime): ProbeKind | null {
  if (c.definition.probes.length === 0) return null;
  for (const kind of ['bus-name', 'startup', 'readiness'] as const) if (probeOf(c, kind) !== undefined && runOf(run, kind).holds !== true) return kind;
  return null;
}

/** The service says that it is up, and has to prove it. */
export function awaitsProof(c: ServiceContext, run: ServiceRuntime): boolean {
  return run.state === 'start' && nextProof(c, run) !== null;
}

/** Asks for the proof that is next. */
export function askForProof(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  const kind = nextProof(c, run);
  if (kind === null || runOf(run, kind).dueUsec !== null) return run;
  return ask(c, run, kind);
}

/** Its question waits for a line, however long that takes. */
function awaitsLine({ kind, check }: Probe): boolean {
  return check.kind === 'log' && kind !== 'liveness';
}

/** The service runs: its life is watched from now on. */
export function watchLife(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  if (c.definition.probes.length === 0) return run;
  const named = probeOf(c, 'bus-loss') === undefined || runOf(run, 'bus-loss').dueUsec !== null ? run : ask(c, run, 'bus-loss');
  const probe = probeOf(c, 'liveness');
  if (probe === undefined || runOf(named, 'liveness').dueUsec !== null) return named;
  return withProbe(named, { probe: 'liveness', ...NOT_ASKED, dueUsec: addUsec(c.now.monotonicUsec, probe.intervalUsec) });
}

/** The earliest instant at which something of the probes is due; null = never. */
export function nextProbeDueUsec(run: ServiceRuntime): MonotonicUsec | null {
  let due: MonotonicUsec | null = null;
  for (const { dueUsec } of run.probes) due = earlierOf(due, dueUsec);
  return due;
}

/** A service that goes down is asked nothing any more; what was last known stays to be looked at. */
export function quietProbes(c: ServiceContext, run: ServiceRuntime): ServiceRuntime {
  if (PROBED_STATES.has(run.state) || run.probes.every(({ dueUsec, pid }) => dueUsec === null && pid === null)) return run;
  for (const { pid, probe, dueUsec } of run.probes) {
    if (pid !== null) kill(c, pid);
    if (dueUsec !== null && probeOf(c, probe)?.check.kind === 'log') c.effects.push({ kind: 'forget-probe', unit: c.definition.name, probe });
  }
  return { ...run, probes: run.probes.map((each) => ({ ...each, token: null, pid: null, dueUsec: null })) };
}

function kill(c: ServiceContext, pid: Pid): void {
  c.effects.push({ kind: 'kill-process', unit: c.definition.name, pid, signal: SIGKILL, value: null });
}

function ask(c: ServiceContext, run: ServiceRuntime, kind: ProbeKind): ServiceRuntime {
  const probe = probeOf(c, kind);
  if (probe === undefined) return run;
  if (kind === 'bus-loss' && !c.isBusServed()) return withProbe(run, { ...runOf(run, kind), token: null, pid: null, dueUsec: addUsec(c.now.monotonicUsec, probe.intervalUsec) });
  const token = run.spawnCount + 1;
  const { check, timeoutUsec } = probe;
  if (check.kind === 'exec') {
    c.effects.push({
      kind: 'spawn', unit: c.definition.name, token, role: 'ExecProbe', index: c.definition.probes.indexOf(probe), command: check.command, definition: c.definition,
      invocationId: c.invocationId, extraEnvironment: [...(run.mainPid === null ? [] : [`MAINPID=${String(run.mainPid)}`]), `PROBE=${kind}`],
      managerEnvironment: c.managerEnvironment, notify: false, controlGroup: 'control', fds: [],
    });
  } else {
    c.effects.push({ kind: 'probe', unit: c.definition.name, probe: kind, token, invocationId: c.invocationId, check, timeoutUsec });
  }
  // A command and a line have no more than their time; for the others the host keeps it.
  const graceUsec = (check.kind === 'exec' || check.kind === 'log' ? 0 : GRACE_USEC) as Usec;
  const waitUsec = awaitsLine(probe) ? LINE_REMINDER_USEC : (timeoutUsec + graceUsec) as Usec;
  return withProbe({ ...run, spawnCount: token }, { ...runOf(run, kind), token, pid: null, dueUsec: addUsec(c.now.monotonicUsec, waitUsec) });
}

/** What a probe's answer means for the service. `passed`: the start has its last proof. */
export type ProbeVerdict =
  | { readonly verdict: 'nothing' | 'passed' | 'name-lost'; readonly run: ServiceRuntime }
  | { readonly verdict: 'not-up' | 'not-alive'; readonly run: ServiceRuntime; readonly reason: Reason };

/** Everything of the probes that is due now: questions, and answers that did not come. One at a time; null = nothing is due. */
export function onProbeDue(c: ServiceContext, run: ServiceRuntime): ProbeVerdict | null {
  const due = run.probes.find(({ dueUsec }) => dueUsec !== null && dueUsec <= c.now.monotonicUsec);
  const probe = due === undefined ? undefined : probeOf(c, due.probe);
  if (due === undefined) return null;
  // Its unit file has lost it meanwhile.
  if (probe === undefined) return { verdict: 'nothing', run: { ...run, probes: run.probes.filter((each) => each !== due) } };
  if (due.token === null || awaitsLine(probe)) return { verdict: 'nothing', run: ask(c, run, due.probe) };
  if (due.pid !== null) kill(c, due.pid);
  return onAnswer(c, run, due.token, false, `no answer within ${String(probe.timeoutUsec / 1_000_000)} s`);
}

/** The answer to the question `token`; one that nobody waits for is `nothing`. */
export function onAnswer(c: ServiceContext, run: ServiceRuntime, token: number, holds: boolean, detail: string): ProbeVerdict {
  const asked = run.probes.find((each) => each.token === token);
  const probe = asked === undefined ? undefined : probeOf(c, asked.probe);
  if (asked === undefined || probe === undefined) return { verdict: 'nothing', run };
  const successes = holds ? asked.successes + 1 : 0;
  const failures = holds ? 0 : asked.failures + 1;
  const isYes = successes >= probe.successes;
  const isNo = probe.failures > 0 && failures >= probe.failures;
  const isStarting = run.state === 'start';
  const pauseUsec = isStarting && probe.kind !== 'liveness' && probe.intervalUsec > START_INTERVAL_USEC ? START_INTERVAL_USEC : probe.intervalUsec;
  const isOver = isYes && (probe.kind === 'startup' || probe.kind === 'bus-name' || awaitsLine(probe));
  const answered: ProbeRuntime = {
    ...asked, token: null, pid: null, successes, failures, holds: isYes ? true : isNo ? false : asked.holds, detail: detail.slice(0, DETAIL_CHARACTERS_MAX),
    dueUsec: isOver ? null : addUsec(c.now.monotonicUsec, pauseUsec),
  };
  const next = withProbe(run, answered);
  const failed: Reason = { reason: 'protocol', detail: `its ${probe.kind} probe ${probe.text} failed${failures > 1 ? ` ${String(failures)} times in a row` : ''}: ${answered.detail}` };
  if (probe.kind === 'startup' && isNo) return { verdict: 'not-up', run: next, reason: failed };
  if (probe.kind === 'bus-loss') {
    // In the middle of a reload it is asked again: what the service is doing is ended first.
    if (!isYes || run.state !== 'running') return { verdict: 'nothing', run: next };
    c.effects.push({ kind: 'log', level: 'notice', unit: c.definition.name, message: `${c.definition.name} has lost its name ${probe.text} on the bus, and is stopped` });
    return { verdict: 'name-lost', run: next };
  }
  if (probe.kind === 'liveness') return isNo ? { verdict: 'not-alive', run: next, reason: failed } : { verdict: 'nothing', run: next };
  if (isStarting) {
    if (!isYes) return { verdict: 'nothing', run: next };
    return nextProof(c, next) === null ? { verdict: 'passed', run: next } : { verdict: 'nothing', run: askForProof(c, next) };
  }
  if (answered.holds !== asked.holds) {
    c.effects.push({ kind: 'log', level: answered.holds === true ? 'notice' : 'warning', unit: c.definition.name, message: answered.holds === true ? `${c.definition.name} is ready again` : `${c.definition.name} is not ready: ${answered.detail}` });
  }
  return { verdict: 'nothing', run: next };
}

/** The process of a probe's command was born. Returns null when it is nobody's. */
export function onProbeSpawned(run: ServiceRuntime, token: number, pid: Pid): ServiceRuntime | null {
  const asked = run.probes.find((each) => each.token === token);
  return asked === undefined ? null : withProbe(run, { ...asked, pid });
}

/** The question whose command ran as `pid`; null = none. */
export function probeTokenOf(run: ServiceRuntime, pid: Pid): number | null {
  return run.probes.find((each) => each.pid === pid)?.token ?? null;
}

/** `readiness ok, liveness failing (2 in a row): connection refused`; '' = nothing was asked. */
export function describeProbes(run: Pick<ServiceRuntime, 'probes'>): string {
  const order: readonly ProbeKind[] = ['bus-name', 'startup', 'readiness', 'liveness'];
  return run.probes.filter(({ probe }) => order.includes(probe)).sort((a, b) => order.indexOf(a.probe) - order.indexOf(b.probe)).map(({ probe, token, holds, failures, detail }) => {
    if (failures > 0) return `${probe} ${holds === false ? 'failed' : 'failing'} (${String(failures)} in a row): ${detail}`;
    return `${probe} ${holds === true ? 'ok' : token === null ? 'not asked yet' : 'asked'}`;
  }).join(', ');
}
