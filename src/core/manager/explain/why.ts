/**
 * `why`: one causal chain from a unit's present state to its root cause, link by link, each with the place in a file where there is one.
 * Pure; the renderers turn it into text or JSON.
 */
import type { MonotonicUsec, UnitName } from '../../../base/brand.ts';
import { getEntry } from '../../../base/persistent-map.ts';
import { INVERSE, type EdgeKind } from '../../graph/atoms.ts';
import { cycleThrough } from '../../graph/cycles.ts';
import { neighbours } from '../../graph/graph.ts';
import { isActive, isInactive } from '../../job/job-type.ts';
import { describeCycle } from '../../job/transaction/order-edge.ts';
import { buildTransaction } from '../../job/transaction/transaction.ts';
import type { DependencyOrigin } from '../../unit/dependency.ts';
import type { ServiceRole } from '../../unit/exec-context.ts';
import { commandsOf } from '../../machine/service/context.ts';
import { formatTimeSpan } from '../../time/time-span.ts';
import { errnoText } from './errno-text.ts';
import { describeOwnFailure, settingOrigin } from './own-failure.ts';
import { downNeeds } from '../restarts/restart-hold.ts';
import { describeExit, describeReason, findUnit, viewOf } from '../query.ts';
import type { ExecRecord, ManagerState, Reason, ServiceRuntime, Unit } from '../state.ts';

export interface WhyLink {
  readonly unit: UnitName;
  /** What kind of link: a reason, or one of the facts that are no reason. */
  readonly kind: Reason['reason'] | 'load' | 'job-waiting' | 'job-running' | 'never-started' | 'ended' | 'refused';
  /** A sentence without the unit's name at its start. */
  readonly text: string;
  /** Where the deciding line stands; null when no file says it. */
  readonly origin: DependencyOrigin | null;
  /** The process whose end decided, when one did. */
  readonly exec: ExecRecord | null;
  /** When the unit is tried again; absent = not by itself, or not at a time that is known. */
  readonly nextTryUsec?: MonotonicUsec;
}

export interface Why {
  readonly unit: UnitName;
  readonly loadState: string;
  readonly activeState: string;
  readonly subState: string;
  /** From the unit asked about to the root cause; never empty. */
  readonly chain: readonly WhyLink[];
}

/** A chain longer than this says no more than its ends. */
const LINKS_MAX = 64;

/** Null when the unit is not known at all. */
export function explain(state: ManagerState, name: UnitName): Why | null {
  const unit = findUnit(state, name);
  if (unit === undefined) return null;
  const chain: WhyLink[] = [];
  const seen = new Set<UnitName>();
  let at: Unit | undefined = unit;
  while (at !== undefined && !seen.has(at.name) && chain.length < LINKS_MAX) {
    seen.add(at.name);
    const { links, next } = explainOne(state, at);
    chain.push(...links);
    at = next === null ? undefined : findUnit(state, next);
  }
  return {
    unit: unit.name, loadState: unit.definition.loadState, activeState: unit.activeState, subState: unit.runtime.state, chain,
  };
}

interface Explained {
  readonly links: readonly WhyLink[];
  /** The unit that the chain goes on with. */
  readonly next: UnitName | null;
}

function explainOne(state: ManagerState, unit: Unit): Explained {
  const { definition } = unit;
  if (definition.loadState !== 'loaded' && isInactive(unit.activeState)) {
    const text = definition.loadState === 'masked' ? `is masked; initctl unmask ${unit.name} undoes that`
      : definition.loadState === 'not-found' ? 'has no unit file' : `cannot be used: ${definition.loadError ?? definition.loadState}`;
    return { links: [plain(unit, 'load', text, originOf(unit.definition.diagnostics.find((each) => each.severity === 'error')))], next: null };
  }
  const job = unit.job === null ? undefined : getEntry(state.jobs, unit.job);
  if (job?.state === 'waiting') {
    const blocker = job.blockedBy === null ? undefined : getEntry(state.jobs, job.blockedBy);
    if (blocker !== undefined) {
      const text = `waits with its ${job.type} job for ${blocker.unit}/${blocker.type}`;
      return { links: [plain(unit, 'job-waiting', text, edgeOrigin(state, unit.name, 'After', blocker.unit))], next: blocker.unit };
    }
    if (unit.runtime.state !== 'auto-restart') return { links: [plain(unit, 'job-waiting', `waits with its ${job.type} job`, null)], next: null };
  }
  if (job?.state === 'running') {
    const work = workText(unit);
    return { links: [plain(unit, 'job-running', `is on its way: ${job.type} (${unit.runtime.state})${work}, because ${becauseOf(job.reason)}`, null)], next: work === '' || job.type === 'stop' ? causeOf(job.reason) : null };
  }
  if (unit.activeState === 'activating' && unit.runtime.state !== 'auto-restart') {
    return { links: [plain(unit, 'job-running', `is still on its way up (${unit.runtime.state})${workText(unit)}, though nothing waits for it any more: its job timed out or was canceled`, null)], next: null };
  }
  if (isActive(unit.activeState)) return explainActive(state, unit);
  return explainDown(state, unit);
}

