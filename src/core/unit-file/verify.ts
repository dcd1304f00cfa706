/**
 * What is wrong with units beyond the single line: programs that are not there, units that others require and nobody has.
 * Cycles are the graph's affair. Pure: what exists is asked through a function. Source: systemd-analyze(1), verify.
 */
import type { UnitName } from '../../base/brand.ts';
import type { UnitDefinition } from '../unit/definition.ts';
import type { DependencyKind, DependencyOrigin } from '../unit/dependency.ts';
import type { ExecCommand } from '../unit/exec-context.ts';
import { saysWhenReady } from '../unit/readiness.ts';
import type { Diagnostic, Severity } from '../unit/source.ts';
import { wordPlace } from './setting-reader.ts';
import { unitKind, withInstance, withKind } from '../unit/unit-name.ts';

export interface VerifyOptions {
  /** The loaded unit of a name, under any of its names; undefined = not loaded. */
  readonly find: (name: UnitName) => UnitDefinition | undefined;
  /** Whether a path is an executable file, or a bare name is one in the fixed search path. */
  readonly isExecutable: (pathOrName: string) => boolean;
  /** Whether there is anything at a path. */
  readonly exists: (path: string) => boolean;
}

/** A missing unit at the other end of these makes the start fail. */
const NEEDED: ReadonlySet<DependencyKind> = new Set<DependencyKind>(['Requires', 'Requisite', 'BindsTo']);
/** And of these it is worth a note: the file asks for a unit that does not come. */
const ASKED_FOR: ReadonlySet<DependencyKind> = new Set<DependencyKind>(['Wants', 'Upholds', 'OnFailure', 'OnSuccess', 'Triggers']);

const COMMAND_LISTS = ['execCondition', 'execStartPre', 'execStart', 'execStartPost', 'execReload', 'execStop', 'execStopPost'] as const;

/**
 * Diagnostics of all given units, unit by unit; what the files themselves gave rise to comes first.
 */
export function verifyUnits(units: readonly UnitDefinition[], options: VerifyOptions): readonly Diagnostic[] {
  return units.flatMap((unit) => [...unit.diagnostics, ...loadProblems(unit), ...dependencyProblems(unit, options), ...serviceProblems(unit, options), ...socketProblems(unit, options), ...silentPredecessors(unit, options.find)]);
}

/** @param about the word of the line that the message is about */
function at(unit: UnitDefinition, origin: DependencyOrigin | null, severity: Severity, about: string, message: string): Diagnostic {
  const place = origin === null || typeof origin === 'string' ? { file: unit.fragmentPath ?? unit.name, line: 0 } : origin;
  const entry = place.line === 0 ? undefined : unit.entries.find((each) => each.file === place.file && each.line === place.line);
  return { severity, file: place.file, line: place.line, column: 0, ...(entry === undefined ? {} : wordPlace(entry, about)), message };
}

function loadProblems(unit: UnitDefinition): readonly Diagnostic[] {
  if (unit.loadState === 'loaded' || unit.loadState === 'masked' || unit.loadError === null) return [];
  // A line that makes the unit unusable is among its own diagnostics already.
  const isSaid = unit.diagnostics.some((each) => each.severity === 'error' && unit.loadError?.endsWith(each.message) === true);
  if (isSaid) return [];
  const place = `${unit.fragmentPath ?? unit.name}: `;
  return [at(unit, null, 'error', '', `The unit cannot be used: ${unit.loadError.startsWith(place) ? unit.loadError.slice(place.length) : unit.loadError}`)];
}

function dependencyProblems(unit: UnitDefinition, options: VerifyOptions): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  for (const { kind, other, origin } of unit.dependencies) {
    if ((!NEEDED.has(kind) && !ASKED_FOR.has(kind)) || (kind === 'Triggers' && unit.kind === 'socket')) continue;
    const found = options.find(other);
    const isMissing = found === undefined || found.loadState === 'not-found';
    if (isMissing && origin === 'default') continue;
    if (NEEDED.has(kind)) {
      const lacking = found === undefined ? 'and there is no such unit' : whyNotStartable(found, options, new Set([unit.name]));
      if (lacking !== null) problems.push(at(unit, origin, 'error', other, `${unit.name} cannot be started: ${kind}=${other}, ${lacking}.`));
    } else if (isMissing) problems.push(at(unit, origin, 'note', other, `${kind}=${other}, and there is no such unit.`));
  }
  return problems;
}

