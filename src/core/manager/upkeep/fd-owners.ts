/**
 * Who knows the fds that come to the manager by events: those that services give into their stores, connections, and the sockets that
 * socket units listen at. The host's table has them from the moment they are there; whoever knows one closes it some day, so one that
 * nobody knows would stay open for ever.
 */
import { valuesOf } from '../../../base/persistent-map.ts';
import { isStoredFd } from '../../machine/service/fd-store.ts';
import type { Effect } from '../effect.ts';
import type { UnstampedEvent } from '../event.ts';
import { unfinishedOf, type Replayed } from '../survival/replay.ts';
import type { Unit } from '../state.ts';

/** Names in the host's table: of connections `connection:UNIT:NUMBER`, of listening sockets `listen:UNIT:NUMBER`. */
const CONNECTION = 'connection:';
const LISTENING = 'listen:';

/** Names of the fds that came with an event, and that nobody knows of when it is not handled. */
export function fdsThatCameWith(event: UnstampedEvent): readonly string[] {
  switch (event.event) {
    case 'notify': return event.fds;
    case 'connection': return [event.key];
    case 'sockets-opened': return event.fds;
    default: return [];
  }
}

function fdsOfUnit({ runtime }: Unit): readonly string[] {
  switch (runtime.kind) {
    case 'service': return runtime.connection === null ? runtime.fdStore : [...runtime.fdStore, runtime.connection.key];
    case 'socket': return [...runtime.fds, ...runtime.connections.map(({ key }) => key)];
    default: return [];
  }
}

/**
 * The fds of these kinds that a recovery finds open and nobody knows: an event or effect was left out, the journal was damaged, or the
 * former engine died before it had told of them. Others have owners beside the state.
 *
 * @param names everything in the host's table
 */
export function fdsWithoutOwner(names: Iterable<string>, { state, queue, open }: Pick<Replayed, 'state' | 'queue' | 'open'>): readonly string[] {
  const owned = new Set([...valuesOf(state.units).flatMap(fdsOfUnit), ...queue.flatMap(fdsThatCameWith)]);
  if (open !== null) {
    // What is started yet is given what was its at the time, even when it was taken away later in the batch.
    const { untold, next } = unfinishedOf(open, queue);
    for (const effect of [...untold.flatMap((spawn) => (spawn.pid === null ? [spawn.effect] : [])), ...open.effects.slice(next)]) {
      for (const name of fdsUsedBy(effect)) owned.add(name);
    }
  }
  return [...names].filter((name) => (isStoredFd(name) || name.startsWith(CONNECTION) || name.startsWith(LISTENING)) && !owned.has(name));
}

/** What the effect, still to be performed, passes on, goes on opening, or closes itself. */
function fdsUsedBy(effect: Effect): readonly string[] {
  switch (effect.kind) {
    case 'spawn': return effect.fds.map(({ key }) => key);
    case 'open-sockets': return effect.definition.listen.map((_, index) => `${LISTENING}${effect.unit}:${String(index)}`);
    case 'close-sockets': return effect.fds;
    case 'close-fds': return effect.names;
    default: return [];
  }
}
