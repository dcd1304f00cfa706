/** All verbs, and the way from a command line to the run of one. The one thing the manager imports of `initctl`. */
import { EXIT } from './exit-status.ts';
import { completionVerb } from './completion.ts';
import { helpVerb, renderHelp } from './help.ts';
import { checkValues, hasOption, optionText, parseArguments, type OptionName, type Options } from './options.ts';
import type { Terminal } from './terminal.ts';
import { complain, print, type Invocation, type Verb, type VerbRun, type Operand } from './verb.ts';
import { getDefault, setDefault } from './verbs/default-target.ts';
import { disable } from './verbs/disable.ts';
import { edit } from './verbs/edit.ts';
import { enable } from './verbs/enable.ts';
import { isEnabled } from './verbs/is-enabled.ts';
import { link } from './verbs/link.ts';
import { listUnitFiles } from './verbs/list-unit-files.ts';
import { mask } from './verbs/mask.ts';
import { preset } from './verbs/preset.ts';
import { presetAll } from './verbs/preset-all.ts';
import { revert } from './verbs/revert.ts';
import { addWants } from './verbs/add-wants.ts';
import { addRequires } from './verbs/add-requires.ts';
import { reenable } from './verbs/reenable.ts';
import { unmask } from './verbs/unmask.ts';
import { calendar } from './verbs/calendar.ts';
import { call } from './verbs/call.ts';
import { cancel } from './verbs/cancel.ts';
import { cat } from './verbs/cat.ts';
import { crash } from './verbs/crash.ts';
import { daemonReexec } from './verbs/daemon-reexec.ts';
import { clean } from './verbs/clean.ts';
import { freeze, thaw } from './verbs/freeze.ts';
import { fault } from './verbs/fault.ts';
import { feed } from './verbs/feed.ts';
import { daemonReload } from './verbs/daemon-reload.ts';
import { env, importEnvironment, setEnvironment, showEnvironment, unsetEnvironment } from './verbs/environment.ts';
import { isActive } from './verbs/is-active.ts';
import { isFailed } from './verbs/is-failed.ts';
import { defaultVerb, emergency, isolate, rescue } from './verbs/isolate.ts';
import { isSystemRunning } from './verbs/is-system-running.ts';
import { kill } from './verbs/kill.ts';
import { listDependencies } from './verbs/list-dependencies.ts';
import { listJobs } from './verbs/list-jobs.ts';
import { listUnits } from './verbs/list-units.ts';
import { listAutomounts } from './verbs/list-automounts.ts';
import { listMachines } from './verbs/list-machines.ts';
import { listPaths } from './verbs/list-paths.ts';
import { listSockets } from './verbs/list-sockets.ts';
import { listTimers } from './verbs/list-timers.ts';
import { log } from './verbs/log.ts';
import { logLevel, logTarget, serviceWatchdogs } from './verbs/manager-setting.ts';
import { logCopy } from './verbs/log-copy.ts';
import { apply } from './verbs/apply.ts';
import { attach } from './verbs/attach.ts';
import { blame } from './verbs/blame.ts';
import { criticalChain } from './verbs/critical-chain.ts';
import { doctor } from './verbs/doctor.ts';
import { graph } from './verbs/graph.ts';
import { plan } from './verbs/plan.ts';
import { plot } from './verbs/plot.ts';
import { top } from './verbs/top.ts';
import { prompt } from './verbs/prompt.ts';
import { escape } from './verbs/escape.ts';
import { exit, halt, kexec, poweroff, reboot, softReboot } from './verbs/power.ts';
import { reloadOrRestart } from './verbs/reload-or-restart.ts';
import { reload } from './verbs/reload.ts';
import { replay } from './verbs/replay.ts';
import { replace } from './verbs/replace.ts';
import { resetFailed } from './verbs/reset-failed.ts';
import { restart } from './verbs/restart.ts';
import { run } from './verbs/run.ts';
import { runlevel } from './verbs/runlevel.ts';
import { serviceLogLevel, serviceLogTarget } from './verbs/service-log-setting.ts';
import { bind } from './verbs/bind.ts';
import { mountImage } from './verbs/mount-image.ts';
import { setProperty } from './verbs/set-property.ts';
import { show } from './verbs/show.ts';
import { importVerb } from './verbs/import.ts';
import { simulate } from './verbs/simulate.ts';
import { start } from './verbs/start.ts';
import { status } from './verbs/status.ts';
import { stop } from './verbs/stop.ts';
import { sync } from './verbs/sync.ts';
import { timespan } from './verbs/timespan.ts';
import { tryReloadOrRestart } from './verbs/try-reload-or-restart.ts';
import { tryRestart } from './verbs/try-restart.ts';
import { verify } from './verbs/verify.ts';
import { version } from './verbs/version.ts';
import { whoami } from './verbs/whoami.ts';
import { why } from './verbs/why.ts';

