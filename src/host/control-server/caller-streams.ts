/** The standard streams of the process that asks, for a service that runs on its behalf. */
import { statSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import type { Engine } from '../engine.ts';
import type { Peer } from './connection.ts';

/** The standard streams of a process, in the order of their numbers. */
export const STREAMS = ['StandardInput', 'StandardOutput', 'StandardError'] as const;

/** The name under which a definition refers to one of the streams. */
export function streamName(unit: UnitName, stream: string): string {
  return `${unit}.${stream}`;
}

/** The service's processes have theirs by now. A copy that is held any longer keeps whoever reads the other end waiting. */
export function takeBackStreams(engine: Engine, units: readonly UnitName[]): void {
  engine.fds.close(units.flatMap((unit) => STREAMS.map((stream) => streamName(unit, stream))));
}

/** Copies of the caller's standard streams, under names the unit refers to. Returns an error message, or ''. */
export function lendStreams(engine: Engine, peer: Peer, unit: UnitName): string {
  const { native } = engine;
  const pidfd = native.pidfdOpen(peer.pid);
  if (typeof pidfd === 'string') return `the process that asks is gone: ${pidfd}`;
  // Who asked may have died meanwhile, and its number be another's: nobody gets the streams of a process that is not his own.
  if (ownerOf(peer.pid) !== peer.uid) {
    native.close(pidfd);
    return 'the process that asks is not its own user\'s any more';
  }
  let error = '';
  for (const [number, stream] of STREAMS.entries()) {
    const fd = native.pidfdGetFd(pidfd, number);
    if (typeof fd === 'string') error = `its streams cannot be had: ${fd}`;
    else engine.fds.add(streamName(unit, stream), fd);
  }
  native.close(pidfd);
  return error;
}

/** The user whose files in /proc those of the process are: root for one that has more rights than its user. */
function ownerOf(pid: number): number | null {
  return statSync(`/proc/${String(pid)}`, { throwIfNoEntry: false })?.uid ?? null;
}
