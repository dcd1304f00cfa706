/**
 * Automount units: the kernel's autofs stands at the place, and who goes there waits until the mount unit is up.
 *
 *     dead -> opening -> waiting <-> running -> dead | failed
 *
 * The host owns the autofs mount and its pipe; here is what follows from what the kernel says. Where there is no autofs, the mount unit
 * is started at once, and the unit is `running` for as long as that is up. Source: systemd.automount(5), what systemd 252 does, and the
 * kernel's Documentation/filesystems/autofs.rst.
 *
 * Every TimeoutIdleSec= the host unmounts what nobody has used since the time before (MNT_EXPIRE of umount2(2)), which is after once to
 * twice that time. The automounter's own way (AUTOFS_DEV_IOCTL_EXPIRE) blocks who asks until it is unmounted; systemd has a thread for that.
 */
import type { UnitName } from '../../../base/brand.ts';
import { addUsec } from '../../../base/time.ts';
import { isActive, isInactive } from '../../job/job-type.ts';
import type { AutomountUnit } from '../../unit/automount.ts';
import type { EventOf } from '../event.ts';
import { setRuntime } from './set-runtime.ts';
import type { ActiveState, AutomountRuntime, Reason, Unit } from '../state.ts';
import { isLoadedTrigger, startTriggered } from './trigger-start.ts';
import type { Turn } from '../turn.ts';

export const AUTOMOUNT_NEVER_STARTED: AutomountRuntime = {
  kind: 'automount', state: 'dead', result: 'success', token: 0, hasTrap: false, waiting: [], deadlineUsec: null,
};

/** Whoever waits at one place, a word of the kernel each. More are told at once that nothing is there. */
const WAITING_MAX = 1024;

/** errno(3), the same on all of Linux's machines. */
const ENODEV = 19;
const EHOSTDOWN = 112;

export interface AutomountRecord extends Unit {
  readonly definition: AutomountUnit;
  readonly runtime: AutomountRuntime;
}

export function isAutomount(unit: Unit | undefined): unit is AutomountRecord {
  return unit?.definition.kind === 'automount' && unit.runtime.kind === 'automount';
}

const ACTIVE_STATES: Readonly<Record<AutomountRuntime['state'], ActiveState>> = {
  dead: 'inactive', opening: 'activating', waiting: 'active', running: 'active', failed: 'failed',
};

function take(turn: Turn, name: UnitName, run: AutomountRuntime): void {
  turn.wantTimer(run.deadlineUsec);
  setRuntime(turn, name, run, ACTIVE_STATES[run.state]);
}

export function startAutomount(turn: Turn, unit: AutomountRecord): 'running' | 'failed' {
  const { definition, runtime } = unit;
  if (!isLoadedTrigger(turn, unit, definition.mount)) return 'failed';
  if (isMounted(turn, unit)) {
    // What is to appear below the mount would be hidden by it.
    turn.log('err', unit.name, `${unit.name} is not started: something is mounted at ${definition.where} already`);
    turn.setUnit({ ...unit, endReason: { reason: 'protocol', detail: `something is mounted at ${definition.where} already` } });
    return 'failed';
  }
  const token = runtime.token + 1;
  take(turn, unit.name, { ...AUTOMOUNT_NEVER_STARTED, state: 'opening', token });
  turn.emit({ kind: 'open-automount', unit: unit.name, token, where: definition.where, directoryMode: definition.directoryMode, options: definition.extraOptions });
  return 'running';
}

export function stopAutomount(turn: Turn, unit: AutomountRecord): void {
  end(turn, unit, 'success', null);
}

/** The start limit of the automount unit itself. */
export function failAutomount(turn: Turn, unit: AutomountRecord): void {
  end(turn, unit, 'start-limit-hit', { reason: 'start-limit' });
}

/** reset-failed. */
export function calmAutomount(turn: Turn, unit: AutomountRecord): void {
  if (unit.runtime.state === 'failed') take(turn, unit.name, { ...unit.runtime, state: 'dead', result: 'success' });
}

/** @param reason why it failed; null = it was stopped, and its job says why */
function end(turn: Turn, unit: AutomountRecord, result: AutomountRuntime['result'], reason: Reason | null): void {
  if (reason !== null) turn.setUnit({ ...turn.require(unit.name), endReason: reason });
  const { runtime, definition } = unit;
  if (runtime.hasTrap || runtime.state === 'opening') {
    turn.emit({ kind: 'answer-automount', unit: unit.name, tokens: runtime.waiting, errno: EHOSTDOWN });
    turn.emit({ kind: 'close-automount', unit: unit.name, where: definition.where });
  }
  take(turn, unit.name, { ...AUTOMOUNT_NEVER_STARTED, token: runtime.token, state: result === 'success' ? 'dead' : 'failed', result });
}

/** Answer to `open-automount`. */
export function onAutomountOpened(turn: Turn, { unit: name, token, outcome, detail }: EventOf<'automount-opened'>): void {
  const unit = turn.unit(name);
  if (!isAutomount(unit) || unit.runtime.token !== token || unit.runtime.state !== 'opening') return;
  switch (outcome) {
    case 'trapped':
      take(turn, unit.name, { ...unit.runtime, state: 'waiting', hasTrap: true });
      return;
    case 'no-autofs':
      turn.log('warning', unit.name, `${unit.name}: ${unit.definition.where} is mounted at once and not at its first use: ${detail}`);
      enterRunning(turn, { ...unit, runtime: { ...unit.runtime, hasTrap: false } }, []);
      return;
    case 'failed':
      turn.log('err', unit.name, `${unit.name}: ${detail}`);
      end(turn, unit, 'resources', { reason: 'protocol', detail });
  }
}