/** In the order help shows them. */
export const VERBS: readonly Verb[] = [
  start, stop, restart, tryRestart, reload, reloadOrRestart, tryReloadOrRestart, isolate, kill, resetFailed, freeze, thaw, clean, setProperty, bind, mountImage, call, attach, feed, run, sync,
  replace,
  status, listUnits, listTimers, listSockets, listPaths, listAutomounts, listDependencies, show, cat, log, logCopy, isActive, isFailed, whoami,
  enable, disable, reenable, mask, unmask, preset, presetAll, edit, link, revert, addWants, addRequires, isEnabled, listUnitFiles, getDefault, setDefault,
  why, env, crash, plan, apply, verify, doctor, blame, criticalChain, plot, graph, top,
  listJobs, cancel, daemonReload, daemonReexec, fault, isSystemRunning, runlevel, setEnvironment, unsetEnvironment, importEnvironment, showEnvironment, logLevel, logTarget, serviceLogLevel, serviceLogTarget, serviceWatchdogs, listMachines,
  poweroff, reboot, softReboot, halt, kexec, exit, rescue, emergency, defaultVerb,
  importVerb, simulate, replay, calendar, timespan, escape,
  prompt, version, completionVerb(() => VERBS), helpVerb(() => VERBS),
];

const BY_NAME: ReadonlyMap<string, Verb> = new Map(VERBS.flatMap((verb) => [verb.name, ...verb.aliases].map((name) => [name, verb] as const)));

export function findVerb(name: string): Verb | null {
  return BY_NAME.get(name) ?? null;
}

/**
 * Options that change what a verb acts on, or whether it acts at all, and that no verb heeds: to ignore them would stop the wrong
 * machine's services, or reboot in a rehearsal. With what to do instead.
 */
const UNSUPPORTED: Readonly<Partial<Record<OptionName, (call: Invocation) => string>>> = {
  host: (call) => `the control socket is this machine's own; run "ssh ${optionText(call.options, 'host') ?? 'HOST'} ${call.program} …" there`,
  machine: (call) => `the control socket is this machine's own; run ${call.program} inside ${optionText(call.options, 'machine') ?? 'the container'}, as with "nsenter" or the container tool's "exec"`,
  'dry-run': (call) => `nothing was done; "${call.program} plan ${call.verb} UNIT…" shows the steps a change would take`,
  scope: (call) => `"${call.program} run --scope COMMAND" runs a command in one`,
  when: (call) => `"shutdown ${call.verb === 'reboot' ? '-r' : call.verb === 'halt' ? '-H' : '-P'} +MINUTES" or "HH:MM" does it later, and "shutdown -c" takes it back`,
  'firmware-setup': () => 'nobody here speaks to the firmware; nothing was done',
  'boot-loader-menu': () => 'nobody here speaks to the boot loader; nothing was done',
  'boot-loader-entry': () => 'nobody here speaks to the boot loader; nothing was done',
  'reboot-argument': () => 'the firmware is given no argument; nothing was done',
  marked: (call) => `units bear no marks here; "${call.program} ${call.verb} UNIT…" names them`,
  image: () => 'mount the image and give its directory to --root',
  'image-policy': () => 'mount the image and give its directory to --root',
  'with-dependencies': (call) => `"${call.program} list-dependencies UNIT" names the units to ask about`,
};

/** With `--global` the links of all users' managers are meant, which none of them needs to run for. */
const ABOUT_UNIT_FILES: readonly string[] = [
  'enable', 'disable', 'reenable', 'mask', 'unmask', 'preset', 'preset-all', 'link', 'revert', 'add-wants', 'add-requires', 'is-enabled', 'list-unit-files', 'cat', 'get-default', 'set-default',
];

/** A verb that lists an option of these among its own knows it. */
function unsupportedOption(options: Options, verb: Verb | null): OptionName | undefined {
  return (Object.keys(UNSUPPORTED) as OptionName[]).find((name) => hasOption(options, name) && verb?.options.includes(name) !== true);
}

/** Verbs that make no sense without a word after them. */
const NEEDS_UNIT: readonly Operand[] = ['units', 'unit-files'];

export interface CommandLine {
  readonly program: 'initctl' | 'systemctl';
  /** Without the program's name. */
  readonly argv: readonly string[];
  readonly terminal: Terminal;
  /** The wall clock, microseconds since the epoch. */
  readonly nowUsec: number;
}

/** What a command line asks for: a verb with its arguments; or the end of it, with text and exit status. */
export type Command =
  | { readonly kind: 'verb'; readonly verb: Verb; readonly call: Invocation }
  | { readonly kind: 'help'; readonly text: string }
  /** No verb was given: systemctl lists units then; initctl on a terminal prompts. */
  | { readonly kind: 'nothing'; readonly call: Invocation }
  | { readonly kind: 'wrong'; readonly message: string; readonly exit: number };

