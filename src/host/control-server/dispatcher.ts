/**
 * From a checked request to its answer: who may, which units are meant, and which function of the state answers or which event
 * changes it.
 *
 * Reads are pure functions of the engine's state. Changes become `request` events and are answered when the core answers.
 */
import { accessVerb, METHOD_KINDS, type Method, type Params } from '../../control/requests.ts';
import type { Answer } from '../../control/answers.ts';
import { isPrivileged, refuseAccess, type AccessPolicy } from '../../control/access.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { UnitName } from '../../base/brand.ts';
import type { Reply } from '../../core/manager/effect.ts';
import type { Request } from '../../core/manager/event.ts';
import type { Engine } from '../engine.ts';
import type { Peer } from './connection.ts';
import { enqueueUnits } from './enqueue.ts';
import { readerOf } from './reads/readers.ts';
import { unitFilesOf } from './unit-file-states.ts';
import { resolveUnits, UnitLoading } from './unit-selection.ts';

export type Outcome<M extends Method> =
  | { readonly ok: true; readonly value: Answer<M> }
  | { readonly ok: false; readonly failure: Failure };

export type Done<M extends Method> = (outcome: Outcome<M>) => void;

/** Ends the waiting of a request whose client is gone; what was begun goes on. */
export type Cancel = () => void;

export class Dispatcher {
  readonly #engine: Engine;
  readonly #policy: AccessPolicy;
  readonly #loading: UnitLoading;

  constructor(engine: Engine, policy: AccessPolicy) {
    this.#engine = engine;
    this.#policy = policy;
    this.#loading = new UnitLoading(engine);
  }

  /**
   * @param done called once, perhaps before this returns; not after the cancel was called
   * @returns null when there is nothing to cancel
   */
  perform<M extends Method>(peer: Peer, method: M, params: Params<M>, done: Done<M>): Cancel | null {
    const fail = (failure: Failure): null => {
      done({ ok: false, failure });
      return null;
    };
    const kind = METHOD_KINDS[method];
    if (kind === 'session') return fail({ name: 'invalid-request', message: `${method} cannot be asked here` });
    const privileged = isPrivileged(this.#policy, peer.uid);
    const selected = resolveUnits(this.#engine.state(), method, params);
    if (!selected.ok) return fail(selected.failure);
    if (kind !== 'read') {
      const verb = accessVerb(method, params);
      // A rule speaks of the unit itself: an alias must not be a way around it.
      const units = privileged ? selected.units : this.#loading.canonicalNames(selected.units);
      const refusal = refuseAccess(this.#policy, { uid: peer.uid, gid: peer.gid, verb, units, wholeManager: kind === 'manage' });
      this.#engine.log.write(refusal === null ? 'info' : 'warning', '', `${refusal === null ? 'asked' : 'refused'}: ${verb}${selected.units.length > 0 ? ` ${abridge(selected.units)}` : ''} (uid ${String(peer.uid)}, pid ${String(peer.pid)})`, { callerUid: peer.uid, callerGid: peer.gid, callerPid: peer.pid });
      if (refusal !== null) return fail({ name: 'access-denied', message: refusal });
    }
    const ready = this.#loading.load(selected.units, { needsLoading: needsDefinitions(method, params), privileged });
    if (ready.failure !== null) return fail(ready.failure);
    let cancelled = false;
    let inner: Cancel | null = null;
    const proceed = (): void => {
      if (cancelled) return;
      const outcome = this.#start(peer, method, params, ready.names, privileged, done);
      inner = outcome;
    };
    if (ready.wait === null) {
      proceed();
      return inner;
    }
    const stopWaiting = ready.wait(proceed);
    return () => {
      cancelled = true;
      stopWaiting();
      inner?.();
    };
  }

  #start<M extends Method>(peer: Peer, method: M, params: Params<M>, units: readonly UnitName[], privileged: boolean, done: Done<M>): Cancel | null {
    const engine = this.#engine;
    const finish = done as unknown as (outcome: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }) => void;
    const given = params as Readonly<Record<string, never>>;
    switch (method) {
      case 'enqueue':
        return enqueueUnits(engine, peer, params as Params<'enqueue'>, units, finish);
      case 'cancel': {
        const all = [...engine.state().jobs.shards].flatMap((shard) => (shard === undefined ? [] : [...shard.keys()]));
        const asked = (params as Params<'cancel'>).jobs;
        return this.#submit(peer, { method: 'cancel', jobs: asked.length > 0 ? asked : all }, finish);
      }
      case 'kill': {
        const kill = params as Params<'kill'>;
        return this.#submit(peer, { method: 'kill', units, whom: kill.whom, signal: kill.signal as never, value: kill.value }, finish);
      }
      case 'reset-failed':
        return this.#submit(peer, { method: 'reset-failed', units }, finish);
      case 'set-environment':
        return this.#submit(peer, { method: 'set-environment', assignments: given['assignments'] as never, unset: given['unset'] as never }, finish);
      case 'shutdown': {
        const shutdown = params as Params<'shutdown'>;
        return this.#submit(peer, { method: 'shutdown', goal: shutdown.goal, exitStatus: shutdown.exitStatus, force: shutdown.force }, finish);
      }
      case 'daemon-reload':
        return this.#reload(() => { finish({ ok: true, value: {} }); });
      case 'change-unit-files': {
        const change = params as Params<'change-unit-files'>;
        const outcome = unitFilesOf(engine).change({ ...change, units });
        if (!outcome.ok || !change.reload || outcome.value.changes.length === 0) {
          finish(outcome);
          return null;
        }
        return this.#reload(() => { finish(outcome); });
      }
      default: {
        const read = readerOf(method);
        finish(read({ engine, peer, privileged, units }, params as never));
        return null;
      }
    }
  }

  /** Reads the files of all units again; the definitions are taken over in the coming turn, and the answer must find them. */
  #reload(done: () => void): Cancel {
    this.#engine.reloadDefinitions();
    const end = this.#engine.onTurnEnd(() => {
      end();
      done();
    });
    return end;
  }

  #submit(peer: Peer, request: Request, done: (outcome: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }) => void): Cancel {
    return submitRequest(this.#engine, peer, request, (reply) => {
      done(reply.ok ? { ok: true, value: {} } : { ok: false, failure: failureOf(reply) });
    });
  }
}

/** Hands one request to the core. */
export function submitRequest(engine: Engine, peer: Peer, request: Request, callback: (reply: Reply) => void): Cancel {
  const id = engine.nextRequestId();
  engine.onReply(id, callback);
  engine.submit({ event: 'request', id, caller: { uid: peer.uid, gid: peer.gid, pid: peer.pid }, request });
  return () => {
    engine.dropRequest(id);
  };
}

export function failureOf(reply: Extract<Reply, { readonly ok: false }>): Failure {
  return { name: reply.code, message: reply.message, ...(reply.unit === null ? {} : { unit: reply.unit }) };
}

/** Whether the method needs the units' files read when they are not loaded yet. */
function needsDefinitions<M extends Method>(method: M, params: Params<M>): boolean {
  switch (method) {
    case 'status': case 'show': case 'why': case 'plan': case 'list-dependencies': case 'cat': case 'enqueue': case 'verify':
      return true;
    case 'kill': case 'reset-failed':
      return (params as Params<'kill'>).units.length > 0;
    default:
      return false;
  }
}

/** A log line is no place for four thousand names. */
function abridge(units: readonly string[]): string {
  return units.length <= 8 ? units.join(' ') : `${units.slice(0, 8).join(' ')} and ${String(units.length - 8)} more`;
}
