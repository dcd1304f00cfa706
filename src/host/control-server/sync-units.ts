/**
 * `sync-units`: the units of one origin become exactly those that are given. New ones are started, changed ones restarted, removed ones
 * stopped, and the others left alone. Either all texts can be used, or nothing changes.
 *
 * The files are kept in the runtime directory of unit files, each with a last line that says where it comes from: so who syncs need not
 * remember anything, and may die at any time.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import { getEntry } from '../../base/persistent-map.ts';
import type { EnqueueAnswer, SyncAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Params } from '../../control/requests.ts';
import { isUnitName, unitNameForm } from '../../core/unit/unit-name.ts';
import type { Engine } from '../engine.ts';
import { writeWhole } from '../transient-units.ts';
import { afterLoading } from './after-loading.ts';
import type { Peer } from './connection.ts';
import { enqueueUnits } from './enqueue.ts';
import { unitFilesOf } from './unit-file-states.ts';

type Done = (outcome: { readonly ok: true; readonly value: SyncAnswer } | { readonly ok: false; readonly failure: Failure }) => void;
type Cancel = () => void;
type Change = SyncAnswer['changes'][number];

/** What a request is done with, besides its parameters. */
export interface SyncSurroundings {
  readonly engine: Engine;
  readonly peer: Peer;
  /** Reads all unit files again and calls back when their definitions are in the state. */
  readonly reload: (proceed: () => void) => Cancel | null;
}

interface Written {
  readonly name: string;
  /** null = there was no file. */
  readonly before: string | null;
}

export function syncUnits(surroundings: SyncSurroundings, params: Params<'sync-units'>, done: Done): Cancel | null {
  const { engine, peer, reload } = surroundings;
  const directory = unitFilesOf(engine).runtimeDirectory;
  const mark = `\n\n# Kept by sync from ${params.origin}\n`;
  let cancel: Cancel | null = null;
  const refuse = (failure: Failure): void => { done({ ok: false, failure }); };

  const wanted = new Map(params.units.map(({ name, text }) => [name, `${text}${mark}`]));
  const problem = nameProblem(params, wanted.size);
  if (problem !== null) {
    refuse(problem);
    return null;
  }
  const present = filesOf(directory);
  const own = new Map([...present].filter(([, text]) => text.endsWith(mark)));
  const foreign = [...wanted.keys()].find((name) => present.has(name) && !own.has(name));
  if (foreign !== undefined) {
    refuse({ name: 'unit-exists', message: `${directory}/${foreign} is there already, from elsewhere.`, unit: foreign });
    return null;
  }
  const changes: readonly Change[] = [
    ...[...own.keys()].filter((name) => !wanted.has(name)).map((unit) => ({ unit, change: 'removed' } as const)),
    ...[...wanted].filter(([name, text]) => own.get(name) !== text).map(([unit]) => ({ unit, change: own.has(unit) ? 'changed' : 'new' } as const)),
  ];
  if (changes.length === 0) {
    done({ ok: true, value: { changes, jobs: [], refused: [] } });
    return null;
  }
  const of = (change: Change['change']): readonly UnitName[] => changes.filter((each) => each.change === change).map(({ unit }) => unit).filter(isUnitName);

  const written: Written[] = [];
  const undo = (failure: Failure): void => {
    for (const { name, before } of written) {
      if (before === null) rmSync(`${directory}/${name}`, { force: true });
      else writeWhole(directory, name, before);
    }
    cancel = reload(() => { refuse(failure); });
  };
  for (const { unit, change } of changes) {
    if (change === 'removed') continue;
    written.push({ name: unit, before: own.get(unit) ?? null });
    const error = writeWhole(directory, unit, wanted.get(unit) ?? '');
    if (error === '') continue;
    undo({ name: 'file-error', message: error, unit });
    return () => cancel?.();
  }

  const answers: EnqueueAnswer[] = [];
  const run = (type: 'start' | 'stop' | 'restart' | 'try-restart', units: readonly UnitName[], next: () => void): void => {
    cancel = enqueueUnits(engine, peer, { type, units, mode: 'replace', wait: params.wait }, units, (outcome) => {
      if (outcome.ok) answers.push(outcome.value);
      next();
    }, null);
  };
  const finish = (): void => {
    done({ ok: true, value: { changes, jobs: answers.flatMap(({ jobs }) => jobs), refused: answers.flatMap(({ refused }) => refused) } });
  };
  const startRest = (): void => {
    const triggered = triggeredUnits(engine, params.units.map(({ name }) => name as UnitName));
    const isOnItsOwn = (unit: UnitName): boolean => !triggered.has(unit);
    run('try-restart', of('changed').filter((unit) => !isOnItsOwn(unit)), () => {
      run('restart', of('changed').filter(isOnItsOwn), () => { run('start', of('new').filter(isOnItsOwn), finish); });
    });
  };
  cancel = reload(() => {
    const concrete = [...of('new'), ...of('changed')];
    cancel = afterLoading(engine, concrete, () => {
      const wrong = concrete.map((unit) => problemOf(engine, unit, { directory, origin: params.origin })).find((each) => each !== null);
      if (wrong !== undefined) {
        undo(wrong);
        return null;
      }
      run('stop', of('removed'), () => {
        const gone = changes.filter(({ change }) => change === 'removed');
        for (const { unit } of gone) rmSync(`${directory}/${unit}`, { force: true });
        if (gone.length === 0) startRest();
        else cancel = reload(startRest);
      });
      return null;
    });
  });
  return () => cancel?.();
}

