/** `start-transient` and `await-end`: units made by a client, started, and waited for. */
import { readlinkSync, rmSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import { getEntry, valuesOf } from '../../base/persistent-map.ts';
import type { EndAnswer, TransientAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Params } from '../../control/requests.ts';
import { isUnitName, unitKind } from '../../core/unit/unit-name.ts';
import type { Unit } from '../../core/manager/state.ts';
import type { Engine } from '../engine.ts';
import { transientUnitsOf, writeWhole } from '../transient-units.ts';
import { afterLoading } from './after-loading.ts';
import { lendStreams, STREAMS, streamName, takeBackStreams } from './caller-streams.ts';
import { callerEnvironment } from './caller-environment.ts';
import type { Peer } from './connection.ts';
import { enqueueUnits } from './enqueue.ts';
import { unitFilesOf } from './unit-file-states.ts';
import { resultOf } from './reads/unit-words.ts';

type Request = Params<'start-transient'>;
type Done<T> = (outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure }) => void;

/** Kinds that can be made this way: those that are started and end. */
const KINDS: ReadonlySet<string> = new Set(['service', 'timer', 'path', 'slice', 'scope', 'target']);

/**
 * @param key by which a client asks again after a re-exec: what was made for it before is not made anew
 */
export function startTransient(engine: Engine, peer: Peer, params: Request, done: Done<TransientAnswer>, key: string | null): (() => void) | null {
  const refuse = (failure: Failure): null => {
    finish({ ok: false, failure });
    return null;
  };
  const transient = transientUnitsOf(engine);
  const stem = params.name === '' ? freeStem(engine, peer, params, key) : params.name;
  const names = params.units.map(({ kind }) => `${stem}.${kind}`) as UnitName[];
  let isClaimed = false;
  const finish: Done<TransientAnswer> = (outcome) => {
    takeBackStreams(engine, names);
    if (isClaimed) transient.release(names);
    done(outcome);
  };
  const [first] = names;
  if (first === undefined) return refuse({ name: 'invalid-params', message: 'no unit was given' });
  for (const [index, name] of names.entries()) {
    if (!isUnitName(name) || !KINDS.has(unitKind(name))) return refuse({ name: 'invalid-unit-name', message: `"${name.slice(0, 64)}" is no name for such a unit.`, unit: name });
    if (names.indexOf(name) !== index) return refuse({ name: 'invalid-params', message: `${name} was given twice` });
  }
  const start = (): (() => void) | null => enqueueUnits(engine, peer, { type: 'start', units: [first], mode: 'fail', wait: params.wait }, [first], (outcome) => {
    if (!outcome.ok || outcome.value.refused.length > 0) for (const name of names) transient.discard(name);
    finish(outcome.ok ? { ok: true, value: { units: names, ...outcome.value } } : outcome);
  }, key);
  if (wasAsked(engine, key)) return start();
  return afterLoading(engine, names, () => {
    const taken = names.find((name) => isTaken(engine, name) || transient.isClaimed(name));
    if (taken !== undefined) return refuse({ name: 'unit-exists', message: `Unit ${taken} was already loaded or has a fragment file.`, unit: taken });
    transient.claim(names);
    isClaimed = true;
    const service = names.find((name) => unitKind(name) === 'service');
    if (params.pipe && service !== undefined) {
      const error = lendStreams(engine, peer, service);
      if (error !== '') return refuse({ name: 'not-applicable', message: `The command cannot be given the streams of its caller: ${error}.` });
    }
    for (const [index, name] of names.entries()) {
      const text = `${params.units[index]?.text ?? ''}${ofCaller(peer, params, name)}`;
      const error = params.keep ? writeWhole(unitFilesOf(engine).configurationDirectory, name, text) : transient.write(name, text);
      if (error !== '') return refuse({ name: 'file-error', message: error, unit: name });
    }
    return afterLoading(engine, names, () => {
      const wrong = names.map((name) => getEntry(engine.state().units, name)).find((unit) => unit === undefined || problemOf(unit) !== null);
      if (wrong !== undefined) {
        for (const name of names) {
          if (params.keep) rmSync(`${unitFilesOf(engine).configurationDirectory}/${name}`, { force: true });
          transient.discard(name);
        }
        return refuse({ name: 'load-failed', message: problemOf(wrong) ?? 'The unit cannot be loaded.', unit: wrong.name });
      }
      if (params.hold) transient.holdBriefly(first);
      return start();
    });
  });
}

