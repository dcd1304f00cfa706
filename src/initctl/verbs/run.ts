/** `run`: systemd-run(1) as a verb. */
import type { EndAnswer, TransientAnswer } from '../../control/answers.ts';
import type { Usec } from '../../base/brand.ts';
import { formatTimeSpan } from '../../core/time/time-span.ts';
import { exitStatusOfJobs, tellFailure } from '../enqueue.ts';
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption, optionText, type OptionName } from '../options.ts';
import { signalName } from '../text/process-end.ts';
import { composeScope, composeTransient } from '../transient-text.ts';
import { detachKeysOf, findTerminal, joinTerminal } from '../unit-terminal.ts';
import { complain, printJson, request, type Invocation, type Verb, type VerbRun } from '../verb.ts';

/** A service that was ended by a signal ends `run --wait` with this. Source: systemd-run(1). */
const EXIT_EXCEPTION = 255;

const OWN_OPTIONS: readonly OptionName[] = [
  'unit', 'scope', 'property', 'description', 'wait', 'pty', 'shell', 'pipe', 'detach-keys', 'collect', 'keep', 'no-block', 'quiet', 'slice', 'uid', 'gid', 'nice', 'setenv',
  'working-directory', 'same-dir', 'service-type', 'remain-after-exit', 'send-sighup', 'expand-environment', 'on-active', 'on-boot', 'on-startup',
  'on-unit-active', 'on-unit-inactive', 'on-calendar', 'on-clock-change', 'on-timezone-change', 'timer-property', 'path-property', 'json',
];

export const run: Verb = {
  name: 'run',
  aliases: [],
  group: 'Units',
  synopsis: '[--] COMMAND [ARGUMENT…]',
  summary: 'Run a command as a unit of its own',
  operand: 'free',
  options: OWN_OPTIONS,
  shortOptions: { r: 'remain-after-exit', P: 'pipe', t: 'pty', S: 'shell' },
  ownMeanings: {
    unit: { value: 'UNIT', summary: 'Name of the unit instead of one made up' },
    property: { value: 'NAME=VALUE', summary: 'Setting of the unit' },
  },
  runs: 'manager',
  // A session on a terminal goes on while the manager is executed anew.
  outlivesManager: wantsTerminal,
  *run(call) {
    const problem = wrongUse(call);
    if (problem !== null) {
      yield* complain(problem);
      return EXIT.usage;
    }
    const keys = detachKeysOf(call);
    if (typeof keys === 'string') {
      yield* complain(`${call.program} run: ${keys}`);
      return EXIT.usage;
    }
    if (hasOption(call.options, 'scope')) return yield* runInScope(call);
    const hasTerminal = wantsTerminal(call);
    const isShell = hasOption(call.options, 'shell');
    const composed = composeTransient(isShell ? SHELL : call.words, hasTerminal ? { ...call.options, property: [...terminalSettings(call), ...call.options.property ?? []] } : call.options);
    if (!composed.ok) {
      yield* complain(composed.problem);
      return EXIT.failed;
    }
    const hasPipe = hasOption(call.options, 'pipe') && !hasTerminal;
    const waits = hasOption(call.options, 'wait') || hasTerminal || hasPipe;
    const reply = yield* request('start-transient', {
      name: (optionText(call.options, 'unit') ?? '').replace(/\.(service|timer|path)$/, ''),
      units: composed.value, wait: !hasOption(call.options, 'no-block'), hold: waits, keep: hasOption(call.options, 'keep'),
      pipe: hasPipe, sameDirectory: hasOption(call.options, 'same-dir') || isShell,
      inherit: [...(hasTerminal ? OF_TERMINAL : []), ...(isShell ? ['SHELL'] : []), ...(call.options.setenv ?? []).filter((assignment) => !assignment.includes('='))],
    });
    if (!reply.ok) {
      yield* complain(`Failed to start transient ${composed.value[0]?.kind ?? ''} unit: ${reply.failure.message}`);
      return exitStatusOfFailure(reply.failure.name, call.program);
    }
    const exit = yield* tellStart(call, reply.value);
    if (!waits) return exit;
    return hasTerminal ? yield* joinUntilEnd(call, reply.value, keys.keys) : yield* waitForEnd(call, reply.value);
  },
};

/** Options that say how a manager starts a command: here the caller starts it. */
const OF_SERVICES: readonly OptionName[] = [
  'wait', 'pty', 'shell', 'pipe', 'no-block', 'keep', 'uid', 'gid', 'nice', 'working-directory', 'service-type', 'remain-after-exit', 'on-active', 'on-boot', 'on-startup', 'on-unit-active',
  'on-unit-inactive', 'on-calendar', 'on-clock-change', 'on-timezone-change', 'timer-property', 'path-property',
];

/** The caller goes into a scope of its own and becomes the command there. Source: systemd-run(1), "--scope". */
function* runInScope(call: Invocation): VerbRun {
  const other = OF_SERVICES.find((name) => hasOption(call.options, name));
  if (other !== undefined) {
    yield* complain(`--${other} is for services; with --scope the command is this one, as it was called.`);
    return EXIT.usage;
  }
  const composed = composeScope(call.words, call.options);
  if (!composed.ok) {
    yield* complain(composed.problem);
    return EXIT.failed;
  }
  const reply = yield* request('start-transient', { name: (optionText(call.options, 'unit') ?? '').replace(/\.scope$/, ''), units: composed.value });
  if (!reply.ok) {
    yield* complain(`Failed to start transient scope unit: ${reply.failure.message}`);
    return exitStatusOfFailure(reply.failure.name, call.program);
  }
  const exit = yield* tellStart(call, reply.value);
  if (exit !== EXIT.done) return exit;
  const variables = (call.options.setenv ?? []).filter((assignment) => assignment.includes('='));
  yield { step: 'exec', words: variables.length === 0 ? call.words : ['env', ...variables, ...call.words] };
  return EXIT.done;
}

