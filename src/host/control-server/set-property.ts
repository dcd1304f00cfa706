/** `set-property`: settings of a loaded unit, written as drop-ins and put into effect while it runs. Source: systemctl(1). */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import { getEntry } from '../../base/persistent-map.ts';
import type { SetPropertyAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Params } from '../../control/requests.ts';
import { findDirective, sectionsOf } from '../../core/unit-file/directives.ts';
import type { UnitKind } from '../../core/unit/unit-common.ts';
import type { Engine } from '../engine.ts';
import { transientDirectory, writeWhole } from '../transient-units.ts';
import { unitFilesOf } from './unit-file-states.ts';

type Done = (outcome: { readonly ok: true; readonly value: SetPropertyAnswer } | { readonly ok: false; readonly failure: Failure }) => void;
type Cancel = () => void;

const HEADER = '# Written by set-property, which writes it again when it is asked to; revert removes it.\n';

/** The page whose settings take effect without a restart. What a program is run as or by is not for this request: access rules rely on it. */
const LIVE_MANUAL = 'systemd.resource-control(5)';
/** On that page, and yet settled when the unit starts. */
const SETTLED_AT_START: ReadonlySet<string> = new Set(['Slice', 'Delegate', 'DelegateSubgroup']);

interface DropIn {
  readonly section: string;
  readonly name: string;
  readonly lines: readonly string[];
}

interface Written {
  readonly path: string;
  /** What was there before; null = nothing. */
  readonly before: string | null;
}

/** @param reload reads all unit files again and calls back when their definitions are in the state */
export function setProperty(engine: Engine, params: Params<'set-property'>, units: readonly UnitName[], reload: (proceed: () => void) => Cancel | null, done: Done): Cancel | null {
  const refuse = (failure: Failure): null => {
    done({ ok: false, failure });
    return null;
  };
  const [unit, ...others] = units;
  const definition = unit === undefined ? undefined : getEntry(engine.state().units, unit)?.definition;
  if (unit === undefined || definition === undefined || others.length > 0) return refuse({ name: 'invalid-params', message: 'one unit is to be named' });
  if (definition.loadState !== 'loaded') return refuse({ name: 'load-failed', message: `Unit ${unit} ${definition.loadState === 'not-found' ? 'not found' : `is ${definition.loadState}`}.`, unit });
  const dropIns = dropInsOf(definition.kind, params.assignments);
  if (typeof dropIns === 'string') return refuse({ name: 'invalid-params', message: dropIns, unit });
  const written: Written[] = [];
  const undo = (): void => {
    for (const { path, before } of written) {
      if (before === null) rmSync(path, { force: true });
      else writeWhole(path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1), before);
    }
  };
  const directories = directoriesOf(engine, unit, definition.transient === true);
  const directory = params.runtime ? directories.runtime : directories.lasting;
  for (const { section, name, lines } of dropIns) {
    const file = fileName(name, params.runtime);
    const path = `${directory}/${file}`;
    written.push({ path, before: contentsOf(path) });
    const passing = `${directories.runtime}/${fileName(name, true)}`;
    if (!params.runtime && existsSync(passing)) {
      // What was set until the next boot is set for good now.
      written.push({ path: passing, before: contentsOf(passing) });
      rmSync(passing);
    }
    const error = writeWhole(directory, file, `${HEADER}[${section}]\n${lines.join('\n')}\n`);
    if (error !== '') {
      undo();
      return refuse({ name: 'file-error', message: error, unit });
    }
  }
  return reload(() => {
    const problem = getEntry(engine.state().units, unit)?.definition.diagnostics.find((each) => each.severity !== 'note' && written.some(({ path }) => path === each.file));
    if (problem === undefined) {
      done({ ok: true, value: { files: dropIns.map(({ name }) => `${directory}/${fileName(name, params.runtime)}`) } });
      return;
    }
    undo();
    reload(() => { refuse({ name: 'invalid-params', message: problem.message, unit }); });
  });
}

/** A setting until the next boot comes after the lasting one of the same name. */
function fileName(name: string, isRuntime: boolean): string {
  return `${isRuntime ? '51' : '50'}-${name}.conf`;
}

function contentsOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** Nothing about a transient unit lasts longer than the unit. */
function directoriesOf(engine: Engine, unit: UnitName, isTransient: boolean): { readonly lasting: string; readonly runtime: string } {
  if (isTransient) {
    const directory = `${transientDirectory(engine.facts.runtimeDirectory)}/${unit}.d`;
    return { lasting: directory, runtime: directory };
  }
  const { lasting, runtime } = unitFilesOf(engine).controlDirectories;
  return { lasting: `${lasting}/${unit}.d`, runtime: `${runtime}/${unit}.d` };
}

/** The drop-ins for the assignments, one for each name; or what is wrong with them. */
function dropInsOf(kind: UnitKind, assignments: readonly string[]): readonly DropIn[] | string {
  const byName = new Map<string, { readonly section: string; readonly lines: string[] }>();
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    const name = assignment.slice(0, Math.max(0, equals));
    if (equals < 1) return `Not an assignment: ${assignment}`;
    if (/[\u0000-\u001f]/.test(assignment)) return `${name}: a value is one line`;
    const section = sectionsOf(kind).find((each) => findDirective(each, name) !== undefined);
    const isSettable = section !== undefined && ((findDirective(section, name)?.manual === LIVE_MANUAL && !SETTLED_AT_START.has(name)) || (section === 'Unit' && name === 'Description'));
    if (!isSettable) return `Cannot set property ${name}, or unknown property.`;
    const line = `${name}=${assignment.slice(equals + 1).replaceAll('%', name === 'Description' ? '%%' : '%')}`;
    const known = byName.get(name);
    if (known === undefined) byName.set(name, { section, lines: [line] });
    else known.lines.push(line);
  }
  return [...byName].map(([name, { section, lines }]) => ({ name, section, lines }));
}
