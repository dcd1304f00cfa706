/** Sockets within the manager: their start and stop, the services they start, and what becomes of those. */
import type { UnitName } from '../../../base/brand.ts';
import { isActive, isInactive } from '../../job/job-type.ts';
import { SOCKET_MACHINE, enterListening, enterRunning, enterStopPre, failSocketOrderly, onSocketDue, onSocketsNotOpened, onSocketsOpened, startSocket, stopSocket } from '../../machine/socket/socket.ts';
import { onCommandLost, onControlEvent, type LostCommand } from '../../machine/control/control-process.ts';
import { countUp } from '../../machine/socket/rate-count.ts';
import { namePrefix, withInstance } from '../../unit/unit-name.ts';
import type { EventOf, ProcessEvent } from '../event.ts';
import { errnoText } from '../explain/errno-text.ts';
import { driveSocket, fdNameOf, isSocket, onConnectionEnded, type SocketRecord } from './socket-record.ts';
import { setRuntime } from './set-runtime.ts';
import type { Reason, SocketConnection, SocketResult, Unit } from '../state.ts';
import { startTriggered } from './trigger-start.ts';
import type { Turn } from '../turn.ts';

// --- jobs

/** Starts a socket. Not while its service runs, which then has sockets of its own at the same addresses. */
export function startSocketUnit(turn: Turn, unit: SocketRecord): 'running' | 'failed' {
  const { service } = unit.definition;
  if (service !== null) {
    const other = turn.unit(service);
    const refusal = other?.definition.loadState !== 'loaded' ? 'is not loaded' : isBusyService(other) ? 'is already active' : null;
    if (refusal !== null) {
      const detail = `its service ${service} ${refusal}`;
      turn.log('err', unit.name, `${unit.name} is not started: ${detail}`);
      turn.setUnit({ ...turn.require(unit.name), endReason: { reason: 'protocol', detail } });
      return 'failed';
    }
  }
  driveSocket(turn, unit.name, startSocket);
  return 'running';
}

function isBusyService({ runtime }: Unit): boolean {
  return runtime.kind === 'service' && runtime.state !== 'dead' && runtime.state !== 'failed' && runtime.state !== 'auto-restart';
}

export function stopSocketUnit(turn: Turn, name: UnitName): void {
  driveSocket(turn, name, stopSocket);
}

/** A start was refused by the unit's own start limit. An earlier failure stays its result, as in systemd. */
export function failSocket(turn: Turn, unit: SocketRecord): void {
  setRuntime(turn, unit.name, { ...unit.runtime, state: 'failed', result: unit.runtime.result === 'success' ? 'start-limit-hit' : unit.runtime.result, endReason: { reason: 'start-limit' } }, 'failed');
}

/** reset-failed. */
export function calmSocket(turn: Turn, unit: SocketRecord): void {
  if (unit.runtime.state !== 'failed') return;
  setRuntime(turn, unit.name, { ...unit.runtime, state: 'dead', result: 'success', endReason: null, openFailure: null, spawnFailure: null }, 'inactive');
}

// --- events

export function onSocketProcess(turn: Turn, name: UnitName, event: ProcessEvent): void {
  driveSocket(turn, name, (c, run) => onControlEvent(SOCKET_MACHINE, c, run, event));
}

export function onSocketUnitDue(turn: Turn, name: UnitName): void {
  driveSocket(turn, name, onSocketDue);
}

/** The manager died of an event of the unit: its command may be lost, or a connection that was to get a service. */
export function onSocketLeftOut(turn: Turn, name: UnitName, lost: LostCommand): void {
  const unit = turn.unit(name);
  if (!isSocket(unit)) return;
  for (const { service, key } of unit.runtime.connections) {
    const other = turn.unit(service)?.runtime;
    if (other?.kind === 'service' && other.connection !== null) continue;
    turn.emit({ kind: 'close-fds', names: [key] });
    onConnectionEnded(turn, unit.name, service);
  }
  driveSocket(turn, unit.name, (c, run) => {
    const after = onCommandLost(SOCKET_MACHINE, c, run, lost);
    return after === run ? failSocketOrderly(c, run, lost.reason) : after;
  });
}

