/** From the options of `run` to the texts of unit files. */
import { findDirective, sectionsOf } from '../core/unit-file/directives.ts';
import type { UnitKind } from '../core/unit/unit-common.ts';
import { hasOption, optionText, type OptionName, type Options } from './options.ts';

/** What can be made by `run`. */
export type TransientKind = 'service' | 'timer' | 'path' | 'scope';

export interface TransientText {
  readonly kind: TransientKind;
  readonly text: string;
}

/** Sections and their lines, in the order in which they were begun. */
type Sections = Map<string, string[]>;

function add(sections: Sections, section: string, line: string): void {
  const lines = sections.get(section);
  if (lines === undefined) sections.set(section, [line]);
  else lines.push(line);
}

function render(sections: Sections): string {
  return [...sections].map(([section, lines]) => `[${section}]\n${lines.map((line) => `${line}\n`).join('')}`).join('\n');
}

/** A value as it was typed: in a unit file a percent sign begins a specifier. */
function literal(value: string): string {
  return value.replaceAll('%', '%%');
}

/** One word of a command line. `$` keeps its meaning, as with systemd-run(1). */
function quoteWord(word: string): string {
  return `"${literal(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
}

const SERVICE_OPTIONS: readonly (readonly [option: OptionName, directive: string])[] = [
  ['service-type', 'Type'], ['uid', 'User'], ['gid', 'Group'], ['nice', 'Nice'], ['working-directory', 'WorkingDirectory'], ['slice', 'Slice'],
];

const TIMER_SPANS: readonly (readonly [option: OptionName, directive: string])[] = [
  ['on-active', 'OnActiveSec'], ['on-boot', 'OnBootSec'], ['on-startup', 'OnStartupSec'], ['on-unit-active', 'OnUnitActiveSec'],
  ['on-unit-inactive', 'OnUnitInactiveSec'], ['on-calendar', 'OnCalendar'],
];

/** A complaint, or what was made. */
export type Composed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** The units that a command line of `run` asks for; what is to be started comes first. */
export function composeTransient(command: readonly string[], options: Options): Composed<readonly TransientText[]> {
  const service = composeService(command, options);
  if (!service.ok) return service;
  const trigger = composeTrigger(command, options);
  if (!trigger.ok) return trigger;
  const units = [...(trigger.value === null ? [] : [trigger.value]), { kind: 'service', text: service.value } as const];
  return { ok: true, value: units };
}

/** The scope that a command line of `run --scope` asks for. */
export function composeScope(command: readonly string[], options: Options): Composed<readonly TransientText[]> {
  const sections: Sections = new Map([['Unit', [description(command, options)]]]);
  if (hasOption(options, 'collect')) add(sections, 'Unit', 'CollectMode=inactive-or-failed');
  if (hasOption(options, 'send-sighup')) add(sections, 'Scope', 'SendSIGHUP=yes');
  const slice = optionText(options, 'slice');
  if (slice !== null) add(sections, 'Scope', `Slice=${literal(slice)}`);
  const problem = addProperties(sections, 'scope', options.property ?? []);
  return problem === null ? { ok: true, value: [{ kind: 'scope', text: render(sections) }] } : { ok: false, problem };
}

function description(command: readonly string[], options: Options): string {
  return `Description=${literal(optionText(options, 'description') ?? command.join(' ')).replace(/[\u0000-\u001f]/g, ' ')}`;
}

function composeService(command: readonly string[], options: Options): Composed<string> {
  const sections: Sections = new Map();
  add(sections, 'Unit', description(command, options));
  if (hasOption(options, 'collect')) add(sections, 'Unit', 'CollectMode=inactive-or-failed');
  for (const [option, directive] of SERVICE_OPTIONS) {
    const value = optionText(options, option);
    if (value !== null) add(sections, 'Service', `${directive}=${literal(value)}`);
  }
  if (hasOption(options, 'remain-after-exit')) add(sections, 'Service', 'RemainAfterExit=yes');
  if (hasOption(options, 'send-sighup')) add(sections, 'Service', 'SendSIGHUP=yes');
  for (const assignment of options.setenv ?? []) {
    if (assignment.includes('=')) add(sections, 'Service', `Environment=${quoteWord(assignment)}`);
  }
  const problem = addProperties(sections, 'service', options.property ?? []);
  if (problem !== null) return { ok: false, problem };
  const prefix = optionText(options, 'expand-environment') === 'no' ? ':' : '';
  const [program = '', ...words] = command;
  add(sections, 'Service', `ExecStart=${prefix}${[program, ...words].map(quoteWord).join(' ')}`);
  return { ok: true, value: render(sections) };
}

/** The timer or path unit that starts the service, or null when it is started at once. */
function composeTrigger(command: readonly string[], options: Options): Composed<TransientText | null> {
  const timer: Sections = new Map([['Unit', [description(command, options)]]]);
  for (const [option, directive] of TIMER_SPANS) for (const value of options[option] ?? []) add(timer, 'Timer', `${directive}=${literal(value)}`);
  if (hasOption(options, 'on-clock-change')) add(timer, 'Timer', 'OnClockChange=yes');
  if (hasOption(options, 'on-timezone-change')) add(timer, 'Timer', 'OnTimezoneChange=yes');
  // A timer that has no more to come is to be gone, unless the user says otherwise.
  const isTimer = timer.has('Timer') || hasOption(options, 'timer-property');
  if (isTimer) add(timer, 'Timer', 'RemainAfterElapse=no');
  const timerProblem = addProperties(timer, 'timer', options['timer-property'] ?? []);
  if (timerProblem !== null) return { ok: false, problem: timerProblem };
  const paths = options['path-property'] ?? [];
  if (isTimer && paths.length > 0) return { ok: false, problem: 'a unit is started by a timer or by a path, not by both' };
  if (isTimer) return { ok: true, value: { kind: 'timer', text: render(timer) } };
  if (paths.length === 0) return { ok: true, value: null };
  const path: Sections = new Map([['Unit', [description(command, options)]]]);
  const problem = addProperties(path, 'path', paths);
  return problem === null ? { ok: true, value: { kind: 'path', text: render(path) } } : { ok: false, problem };
}

/** Assignments go where the directive belongs. Returns what is wrong, or null. */
function addProperties(sections: Sections, kind: UnitKind, assignments: readonly string[]): string | null {
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    const name = assignment.slice(0, Math.max(0, equals));
    const section = sectionsOf(kind).find((each) => each !== 'Install' && findDirective(each, name) !== undefined);
    if (equals < 1 || section === undefined) return `Unknown assignment: ${assignment}`;
    add(sections, section, `${name}=${literal(assignment.slice(equals + 1))}`);
  }
  return null;
}