/** Events and effects without which somebody would wait for ever. */
const UNANSWERED: readonly string[] = ['automount-opened', 'open-automount', 'automount-request', 'answer-automount'];

/** The manager died of the event or effect `what`. That the autofs goes lets go of everybody who waits at the place. */
export function failUnansweredAutomount(turn: Turn, name: UnitName, what: string, reason: Reason): void {
  const unit = turn.require(name);
  if (isAutomount(unit) && UNANSWERED.includes(what) && (unit.runtime.hasTrap || unit.runtime.state === 'opening')) end(turn, unit, 'resources', reason);
}

/** Somebody stands at the place and waits. */
export function onAutomountRequest(turn: Turn, { unit: name, waiting, pid }: EventOf<'automount-request'>): void {
  const unit = turn.unit(name);
  if (!isAutomount(unit) || !unit.runtime.hasTrap || unit.runtime.waiting.length >= WAITING_MAX) {
    turn.emit({ kind: 'answer-automount', unit: name, tokens: [waiting], errno: ENODEV });
    return;
  }
  turn.log('debug', unit.name, `${unit.name}: process ${String(pid)} goes to ${unit.definition.where}`);
  if (isMounted(turn, unit)) turn.emit({ kind: 'answer-automount', unit: unit.name, tokens: [waiting], errno: 0 });
  else enterRunning(turn, unit, [...unit.runtime.waiting, waiting]);
}

function enterRunning(turn: Turn, unit: AutomountRecord, waiting: readonly number[]): void {
  const outcome = startTriggered(turn, unit, unit.definition.mount, []);
  if (outcome === 'queued') {
    take(turn, unit.name, { ...unit.runtime, state: 'running', waiting });
    return;
  }
  turn.emit({ kind: 'answer-automount', unit: unit.name, tokens: waiting, errno: ENODEV });
  if (outcome === 'refused') end(turn, { ...unit, runtime: { ...unit.runtime, waiting: [] } }, 'resources', { reason: 'dependency-failed', on: unit.definition.mount, kind: 'TriggeredBy' });
  else if (unit.runtime.waiting.length > 0) take(turn, unit.name, { ...unit.runtime, waiting: [] });
}

/** The mount unit changed, or a job of it ended. */
export function onAutomountedChanged(turn: Turn, name: UnitName): void {
  const unit = turn.require(name);
  if (!isAutomount(unit) || (unit.runtime.state !== 'waiting' && unit.runtime.state !== 'running')) return;
  const { definition, runtime } = unit;
  const mount = turn.unit(definition.mount);
  if (mount === undefined || mount.job !== null) return;
  if (isInactive(mount.activeState) && mount.endReason?.reason === 'start-limit') {
    end(turn, unit, 'mount-start-limit-hit', { reason: 'service-start-limit', of: mount.name });
    return;
  }
  if (isActive(mount.activeState)) {
    if (runtime.waiting.length > 0) turn.emit({ kind: 'answer-automount', unit: name, tokens: runtime.waiting, errno: 0 });
    if (runtime.state === 'waiting' || runtime.waiting.length > 0) take(turn, name, lookLater(turn, definition, { ...runtime, state: 'running', waiting: [] }));
    return;
  }
  if (!isInactive(mount.activeState)) return;
  if (runtime.waiting.length > 0) turn.emit({ kind: 'answer-automount', unit: name, tokens: runtime.waiting, errno: ENODEV });
  const idle: AutomountRuntime = { ...runtime, waiting: [], deadlineUsec: null };
  // Without a trap nobody would mount it again: it is over with the mount.
  if (runtime.hasTrap) take(turn, name, { ...idle, state: 'waiting' });
  else end(turn, { ...unit, runtime: idle }, mount.activeState === 'failed' ? 'resources' : 'success', mount.activeState === 'failed' ? { reason: 'dependency-failed', on: mount.name, kind: 'TriggeredBy' } : null);
}

function isMounted(turn: Turn, unit: AutomountRecord): boolean {
  const mount = turn.unit(unit.definition.mount);
  return mount !== undefined && isActive(mount.activeState);
}

function lookLater(turn: Turn, { idleTimeoutUsec }: AutomountUnit, run: AutomountRuntime): AutomountRuntime {
  return { ...run, deadlineUsec: idleTimeoutUsec === null || idleTimeoutUsec === 0 || !run.hasTrap ? null : addUsec(turn.now.monotonicUsec, idleTimeoutUsec) };
}

/** It is time to look whether the mount was used. */
export function onAutomountDue(turn: Turn, name: UnitName): void {
  const unit = turn.require(name);
  if (!isAutomount(unit)) return;
  setRuntime(turn, name, { ...unit.runtime, deadlineUsec: null }, unit.activeState);
  const mount = turn.unit(unit.definition.mount);
  if (unit.runtime.state === 'running' && mount?.job === null) turn.emit({ kind: 'look-at-automount', unit: name, where: unit.definition.where });
}

/** It was used since the last look, or that was the first. */
export function onAutomountUsed(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (isAutomount(unit) && unit.runtime.state === 'running') take(turn, name, lookLater(turn, unit.definition, unit.runtime));
}

/** Somebody took the autofs away. */
export function onAutomountGone(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (isAutomount(unit) && unit.runtime.hasTrap) end(turn, unit, 'unmounted', { reason: 'protocol', detail: 'somebody unmounted it' });
}
