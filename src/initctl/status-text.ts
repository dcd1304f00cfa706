/** The text of `status`: systemctl(1)'s layout, with two kinds of lines of our own (`Why:`, `Unheeded:`). */
import type { ConditionAnswer, ExecAnswer, NotEffectiveAnswer, UnitStatusAnswer } from '../control/answers.ts';
import { formatInstant } from './text/instant.ts';
import { formatTimeSpan } from '../core/time/time-span.ts';
import type { Usec } from '../base/brand.ts';
import { processTree } from './process-tree.ts';
import type { Terminal } from './terminal.ts';
import { formatAgo, formatBytes } from './text/duration.ts';
import { describeEnd } from './text/process-end.ts';
import { placeText } from './text/place.ts';
import { branch, dotOf, paint, toneOf } from './text/style.ts';
import { harmless, shorten } from './text/width.ts';

/** "TriggeredBy:" is the longest label; all end in one column. */
const LABEL_WIDTH = 11;
const ACCURACY_USEC = 1000 as Usec;

export interface StatusStyle {
  readonly terminal: Terminal;
  /** Do not shorten command lines. */
  readonly full: boolean;
  /** All conditions and assertions with their outcome, or those that did not hold, as systemctl has it. */
  readonly conditions: 'all' | 'failed';
  /** Why a unit is not loaded in systemctl's words, which scripts look for; the `Bad:` lines tell the rest. */
  readonly plainReasons?: boolean;
}

