/**
 * enable, disable, mask, unmask, link, preset, is-enabled: what links a verb makes and removes. Pure planning over a view of the
 * unit files; the host performs the plan. Source: systemctl(1), "Unit File Commands"; systemd.unit(5), "[Install]".
 */
import { isTemplateName, nameInstance, templateOf, unitKind, unitNameForm, withInstance } from '../unit/unit-name.ts';
import type { InstallSection } from '../unit/definition.ts';
import { nameMatches } from './name-pattern.ts';

/** A link found in a directory of the load path or in one of its `.wants`, `.requires`, `.upholds` directories. */
export interface FoundLink {
  /** The load path directory. */
  readonly directory: string;
  /** `multi-user.target.wants`, or '' for a link in the directory itself. */
  readonly owner: string;
  readonly name: string;
  /** Absolute. */
  readonly target: string;
}

/** What there is under a name. */
export interface FoundUnitFile {
  readonly state: 'file' | 'masked';
  /** The file at the end of all links; for a mask the link or empty file itself. */
  readonly path: string;
  /** The file's own name, which differs for an alias. */
  readonly name: string;
  /** Its [Install] section with the specifiers of the name that was asked for. */
  readonly install: InstallSection;
}

/** The unit files as they are on disk. Paths are without the root prefix of offline verbs. */
export interface UnitFilesView {
  readonly directories: readonly string[];
  /** Where lasting links are made: /etc/systemd/system. */
  readonly configurationDirectory: string;
  /** Where `--runtime` makes them: /run/systemd/system. */
  readonly runtimeDirectory: string;
  readonly generatorDirectory: string | null;
  readonly links: readonly FoundLink[];
  /** The unit file under a name or absolute path; null when there is none. */
  readonly find: (nameOrPath: string) => FoundUnitFile | null;
  /** Whether anything, of whatever kind, is at this path. */
  readonly exists: (path: string) => boolean;
  /** Prefix shown before paths that are changed: the root of offline verbs, ''. */
  readonly root: string;
}

export type LinkOperation =
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'unlink'; readonly path: string };

export interface InstallPlan {
  /** In this order; directories are made as needed, and removed when they become empty. */
  readonly operations: readonly LinkOperation[];
  /** What to print, one for each operation in the same order, as systemctl words it. */
  readonly lines: readonly string[];
  /** Remarks that do not fail the verb. */
  readonly notes: readonly string[];
  /** Why the verb fails; nothing is done then. */
  readonly problems: readonly string[];
}

export interface InstallOptions {
  readonly runtime: boolean;
  /** Replaces links that are in the way. */
  readonly force: boolean;
}

export type InstallVerb = 'enable' | 'disable' | 'reenable' | 'mask' | 'unmask' | 'link' | 'preset';

/** One line of a preset file: `enable foo*.service`, `disable *`, `enable bar@.service one two`. */
export interface PresetRule {
  readonly action: 'enable' | 'disable' | 'ignore';
  readonly pattern: string;
  readonly instances: readonly string[];
}

/** Units that one verb touches through Also= at most; more is a circle of templates. */
const UNITS_PER_VERB_MAX = 4096;

class Planner {
  readonly operations: LinkOperation[] = [];
  readonly lines: string[] = [];
  readonly notes: string[] = [];
  readonly problems: string[] = [];
  readonly #planned = new Map<string, string | null>();
  readonly view: UnitFilesView;
  readonly options: InstallOptions;
  readonly directory: string;

  constructor(view: UnitFilesView, options: InstallOptions) {
    this.view = view;
    this.options = options;
    this.directory = options.runtime ? view.runtimeDirectory : view.configurationDirectory;
  }

  /** The target of the link at `path` with what is planned so far; null = no link. */
  targetAt(path: string): string | null {
    const planned = this.#planned.get(path);
    if (planned !== undefined) return planned;
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const parent = path.slice(0, slash);
    return this.view.links.find((link) => link.name === name && (link.owner === '' ? link.directory : `${link.directory}/${link.owner}`) === parent)?.target ?? null;
  }

