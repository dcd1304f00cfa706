/**
 * enable, disable, mask, link, preset and their kin: what links a verb makes and removes. Pure planning over a view of the unit files;
 * the host performs the plan. Source: systemctl(1), "Unit File Commands"; systemd.unit(5), "[Install]".
 */
import { templateOf, unitKind, unitNameForm, withInstance } from '../../unit/unit-name.ts';
import { aliasProblem } from './alias.ts';
import { nearestUnit } from '../nearest-unit.ts';
import { noteText, operationText, problemOverBus, problemText, type InstallProblem, type LinkOperation } from './change.ts';
import { InstallContext, wantedName, type InstallUnit, type SearchFlags, type UnitFileView } from './install-context.ts';
import { LinkPlanner } from './link-planner.ts';
import { presetFor, type PresetRule } from './preset.ts';
import { baseOf, isMask, parentOf } from './unit-file-tree.ts';

export type InstallVerb =
  | 'enable' | 'disable' | 'reenable' | 'mask' | 'unmask' | 'link' | 'preset' | 'preset-all' | 'revert' | 'add-wants' | 'add-requires' | 'set-default';

export interface InstallOptions {
  readonly runtime: boolean;
  /** Replaces links that are in the way. */
  readonly force: boolean;
  /** For preset and preset-all. */
  readonly presets: readonly PresetRule[];
  readonly presetMode: 'full' | 'enable-only' | 'disable-only';
  /** The unit that shall want the others, for add-wants and add-requires. */
  readonly owner: string;
}

export interface InstallPlan {
  /** In this order; directories are made as needed, and removed when they become empty. What has a problem is not among them. */
  readonly operations: readonly LinkOperation[];
  /** What to print for the operations, as systemctl words it. */
  readonly lines: readonly string[];
  /** Remarks that do not fail the verb. */
  readonly notes: readonly string[];
  /** What could not be done. Operations that came before are done all the same, as with systemctl. */
  readonly problems: readonly string[];
  /** Whether a problem fails the verb: to disable what is not there is none that does. */
  readonly failed: boolean;
  /** false = there was nothing to enable: the unit files have no [Install] section that says anything. */
  readonly hasInstallRules: boolean;
}

const LOAD: SearchFlags = { load: true, followConfigurationLinks: false };
const LOAD_FOLLOWING: SearchFlags = { load: true, followConfigurationLinks: true };
const FOLLOWING: SearchFlags = { load: false, followConfigurationLinks: true };
const DEFAULT_TARGET = 'default.target';

/** As the verb is called in a message. */
const VERB_TEXTS: Readonly<Partial<Record<InstallVerb, string>>> = {
  'preset-all': 'preset', 'add-wants': 'add dependency on', 'add-requires': 'add dependency on', 'set-default': 'set default',
};

const BUS_SUBJECTS: Readonly<Partial<Record<InstallVerb, string>>> = { 'add-wants': 'add dependency', 'add-requires': 'add dependency', 'set-default': 'set default target' };

/**
 * Plans a verb.
 *
 * @param names unit names with suffix, or absolute paths of unit files (enable and link)
 */
export function planInstall(view: UnitFileView, verb: InstallVerb, names: readonly string[], options: InstallOptions): InstallPlan {
  const planner = new LinkPlanner(view);
  const directory = options.runtime ? view.places.runtimeDirectory : view.places.configurationDirectory;
  let hasInstallRules = true;
  switch (verb) {
    case 'enable': hasInstallRules = enable(planner, directory, names, options); break;
    case 'disable': disable(planner, directory, names); break;
    case 'reenable':
      disable(planner, directory, names.map(baseOf));
      hasInstallRules = enable(planner, directory, names, options);
      break;
    case 'mask': for (const name of names) mask(planner, directory, name, options.force); break;
    case 'unmask': unmask(planner, directory, names); break;
    case 'link': for (const path of names) linkFile(planner, directory, path, options.force); break;
    case 'preset': preset(planner, directory, names, options, planner.problems); break;
    // One unit that cannot be understood is no reason to call all others failed.
    case 'preset-all': preset(planner, directory, allNames(planner.view), options, planner.complaints); break;
    case 'revert': revert(planner, names); break;
    case 'add-wants': addDependency(planner, directory, names, 'wantedBy', options); break;
    case 'add-requires': addDependency(planner, directory, names, 'requiredBy', options); break;
    case 'set-default': setDefault(planner, names[0] ?? ''); break;
  }
  const { root } = view.places;
  const text = VERB_TEXTS[verb] ?? verb;
  return {
    operations: planner.operations,
    lines: planner.operations.map((operation) => operationText(operation, root)),
    notes: [...planner.remarks, ...planner.notes.map((note) => noteText(note, root))],
    // With its own root the manager was asked. reenable comes upon the same problem twice.
    problems: [...new Set([...planner.complaints, ...planner.problems].map((problem) => (root === '' ? problemOverBus(problem, BUS_SUBJECTS[verb] ?? `${text} unit`) : problemText(problem, text, root)) + nearName(problem, planner.view)))],
    failed: planner.problems.length > 0,
    hasInstallRules,
  };
}