function explainActive(state: ManagerState, unit: Unit): Explained {
  const { startReason } = unit;
  if (startReason === null) return { links: [plain(unit, 'ended', 'is active by itself', null)], next: null };
  return { links: [plain(unit, startReason.reason, `is ${unit.activeState}: ${describeReason(startReason)}`, reasonOrigin(state, unit, startReason))], next: causeOf(startReason) };
}

function explainDown(state: ManagerState, unit: Unit): Explained {
  const { endReason, runtime, definition } = unit;
  if (endReason === null) {
    if (unit.times.inactiveEnter.monotonicUsec > 0) return { links: [plain(unit, 'ended', endedText(unit), null, lastMain(unit))], next: null };
    return explainNeverStarted(state, unit);
  }
  switch (endReason.reason) {
    case 'condition':
    case 'assertion': {
      const list = endReason.reason === 'condition' ? definition.conditions : definition.assertions;
      const tested = endReason.reason === 'condition' ? unit.conditions : unit.assertions;
      const condition = list[endReason.index];
      const word = endReason.reason === 'condition' ? 'Condition' : 'Assert';
      const setting = condition === undefined ? '' : `${word}${condition.kind}=${condition.trigger ? '|' : ''}${condition.negate ? '!' : ''}${condition.parameter}`;
      const error = tested[endReason.index]?.error ?? '';
      const verdict = endReason.reason === 'condition' ? 'was skipped' : 'was refused by its own assertion';
      // With `|` it is enough that one of them holds: then none did.
      const others = condition?.trigger === true ? list.filter((each) => each.trigger).length - 1 : 0;
      const rest = others === 0 ? '' : `, nor does any other with |`;
      return { links: [plain(unit, endReason.reason, `${verdict}: ${setting} does not hold${rest}${error === '' ? '' : ` (${error})`}`, condition?.origin ?? null)], next: null };
    }
    case 'dependency-failed': {
      // The kind is told from the failed unit's side; the line stands in the file of the one that needed it.
      const kind = INVERSE[endReason.kind as EdgeKind];
      return {
        links: [plain(unit, 'dependency-failed', `was not started: it has ${kind}=${endReason.on}, and that failed`, edgeOrigin(state, unit.name, kind, endReason.on))],
        next: endReason.on,
      };
    }
    case 'start-limit': {
      const limit = plain(unit, 'start-limit',
        `was started ${String(definition.startLimitBurst)} times within ${formatTimeSpan(definition.startLimitIntervalUsec)}, which is its limit: nothing restarts it now; initctl reset-failed ${unit.name} allows a start at once`,
        settingOrigin(unit, 'Unit', 'StartLimitBurst') ?? settingOrigin(unit, 'Unit', 'StartLimitIntervalSec'));
      // A program that ends at once with status 0 is no failure, but it is what the limit was used up by.
      const own = runtime.kind !== 'service' ? null : runtime.endReason ?? (runtime.mainExit === null ? null : { reason: 'exit', role: 'ExecStart' } as const);
      return { links: own === null ? [limit] : [limit, describeFailure(unit, own)], next: null };
    }
    case 'restart-limit': {
      const limit = plain(unit, 'restart-limit', `was restarted ${String(endReason.restarts)} times in a row, and given up`, settingOrigin(unit, 'Service', 'RestartLimit'));
      const isProgram = runtime.kind === 'service' && runtime.mainExit !== null;
      return { links: isProgram ? [limit, describeFailure(unit, { reason: 'exit', role: 'ExecStart' })] : [limit], next: null };
    }
    case 'bound-unit-gone':
      return { links: [plain(unit, endReason.reason, `was stopped: it is bound to ${endReason.on}`, edgeOrigin(state, unit.name, 'BindsTo', endReason.on))], next: endReason.on };
    case 'not-implemented': return { links: [plain(unit, endReason.reason, `is inactive: ${describeReason(endReason)}`, null)], next: null };
    case 'job-canceled': return { links: [plain(unit, endReason.reason, `was not started: its ${endReason.type} job was canceled, because ${becauseOf(endReason.by)}`, reasonOrigin(state, unit, endReason.by))], next: causeOf(endReason.by) };
    case 'exit':
    case 'spawn-failed':
    case 'timeout':
    case 'watchdog':
    case 'oom-kill':
    case 'protocol': {
      if (endReason.reason === 'timeout' && endReason.on !== undefined) return { links: [describeFailure(unit, endReason)], next: endReason.on };
      if (runtime.kind !== 'service' || runtime.state !== 'auto-restart') return { links: [describeFailure(unit, endReason)], next: null };
      const [need = null] = runtime.deadlineUsec === null ? downNeeds(viewOf(state), unit.name) : [];
      const waiting = need !== null ? plain(unit, 'auto-restart', `waits to be restarted until ${need}, which it needs, is up`, settingOrigin(unit, 'Service', 'RestartAwaitsNeeds'))
        : waitsForRestart(unit, runtime);
      return { links: [waiting, describeFailure(unit, endReason)], next: need };
    }
    default:
      return { links: [plain(unit, endReason.reason, `${unit.activeState === 'failed' ? 'failed' : 'was stopped'}: ${describeReason(endReason)}`, reasonOrigin(state, unit, endReason))], next: causeOf(endReason) };
  }
}

