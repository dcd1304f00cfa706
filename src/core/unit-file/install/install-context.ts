/**
 * Finds the unit files a verb is about: through links and templates, and on to those that Also= names.
 */
import type { UnitName } from '../../../base/brand.ts';
import type { InstallSection } from '../../unit/unit-common.ts';
import { nameInstance, templateOf, unitNameForm, withInstance } from '../../unit/unit-name.ts';
import { EMPTY_INSTALL } from '../install-section.ts';
import { aliasProblem } from './alias.ts';
import type { InstallProblem } from './change.ts';
import { baseOf, chase, isMask, linkTarget, parentOf, type UnitFilePlaces, type UnitFileTree } from './unit-file-tree.ts';

/** Reads the [Install] section of a file and its drop-ins, in the name of a unit. */
export type InstallReader = (name: string, path: string, texts: readonly { readonly path: string; readonly text: string }[]) => InstallSection;

export interface UnitFileView {
  readonly tree: UnitFileTree;
  readonly places: UnitFilePlaces;
  readonly readInstall: InstallReader;
}

/** A unit of a verb. Made first, then found. */
export interface InstallUnit {
  readonly name: string;
  /** Where it was found; for a unit given by path that path. */
  path: string | null;
  state: 'unknown' | 'file' | 'masked' | 'alias' | 'linked';
  /** Of an alias or linked unit file. */
  target: string | null;
  install: InstallSection;
  /** Named by Also= and not by the caller. */
  isAuxiliary: boolean;
}

export interface SearchFlags {
  /** Read [Install], and take Also= in. */
  readonly load: boolean;
  readonly followConfigurationLinks: boolean;
}

export type Found = { readonly ok: true; readonly unit: InstallUnit } | { readonly ok: false; readonly problem: InstallProblem };

/** Units that one verb touches through Also= at most; more is a circle of templates. */
const UNITS_PER_VERB_MAX = 4096;
/** Names that lead to names. */
const ALIAS_HOPS_MAX = 64;

export class InstallContext {
  readonly view: UnitFileView;
  /** Said by the way: links that cannot be what they are. */
  readonly remarks: string[] = [];
  /** Every unit that came up, in that order; those from `#next` on are still to be processed. */
  readonly #units = new Map<string, InstallUnit>();
  #next = 0;

  constructor(view: UnitFileView) {
    this.view = view;
  }

  find(name: string): InstallUnit | undefined {
    return this.#units.get(name);
  }