/** A second sentence when something is missing that was probably misspelt; '' for none. */
function nearName(problem: InstallProblem, view: UnitFileView): string {
  const meant = problem.problem === 'missing' ? nearestUnit(problem.what, allNames(view)) : null;
  return meant === null ? '' : ` Did you mean ${meant}?`;
}

/** @returns whether there was anything to enable */
function enable(planner: LinkPlanner, directory: string, names: readonly string[], options: InstallOptions): boolean {
  const context = new InstallContext(planner.view);
  for (const name of names) {
    const found = context.discoverAndCheck(name, LOAD_FOLLOWING);
    if (found.ok) continue;
    planner.remarks.push(...context.remarks);
    planner.problems.push(found.problem);
    return true;
  }
  return apply(planner, context, directory, LOAD, options, false) > 0;
}

const OWNERS = [['wantedBy', '.wants'], ['requiredBy', '.requires'], ['upheldBy', '.upholds']] as const;

/**
 * Makes the links of all units of a context, Also= included.
 *
 * @param lenient presets: a template without instance is not a mistake
 * @returns how many links are wanted by [Install] sections
 */
function apply(planner: LinkPlanner, context: InstallContext, directory: string, flags: SearchFlags, options: InstallOptions, lenient: boolean): number {
  let count = 0;
  for (let unit = context.take(); unit !== null; unit = context.take()) {
    const found = context.traverse(unit, flags);
    if (!found.ok) {
      if (unit.isAuxiliary) {
        planner.notes.push({ note: 'auxiliary-failed', name: unit.name });
        continue;
      }
      planner.problems.push(found.problem);
      break;
    }
    if (unit.state === 'masked') {
      // Another unit asked for it with Also=.
      planner.notes.push({ note: 'is-masked', path: unit.path ?? '' });
      count += 1;
      continue;
    }
    if (unit.state === 'file') count += applyUnit(planner, unit, directory, options, lenient);
  }
  planner.remarks.push(...context.remarks);
  return count;
}

function applyUnit(planner: LinkPlanner, unit: InstallUnit, directory: string, options: InstallOptions, lenient: boolean): number {
  const path = unit.path ?? '';
  let count = 0;
  for (const alias of unit.install.alias) {
    const name = aliasName(unit, alias);
    if (name === unit.name) continue;
    if (aliasProblem(name, unit.name) !== null) {
      planner.problems.push({ problem: 'bad-alias', unit: unit.name, alias: name });
      continue;
    }
    if (planner.link(`${directory}/${name}`, path, options.force)) count += 1;
  }
  const wanted = wantedName(unit);
  for (const [field, suffix] of OWNERS) {
    for (const owner of unit.install[field]) {
      const form = unitNameForm(owner);
      if (form === null || (!wanted.anyOwner && form === 'plain')) {
        if (lenient) continue;
        planner.problems.push(form === null ? { problem: 'bad-name', name: owner } : { problem: 'not-a-template', unit: wanted.name, owner });
        continue;
      }
      if (planner.link(`${directory}/${owner}${suffix}/${wanted.name}`, path, true)) count += 1;
      if (!hasUnitFile(planner.view, owner)) planner.notes.push({ note: 'owner-missing', owner, path });
    }
  }
  // This only makes the file known: nothing starts it for that, so it does not count.
  if (!planner.view.places.directories.includes(parentOf(path))) planner.link(`${directory}/${unit.name}`, path, options.force);
  return count;
}

