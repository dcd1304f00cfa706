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
import type { Request } from '../../core/manager/event.ts';
import { findUnit } from '../../core/manager/query.ts';
import type { Engine } from '../engine.ts';
import { FAULT_SIGNALS, commitFault } from '../faults/faults.ts';
import type { Peer } from './connection.ts';
import { bindMount } from './bind-mount.ts';
import { callUnit } from './call-unit.ts';
import { isAssignment } from '../../core/unit-file/value/environment.ts';
import { callerEnvironment } from './caller-environment.ts';
import { enqueueUnits } from './enqueue.ts';
import { readerOf } from './reads/readers.ts';
import { setProperty } from './set-property.ts';
import { awaitEnd, startTransient } from './start-transient.ts';
import { syncUnits } from './sync-units.ts';
import { failureOf, submitRequest, type Cancel } from './submit-request.ts';
import { unitFilesOf } from './unit-file-states.ts';
import { readSettingChange } from './setting-change.ts';
import { withUnitHint } from './unit-hint.ts';
import { ANSWER_EACH_NAME, resolveUnits, UnitLoading } from './unit-selection.ts';

export type Outcome<M extends Method> =
  | { readonly ok: true; readonly value: Answer<M> }
  | { readonly ok: false; readonly failure: Failure };

export type Done<M extends Method> = (outcome: Outcome<M>) => void;


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
   * @param key names this request for a client that asks again after a re-exec; null = it does not
   * @param done called once, perhaps before this returns; not after the cancel was called
   * @returns null when there is nothing to cancel
   */
  perform<M extends Method>(peer: Peer, method: M, params: Params<M>, done: Done<M>, key: string | null = null): Cancel | null {
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
      const units = ANSWER_EACH_NAME.has(method) ? this.#loading.namesToAnswer(selected.units) : ready.names;
      const outcome = this.#start(peer, method, params, units, privileged, done, key);
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

  #start<M extends Method>(peer: Peer, method: M, params: Params<M>, units: readonly UnitName[], privileged: boolean, done: Done<M>, key: string | null): Cancel | null {
    const engine = this.#engine;
    const fail = (failure: Failure): null => {
      done({ ok: false, failure });
      return null;
    };
    const finish = (outcome: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }): void => {
      done((outcome.ok ? outcome : { ok: false, failure: withUnitHint(engine, outcome.failure) }) as Outcome<M>);
    };
    switch (method) {
      case 'enqueue':
        return enqueueUnits(engine, peer, params as Params<'enqueue'>, units, finish, key);
      case 'start-transient':
        return startTransient(engine, peer, params as Params<'start-transient'>, finish, key);
      case 'await-end':
        return awaitEnd(engine, params as Params<'await-end'>, finish);
      case 'cancel': {
        return this.#submit(peer, { method: 'cancel', jobs: (params as Params<'cancel'>).jobs }, finish, key);
      }
      case 'kill': {
        const kill = params as Params<'kill'>;
        return this.#submit(peer, { method: 'kill', units, whom: kill.whom, signal: kill.signal as never, value: kill.value }, finish, key);
      }
      case 'freeze':
        if (engine.facts.cgroupRoot === null) return fail({ name: 'not-applicable', message: 'there are no control groups' });
        return this.#submit(peer, { method: 'freeze', units, freeze: (params as Params<'freeze'>).freeze }, finish, key);
      case 'clean':
        return this.#submit(peer, { method: 'clean', units, kinds: (params as Params<'clean'>).what }, finish, key);
      case 'reset-failed':
        return this.#submit(peer, { method: 'reset-failed', units }, finish, key);
      case 'set-environment':
        return this.#setEnvironment(peer, params as Params<'set-environment'>, finish, key);
      case 'shutdown': {
        const shutdown = params as Params<'shutdown'>;
        return this.#submit(peer, { method: 'shutdown', goal: shutdown.goal, exitStatus: shutdown.exitStatus, force: shutdown.force }, finish, key);
      }
      case 'change-setting': {
        const change = readSettingChange(params as Params<'change-setting'>);
        return change.ok ? this.#submit(peer, { method: 'change-settings', change: change.value }, finish, key) : fail({ name: 'invalid-params', message: change.problem });
      }
      case 'daemon-reexec':
        return this.#submit(peer, { method: 'reexec' }, finish, key);
      case 'fault': case 'unit-fault': case 'logd-fault':
        if (process.env['HEARTWOOD_FAULTS'] !== '1') return fail({ name: 'access-denied', message: 'the manager was not started with HEARTWOOD_FAULTS=1' });
        if (method === 'fault') return this.#fault(params as Params<'fault'>, finish);
        return this.#misfortune(method === 'logd-fault' ? null : (params as Params<'unit-fault'>), finish);
      case 'daemon-reload':
        return this.#reload(() => { finish({ ok: true, value: {} }); });
      case 'sync-units':
        return syncUnits({ engine, peer, reload: (proceed) => this.#reload(proceed) }, params as Params<'sync-units'>, finish);
      case 'call':
        return callUnit(engine, peer, params as Params<'call'>, units, finish);
      case 'bind':
        return bindMount(engine, params as Params<'bind'>, units, finish);
      case 'set-property':
        return setProperty(engine, params as Params<'set-property'>, units, (proceed) => this.#reload(proceed), finish);
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
    let cancel: Cancel = () => { isCancelled = true; };
    let isCancelled = false;
    this.#engine.reloadDefinitions(() => {
      if (isCancelled) return;
      const end = this.#engine.onTurnEnd(() => {
        end();
        done();
      });
      cancel = end;
    });
    return () => { cancel(); };
  }

  #setEnvironment(peer: Peer, params: Params<'set-environment'>, finish: (outcome: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }) => void, key: string | null): Cancel {
    // What a shell leaves there that is no variable for a program is passed over, as in systemctl(1).
    const imported = callerEnvironment(peer.pid, params.import).filter(isAssignment);
    return this.#submit(peer, { method: 'set-environment', assignments: [...imported, ...params.assignments], unset: params.unset }, finish, key);
  }

  #fault({ how, at, passes, deaths }: Params<'fault'>, finish: (outcome: Outcome<'fault'>) => void): null {
    const signal = FAULT_SIGNALS[how];
    if (at === null) {
      // The answer first: a client that is cut off asks again, and would have its fault twice.
      finish({ ok: true, value: {} });
      setImmediate(() => {
        // A slow leak is meant to look like the manager's own fault when it ends it, much later.
        if (how !== 'leak') this.#engine.noteAskedDeath();
        commitFault(this.#engine.native, how);
      });
    } else if (signal === undefined || !this.#engine.armFault({ at, passes, deaths, signal })) {
      finish({ ok: false, failure: { name: 'invalid-params', message: `"${how}" cannot wait at a place: only ${Object.keys(FAULT_SIGNALS).join(', ')} can` } });
    } else {
      finish({ ok: true, value: {} });
    }
    return null;
  }

  /** @param fault null: that of logd */
  #misfortune(fault: Params<'unit-fault'> | null, finish: (outcome: Outcome<'unit-fault'>) => void): null {
    const { drills } = this.#engine;
    const unit = fault === null ? undefined : findUnit(this.#engine.state(), fault.unit as UnitName);
    if (fault !== null && unit === undefined) {
      finish({ ok: false, failure: { name: 'no-such-unit', message: `${fault.unit} is not loaded`, unit: fault.unit } });
      return null;
    }
    const why = fault === null || unit === undefined ? drills.killLogd() : drills.commit({ ...fault, unit: unit.name });
    finish(why === null ? { ok: true, value: {} } : { ok: false, failure: { name: 'no-process', message: why } });
    return null;
  }

  #submit(peer: Peer, request: Request, done: (outcome: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }) => void, key: string | null): Cancel {
    return submitRequest(this.#engine, peer, request, (reply) => {
      done(reply.ok ? { ok: true, value: {} } : { ok: false, failure: failureOf(reply) });
    }, key);
  }
}

/** Whether the method needs the units' files read when they are not loaded yet. */
function needsDefinitions<M extends Method>(method: M, params: Params<M>): boolean {
  switch (method) {
    case 'status': case 'show': case 'why': case 'plan': case 'list-dependencies': case 'cat': case 'enqueue': case 'verify': case 'clean': case 'freeze': case 'set-property': case 'bind': case 'call': case 'unit-environment':
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