/** The size is there from the beginning: a program that asks for it does so before anybody has joined. */
function terminalSettings({ terminal: { rows, columns } }: Invocation): readonly string[] {
  return ['Terminal=yes', ...(rows > 0 ? [`TTYRows=${String(rows)}`] : []), ...(columns > 0 ? [`TTYColumns=${String(columns)}`] : [])];
}

/** What programs on a terminal go by. */
const OF_TERMINAL: readonly string[] = ['TERM', 'COLORTERM', 'NO_COLOR'];

/** The shell of who asks, as when that person logs in. */
const SHELL: readonly string[] = ['/bin/sh', '-c', 'exec "${SHELL:-/bin/sh}" -i'];

/** With --pipe as well, a terminal is wanted when the caller is on one. */
function wantsTerminal({ options, terminal }: Invocation): boolean {
  if (!hasOption(options, 'pty') && !hasOption(options, 'shell')) return false;
  return !hasOption(options, 'pipe') || terminal.stdoutTty;
}

function wrongUse(call: Invocation): string | null {
  const isShell = hasOption(call.options, 'shell');
  if (call.words.length === 0 && !isShell) return 'Command line to execute required.';
  if (call.words.length > 0 && isShell) return '--shell is a command already; leave out either of them.';
  const waits = (['wait', 'pipe', 'pty', 'shell'] as const).find((name) => hasOption(call.options, name));
  const isTriggered = Object.keys(call.options).some((name) => name.startsWith('on-') || name === 'timer-property' || name === 'path-property');
  if (isTriggered && waits !== undefined) return `--${waits} is about a command that is run at once.`;
  if (hasOption(call.options, 'no-block') && waits !== undefined) return `--${waits} may not be combined with --no-block.`;
  return null;
}

function* tellStart(call: Invocation, answer: TransientAnswer): VerbRun {
  const [first = '', ...others] = answer.units;
  const exit = exitStatusOfJobs(answer, call.program);
  if (hasOption(call.options, 'json')) {
    if (!hasOption(call.options, 'wait')) yield* printJson(answer);
    return exit;
  }
  for (const refusal of answer.refused) yield* complain(`Failed to start ${refusal.unit}: ${refusal.message}`);
  for (const job of answer.jobs) if (job.result !== 'done' && job.result !== 'queued') yield* tellFailure(call, job);
  if (exit !== EXIT.done || hasOption(call.options, 'quiet')) return exit;
  const kind = first.slice(first.lastIndexOf('.') + 1);
  yield* complain(kind === 'service' ? `Running as unit: ${first}` : `Running ${kind} as unit: ${first}`);
  for (const other of others) yield* complain(`Will run ${other.slice(other.lastIndexOf('.') + 1)} as unit: ${other}`);
  return exit;
}

/** Who leaves the terminal does not wait for the end of the command. */
function* joinUntilEnd(call: Invocation, answer: TransientAnswer, keys: string): VerbRun {
  const unit = answer.units[0] ?? '';
  const found = yield* findTerminal(unit);
  const socket = found.ok ? found.value.socket : null;
  if (socket === null) {
    yield* complain(`The terminal of ${unit} is not to be found.`);
    return EXIT.failed;
  }
  const session = yield* joinTerminal(call, { unit, socket, keys, awaitsEnd: true });
  if (session.how === 'ended') {
    if (session.end !== null) return yield* tellEnd(call, answer, session.end);
    yield* complain(`${unit} has ended; how is not known.`);
    return EXIT.failed;
  }
  if (session.how === 'failed') {
    yield* complain(session.problem);
    return EXIT.failed;
  }
  if (!hasOption(call.options, 'quiet')) yield* complain(`Left ${unit}, which goes on; "${call.program} attach ${unit}" joins it again.`);
  return EXIT.done;
}

function* waitForEnd(call: Invocation, answer: TransientAnswer): VerbRun {
  const reply = yield* request('await-end', { unit: answer.units[0] ?? '' });
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return EXIT.failed;
  }
  return yield* tellEnd(call, answer, reply.value);
}

/** The exit status is that of the command. */
function* tellEnd(call: Invocation, answer: TransientAnswer, end: EndAnswer): VerbRun {
  if (hasOption(call.options, 'json')) yield* printJson({ ...answer, end });
  else if (!hasOption(call.options, 'quiet') && hasOption(call.options, 'wait')) for (const line of endLines(end)) yield* complain(line);
  // What SuccessExitStatus= allows counts as success here too.
  if (end.result === 'success') return EXIT.done;
  if (end.result === 'exit-code' && end.status !== null && end.status > 0) return end.status;
  return end.result === 'signal' ? EXIT_EXCEPTION : EXIT.failed;
}

function endLines(end: EndAnswer): readonly string[] {
  const lines = [`Finished with result: ${end.result}`];
  if (end.code !== null && end.status !== null) {
    lines.push(`Main processes terminated with: code=${end.code}/status=${end.code === 'exited' ? String(end.status) : signalName(end.status).replace(/^SIG/, '')}`);
  }
  if (end.runtimeUsec !== null) lines.push(`Service runtime: ${formatTimeSpan(end.runtimeUsec as Usec, 1000 as Usec)}`);
  return lines;
}