  link(path: string, target: string): void {
    const before = this.targetAt(path);
    if (before === target) return;
    const isInTheWay = before !== null || (this.#planned.get(path) === undefined && this.view.exists(path));
    if (isInTheWay && !(before !== null && (this.options.force || isSameUnitFile(before, target)))) {
      const what = before === null ? 'already exists' : `already exists and is a symlink to ${before}`;
      this.problems.push(`Failed to create ${this.view.root}${path}: the file ${what}.`);
      return;
    }
    if (before !== null) this.unlink(path);
    this.operations.push({ kind: 'symlink', path, target });
    this.lines.push(`Created symlink ${this.view.root}${path} → ${target}.`);
    this.#planned.set(path, target);
  }

  unlink(path: string): void {
    if (this.#planned.get(path) === null) return;
    this.operations.push({ kind: 'unlink', path });
    this.lines.push(`Removed "${this.view.root}${path}".`);
    this.#planned.set(path, null);
  }

  finish(): InstallPlan {
    const failed = this.problems.length > 0;
    return { operations: failed ? [] : this.operations, lines: failed ? [] : this.lines, notes: this.notes, problems: this.problems };
  }
}

/** /lib is a link to /usr/lib on most systems: both spellings are the same file. */
function isSameUnitFile(a: string, b: string): boolean {
  return a.replace(/^\/usr\/lib\//, '/lib/') === b.replace(/^\/usr\/lib\//, '/lib/');
}

/**
 * Plans a verb.
 *
 * @param names   unit names with suffix, or absolute paths of unit files (enable and link)
 * @param presets for `preset`; the first rule that matches counts
 */
export function planInstall(view: UnitFilesView, verb: InstallVerb, names: readonly string[], options: InstallOptions, presets: readonly PresetRule[] = []): InstallPlan {
  const planner = new Planner(view, options);
  switch (verb) {
    case 'enable': enable(planner, names); break;
    case 'disable': disable(planner, names, 'disable'); break;
    case 'reenable':
      disable(planner, names.map((name) => name.slice(name.lastIndexOf('/') + 1)), 'reenable');
      enable(planner, names);
      break;
    case 'mask': for (const name of names) mask(planner, name); break;
    case 'unmask': for (const name of names) unmask(planner, name); break;
    case 'link': for (const name of names) linkFile(planner, name); break;
    case 'preset': applyPresets(planner, names, presets); break;
  }
  return planner.finish();
}

/** The units of a verb and what Also= adds, each once. Problems are noted for names that are not there. */
function withAlso(planner: Planner, names: readonly string[], verb: string): readonly { readonly name: string; readonly file: FoundUnitFile; readonly isNamed: boolean }[] {
  const units: { readonly name: string; readonly file: FoundUnitFile; readonly isNamed: boolean }[] = [];
  const queue = names.map((name) => ({ name, isNamed: true }));
  const seen = new Set(names);
  for (const { name, isNamed } of queue) {
    const file = planner.view.find(name);
    if (file === null) {
      if (isNamed) planner.problems.push(`Failed to ${verb} unit, unit ${name} does not exist.`);
      continue;
    }
    if (file.state === 'masked') {
      if (verb === 'disable' || verb === 'reenable' || !isNamed) planner.notes.push(`Unit ${planner.view.root}${file.path} is masked, ignoring.`);
      else planner.problems.push(`Failed to ${verb} unit, unit ${planner.view.root}${file.path} is masked.`);
      continue;
    }
    units.push({ name: name.slice(name.lastIndexOf('/') + 1), file, isNamed });
    for (const also of file.install.also) {
      if (seen.has(also) || seen.size >= UNITS_PER_VERB_MAX) continue;
      seen.add(also);
      queue.push({ name: also, isNamed: false });
    }
  }
  return units;
}

function hasInstallRules(install: InstallSection): boolean {
  return install.wantedBy.length + install.requiredBy.length + install.upheldBy.length + install.alias.length + install.also.length > 0;
}

const OWNERS = [['wantedBy', '.wants'], ['requiredBy', '.requires'], ['upheldBy', '.upholds']] as const;

function enable(planner: Planner, names: readonly string[]): void {
  const units = withAlso(planner, names, 'enable');
  for (const { name, file } of units) {
    if (!planner.view.directories.includes(parentOf(file.path))) planner.link(`${planner.directory}/${baseOf(file.path)}`, file.path);
    for (const alias of file.install.alias) {
      const problem = aliasProblem(name, alias);
      if (problem !== null) planner.problems.push(`Failed to enable ${name}: ${problem}.`);
      else planner.link(`${planner.directory}/${alias}`, file.path);
    }
    for (const [field, suffix] of OWNERS) {
      for (const owner of file.install[field]) wantedBy(planner, name, file, owner, suffix);
    }
  }
  if (units.length > 0 && units.filter((unit) => unit.isNamed).every((unit) => !hasInstallRules(unit.file.install))) {
    planner.notes.push('Nothing was enabled: the unit files say in no [Install] section which unit or alias would pull them in. They are started by what depends on them, by a trigger, or by hand.');
  }
}

function aliasProblem(name: string, alias: string): string | null {
  if (unitNameForm(alias) === null) return `the alias ${alias} is not the name of a unit`;
  if (unitKind(alias) !== unitKind(name)) return `a ${unitKind(name)} cannot have the alias ${alias}`;
  if (isTemplateName(alias) && !isTemplateName(name) && nameInstance(name) === null) return `the alias ${alias} is a template`;
  return null;
}

function wantedBy(planner: Planner, name: string, file: FoundUnitFile, owner: string, suffix: string): void {
  if (unitNameForm(owner) === null) {
    planner.problems.push(`Failed to enable ${name}: ${owner} is not the name of a unit.`);
    return;
  }
  let wanted = name;
  if (isTemplateName(name)) {
    const instance = file.install.defaultInstance;
    const withDefault = instance === null ? null : withInstance(name, instance);
    if (withDefault !== null) wanted = withDefault;
    else if (!isTemplateName(owner)) {
      planner.problems.push(`Failed to enable ${name}, destination unit ${owner} is a non-template unit.`);
      return;
    }
  }
  planner.link(`${planner.directory}/${owner}${suffix}/${wanted}`, file.path);
  if (planner.view.find(owner) === null) planner.notes.push(`Unit ${planner.view.root}${file.path} is added as a dependency to a non-existent unit ${owner}.`);
}

/** Links by which a unit is enabled or linked: named as it, or leading to it. Masks are none. */
function linksTo(view: UnitFilesView, directory: string, name: string, file: FoundUnitFile): readonly FoundLink[] {
  return view.links.filter((link) => {
    if (link.directory !== directory || link.target === '/dev/null') return false;
    if (link.name === name || isSameUnitFile(link.target, file.path)) return link.owner !== '' || link.name !== name || !view.directories.includes(parentOf(link.target)) || isSameUnitFile(link.target, file.path);
    return isTemplateName(name) && templateOf(link.name) === name;
  });
}

function disable(planner: Planner, names: readonly string[], verb: string): void {
  for (const { name, file } of withAlso(planner, names, verb)) {
    // An instance is disabled alone; its template's other instances have the same target and stay.
    const isInstance = nameInstance(name) !== null && nameInstance(name) !== '';
    for (const link of linksTo(planner.view, planner.directory, name, file)) {
      if (isInstance && link.name !== name && templateOf(link.name) === templateOf(name)) continue;
      planner.unlink(link.owner === '' ? `${link.directory}/${link.name}` : `${link.directory}/${link.owner}/${link.name}`);
    }
  }
}

function mask(planner: Planner, name: string): void {
  if (unitNameForm(name) === null) {
    planner.problems.push(`Failed to mask unit: ${name} is not the name of a unit.`);
    return;
  }
  if (planner.view.find(name) === null) planner.notes.push(`Unit ${name} does not exist, proceeding anyway.`);
  planner.link(`${planner.directory}/${name}`, '/dev/null');
}

function unmask(planner: Planner, name: string): void {
  // Without --runtime both are taken away: who unmasks wants to be able to start it.
  const directories = planner.options.runtime ? [planner.view.runtimeDirectory] : [planner.view.configurationDirectory, planner.view.runtimeDirectory];
  for (const directory of directories) {
    if (planner.targetAt(`${directory}/${name}`) === '/dev/null') planner.unlink(`${directory}/${name}`);
  }
}

function linkFile(planner: Planner, path: string): void {
  const file = path.startsWith('/') ? planner.view.find(path) : null;
  if (file === null) planner.problems.push(`Failed to link unit: ${path.startsWith('/') ? `${path} does not exist` : `${path} is not an absolute path`}.`);
  else if (!planner.view.directories.includes(parentOf(path))) planner.link(`${planner.directory}/${baseOf(path)}`, path);
}

function applyPresets(planner: Planner, names: readonly string[], presets: readonly PresetRule[]): void {
  for (const name of names) {
    const file = planner.view.find(name);
    if (file === null) {
      planner.problems.push(`Failed to preset unit, unit ${name} does not exist.`);
      continue;
    }
    if (file.state === 'masked') continue;
    const rule = presets.find((each) => nameMatches(name, each.pattern) || (templateOf(name) === each.pattern && (each.instances.length === 0 || each.instances.includes(nameInstance(name) ?? ''))));
    const action = rule?.action ?? 'enable';
    if (action === 'ignore') continue;
    if (action === 'disable') disable(planner, [name], 'preset');
    else if (isTemplateName(name) && rule !== undefined && rule.instances.length > 0) enable(planner, rule.instances.flatMap((instance) => withInstance(name, instance) ?? []));
    else if (!isTemplateName(name) || file.install.defaultInstance !== null) enable(planner, [name]);
  }
}

/** Reads a preset file; lines that are no rule are left out. Source: systemd.preset(5). */
export function parsePresets(text: string): readonly PresetRule[] {
  const rules: PresetRule[] = [];
  for (const line of text.split('\n')) {
    const [action, pattern, ...instances] = line.trim().split(/\s+/);
    if ((action !== 'enable' && action !== 'disable' && action !== 'ignore') || pattern === undefined) continue;
    rules.push({ action, pattern, instances });
  }
  return rules;
}

export type UnitFileState =
  | 'enabled' | 'enabled-runtime' | 'linked' | 'linked-runtime' | 'alias' | 'masked' | 'masked-runtime' | 'static' | 'indirect'
  | 'disabled' | 'generated' | 'transient' | 'bad';

/** States for which is-enabled exits with 0. */
export const ENABLED_STATES: ReadonlySet<UnitFileState> = new Set<UnitFileState>(['enabled', 'enabled-runtime', 'static', 'alias', 'indirect', 'generated', 'transient']);

/** What `is-enabled` says; null when there is no such unit file. */
export function unitFileState(view: UnitFilesView, name: string): UnitFileState | null {
  const file = view.find(name);
  if (file === null) return null;
  const isRuntime = (path: string): boolean => path.startsWith(`${view.runtimeDirectory}/`) || path.startsWith('/run/');
  if (file.state === 'masked') return isRuntime(file.path) ? 'masked-runtime' : 'masked';
  if (view.generatorDirectory !== null && parentOf(file.path) === view.generatorDirectory) return 'generated';
  if (file.name !== name && templateOf(name) !== file.name) return 'alias';
  let isEnabledInRuntime = false;
  let isPulledIn = false;
  let linked: UnitFileState | null = null;
  for (const link of view.links) {
    if (link.target === '/dev/null') continue;
    if (link.owner === '' && link.name === name) {
      if (!view.directories.includes(parentOf(link.target))) linked ??= isRuntime(link.directory) ? 'linked-runtime' : 'linked';
      continue;
    }
    const isMeant = link.owner === '' ? baseOf(link.target) === name || isSameUnitFile(link.target, file.path) && nameInstance(name) === null
      : link.name === name || (nameInstance(name) || null) === null && baseOf(link.target) === name;
    if (!isMeant) continue;
    if (link.directory === view.configurationDirectory) return 'enabled';
    if (isRuntime(link.directory)) isEnabledInRuntime = true;
    else if (link.directory.startsWith('/etc/')) return 'enabled';
    else isPulledIn = true;
  }
  if (isEnabledInRuntime) return 'enabled-runtime';
  if (isPulledIn && unitNameForm(name) === 'instance') return 'static';
  if (linked !== null) return linked;
  const { wantedBy: wanted, requiredBy, upheldBy, alias, also } = file.install;
  if (wanted.length + requiredBy.length + upheldBy.length + alias.length > 0) return 'disabled';
  return also.length > 0 ? 'indirect' : 'static';
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
