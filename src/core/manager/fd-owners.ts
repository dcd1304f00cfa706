/**
 * Who knows the fds that come to the manager from outside: those that services give into their stores, and connections. The host's table
 * has them from the moment they come; whoever knows one closes it some day, so one that nobody knows would stay open for ever.
 */
import { valuesOf } from '../../base/persistent-map.ts';
import { isStoredFd } from '../machine/service/fd-store.ts';
import type { UnstampedEvent } from './event.ts';
import { unfinishedOf, type Replayed } from './replay.ts';
import type { Unit } from './state.ts';

/** Names of connections in the host's table: `connection:UNIT:NUMBER`. */
const CONNECTION = 'connection:';

/** Names of the fds that came with an event, and that nobody knows of when it is not handled. */
export function fdsThatCameWith(event: UnstampedEvent): readonly string[] {
  switch (event.event) {
    case 'notify': return event.fds;
    case 'connection': return [event.key];
    default: return [];
  }
}

function fdsOfUnit({ runtime }: Unit): readonly string[] {
  switch (runtime.kind) {
    case 'service': return runtime.connection === null ? runtime.fdStore : [...runtime.fdStore, runtime.connection.key];
    case 'socket': return runtime.connections.map(({ key }) => key);
    default: return [];
  }
}

/**
 * The stored fds and connections that a recovery finds open and nobody knows: an event or effect was left out, the journal was damaged, or
 * the former engine died before it had told of them. Others have owners beside the state.
 *
 * @param names everything in the host's table
 */
export function fdsWithoutOwner(names: Iterable<string>, { state, queue, open }: Pick<Replayed, 'state' | 'queue' | 'open'>): readonly string[] {
  const owned = new Set([...valuesOf(state.units).flatMap(fdsOfUnit), ...queue.flatMap(fdsThatCameWith)]);
  if (open !== null) {
    // What is started yet is given what was its at the time, even when it was taken away later in the batch.
    const { untold, next } = unfinishedOf(open, queue);
    for (const effect of [...untold.flatMap((spawn) => (spawn.pid === null ? [spawn.effect] : [])), ...open.effects.slice(next)]) {
      if (effect.kind === 'spawn') for (const { key } of effect.fds) owned.add(key);
    }
  }
  return [...names].filter((name) => (isStoredFd(name) || name.startsWith(CONNECTION)) && !owned.has(name));
}
