/** What services and the manager at large need of sockets: which unit is one, its transitions, its fds, its connections. */
import type { UnitName } from '../../../base/brand.ts';
import { neighbours } from '../../graph/graph.ts';
import type { SocketContext } from '../../machine/socket/socket.ts';
import { SOCKET_ACTIVE_STATE } from '../../machine/socket/states.ts';
import type { SocketUnit } from '../../unit/socket.ts';
import { driveControl } from './control-driver.ts';
import type { PassedFd } from '../effect.ts';
import type { SocketRuntime, Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

export interface SocketRecord extends Unit {
  readonly definition: SocketUnit;
  readonly runtime: SocketRuntime;
}

export function isSocket(unit: Unit | undefined): unit is SocketRecord {
  return unit?.definition.kind === 'socket' && unit.runtime.kind === 'socket';
}

/** Runs a transition of the socket; a unit that is no socket any more is left alone. */
export function driveSocket(turn: Turn, name: UnitName, transition: (c: SocketContext, run: SocketRuntime) => SocketRuntime): void {
  const unit = turn.unit(name);
  if (isSocket(unit)) driveControl<SocketUnit, SocketRuntime>(turn, unit, (state) => SOCKET_ACTIVE_STATE[state], transition);
}

/** What the service is told that the fds are ($LISTEN_FDNAMES). */
export function fdNameOf(definition: SocketUnit): string {
  return definition.fileDescriptorName ?? (definition.accept ? 'connection' : definition.name);
}

/** The open sockets that are for a service: of Sockets=, of the socket of its name, and of those whose Service= it is. */
export function socketsFor(turn: Turn, service: Unit): readonly PassedFd[] {
  const { definition } = service;
  if (definition.kind !== 'service') return [];
  const names = new Set([...neighbours(turn.graph, service.name, 'TriggeredBy'), ...definition.sockets].map((name) => turn.resolve(name)));
  return [...names].flatMap((name) => {
    const unit = turn.unit(name);
    if (!isSocket(unit) || unit.definition.accept) return [];
    return unit.runtime.fds.map((key) => ({ key, name: fdNameOf(unit.definition), nonBlocking: definition.nonBlocking }));
  });
}

/** The service of a connection is down, and the connection closed. */
export function onConnectionEnded(turn: Turn, name: UnitName, service: UnitName): void {
  turn.connectionsOver.push(service);
  driveSocket(turn, name, (_c, run) => ({ ...run, connections: run.connections.filter((each) => each.service !== service) }));
}