/** An alias that is a template gets the instance of the unit. */
function aliasName(unit: InstallUnit, alias: string): string {
  if (unitNameForm(alias) !== 'template' || unitNameForm(unit.name) !== 'instance') return alias;
  return withInstance(alias, unit.name.slice(unit.name.indexOf('@') + 1, unit.name.lastIndexOf('.'))) ?? alias;
}

/** Whether the load path has anything under a name, or under that of its template. */
export function hasUnitFile(view: UnitFileView, name: string): boolean {
  const template = templateOf(name);
  const names = template === null || template === name ? [name] : [name, template];
  return names.some((each) => view.places.directories.some((directory) => view.tree.entryAt(`${directory}/${each}`) !== null));
}

function disable(planner: LinkPlanner, directory: string, names: readonly string[]): void {
  const context = new InstallContext(planner.view);
  for (const name of names) {
    if (context.add(name, false) !== null) continue;
    planner.problems.push({ problem: 'bad-reference', name });
    return;
  }
  markForRemoval(planner, context);
  planner.sweep(directory);
}

function markForRemoval(planner: LinkPlanner, context: InstallContext): void {
  for (let unit = context.take(); unit !== null; unit = context.take()) {
    const found = context.traverse(unit, LOAD_FOLLOWING);
    if (!found.ok) {
      if (found.problem.problem === 'missing' && unit.isAuxiliary) {
        // Some unit named by Also= is not there; its links go all the same.
      } else {
        planner.complaints.push(found.problem.problem === 'missing' ? { problem: 'missing', what: unit.path === null ? unit.name : `${planner.view.places.root}${unit.path}` } : found.problem);
      }
    } else if (unit.state === 'masked') {
      planner.notes.push({ note: 'is-masked', path: unit.path ?? unit.name });
      continue;
    } else if (unit.state !== 'file') {
      continue;
    }
    planner.doom(unit.name);
  }
  planner.remarks.push(...context.remarks);
}

function mask(planner: LinkPlanner, directory: string, name: string, force: boolean): void {
  if (unitNameForm(name) === null) planner.problems.push({ problem: 'invalid' });
  else planner.link(`${directory}/${name}`, '/dev/null', force);
}

function unmask(planner: LinkPlanner, directory: string, names: readonly string[]): void {
  const { tree, places } = planner.view;
  // One word that can be no mask: nothing is taken away at all.
  if (names.some((name) => unitNameForm(name) === null)) {
    planner.problems.push({ problem: 'invalid' });
    return;
  }
  for (const name of names) {
    const generated = places.generatorDirectories.find((each) => isMask(tree, `${each}/${name}`) === true);
    const path = `${directory}/${name}`;
    if (isMask(tree, path) !== true) {
      if (generated !== undefined) planner.notes.push({ note: 'masked-by-generator', path: `${generated}/${name}` });
      continue;
    }
    planner.unlink(path);
    planner.doom(path);
  }
  planner.sweep(directory);
}

function linkFile(planner: LinkPlanner, directory: string, path: string, force: boolean): void {
  const { tree, places } = planner.view;
  const name = baseOf(path);
  const entry = path.startsWith('/') ? tree.entryAt(path) : null;
  if (!path.startsWith('/') || unitNameForm(name) === null) planner.problems.push({ problem: 'invalid' });
  else if (entry === null) planner.problems.push({ problem: 'missing', what: path });
  else if (entry.kind === 'link') planner.problems.push({ problem: 'linked', name: path });
  else if (!places.directories.includes(parentOf(path))) planner.link(`${directory}/${name}`, path, force);
}