function nameProblem(params: Params<'sync-units'>, count: number): Failure | null {
  const bad = params.units.find(({ name }) => unitNameForm(name) === null || name.includes('/'));
  if (bad !== undefined) return { name: 'invalid-unit-name', message: `"${bad.name.slice(0, 64)}" is no unit name.` };
  if (count < params.units.length) return { name: 'invalid-params', message: 'a unit was given twice' };
  return /[\u0000-\u001f]/.test(params.origin) ? { name: 'invalid-params', message: 'the origin is one line' } : null;
}

function filesOf(directory: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  let names: readonly string[];
  try {
    names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch {
    return files;
  }
  for (const name of names) if (unitNameForm(name) !== null) files.set(name, readFileSync(`${directory}/${name}`, 'utf8'));
  return files;
}

/** What makes the unit unusable, with the place in the file that was given; null when nothing does. */
function problemOf(engine: Engine, unit: UnitName, { directory, origin }: { readonly directory: string; readonly origin: string }): Failure | null {
  const definition = getEntry(engine.state().units, unit)?.definition;
  const copy = `${directory}/${unit}`;
  const given = `${origin}/${unit}`;
  if (definition === undefined || (definition.fragmentPath !== null && definition.fragmentPath !== copy)) {
    return { name: 'unit-exists', message: `${unit} is ${definition?.fragmentPath ?? 'not there'}, which comes before ${given}.`, unit };
  }
  const error = definition.diagnostics.find(({ severity, file }) => severity === 'error' && file === copy);
  if (error !== undefined) return { name: 'load-failed', message: `${given}:${String(error.line)}: ${error.message}`, unit };
  if (definition.loadState === 'loaded') return null;
  return { name: 'load-failed', message: `${given}: ${(definition.loadError ?? definition.loadState).replaceAll(copy, given)}`, unit };
}

/** Those that a timer, path or socket among the units starts: they wait for that. */
function triggeredUnits(engine: Engine, units: readonly UnitName[]): ReadonlySet<UnitName> {
  return new Set(units.flatMap((unit) => getEntry(engine.state().units, unit)?.definition.dependencies.filter(({ kind }) => kind === 'Triggers').map(({ other }) => other) ?? []));
}