export function onOpened(turn: Turn, event: EventOf<'sockets-opened'>): void {
  const unit = turn.unit(event.unit);
  if (isSocket(unit)) driveSocket(turn, unit.name, (c, run) => onSocketsOpened(c, run, event.token, event.fds));
  else turn.emit({ kind: 'close-fds', names: event.fds });
}

export function onNotOpened(turn: Turn, event: EventOf<'sockets-not-opened'>): void {
  const { what, errno, stage } = event;
  turn.log('err', event.unit, stage === 'listen' ? `Failed to listen on ${what}: ${errnoText(errno)}` : `Failed to make ${what} the owner of the socket: ${errnoText(errno)}`, { errno });
  driveSocket(turn, event.unit, (c, run) => onSocketsNotOpened(c, run, event.token, { what, errno, stage }));
}

/** Something waits at one of the sockets: start the service, which takes all of them. */
export function onReady(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (!isSocket(unit) || unit.runtime.state !== 'listening' || unit.definition.service === null) return;
  if (isGoingDown(turn, unit)) {
    // Nobody will come for it: without throwing it away it would wake the manager again and again.
    driveSocket(turn, name, (c, run) => enterListening(c, run, true));
    return;
  }
  if (!mayTrigger(turn, unit)) return;
  const { service } = unit.definition;
  if (!isActiveOrPending(turn, service)) {
    const outcome = startTriggered(turn, turn.require(name), service, []);
    if (outcome === 'refused') {
      giveUp(turn, name, 'resources', { reason: 'dependency-failed', on: service, kind: 'Triggers' });
      return;
    }
  }
  driveSocket(turn, name, enterRunning);
}

/** Counts one activation against both limits. False = no; what follows from that has been done. */
function mayTrigger(turn: Turn, unit: SocketRecord): boolean {
  const { definition, runtime, name } = unit;
  const now = turn.now.monotonicUsec;
  const [polls, mayPoll] = countUp(definition.pollLimit, runtime.polls, now);
  if (!mayPoll && runtime.polls.sinceUsec !== null) {
    const untilUsec = (runtime.polls.sinceUsec + definition.pollLimit.intervalUsec) as typeof now;
    turn.log('warning', name, `${name}: too much traffic (PollLimitBurst=${String(definition.pollLimit.burst)}); not looked at for ${String(Math.ceil((untilUsec - now) / 1000))} ms`);
    turn.emit({ kind: 'unwatch-sockets', unit: name });
    driveSocket(turn, name, (_c, run) => ({ ...run, polls, deadlineUsec: untilUsec }));
    return false;
  }
  const [triggers, isWithin] = countUp(definition.triggerLimit, runtime.triggers, now);
  driveSocket(turn, name, (_c, run) => ({ ...run, polls, triggers }));
  if (isWithin) return true;
  turn.log('err', name, `${name}: trigger limit hit, refusing further activation`);
  giveUp(turn, name, 'trigger-limit-hit', { reason: 'trigger-limit' });
  return false;
}

function giveUp(turn: Turn, name: UnitName, result: SocketResult, reason: Reason): void {
  driveSocket(turn, name, (c, run) => enterStopPre(c, run, result, reason));
}

function isGoingDown(turn: Turn, unit: Unit): boolean {
  const job = unit.job === null ? undefined : turn.job(unit.job);
  return job?.type === 'stop' || job?.type === 'restart' || turn.shutdown !== null;
}

function isActiveOrPending(turn: Turn, name: UnitName): boolean {
  const unit = turn.unit(name);
  if (unit === undefined) return false;
  const job = unit.job === null ? undefined : turn.job(unit.job);
  return isActive(unit.activeState) || unit.activeState === 'activating' || (job !== undefined && job.type !== 'stop' && job.type !== 'nop' && job.type !== 'verify-active');
}

// --- the service of a socket with Accept=no