function explainNeverStarted(state: ManagerState, unit: Unit): Explained {
  // A start that would be refused (an ordering cycle, a conflict) is the reason, whether or not anyone has asked for it yet.
  const attempt = buildTransaction(viewOf(state), { unit: unit.name, type: 'start', mode: 'replace', reason: { reason: 'boot' }, boot: false });
  if (!attempt.ok) {
    const { refusal } = attempt;
    if (!IS_IN_ITS_FILE.has(refusal.code) || refusal.path.length < 2) return { links: [plain(unit, 'refused', `cannot be started: ${refusal.message}`, null)], next: null };
    return { links: refusal.path.slice(0, -1).map((name, index) => needLink(state, name, refusal.path[index + 1] as UnitName)), next: refusal.unit };
  }
  const refuses = unit.definition.refuseManualStart ? ', and it may not be started by hand (RefuseManualStart=)' : '';
  const wanters = (['WantedBy', 'RequiredBy', 'BoundBy', 'UpheldBy'] as const).flatMap((kind) => neighbours(state.graph, unit.name, kind));
  if (wanters.length === 0) return { links: [plain(unit, 'never-started', `was never started: no loaded unit wants it${refuses}`, refuses === '' ? null : settingOrigin(unit, 'Unit', 'RefuseManualStart'))], next: null };
  const down = wanters.find((name) => !isActive(findUnit(state, name)?.activeState ?? 'inactive'));
  // Each could be started alone; started together, one of them is left out.
  const cycle = down === undefined && !state.orderIsAcyclic ? cycleThrough(state.graph, unit.name) : null;
  if (cycle !== null) return { links: [plain(unit, 'never-started', `was left out by ${wanters.join(', ')}, which wants it but does not need it: Ordering cycle: ${describeCycle(viewOf(state), cycle)}`, null)], next: null };
  if (down === undefined) return { links: [plain(unit, 'never-started', `was never started, although ${wanters.join(', ')} wants it: it was loaded later`, null)], next: null };
  return { links: [plain(unit, 'never-started', `was never started: ${down}, which wants it, is not active`, null)], next: down };
}

/** A start is refused for what the file of a unit at the end of its path says, or for want of that file. */
const IS_IN_ITS_FILE: ReadonlySet<string> = new Set(['no-such-unit', 'unit-masked', 'load-failed']);

/** `name` cannot be started because it needs `other`. */
function needLink(state: ManagerState, name: UnitName, other: UnitName): WhyLink {
  const kind = (['Requires', 'BindsTo', 'Requisite', 'Wants'] as const).find((each) => neighbours(state.graph, name, each).includes(other));
  return {
    unit: name, kind: 'refused', text: kind === undefined ? `cannot be started without ${other}` : `cannot be started: it has ${kind}=${other}`,
    origin: kind === undefined ? null : edgeOrigin(state, name, kind, other), exec: null,
  };
}