/** @param problems where what cannot be found is told */
function preset(planner: LinkPlanner, directory: string, names: readonly string[], options: InstallOptions, problems: InstallProblem[]): void {
  const wanted = new InstallContext(planner.view);
  const unwanted = new InstallContext(planner.view);
  for (const name of names) {
    if (wanted.find(name) !== undefined || unwanted.find(name) !== undefined) continue;
    const probe = new InstallContext(planner.view);
    const found = probe.discover(name, FOLLOWING);
    planner.remarks.push(...probe.remarks);
    if (!found.ok) problems.push(found.problem);
    // As enable: nothing is done for the others when one that was named cannot be found.
    if (planner.problems.length > 0) return;
    if (!found.ok) continue;
    // An alias goes by the rule of the unit that it means.
    if (found.unit.name !== name) continue;
    const verdict = presetFor(options.presets, name);
    if (verdict.action === 'ignore') continue;
    if (verdict.action === 'disable') {
      unwanted.discover(name, FOLLOWING);
      continue;
    }
    const meant = verdict.instances.length === 0 ? [name] : verdict.instances.flatMap((instance) => withInstance(name, instance) ?? []);
    for (const each of meant) {
      const checked = wanted.discoverAndCheck(each, LOAD_FOLLOWING);
      if (!checked.ok) problems.push(checked.problem);
    }
  }
  if (options.presetMode !== 'enable-only') {
    markForRemoval(planner, unwanted);
    planner.sweep(directory);
  }
  if (options.presetMode !== 'disable-only') apply(planner, wanted, directory, LOAD, options, true);
}

/** Every name in the load path. */
export function allNames({ tree, places }: UnitFileView): readonly string[] {
  const names = new Set<string>();
  for (const directory of places.directories) {
    for (const name of tree.list(directory)) {
      if (names.has(name) || unitNameForm(name) === null) continue;
      const entry = tree.entryAt(`${directory}/${name}`);
      if (entry?.kind === 'file' || entry?.kind === 'link') names.add(name);
    }
  }
  return [...names];
}

/** Takes away what the administrator put over a unit that the system has. */
function revert(planner: LinkPlanner, names: readonly string[]): void {
  const { tree, places } = planner.view;
  const own = [places.configurationDirectory, places.runtimeDirectory];
  const doomed: string[] = [];
  for (const name of names) {
    if (unitNameForm(name) === null) {
      planner.problems.push({ problem: 'invalid' });
      continue;
    }
    let isShipped = false;
    for (const directory of places.directories) {
      const entry = tree.entryAt(`${directory}/${name}`);
      if (entry?.kind === 'file' && !own.includes(directory) && !places.transientDirectories.includes(directory)) isShipped = true;
      const changes = `${directory}/${name}.d`;
      if ([...own, ...places.controlDirectories].includes(directory) && tree.entryAt(changes)?.kind === 'directory') doomed.push(...tree.list(changes).map((each) => `${changes}/${each}`), changes);
    }
    if (!isShipped) continue;
    for (const directory of own) {
      const kind = tree.entryAt(`${directory}/${name}`)?.kind;
      if (kind === 'file' || kind === 'link') doomed.push(`${directory}/${name}`);
    }
  }
  for (const path of new Set(doomed)) {
    planner.unlink(path);
    planner.doom(path);
  }
  planner.sweep(places.runtimeDirectory);
  planner.sweep(places.configurationDirectory);
}

function addDependency(planner: LinkPlanner, directory: string, names: readonly string[], field: 'wantedBy' | 'requiredBy', options: InstallOptions): void {
  const owners = new InstallContext(planner.view);
  const context = new InstallContext(planner.view);
  const owner = owners.discoverAndCheck(options.owner, FOLLOWING);
  if (!owner.ok) {
    planner.problems.push(owner.problem);
    return;
  }
  for (const name of names) {
    const found = context.discoverAndCheck(name, FOLLOWING);
    if (!found.ok) {
      planner.problems.push(found.problem);
      return;
    }
    found.unit.install = { ...found.unit.install, [field]: [owner.unit.name] };
  }
  apply(planner, context, directory, FOLLOWING, options, false);
}

function setDefault(planner: LinkPlanner, name: string): void {
  if (unitNameForm(name) === null || unitKind(name) !== 'target' || name === DEFAULT_TARGET) {
    planner.problems.push({ problem: 'invalid' });
    return;
  }
  const found = new InstallContext(planner.view).discoverAndCheck(name, FOLLOWING);
  if (!found.ok) planner.problems.push(found.problem);
  else planner.link(`${planner.view.places.configurationDirectory}/${DEFAULT_TARGET}`, found.unit.path ?? '', true);
}

/** Where default.target leads; null when it leads nowhere. */
export function defaultTarget(view: UnitFileView): string | null {
  const found = new InstallContext(view).discoverAndCheck(DEFAULT_TARGET, FOLLOWING);
  return found.ok ? found.unit.name : null;
}