/** The service changed, or a job of it ended. */
export function onSocketServiceChanged(turn: Turn, name: UnitName, service: UnitName): void {
  const unit = turn.unit(name);
  const other = turn.unit(service);
  if (!isSocket(unit) || unit.definition.accept || other?.runtime.kind !== 'service') return;
  const { state } = unit.runtime;
  if (state !== 'listening' && state !== 'running') return;
  if (isInactive(other.activeState) && other.endReason?.reason === 'start-limit') {
    giveUp(turn, name, 'service-start-limit-hit', { reason: 'service-start-limit', of: service });
    return;
  }
  if (other.job !== null) return;
  switch (other.runtime.state) {
    case 'dead':
    case 'failed':
    case 'final-sigterm':
    case 'final-sigkill':
    case 'auto-restart':
      if (state === 'running') driveSocket(turn, name, (c, run) => enterListening(c, run, c.definition.flushPending));
      return;
    case 'running':
      driveSocket(turn, name, (c, run) => (run.state === 'running' ? run : enterRunning(c, run)));
      return;
    default:
  }
}

// --- connections of a socket with Accept=yes

/** A connection was taken. Its service is an instance of its own. */
export function onConnection(turn: Turn, event: EventOf<'connection'>): void {
  const unit = turn.unit(event.unit);
  if (!isSocket(unit) || unit.runtime.state !== 'listening' || isGoingDown(turn, unit)) {
    turn.emit({ kind: 'close-fds', names: [event.key] });
    if (isSocket(unit)) refuse(turn, unit.name);
    return;
  }
  const { name } = unit;
  const full = mayTrigger(turn, unit) ? fullness(turn.require(name) as SocketRecord, event.peer.source) : '';
  if (full !== null) {
    if (full !== '') turn.log('warning', name, `${name}: ${full}, dropping connection`);
    turn.emit({ kind: 'close-fds', names: [event.key] });
    refuse(turn, name);
    return;
  }
  const service = withInstance(`${namePrefix(name)}@.service`, `${String(unit.runtime.accepted)}-${event.instance}`);
  if (service === null) {
    turn.log('err', name, `${name}: the name of the instance for this connection would be too long, dropping it`);
    turn.emit({ kind: 'close-fds', names: [event.key] });
    refuse(turn, name);
    return;
  }
  const connection: SocketConnection = { service, key: event.key, peer: event.peer };
  driveSocket(turn, name, (_c, run) => ({ ...run, accepted: run.accepted + 1, connections: [...run.connections, connection] }));
  turn.emit({ kind: 'load-instance', unit: name, instance: service });
}

/** Why no further connection is taken; null when one is. */
function fullness({ definition, runtime }: SocketRecord, source: string): string | null {
  const { connections } = runtime;
  if (connections.length >= definition.maxConnections) return `too many incoming connections (${String(connections.length)})`;
  const { maxConnectionsPerSource: most } = definition;
  const same = connections.filter(({ peer }) => peer.source === source).length;
  return most > 0 && source !== '' && same >= most ? `too many incoming connections (${String(same)}) from ${source}` : null;
}

function refuse(turn: Turn, name: UnitName): void {
  driveSocket(turn, name, (_c, run) => ({ ...run, refused: run.refused + 1 }));
}

/** The service for a connection can be started, if its template is any good. */
export function onInstanceLoaded(turn: Turn, event: EventOf<'instance-loaded'>): void {
  const unit = turn.unit(event.unit);
  if (!isSocket(unit)) return;
  const connection = unit.runtime.connections.find(({ service }) => service === event.instance);
  if (connection === undefined) return;
  const service = turn.unit(event.instance);
  if (service?.runtime.kind === 'service' && service.definition.loadState === 'loaded') {
    const { socket, key, name, peer } = { socket: unit.name, key: connection.key, name: fdNameOf(unit.definition), peer: connection.peer };
    turn.setUnit({ ...service, runtime: { ...service.runtime, connection: { socket, key, name, peer } } });
    if (startTriggered(turn, unit, service.name, []) === 'queued') return;
  } else {
    turn.log('err', unit.name, `${unit.name}: ${event.instance} cannot be started (is the service file missing, or no template?)`);
  }
  turn.emit({ kind: 'close-fds', names: [connection.key] });
  onConnectionEnded(turn, unit.name, event.instance);
  giveUp(turn, unit.name, 'resources', { reason: 'dependency-failed', on: event.instance, kind: 'Triggers' });
}
