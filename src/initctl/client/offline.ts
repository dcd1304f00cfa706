/**
 * Answers from the files alone, for `--root` and for when no manager runs: `verify`, `cat`, `show` of what the files say, and the verbs
 * about unit files.
 */
import { shownFiles } from '../../core/unit/shown-files.ts';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { CatAnswer, VerifyAnswer } from '../../control/answers.ts';
import { isGlob, matchesGlob } from '../../control/glob.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { AnyParams, Given, Method } from '../../control/requests.ts';
import { isUnitName, mangleUnitName, templateOf, unitNameForm, withInstance } from '../../core/unit/unit-name.ts';
import { BUILT_IN_DEFAULTS } from '../../core/unit-file/unit-defaults.ts';
import { verifyUnits, type VerifyOptions } from '../../core/unit-file/verify.ts';
import type { SpecifierContext } from '../../core/unit-file/specifiers.ts';
import { ExecutablePath } from '../../host/spawn/executable-path.ts';
import { UnitFiles } from '../../host/unit-files/unit-files.ts';
import { buildLoadPath, type LoadPath } from '../../host/unit-loader/load-path.ts';
import { readSpecifierFacts } from '../../host/unit-loader/specifier-facts.ts';
import { createUnitLoader, type UnitLoader } from '../../host/unit-loader/unit-loader.ts';
import type { Reply } from '../verb.ts';
import type { Answerer } from './command-runner.ts';

export interface OfflineOptions {
  /** `--root`; null = the running system's files. */
  readonly root: string | null;
  readonly user: boolean;
  /** `--global`: the unit files of all users, and not those of one. */
  readonly global?: boolean;
}

export interface OfflineAnswerer extends Answerer {
  /** The same, with what to say about a request that needs a manager. */
  withReason(reason: string): Answerer;
}

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure };

export function offlineAnswerer(options: OfflineOptions): OfflineAnswerer {
  const answerer = (reason: string): Answerer => ({
    request: <M extends Method>(method: M, params: Given<M>): Promise<Reply<M>> => Promise.resolve(answer(method, params, options, reason) as Reply<M>),
  });
  return { ...answerer('this needs a running manager, and --root has none'), withReason: answerer };
}

function answer(method: Method, given: AnyParams, options: OfflineOptions, reason: string): Outcome {
  switch (method) {
    case 'verify': return verifyOffline(given, options);
    case 'cat': return catOffline(given, options);
    case 'list-unit-files': return { ok: true, value: unitFilesFor(options).list({ patterns: [], types: [], states: [], ...(given as Given<'list-unit-files'>) }) };
    case 'is-enabled': {
      const files = unitFilesFor(options);
      const { units = [], links = false } = given as Given<'is-enabled'>;
      return { ok: true, value: { units: units.map((unit) => files.enablement(unit, links)) } };
    }
    case 'get-default': return unitFilesFor(options).defaultTarget();
    case 'change-unit-files': return unitFilesFor(options).change({ runtime: false, force: false, reload: false, units: [], operation: 'enable', presetMode: 'full', owner: '', ...(given as Given<'change-unit-files'>) });
    default: return { ok: false, failure: { name: 'internal-error', message: reason } };
  }
}

function modeOf({ user, global }: OfflineOptions): 'system' | 'user' {
  return user || global === true ? 'user' : 'system';
}

function loadPathOf(options: OfflineOptions): LoadPath {
  return buildLoadPath({ mode: modeOf(options), forAllUsers: options.global === true, unitPath: null, shippedUnits: null, generatorDirectory: null, environment: process.env });
}

function rootOf(options: OfflineOptions): string {
  return options.root === null || options.root === '/' ? '' : resolve(options.root);
}

function specifiersFor(options: OfflineOptions): SpecifierContext {
  const mode = modeOf(options);
  return readSpecifierFacts({
    mode, root: rootOf(options), uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, environment: process.env,
    runtimeRoot: mode === 'user' ? (process.env['XDG_RUNTIME_DIR'] ?? '/tmp') : '/run',
  });
}

function unitFilesFor(options: OfflineOptions): UnitFiles {
  return new UnitFiles({ mode: modeOf(options), loadPath: loadPathOf(options), specifiers: specifiersFor(options), root: rootOf(options) });
}

