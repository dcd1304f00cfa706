/**
 * Requests about unit files: which are enabled, what the presets say, and the verbs that make and remove links. Used by the control
 * server on the running system, and by offline verbs below another root.
 */
import type { CatAnswer, IsEnabledAnswer, UnitFileChangesAnswer, UnitFileListAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import { matchesGlob } from '../../control/glob.ts';
import type { Params } from '../../control/requests.ts';
import { unitKind, unitNameForm } from '../../core/unit/unit-name.ts';
import { byTypeAndName } from '../../core/unit/unit-order.ts';
import { operationText } from '../../core/unit-file/install/change.ts';
import { initScriptOf, isInitScriptEnabled, planInitScript } from '../../core/unit-file/install/init-script-links.ts';
import type { UnitFileView } from '../../core/unit-file/install/install-context.ts';
import { allNames, defaultTarget, hasUnitFile, planInstall } from '../../core/unit-file/install/install-verbs.ts';
import { presetFor, type PresetRule } from '../../core/unit-file/install/preset.ts';
import { unitFileState } from '../../core/unit-file/install/unit-file-state.ts';
import type { SpecifierContext } from '../../core/unit-file/specifiers.ts';
import { installReader, performInstall, presetDirectories, readPresets } from '../unit-loader/install-files.ts';
import type { ControlDirectories, LoadPath } from '../unit-loader/load-path.ts';
import { isStampOf, stampOf } from '../unit-loader/unit-index.ts';
import { DiskTree } from './disk-tree.ts';

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

/** The verbs that say something to an init script. */
const SCRIPT_OPERATIONS: ReadonlySet<string> = new Set(['enable', 'disable', 'reenable']);
const DEFAULT_TARGET = 'default.target';

export class UnitFiles {
  readonly #options: UnitFilesOptions;
  #view: { readonly view: UnitFileView; readonly tree: DiskTree } | null = null;
  #presets: { readonly rules: readonly PresetRule[]; readonly stamp: string | null } | null = null;

  constructor(options: UnitFilesOptions) {
    this.#options = options;
  }

  /** Where files of the administrator are. */
  get configurationDirectory(): string {
    return this.#options.loadPath.configurationDirectory;
  }

  /** Where they are when they are to be forgotten with the next boot. */
  get runtimeDirectory(): string {
    return this.#options.loadPath.runtimeDirectory;
  }

  stateOf(name: string): UnitFileState {
    const found = unitFileState(this.#currentView(), name);
    return found === null ? { state: '', preset: '' } : { state: found.state, preset: this.#presetOf(name) };
  }

  /** Where set-property writes: apart from the administrator's own files where the load path has such directories. */
  get controlDirectories(): ControlDirectories {
    const { controlDirectories, configurationDirectory, runtimeDirectory } = this.#options.loadPath;
    return controlDirectories ?? { lasting: configurationDirectory, runtime: runtimeDirectory };
  }

  /** Where `edit` writes, and which directories would hide it. */
  get writableDirectories(): CatAnswer['directories'] {
    const { directories, configurationDirectory: configuration, runtimeDirectory: runtime } = this.#options.loadPath;
    // What is generated or forgotten with the next boot is no place for an edit.
    const above = directories.slice(0, directories.indexOf(configuration) + 1).filter((directory) => !directory.startsWith('/run/') && !directory.endsWith('.control'));
    return { configuration, runtime, above };
  }

  /** Whether a unit is enabled, and by which links. */
  enablement(unit: string, wantsLinks: boolean): IsEnabledAnswer['units'][number] {
    const view = this.#currentView();
    const script = this.#initScriptOf(view, unit);
    if (script !== null) return { unit, state: isInitScriptEnabled(view, script) ? 'enabled' : 'disabled', links: [] };
    const { state } = this.stateOf(unit);
    if (!wantsLinks || state === '') return { unit, state, links: [] };
    const plan = planInstall(view, 'disable', [unit], { runtime: state.endsWith('-runtime'), force: false, presets: [], presetMode: 'full', owner: '' });
    return { unit, state, links: plan.operations.flatMap((operation) => (operation.kind === 'unlink' ? [operation.path] : [])) };
  }

  list(params: Params<'list-unit-files'>): UnitFileListAnswer {
    const view = this.#currentView();
    const names = allNames(view).filter((name) => (params.types.length === 0 || params.types.includes(unitKind(name)))
      && (params.patterns.length === 0 || params.patterns.some((pattern) => matchesGlob(pattern, name))));
    const files = [...names].sort(byTypeAndName).flatMap((name): readonly UnitFileListAnswer['files'][number][] => {
      const found = unitFileState(view, name);
      const state = found?.state ?? 'bad';
      if (params.states.length > 0 && !params.states.includes(state)) return [];
      return [{ unit: name, path: found?.path ?? '', state, preset: hasPreset(state) ? this.#presetOf(name) : '' }];
    });
    return { files };
  }

  /** All that have a file. */
  names(): Iterable<string> {
    return allNames(this.#currentView());
  }

  /** Where default.target leads. */
  defaultTarget(): Outcome<{ readonly unit: string }> {
    const unit = defaultTarget(this.#currentView());
    if (unit !== null) return { ok: true, value: { unit } };
    return { ok: false, failure: { name: 'no-such-unit', message: 'No such file or directory', unit: DEFAULT_TARGET } };
  }

  change(params: Params<'change-unit-files'>): Outcome<UnitFileChangesAnswer> {
    const { root } = this.#options;
    // A file may have been changed in place, which no directory shows.
    const view = this.#freshView();
    const isPreset = params.operation === 'preset' || params.operation === 'preset-all';
    const enables = params.operation !== 'disable';
    const scripts = SCRIPT_OPERATIONS.has(params.operation) ? params.units.flatMap((unit) => this.#initScriptOf(view, unit) ?? []) : [];
    const plan = planInstall(view, params.operation, scripts.length === 0 ? params.units : params.units.filter((unit) => this.#initScriptOf(view, unit) === null), {
      runtime: params.runtime, force: params.force, presets: isPreset ? this.#rules() : [], presetMode: params.presetMode, owner: params.owner,
    });
    const operations = [...plan.operations, ...scripts.flatMap((script) => planInitScript(view, script, enables))];
    const failed = performInstall(operations, root);
    this.#view = null;
    if (failed !== null) {
      return { ok: false, failure: { name: 'file-error', message: `Failed to ${params.operation} unit, file "${root}${failed.operation.path}": ${failed.code}` } };
    }
    const unheard = (params.operation === 'mask' || params.operation === 'unmask') && root === '' ? params.units.filter((unit) => !hasUnitFile(view, unit)) : [];
    return {
      ok: true,
      value: {
        changes: operations.map((operation) => ({ kind: operation.kind, path: operation.path, source: operation.kind === 'symlink' ? operation.target : '' })),
        lines: operations.map((operation) => operationText(operation, root)),
        warnings: [...unheard.map((unit) => `Unit ${unit} does not exist, proceeding anyway.`), ...plan.notes],
        problems: plan.problems,
        // Over the bus systemd calls it a failure when nothing at all could be done; below another root it does not.
        failed: plan.failed || (root === '' && plan.problems.length > 0 && operations.length === 0),
        hasInstallRules: plan.hasInstallRules || scripts.length > 0,
        units: params.units.map((unit) => unit.slice(unit.lastIndexOf('/') + 1)).filter((unit) => unitNameForm(unit) !== null),
      },
    };
  }

  /** A session has no init scripts. */
  #initScriptOf(view: UnitFileView, unit: string): string | null {
    return this.#options.mode === 'system' ? initScriptOf(view, unit) : null;
  }

  #presetOf(name: string): string {
    const { action } = presetFor(this.#rules(), name);
    return action === 'ignore' ? 'ignored' : `${action}d`;
  }

  #rules(): readonly PresetRule[] {
    const { mode, root } = this.#options;
    const directories = presetDirectories(mode, null);
    if (this.#presets === null || !isStampOf(this.#presets.stamp, directories, root)) {
      const stamp = stampOf(directories, root);
      this.#presets = { rules: readPresets(directories, root), stamp };
    }
    return this.#presets.rules;
  }

  /** Directories and links are kept until one of the directories changes; files are read again for each question. */
  #currentView(): UnitFileView {
    if (this.#view !== null && this.#view.tree.isFresh) return this.#view.view;
    return this.#freshView();
  }

  #freshView(): UnitFileView {
    const { loadPath, specifiers, root } = this.#options;
    const tree = new DiskTree(root);
    // So that every entry of the load path is known by its directory's listing.
    for (const directory of loadPath.directories) tree.list(directory);
    const view: UnitFileView = {
      tree,
      readInstall: installReader(specifiers),
      places: {
        directories: loadPath.directories,
        configurationDirectory: loadPath.configurationDirectory,
        runtimeDirectory: loadPath.runtimeDirectory,
        controlDirectories: loadPath.controlDirectories === null ? [] : [loadPath.controlDirectories.lasting, loadPath.controlDirectories.runtime],
        generatorDirectories: loadPath.generatorDirectory === null ? [] : [loadPath.generatorDirectory, `${loadPath.generatorDirectory}.early`, `${loadPath.generatorDirectory}.late`],
        transientDirectories: ['/run/systemd/transient', '/run/heartwood/transient'],
        root,
      },
    };
    this.#view = { view, tree };
    return view;
  }
}

/** States in which systemctl shows what the preset says. */
export function hasPreset(state: string): boolean {
  return !['', 'static', 'alias', 'generated', 'transient'].includes(state);
}