export function readCommand(line: CommandLine): Command {
  const parsed = parseArguments(line.argv, (word) => findVerb(word)?.shortOptions ?? {});
  // systemctl(1) has no exit status of its own for wrong usage.
  const wrongExit = line.program === 'systemctl' ? EXIT.failed : EXIT.usage;
  if (typeof parsed === 'string') return { kind: 'wrong', message: `${line.program}: ${parsed}`, exit: wrongExit };
  const [word, ...words] = parsed.words;
  const call: Invocation = { program: line.program, verb: word ?? '', words, options: parsed.options, terminal: line.terminal, nowUsec: line.nowUsec };
  const verb = word === undefined ? null : findVerb(word);
  const wrongValue = checkValues(parsed.options);
  if (wrongValue !== null) return { kind: 'wrong', message: wrongValue, exit: wrongExit };
  if (hasOption(parsed.options, 'help')) return { kind: 'help', text: renderHelp(VERBS, verb, line.program) };
  if (word === undefined) {
    if (hasOption(parsed.options, 'version')) {
      const version = findVerb('version');
      if (version !== null) return { kind: 'verb', verb: version, call: { ...call, verb: 'version' } };
    }
    return { kind: 'nothing', call };
  }
  const unsupported = unsupportedOption(parsed.options, verb);
  if (unsupported !== undefined) return { kind: 'wrong', message: `${line.program}: --${unsupported} is not supported: ${UNSUPPORTED[unsupported]?.(call) ?? ''}.`, exit: wrongExit };
  if (verb === null) {
    const message = line.program === 'systemctl' ? `Unknown command verb ${word}.` : `initctl: no verb "${word}"${suggestion(word)}`;
    return { kind: 'wrong', message, exit: wrongExit };
  }
  if (words.length === 0 && NEEDS_UNIT.includes(verb.operand)) {
    return { kind: 'wrong', message: line.program === 'systemctl' ? 'Too few arguments.' : `${line.program} ${call.verb}: which unit?`, exit: wrongExit };
  }
  if (verb.operand === 'none' && words.length > 0) return { kind: 'wrong', message: line.program === 'systemctl' ? 'Too many arguments.' : `initctl ${call.verb} takes no arguments`, exit: wrongExit };
  if (hasOption(parsed.options, 'global') && !ABOUT_UNIT_FILES.includes(verb.name)) {
    return { kind: 'wrong', message: `${line.program}: --global is about unit files; ${call.verb} asks one manager.`, exit: wrongExit };
  }
  return { kind: 'verb', verb, call };
}

/** Whether the Node client must run a command: because it works on files, or the manager may die in between. */
export function needsNode(command: Command): boolean {
  return worksOnFiles(command) || (command.kind === 'verb' && command.verb.outlivesManager?.(command.call) === true);
}

/** Whether a command needs files that the manager does not look into. */
export function worksOnFiles(command: Command): boolean {
  return command.kind === 'verb' && (command.verb.runs === 'node' || hasOption(command.call.options, 'global') || command.verb.worksOnFiles?.(command.call) === true);
}

/** Runs a whole command line that is no prompt. */
export function* runCommand(command: Command): VerbRun {
  switch (command.kind) {
    case 'verb':
      return exitOf(command, yield* command.verb.run(command.call));
    case 'help':
      yield* print(command.text);
      return EXIT.done;
    case 'nothing': {
      const call = { ...command.call, verb: command.call.program === 'systemctl' ? 'list-units' : 'list' };
      return exitOf({ verb: listUnits, call }, yield* listUnits.run(call));
    }
    case 'wrong':
      yield* complain(command.message);
      return command.exit;
  }
}

/** systemctl(1) ends with 1 where initctl tells wrong usage apart. What `run` ends with is its command's. */
function exitOf({ verb, call }: Pick<Extract<Command, { readonly kind: 'verb' }>, 'verb' | 'call'>, exit: number): number {
  return call.program === 'systemctl' && exit === EXIT.usage && verb.name !== 'run' ? EXIT.failed : exit;
}

function suggestion(word: string): string {
  const near = [...BY_NAME.keys()].filter((name) => name.startsWith(word) || distance(name, word) <= Math.min(2, Math.floor(word.length / 3)));
  return near.length === 0 ? '; "help" lists them' : `; did you mean ${near.slice(0, 3).join(', ')}?`;
}

/** Edits between two short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] as number;
}

export type { Reply, VerbRun, VerbStep } from './verb.ts';
export type { LogTail } from './log-tail.ts';
export { formatInstant } from './text/instant.ts';
export { renderProgress } from './progress.ts';
export { EXIT } from './exit-status.ts';