/** @param first folders looked into before all others: those of files named by path */
function loaderFor(options: OfflineOptions, first: readonly string[]): UnitLoader {
  return createUnitLoader({
    mode: modeOf(options),
    directories: [...first, ...loadPathOf(options).directories],
    // Of another machine's devices nothing is known.
    hasDevices: false,
    root: rootOf(options),
    defaults: BUILT_IN_DEFAULTS,
    specifiers: specifiersFor(options),
  });
}

/** A template is checked as one of its instances. */
const SAMPLE_INSTANCE = 'instance';

function verifyOffline({ units = [] }: Given<'verify'>, options: OfflineOptions): Outcome {
  const folders = [...new Set(units.filter((word) => word.includes('/')).map((word) => dirname(resolve(word))))];
  const loader = loaderFor(options, folders);
  const around = surroundings(loader, options);
  const answers: VerifyAnswer['units'][number][] = [];
  for (const word of units) {
    if (isGlob(word) && !word.includes('/')) {
      for (const name of [...loader.index().names.keys()].filter((known) => matchesGlob(word, known)).sort()) answers.push(verdict(name, loader, around));
      continue;
    }
    if (word.includes('/') && !isThere(word)) {
      answers.push({ unit: word, load: 'not-found', loadError: `${word} does not exist`, diagnostics: [], notEffective: [] });
      continue;
    }
    answers.push(verdict(word.includes('/') ? basename(word) : (mangleUnitName(word) ?? word), loader, around));
  }
  return { ok: true, value: { units: answers } };
}

/** An instance is there when its template is. */
function isThere(path: string): boolean {
  const template = templateOf(basename(path));
  return [path, ...(template === null ? [] : [join(dirname(path), template)])].some((each) => lstatSync(each, { throwIfNoEntry: false }) !== undefined);
}

/** What a start would need beyond the file: programs and other units, looked for below the root. */
function surroundings(loader: UnitLoader, options: OfflineOptions): VerifyOptions {
  const root = rootOf(options);
  const programs = new ExecutablePath(root);
  return {
    find: (name) => loader.loadUnit(name),
    isExecutable: (pathOrName) => programs.isThere(pathOrName),
    exists: (path) => existsSync(`${root}${path}`),
  };
}

function verdict(name: string, loader: UnitLoader, around: VerifyOptions): VerifyAnswer['units'][number] {
  const loaded = unitNameForm(name) === 'template' ? withInstance(name, SAMPLE_INSTANCE) : isUnitName(name) ? name : null;
  if (loaded === null) return { unit: name, load: 'error', loadError: `"${name}" is not the name of a unit`, diagnostics: [], notEffective: [] };
  const definition = loader.loadUnit(loaded);
  return {
    unit: name,
    load: definition.loadState,
    loadError: definition.loadState === 'loaded' ? null : definition.loadError,
    diagnostics: verifyUnits([definition], around),
    notEffective: definition.notEffective.map((item) => ({
      directive: item.directive, requested: item.requested, why: item.why.replaceAll('-', ' '), origin: `${item.origin.file}:${String(item.origin.line)}`,
    })),
  };
}

function catOffline({ units = [] }: Given<'cat'>, options: OfflineOptions): Outcome {
  const loader = loaderFor(options, []);
  const root = rootOf(options);
  const answers: CatAnswer['units'][number][] = [];
  for (const word of units) {
    const name = mangleUnitName(word);
    const definition = name === null || !isUnitName(name) ? null : loader.loadUnit(name);
    const paths = definition === null ? [] : shownFiles(definition);
    if (definition === null || paths.length === 0) return { ok: false, failure: { name: 'no-such-unit', message: `No files found for ${word}.`, unit: word } };
    try {
      answers.push({ unit: definition.name, files: paths.map((path) => ({ path, text: path === '/dev/null' ? '' : readFileSync(root + path, 'utf8') })), needsReload: false });
    } catch (error) {
      return { ok: false, failure: { name: 'file-error', message: error instanceof Error ? error.message : String(error), unit: definition.name } };
    }
  }
  return { ok: true, value: { units: answers, directories: unitFilesFor(options).writableDirectories } };
}
