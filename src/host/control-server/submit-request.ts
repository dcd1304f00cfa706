/** The way of a client's request into the core, and of the refusal back. */
import { valuesOf } from '../../base/persistent-map.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Reply } from '../../core/manager/effect.ts';
import type { Request } from '../../core/manager/event.ts';
import type { Engine } from '../engine.ts';
import type { Peer } from './connection.ts';

/** Ends the waiting of a request whose client is gone; what was begun goes on. */
export type Cancel = () => void;

/**
 * Hands one request to the core.
 *
 * @param key by which the client may have made this very request of a former engine: then its answer, or the wait for it, is
 *   what is wanted; null = it cannot have
 */
export function submitRequest(engine: Engine, peer: Peer, request: Request, callback: (reply: Reply) => void, key: string | null): Cancel {
  const state = engine.state();
  const answered = key === null ? undefined : state.answers.find((answer) => answer.key === key);
  if (answered !== undefined) {
    callback(answered.result);
    return () => undefined;
  }
  const pending = key === null ? undefined : valuesOf(state.requests).find((each) => each.key === key);
  if (pending !== undefined && !engine.isAwaited(pending.id)) {
    engine.onReply(pending.id, callback);
    return () => {
      engine.dropRequest(pending.id);
    };
  }
  const id = engine.nextRequestId();
  engine.onReply(id, callback);
  engine.submit({ event: 'request', id, key, caller: { uid: peer.uid, gid: peer.gid, pid: peer.pid }, request });
  return () => {
    engine.dropRequest(id);
  };
}

/** A refusal of the core in the words of the protocol. */
export function failureOf(reply: Extract<Reply, { readonly ok: false }>): Failure {
  return { name: reply.code, message: reply.message, ...(reply.unit === null ? {} : { unit: reply.unit }) };
}