/** What a unit on its way up is busy with, as `: ExecStart=… (PID 7) is running`, or why it is not ready; '' when it is no process of its own. */
function workText({ runtime, definition }: Unit): string {
  if (runtime.kind !== 'service' || definition.kind !== 'service') return '';
  const record = [...runtime.execs].reverse().find((each) => each.exit === null);
  const failing = runtime.probes.find((each) => each.failures > 0);
  if (failing !== undefined) {
    const text = definition.probes.find((each) => each.kind === failing.probe)?.text ?? '';
    return `: its ${failing.probe} probe ${text} has failed ${String(failing.failures)} times in a row${failing.detail === '' ? '' : ` (${errnoText(failing.detail)})`}`;
  }
  if (record === undefined) return '';
  const command = commandsOf(definition, record.role as ServiceRole)[record.index];
  return `: ${record.role}=${command?.argv.join(' ') ?? ''} (PID ${String(record.pid)}) is running`;
}

/** The reason of a job after the word `because`. */
function becauseOf(reason: Reason): string {
  switch (reason.reason) {
    case 'requested':
    case 'boot':
    case 'triggered': return `it is ${describeReason(reason)}`;
    default: return describeReason(reason);
  }
}

/** Where it is written that one unit takes the other along. */
function reasonOrigin(state: ManagerState, unit: Unit, reason: Reason): DependencyOrigin | null {
  switch (reason.reason) {
    case 'dependency': return reason.kind === 'isolate' ? null : edgeOrigin(state, reason.of, reason.kind as EdgeKind, unit.name);
    case 'conflict': return edgeOrigin(state, reason.with, 'Conflicts', unit.name);
    default: return null;
  }
}

function waitsForRestart(unit: Unit, { deadlineUsec, stateEnteredUsec }: ServiceRuntime): WhyLink {
  const afterLimitUsec = unit.definition.kind === 'service' ? unit.definition.restartPacing.afterLimitUsec : null;
  // Only the end of the pause within a limit can be as far away as that.
  const isLimited = afterLimitUsec !== null && deadlineUsec !== null && deadlineUsec - stateEnteredUsec >= afterLimitUsec;
  const link = isLimited ? plain(unit, 'auto-restart', 'waits to be restarted longer than usual, for it was restarted too often (RestartAfterLimitSec=)', settingOrigin(unit, 'Service', 'RestartAfterLimitSec'))
    : plain(unit, 'auto-restart', 'waits to be restarted', settingOrigin(unit, 'Service', 'Restart'));
  return deadlineUsec === null ? link : { ...link, nextTryUsec: deadlineUsec };
}

/** The link for a failure of the unit's own processes. */
function describeFailure(unit: Unit, reason: Reason): WhyLink {
  return { unit: unit.name, kind: reason.reason, ...describeOwnFailure(unit, reason) };
}

function endedText(unit: Unit): string {
  const main = lastMain(unit);
  return main === null ? `is ${unit.activeState}` : `ended: its main process (PID ${String(main.pid)}) ${describeExit(main)}`;
}

function lastMain(unit: Unit): ExecRecord | null {
  return unit.runtime.kind === 'service' ? unit.runtime.mainExit : null;
}

function causeOf(reason: Reason): UnitName | null {
  switch (reason.reason) {
    case 'dependency': return reason.of;
    case 'dependency-failed':
    case 'bound-unit-gone': return reason.on;
    case 'conflict': return reason.with;
    case 'triggered': return reason.by;
    default: return null;
  }
}

function plain(unit: Unit, kind: WhyLink['kind'], text: string, origin: DependencyOrigin | null, exec: ExecRecord | null = null): WhyLink {
  return { unit: unit.name, kind, text, origin, exec };
}

/** Where the edge is written, on either side. */
export function edgeOrigin(state: ManagerState, from: UnitName, kind: EdgeKind, to: UnitName): DependencyOrigin | null {
  const forward = findUnit(state, from)?.definition.dependencies.find((each) => each.kind === kind && each.other === to);
  if (forward !== undefined) return forward.origin;
  const inverse = INVERSE[kind];
  return findUnit(state, to)?.definition.dependencies.find((each) => each.kind === inverse && each.other === from)?.origin ?? null;
}

function originOf(diagnostic: { readonly file: string; readonly line: number } | undefined): DependencyOrigin | null {
  return diagnostic === undefined ? null : { file: diagnostic.file, line: diagnostic.line };
}