/** What keeps a unit that others need from being started: itself, or what it needs in turn. Null when nothing does. */
function whyNotStartable(unit: UnitDefinition, options: VerifyOptions, seen: Set<UnitName>): string | null {
  if (unit.loadState === 'not-found') return 'and there is no such unit';
  if (unit.loadState !== 'loaded') return `which is ${unit.loadState}`;
  if (seen.has(unit.name)) return null;
  seen.add(unit.name);
  for (const { kind, other, origin } of unit.dependencies) {
    const found = NEEDED.has(kind) && origin !== 'default' ? options.find(other) : undefined;
    const lacking = found === undefined ? null : whyNotStartable(found, options, seen);
    if (lacking !== null) return `which has ${kind}=${other}, ${lacking}`;
  }
  return null;
}

function serviceProblems(unit: UnitDefinition, options: VerifyOptions): readonly Diagnostic[] {
  if (unit.kind !== 'service' || unit.loadState !== 'loaded') return [];
  const problems: Diagnostic[] = [];
  // Programs of a service with a root of its own are looked up there, which only its start can do.
  const lists: readonly (readonly ExecCommand[])[] = unit.exec.rootDirectory === null ? COMMAND_LISTS.map((list) => unit[list]) : [];
  for (const commands of lists) {
    commands.forEach((command, index) => {
      if (options.isExecutable(command.path)) return;
      // systemd-analyze looks at the first command of a list only; what else is missing is told, and is no error.
      const severity = command.ignoreFailure ? 'note' : index === 0 ? 'error' : 'warning';
      problems.push(at(unit, command.origin, severity, command.path, `${command.path} is not an executable file here.`));
    });
  }
  for (const { path, optional } of unit.exec.environmentFiles) {
    if (!optional && !/[*?[]/.test(path) && !options.exists(path)) problems.push(at(unit, originOfEntry(unit, 'EnvironmentFile', path), 'warning', path, `EnvironmentFile=${path} does not exist; without it the service does not start.`));
  }
  for (const socket of unit.sockets) {
    if (unitKind(socket) === 'socket' && options.find(socket)?.loadState === 'not-found') problems.push(at(unit, originOfEntry(unit, 'Sockets', socket), 'warning', socket, `Sockets=${socket}, and there is no such unit.`));
  }
  return problems;
}

/** Stands for the name that a connection gives to its instance. */
const SOME_CONNECTION = 'connection';

/** A socket does not start without the service that it starts; a timer or path unit does. */
function socketProblems(unit: UnitDefinition, { find }: VerifyOptions): readonly Diagnostic[] {
  if (unit.kind !== 'socket' || unit.loadState !== 'loaded') return [];
  const service = unit.service ?? withInstance(unit.name.replace(/\.socket$/, '@.service'), SOME_CONNECTION);
  const state = service === null ? 'not-found' : (find(service)?.loadState ?? 'not-found');
  if (state === 'loaded') return [];
  const lacking = state === 'not-found' ? 'there is no such unit' : `it is ${state}`;
  return [at(unit, originOfEntry(unit, 'Service', service ?? ''), 'error', service ?? '', `${unit.name} cannot be started: its service is ${service ?? 'none'}, and ${lacking}.`)];
}

/** The last line of a directive that has this text; with specifiers in it the text is not found, and the last line must do. */
function originOfEntry(unit: UnitDefinition, key: string, text: string): DependencyOrigin | null {
  const entries = unit.entries.filter((each) => each.key === key);
  const entry = entries.findLast((each) => each.value.includes(text)) ?? entries.at(-1);
  return entry === undefined ? null : { file: entry.file, line: entry.line };
}

/**
 * Notes on After= lines that wait for no more than the birth of a process. A service with a socket of its own name is left out: who comes
 * too early waits at the socket.
 */
export function silentPredecessors(unit: UnitDefinition, find: VerifyOptions['find']): readonly Diagnostic[] {
  return unit.dependencies.flatMap(({ kind, other, origin }) => {
    if (kind !== 'After' || typeof origin === 'string') return [];
    const earlier = find(other);
    if (earlier?.kind !== 'service' || earlier.loadState !== 'loaded' || saysWhenReady(earlier)) return [];
    if (find(withKind(earlier.name, 'socket'))?.loadState === 'loaded') return [];
    return [at(unit, origin, 'note', other, `After=${other} waits for the start of its process only: a service of Type=${earlier.type} does not say when it is ready. ${unit.name} may come too early; Type=notify, forking or oneshot, ReadinessProbe=, or a check in ExecStartPost=, would tell.`)];
  });
}