  /** The next unit in the order they came up; null = all are done. */
  take(): InstallUnit | null {
    const unit = [...this.#units.values()][this.#next];
    if (unit === undefined) return null;
    this.#next += 1;
    return unit;
  }

  /** @param word a name or an absolute path; null = no unit can have this name */
  add(word: string, isAuxiliary: boolean): InstallUnit | null {
    const name = baseOf(word);
    if (unitNameForm(name) === null) return null;
    const known = this.#units.get(name);
    if (known !== undefined) {
      known.isAuxiliary &&= isAuxiliary;
      return known;
    }
    if (this.#units.size >= UNITS_PER_VERB_MAX) return null;
    const unit: InstallUnit = { name, path: word.startsWith('/') ? word : null, state: 'unknown', target: null, install: EMPTY_INSTALL, isAuxiliary };
    this.#units.set(name, unit);
    return unit;
  }

  /** Finds what a name or path leads to. */
  discover(word: string, flags: SearchFlags): Found {
    const unit = this.add(word, false);
    if (unit === null) return { ok: false, problem: { problem: 'bad-reference', name: word } };
    const found = this.traverse(unit, flags);
    if (found.ok || found.problem.problem !== 'missing') return found;
    return { ok: false, problem: { problem: 'missing', what: word } };
  }

  /** As `discover`, and refuses what nobody can install. */
  discoverAndCheck(word: string, flags: SearchFlags): Found {
    const found = this.discover(word, flags);
    if (!found.ok) return found;
    const path = found.unit.path ?? '';
    if (found.unit.state === 'masked') return { ok: false, problem: { problem: 'masked', path } };
    const { generatorDirectories, transientDirectories } = this.view.places;
    if ([...generatorDirectories, ...transientDirectories].includes(parentOf(path))) return { ok: false, problem: { problem: 'generated', path } };
    return found;
  }

  /** From a unit that was added to the one its file is about. */
  traverse(start: InstallUnit, flags: SearchFlags): Found {
    let unit = start;
    let problem = this.#search(unit, flags);
    for (let hops = 0; problem === null && (unit.state === 'alias' || unit.state === 'linked'); hops += 1) {
      if (hops >= ALIAS_HOPS_MAX) return { ok: false, problem: { problem: 'link-loop', name: start.name } };
      if (!flags.followConfigurationLinks && this.#isConfiguration(unit.path ?? '')) return { ok: false, problem: { problem: 'linked', name: start.name } };
      const target: string = unit.target ?? '';
      if (unit.state === 'linked' || baseOf(target) === unit.name) {
        unit.path = target;
        unit.state = 'unknown';
        problem = this.#load(unit, target, flags);
        continue;
      }
      // The target has another name: that is the unit which is meant.
      let name: string = baseOf(target);
      if (unitNameForm(unit.name) === 'instance' && unitNameForm(name) === 'template') name = withInstance(name, nameInstance(unit.name) ?? '') ?? name;
      const next = this.add(name, unit.isAuxiliary);
      if (next === null) return { ok: false, problem: { problem: 'bad-reference', name } };
      unit = next;
      problem = this.#search(unit, flags);
    }
    return problem === null ? { ok: true, unit } : { ok: false, problem };
  }

  #isConfiguration(path: string): boolean {
    const { configurationDirectory, runtimeDirectory } = this.view.places;
    return [configurationDirectory, runtimeDirectory].includes(parentOf(path));
  }

  #search(unit: InstallUnit, flags: SearchFlags): InstallProblem | null {
    if (unit.state !== 'unknown') return null;
    if (unit.path !== null) return this.#load(unit, unit.path, flags);
    const template = templateOf(unit.name);
    for (const name of template === null || template === unit.name ? [unit.name] : [unit.name, template]) {
      for (const directory of this.view.places.directories) {
        const path = `${directory}/${name}`;
        if (this.view.tree.entryAt(path) === null) continue;
        const problem = this.#load(unit, path, flags);
        if (problem?.problem === 'missing') continue;
        if (problem === null) unit.path = path;
        return problem;
      }
    }
    return { problem: 'missing', what: unit.name };
  }

  #load(unit: InstallUnit, path: string, flags: SearchFlags): InstallProblem | null {
    const { tree, places } = this.view;
    const entry = tree.entryAt(path);
    if (entry === null) return { problem: 'missing', what: `${places.root}${path}` };
    if (entry.kind === 'link') return this.#loadLink(unit, path, entry.target);
    if (entry.kind !== 'file') return { problem: 'bad-reference', name: unit.name };
    if (entry.isEmpty) {
      unit.state = 'masked';
      return null;
    }
    const text = tree.read(path);
    if (text === null) return { problem: 'missing', what: `${places.root}${path}` };
    unit.state = 'file';
    if (!flags.load) return null;
    unit.install = this.view.readInstall(unit.name, path, [{ path, text }, ...this.#dropIns(unit.name)]);
    for (const also of unit.install.also) this.add(also, true);
    return null;
  }

  #loadLink(unit: InstallUnit, path: string, raw: string): InstallProblem | null {
    const { tree, places } = this.view;
    const target = linkTarget(path, raw);
    if (isMask(tree, path) === true) {
      unit.state = 'masked';
      return null;
    }
    if (places.directories.includes(parentOf(target))) {
      const why = aliasProblem(baseOf(path), baseOf(target));
      if (why !== null) {
        this.remarks.push(why);
        return { problem: 'bad-reference', name: unit.name };
      }
      unit.state = 'alias';
    } else {
      unit.state = 'linked';
    }
    unit.target = target;
    return null;
  }

  /** Drop-ins of the unit itself, of its template and of its prefixes can have an [Install] section too. */
  #dropIns(name: string): readonly { readonly path: string; readonly text: string }[] {
    const { tree, places } = this.view;
    const template = templateOf(name);
    const byName = new Map<string, string>();
    for (const owner of template === null || template === name ? [name] : [name, template]) {
      for (const directory of places.directories) {
        for (const file of tree.list(`${directory}/${owner}.d`)) {
          if (file.endsWith('.conf') && !byName.has(file)) byName.set(file, `${directory}/${owner}.d/${file}`);
        }
      }
    }
    return [...byName.keys()].sort().flatMap((file) => {
      const path = byName.get(file) as string;
      const text = tree.read(chase(tree, path));
      return text === null ? [] : [{ path, text }];
    });
  }
}

/** The name under which the wants of a unit are linked, and which names its owners may have. */
export function wantedName(unit: InstallUnit): { readonly name: string; readonly anyOwner: boolean } {
  const instance = unit.install.defaultInstance;
  if (unitNameForm(unit.name) !== 'template') return { name: unit.name, anyOwner: true };
  const name: UnitName | null = instance === null ? null : withInstance(unit.name, instance);
  return name === null ? { name: unit.name, anyOwner: false } : { name, anyOwner: true };
}