export function renderStatus(unit: UnitStatusAnswer, style: StatusStyle): string {
  const { terminal } = style;
  const lines: string[] = [];
  const say = (label: string, text: string): void => {
    lines.push(`${label.padStart(LABEL_WIDTH)}: ${text}`);
  };
  const more = (text: string): void => {
    lines.push(' '.repeat(LABEL_WIDTH + 2) + text);
  };
  const tone = toneOf(unit.active);
  const description = unit.description === unit.unit ? '' : ` - ${harmless(unit.description)}`;
  lines.push(`${paint(terminal, tone, dotOf(terminal, unit.active))} ${unit.unit}${description}`);
  say('Loaded', loadedText(unit, style));
  if (unit.fileState === 'transient') say('Transient', 'yes');
  dropIns(unit, terminal).forEach((text, index) => (index === 0 ? say('Drop-In', text) : more(text)));
  say('Active', activeText(unit, terminal));
  if (unit.active === 'inactive' || unit.active === 'failed') {
    const duration = unit.activeExitUsec - unit.activeEnterUsec;
    if (unit.activeEnterUsec > 0 && duration > 0) say('Duration', formatTimeSpan(duration as Usec, ACCURACY_USEC));
  }
  if (unit.restartUsec > 0) say('Restarts', `${unit.restarts} so far, next ${formatAgo(unit.restartUsec, unit.nowUsec).replace(/ left$/, ' from now')}`);
  else if (unit.restarts > 0) say('Restarts', `${unit.restarts} since it was last started by hand`);
  conditionLines(unit, style).forEach((text, index) => (index === 0 ? say('Condition', text) : more(text)));
  if (unit.nextElapseUsec !== undefined) {
    say('Trigger', unit.nextElapseUsec === null ? 'n/a' : `${formatInstant(unit.nextElapseUsec)}; ${formatAgo(unit.nextElapseUsec, unit.nowUsec)}`);
  }
  for (const [label, others] of [['Triggers', unit.triggers], ['TriggeredBy', unit.triggeredBy]] as const) {
    others.forEach((other, index) => {
      const text = `${paint(terminal, toneOf(other.active), dotOf(terminal, 'active'))} ${other.unit}`;
      if (index === 0) say(label, text);
      else more(text);
    });
  }
  unit.documentation.forEach((text, index) => (index === 0 ? say('Docs', harmless(text)) : more(harmless(text))));
  if (unit.socket !== undefined) {
    unit.socket.listen.forEach((text, index) => (index === 0 ? say('Listen', harmless(text)) : more(harmless(text))));
    if (unit.socket.accept) {
      const { accepted, connected, refused } = unit.socket;
      say('Accepted', `${accepted}; Connected: ${connected};${refused > 0 ? ` Refused: ${refused};` : ''}`);
    }
  }
  if (unit.place?.where !== undefined) say('Where', harmless(unit.place.where));
  if (unit.place?.what !== undefined) say('What', harmless(unit.place.what));
  for (const exec of unit.execs) if (exec.exit !== null) say('Process', processText(exec, style));
  mainPid(unit, say);
  if (unit.control !== null) say('Cntrl PID', `${unit.control.pid} (${harmless(unit.control.command)})`);
  if (unit.spawnFailure !== null) say('Error', paint(terminal, 'bad', harmless(unit.spawnFailure)));
  if (unit.statusText !== '') say('Status', `"${paint(terminal, 'strong', harmless(unit.statusText))}"`);
  if (unit.probes !== undefined) say('Probes', harmless(unit.probes));
  if (unit.statusErrno > 0) say('Error', `${unit.statusErrno}`);
  if (unit.ip !== undefined) say('IP', `${formatBytes(unit.ip.ingressBytes)} in, ${formatBytes(unit.ip.egressBytes)} out`);
  if (unit.tasks !== null && unit.tasks > 0) say('Tasks', `${unit.tasks}${unit.tasksMax === null ? '' : ` (limit: ${unit.tasksMax})`}`);
  if (unit.memoryBytes !== null) say('Memory', formatBytes(unit.memoryBytes));
  if (unit.cpuUsec !== null && unit.cpuUsec > 0) say('CPU', formatTimeSpan(unit.cpuUsec as Usec, ACCURACY_USEC));
  if (unit.processes.length > 0) {
    say('CGroup', unit.controlGroup ?? 'none; processes found by descent');
    for (const text of processTree(byGroup(unit.processes), { ...style, indent: LABEL_WIDTH + 2 })) more(text);
    if (unit.processCount > unit.processes.length) more(`… and ${unit.processCount - unit.processes.length} more`);
  }
  if (unit.why !== null) say('Why', harmless(unit.why));
  notEffectiveLines(unit.notEffective, style).forEach((text, index) => (index === 0 ? say('Unheeded', text) : more(text)));
  for (const diagnostic of unit.diagnostics) {
    if (diagnostic.severity === 'note') continue;
    say(diagnostic.severity === 'error' ? 'Bad' : 'Warning', `${placeText(diagnostic)}: ${harmless(diagnostic.message)}`);
  }
  if (unit.load !== 'loaded' && unit.loadError !== null && (unit.active !== 'inactive' || unit.job !== null)) {
    const file = unit.load === 'not-found' ? 'Its file is gone' : 'Its file cannot be used as it is now';
    lines.push(paint(terminal, 'warn', `Warning: ${file}: ${unit.unit} goes on with what was loaded before.`));
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

const PLAIN_REASONS: Readonly<Record<string, string>> = { 'not-found': 'not found', masked: 'is masked', 'bad-setting': 'has a bad unit file setting' };

function loadedText(unit: UnitStatusAnswer, { terminal, plainReasons }: StatusStyle): string {
  const state = paint(terminal, unit.load === 'loaded' || unit.load === 'masked' ? 'plain' : 'bad', unit.load);
  if (unit.load !== 'loaded') {
    const plain = PLAIN_REASONS[unit.load];
    const reason = (plainReasons === true || unit.loadError === null) && plain !== undefined ? `Unit ${unit.unit} ${plain}.` : (unit.loadError ?? '');
    return reason === '' ? state : `${state} (Reason: ${harmless(reason)})`;
  }
  const parts = [
    ...(unit.fragmentPath === null ? [] : [unit.fragmentPath]),
    ...(unit.fileState === '' ? [] : [paint(terminal, unit.fileState.startsWith('enabled') ? 'good' : unit.fileState === 'disabled' ? 'warn' : 'plain', unit.fileState)]),
    ...(unit.preset === '' ? [] : [`preset: ${paint(terminal, unit.preset === 'enabled' ? 'good' : 'warn', unit.preset)}`]),
  ];
  return parts.length === 0 ? state : `${state} (${parts.join('; ')})`;
}

/** Each folder once, the files of it below. */
function dropIns(unit: UnitStatusAnswer, terminal: Terminal): readonly string[] {
  const folders = new Map<string, string[]>();
  for (const path of unit.dropInPaths) {
    const slash = path.lastIndexOf('/');
    const folder = path.slice(0, slash);
    folders.set(folder, [...(folders.get(folder) ?? []), path.slice(slash + 1)]);
  }
  return [...folders].flatMap(([folder, files]) => [folder, `${branch(terminal, true)}${files.join(', ')}`]);
}

function activeText(unit: UnitStatusAnswer, terminal: Terminal): string {
  const tone = toneOf(unit.active);
  // One word when both are the same, as systemctl has it.
  const state = paint(terminal, tone, unit.active === unit.sub ? unit.active : `${unit.active} (${unit.sub})`);
  const result = unit.result === 'success' || unit.result === '' ? '' : ` (Result: ${unit.result})`;
  const since = unit.sinceUsec > 0 ? ` since ${formatInstant(unit.sinceUsec)}; ${formatAgo(unit.sinceUsec, unit.nowUsec)}` : '';
  return `${state}${result}${since}`;
}

function conditionLines(unit: UnitStatusAnswer, { terminal, conditions }: StatusStyle): readonly string[] {
  const failed = unit.conditions.filter((condition) => condition.holds === false || condition.error !== '');
  const isTested = unit.conditionUsec > 0;
  const hasFailed = isTested && !unit.conditionResult;
  const shown = conditions === 'all' ? unit.conditions : hasFailed ? failed : [];
  if (shown.length === 0) return [];
  const since = isTested ? ` at ${formatInstant(unit.conditionUsec)}; ${formatAgo(unit.conditionUsec, unit.nowUsec)}` : '';
  const verdict = hasFailed ? paint(terminal, 'warn', 'condition failed') : isTested ? 'conditions held' : 'conditions not tested yet';
  return [
    `start ${verdict}${since}`,
    ...shown.map((condition, index) => `${branch(terminal, index === shown.length - 1)} ${condition.directive}=${harmless(condition.value)}${outcomeText(condition)}`),
  ];
}

function outcomeText(condition: ConditionAnswer): string {
  if (condition.error !== '') return ` could not be tested: ${harmless(condition.error)}`;
  return condition.holds === null ? '' : condition.holds ? ' was met' : ' was not met';
}

function processText(exec: ExecAnswer, style: StatusStyle): string {
  const end = exec.exit === null ? '' : ` ${paint(style.terminal, exec.exit.success ? 'plain' : 'bad', `(${describeEnd(exec.exit)})`)}`;
  return `${exec.pid} ${exec.role}=${shortenFor(style, harmless(exec.argv.join(' ')), 40)}${end}`;
}

function mainPid(unit: UnitStatusAnswer, say: (label: string, text: string) => void): void {
  if (unit.main !== null) {
    say('Main PID', `${unit.main.pid} (${harmless(unit.main.command)})`);
  } else if (unit.mainExit !== null && unit.mainExit.exit !== null) {
    const exit = unit.mainExit.exit;
    say('Main PID', `${unit.mainExit.pid} (${describeEnd(exit)})`);
  }
}

/** One entry for each process: the tree puts those of a group together. */
function byGroup(processes: UnitStatusAnswer['processes']): readonly { readonly path: string; readonly processes: UnitStatusAnswer['processes'] }[] {
  return processes.map((process) => ({ path: process.group, processes: [process] }));
}

/** Directives with the same reason share a line: a hardened unit has thirty of them. */
function notEffectiveLines(items: readonly NotEffectiveAnswer[], style: StatusStyle): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const item of items) {
    const text = item.requested === '' ? item.directive : `${item.directive}=${harmless(item.requested)}`;
    byReason.set(item.why, [...(byReason.get(item.why) ?? []), text]);
  }
  return [...byReason].map(([why, directives]) => {
    const list = directives.join(', ');
    return `${shortenFor(style, list, LABEL_WIDTH + 6 + why.length)} ${paint(style.terminal, 'warn', `(${why})`)}`;
  });
}

function shortenFor(style: StatusStyle, text: string, taken: number): string {
  if (style.full || style.terminal.columns === 0) return text;
  return shorten(text, Math.max(20, style.terminal.columns - taken), style.terminal.unicode);
}
