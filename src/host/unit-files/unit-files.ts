/**
 * Requests about unit files: which are enabled, what the presets say, and the verbs that make and remove links. Used by the control
 * server on the running system, and by offline verbs below another root.
 */
import type { UnitFileChangesAnswer, UnitFileListAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import { matchesGlob } from '../../control/glob.ts';
import type { Params } from '../../control/requests.ts';
import { templateOf, unitKind, unitNameForm } from '../../core/unit/unit-name.ts';
import {
  planInstall, unitFileState, type InstallPlan, type PresetRule, type UnitFilesView,
} from '../../core/unit-file/install.ts';
import { nameMatches } from '../../core/unit-file/name-pattern.ts';
import type { SpecifierContext } from '../../core/unit-file/specifiers.ts';
import { performInstall, presetDirectories, readPresets, readUnitFiles } from '../unit-loader/install-files.ts';
import type { LoadPath } from '../unit-loader/load-path.ts';
import { indexUnits, stampOf } from '../unit-loader/unit-index.ts';

export interface UnitFilesOptions {
  readonly mode: 'system' | 'user';
  readonly loadPath: LoadPath;
  readonly specifiers: SpecifierContext;
  /** Prefix for offline verbs, '' for the running system. */
  readonly root: string;
}

export interface UnitFileState {
  /** As `is-enabled` says; '' = there is no file. */
  readonly state: string;
  /** enabled, disabled, ignored. */
  readonly preset: string;
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

const DEFAULT_TARGET = 'default.target';

export class UnitFiles {
  readonly #options: UnitFilesOptions;
  #view: { readonly view: UnitFilesView; readonly directories: readonly string[]; readonly stamp: string } | null = null;
  #presets: { readonly rules: readonly PresetRule[]; readonly stamp: string } | null = null;

  constructor(options: UnitFilesOptions) {
    this.#options = options;
  }

  stateOf(name: string): UnitFileState {
    const state = unitFileState(this.#currentView(), name);
    return state === null ? { state: '', preset: '' } : { state, preset: this.#presetOf(name) };
  }

  list(params: Params<'list-unit-files'>): UnitFileListAnswer {
    const view = this.#currentView();
    const names = new Set<string>();
    for (const name of indexUnits(this.#options.loadPath.directories, this.#options.root).names.keys()) {
      if (params.types.length > 0 && !params.types.includes(unitKind(name))) continue;
      if (params.patterns.length > 0 && !params.patterns.some((pattern) => matchesGlob(pattern, name))) continue;
      names.add(name);
    }
    const files = [...names].sort(byTypeAndName).flatMap((name): readonly UnitFileListAnswer['files'][number][] => {
      const state = unitFileState(view, name);
      if (state === null || (params.states.length > 0 && !params.states.includes(state))) return [];
      return [{ unit: name, path: view.find(name)?.path ?? '', state, preset: hasPreset(state) ? this.#presetOf(name) : '' }];
    });
    return { files };
  }

  /** Where default.target leads. */
  defaultTarget(): Outcome<{ readonly unit: string }> {
    const file = this.#currentView().find(DEFAULT_TARGET);
    if (file === null) return { ok: false, failure: { name: 'no-such-unit', message: 'There is no default.target.', unit: DEFAULT_TARGET } };
    return { ok: true, value: { unit: file.name } };
  }

  change(params: Params<'change-unit-files'>): Outcome<UnitFileChangesAnswer> {
    const view = this.#currentView();
    const options = { runtime: params.runtime, force: params.force };
    let plan: InstallPlan;
    switch (params.operation) {
      case 'set-default': plan = planDefault(view, params.units[0] ?? ''); break;
      default: plan = planInstall(view, params.operation, params.units, options, params.operation === 'preset' ? this.#rules() : []);
    }
    if (plan.problems.length > 0) return { ok: false, failure: { name: 'unit-file-refused', message: plan.problems.join('\n') } };
    const failed = performInstall(plan, this.#options.root);
    this.#view = null;
    if (failed !== null) {
      return { ok: false, failure: { name: 'file-error', message: `Failed to ${params.operation}: ${this.#options.root}${failed.operation.path}: ${failed.code}` } };
    }
    return {
      ok: true,
      value: {
        changes: plan.operations.map((operation) => ({ kind: operation.kind, path: operation.path, source: operation.kind === 'symlink' ? operation.target : '' })),
        lines: plan.lines,
        warnings: plan.notes,
        units: params.units.map((unit) => unit.slice(unit.lastIndexOf('/') + 1)).filter((unit) => unitNameForm(unit) !== null),
      },
    };
  }

  /** Presets go by name; the first rule that fits counts, and without one a unit is enabled: systemd.preset(5). */
  #presetOf(name: string): string {
    const rule = this.#rules().find((each) => nameMatches(name, each.pattern) || templateOf(name) === each.pattern);
    return rule === undefined || rule.action === 'enable' ? 'enabled' : rule.action === 'disable' ? 'disabled' : 'ignored';
  }

  #rules(): readonly PresetRule[] {
    const { mode, root } = this.#options;
    const directories = presetDirectories(mode, null);
    const stamp = stampOf(directories, root);
    if (this.#presets === null || this.#presets.stamp !== stamp) this.#presets = { rules: readPresets(directories, root), stamp };
    return this.#presets.rules;
  }

  /** Directories and links are kept until one of the directories changes; files are read again for each question. */
  #currentView(): UnitFilesView {
    const { loadPath, specifiers, root } = this.#options;
    const kept = this.#view;
    if (kept !== null && stampOf(kept.directories, root) === kept.stamp) return kept.view;
    const view = readUnitFiles(loadPath, specifiers, root);
    const owners = view.links.flatMap((link) => (link.owner === '' ? [] : [`${link.directory}/${link.owner}`]));
    const directories = [...new Set([...loadPath.directories, ...owners])];
    this.#view = { view, directories, stamp: stampOf(directories, root) };
    return view;
  }
}

/** States in which systemctl shows what the preset says. */
export function hasPreset(state: string): boolean {
  return ['enabled', 'enabled-runtime', 'linked', 'linked-runtime', 'disabled'].includes(state);
}

function planDefault(view: UnitFilesView, target: string): InstallPlan {
  const path = `${view.configurationDirectory}/${DEFAULT_TARGET}`;
  const file = view.find(target);
  const problem = !target.endsWith('.target') ? `${target} is not a target.` : target === DEFAULT_TARGET ? 'default.target cannot stand for itself.'
    : file === null ? `Unit ${target} does not exist.` : file.state === 'masked' ? `Unit ${target} is masked.` : null;
  if (problem !== null || file === null) return { operations: [], lines: [], notes: [], problems: [`Failed to set default target: ${problem ?? ''}`] };
  const before = view.exists(path);
  return {
    operations: [...(before ? [{ kind: 'unlink', path } as const] : []), { kind: 'symlink', path, target: file.path }],
    lines: [...(before ? [`Removed "${view.root}${path}".`] : []), `Created symlink ${view.root}${path} → ${file.path}.`],
    notes: [],
    problems: [],
  };
}

function byTypeAndName(a: string, b: string): number {
  const typeA = a.slice(a.lastIndexOf('.'));
  const typeB = b.slice(b.lastIndexOf('.'));
  return typeA < typeB ? -1 : typeA > typeB ? 1 : a < b ? -1 : a > b ? 1 : 0;
}