/** A name nobody has: made from the key, or from who asks and how often, as `run-p77-i3`. */
function freeStem(engine: Engine, peer: Peer, { units }: Request, key: string | null): string {
  // Who asks again is to find what was made for it.
  if (key !== null) return `run-r${key.replace(/[^0-9A-Za-z]/g, '')}`;
  for (;;) {
    const stem = `run-p${String(peer.pid)}-i${String(engine.nextRequestId())}`;
    if (!units.some(({ kind }) => isTaken(engine, `${stem}.${kind}` as UnitName))) return stem;
  }
}

/** The client asks again: the former engine has the start job in its state, or its answer. */
function wasAsked(engine: Engine, key: string | null): boolean {
  const state = engine.state();
  const isIt = (each: { readonly key: string | null }): boolean => key !== null && each.key?.startsWith(`${key}/`) === true;
  return state.answers.some(isIt) || valuesOf(state.requests).some(isIt);
}

function isTaken(engine: Engine, name: UnitName): boolean {
  const unit = getEntry(engine.state().units, name);
  return unit !== undefined && unit.definition.loadState !== 'not-found';
}

/** What of the unit depends on who asks. */
function ofCaller(peer: Peer, params: Request, unit: UnitName): string {
  if (unitKind(unit) !== 'service') return '';
  const process = `/proc/${String(peer.pid)}`;
  let text = '\n[Service]\n';
  if (params.pipe) for (const stream of STREAMS) text += `${stream}=fd:${streamName(unit, stream)}\n`;
  if (params.sameDirectory) {
    try {
      text += `WorkingDirectory=${readlinkSync(`${process}/cwd`).replaceAll('%', '%%')}\n`;
    } catch {
      // The caller is gone, and with it whoever wants to know.
    }
  }
  for (const assignment of callerEnvironment(peer.pid, params.inherit)) text += `Environment=${quote(assignment)}\n`;
  return text === '\n[Service]\n' ? '' : text;
}

function quote(word: string): string {
  return `"${word.replaceAll('%', '%%').replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** A caller can put right what is wrong, so that it is told of all that an administrator's file would merely be warned of. */
function problemOf({ definition }: Unit): string | null {
  if (definition.loadState !== 'loaded') return definition.loadError ?? `${definition.name}: ${definition.loadState}`;
  return definition.diagnostics.find((each) => each.severity !== 'note')?.message ?? null;
}

/** Answers when the unit is down and has no job; when it is a transient one, after it was forgotten, so that its name is free again. */
export function awaitEnd(engine: Engine, params: Params<'await-end'>, done: Done<EndAnswer>): (() => void) | null {
  const name = params.unit as UnitName;
  const release = transientUnitsOf(engine).holdOn(name);
  let answer: Parameters<typeof done>[0] | null = null;
  const isTold = (): boolean => {
    if (answer === null) {
      answer = endAnswer(engine, name);
      if (answer === null || release()) return false;
    }
    done(answer);
    return true;
  };
  if (isTold()) return null;
  const stop = engine.onTurnEnd(() => { if (isTold()) stop(); });
  return () => {
    stop();
    release();
  };
}

/** `null` while the unit is not down. */
function endAnswer(engine: Engine, name: UnitName): Parameters<Done<EndAnswer>>[0] | null {
  const unit = getEntry(engine.state().units, name);
  if (unit === undefined) return { ok: false, failure: { name: 'no-such-unit', message: `Unit ${name} is gone.`, unit: name } };
  const isDown = unit.job === null && (unit.activeState === 'inactive' || unit.activeState === 'failed');
  return isDown ? { ok: true, value: endOf(unit) } : null;
}

function endOf(unit: Unit): EndAnswer {
  const exit = unit.runtime.kind === 'service' ? unit.runtime.mainExit : null;
  const { activeEnter, inactiveEnter, inactiveExit } = unit.times;
  const began = activeEnter.monotonicUsec > 0 ? activeEnter : inactiveExit;
  return {
    unit: unit.name, active: unit.activeState, result: resultOf(unit),
    code: exit?.exit?.code ?? null, status: exit?.exit?.status ?? null,
    runtimeUsec: inactiveEnter.monotonicUsec > 0 && began.monotonicUsec > 0 ? Math.max(0, inactiveEnter.monotonicUsec - began.monotonicUsec) : null,
  };
}
