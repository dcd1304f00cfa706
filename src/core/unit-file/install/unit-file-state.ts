/** What `is-enabled` says of a unit. Source: systemctl(1), the table of "is-enabled". */
import { templateOf, unitNameForm, withInstance } from '../../unit/unit-name.ts';
import { aliasProblem } from './alias.ts';
import { InstallContext, type InstallUnit, type UnitFileView } from './install-context.ts';
import { baseOf, chase, linkTarget, parentOf } from './unit-file-tree.ts';

export type UnitFileState =
  | 'enabled' | 'enabled-runtime' | 'linked' | 'linked-runtime' | 'alias' | 'masked' | 'masked-runtime' | 'static' | 'indirect'
  | 'disabled' | 'generated' | 'transient' | 'bad';

/** States for which is-enabled exits with 0. */
export const ENABLED_STATES: ReadonlySet<string> = new Set<UnitFileState>(['enabled', 'enabled-runtime', 'static', 'alias', 'indirect', 'generated', 'transient']);

export interface FoundState {
  readonly state: UnitFileState;
  /** The unit's file; for a masked unit the mask. */
  readonly path: string;
}

/** null = there is no such unit file, or its links lead nowhere. */
export function unitFileState(view: UnitFileView, name: string): FoundState | null {
  const found = new InstallContext(view).discover(name, { load: true, followConfigurationLinks: true });
  if (!found.ok) return null;
  const { unit } = found;
  const path = unit.path ?? '';
  const { places } = view;
  const directory = parentOf(path);
  if (unit.state === 'masked') return { state: isRuntime(view, directory) ? 'masked-runtime' : 'masked', path };
  if (baseOf(path) !== name && unitNameForm(unit.name) !== 'instance') return { state: 'alias', path };
  if (places.generatorDirectories.includes(directory)) return { state: 'generated', path };
  if (places.transientDirectories.includes(directory)) return { state: 'transient', path };
  return { state: enabledState(view, unit), path };
}

/** Whether a directory is lost at the next boot. */
function isRuntime({ places }: UnitFileView, directory: string): boolean {
  // With a load path of its own a manager may have one directory for both.
  if (directory === places.configurationDirectory) return false;
  return [places.runtimeDirectory, ...places.generatorDirectories, ...places.transientDirectories].includes(directory) || directory.startsWith('/run/');
}

function enabledState(view: UnitFileView, unit: InstallUnit): UnitFileState {
  const known = linkedState(view, unit, true);
  if (known !== null) return known;
  // In use under names that enable would not make.
  if (linkedState(view, unit, false) !== null) return 'indirect';
  const { alias, wantedBy, requiredBy, upheldBy, also } = unit.install;
  if (alias.length + wantedBy.length + requiredBy.length + upheldBy.length > 0) return 'disabled';
  return also.length > 0 ? 'indirect' : 'static';
}

/** @param byKnownName only links with a name that enable gives */
function linkedState(view: UnitFileView, unit: InstallUnit, byKnownName: boolean): UnitFileState | null {
  const { places } = view;
  let enabledInRuntime = false;
  let enabledAtAll = false;
  let linked: UnitFileState | null = null;
  let belowFile = false;
  for (const directory of places.directories) {
    const found = findLinks(view, unit, directory, byKnownName, belowFile);
    if (found === 'enabled') {
      if (directory === places.configurationDirectory || (directory.startsWith('/etc/') && !isRuntime(view, directory))) return 'enabled';
      if (isRuntime(view, directory)) enabledInRuntime = true;
      else enabledAtAll = true;
    } else if (found === 'same-name') {
      if (directory === places.configurationDirectory) linked = 'linked';
      else if (isRuntime(view, directory)) linked ??= 'linked-runtime';
    }
    // A link of the same name below the unit's own file is hidden by it.
    belowFile ||= directory === parentOf(unit.path ?? '') || view.tree.entryAt(`${directory}/${unit.name}`) !== null;
  }
  if (enabledInRuntime) return 'enabled-runtime';
  // An instance that the system itself links somewhere is meant to run: more than another name would say.
  if (enabledAtAll && unitNameForm(unit.name) === 'instance') return 'static';
  return linked;
}

function findLinks(view: UnitFileView, unit: InstallUnit, directory: string, byKnownName: boolean, ignoreSameName: boolean): 'enabled' | 'same-name' | null {
  for (const name of view.tree.list(directory)) {
    if (!/\.(?:wants|requires|upholds)$/.test(name)) continue;
    if (findIn(view, unit, `${directory}/${name}`, byKnownName, false, directory) === 'enabled') return 'enabled';
  }
  return findIn(view, unit, directory, byKnownName, ignoreSameName, directory);
}

function findIn(view: UnitFileView, unit: InstallUnit, directory: string, byKnownName: boolean, ignoreSameName: boolean, configuration: string): 'enabled' | 'same-name' | null {
  let sameName = false;
  for (const name of view.tree.list(directory)) {
    if (unitNameForm(name) === null) continue;
    const path = `${directory}/${name}`;
    const entry = view.tree.entryAt(path);
    if (entry?.kind !== 'link') continue;
    const isOwnName = name === unit.name;
    const isInstanceOfIt = unitNameForm(unit.name) === 'template' && templateOf(name) === unit.name;
    const target = linkTarget(path, entry.target);
    // A link with a name of another form or kind wants something else.
    const isTarget = (baseOf(target) === unit.name || target === unit.path) && aliasProblem(name, unit.name) === null;
    // Whoever wants something names it by the name of the link; beside the unit files a name counts by where it leads.
    if (!isOwnName && !(directory === configuration ? isTarget : isInstanceOfIt)) continue;
    if (directory === configuration && isOwnName && (isTarget || chase(view.tree, target) === unit.path)) {
      if (!ignoreSameName) sameName = true;
      continue;
    }
    if (isOwnName && directory === configuration) continue;
    if (!byKnownName || isKnownName(unit, name)) return 'enabled';
  }
  return sameName ? 'same-name' : null;
}

/** Whether enable would give a link this name. */
function isKnownName(unit: InstallUnit, name: string): boolean {
  if (name === unit.name || unit.install.alias.includes(name)) return true;
  const instance = unit.install.defaultInstance;
  return unitNameForm(unit.name) === 'template' && instance !== null && withInstance(unit.name, instance) === name;
}
