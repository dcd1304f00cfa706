import { EXIT } from '../exit-status.ts';
import type { LogRequest } from '../log-request.ts';
import { hasOption, optionText } from '../options.ts';
import { parsePriorities } from '../priority-argument.ts';
import { parseInstant } from '../instant-argument.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, type Invocation, type Verb } from '../verb.ts';

const FORMATS: readonly string[] = [
  'short', 'short-precise', 'short-iso', 'short-iso-precise', 'short-full', 'short-monotonic', 'short-unix', 'with-unit', 'verbose',
  'json', 'json-pretty', 'json-seq', 'cat',
];
/** On a terminal, where there is no pager, unless something narrower was asked for. */
const TERMINAL_LINES = 200;
const LINES_MAX = 1_000_000_000;
/** Names that stand for no unit: the manager's own lines, and messages to /dev/log from processes of no unit. */
const PSEUDO_UNITS: readonly string[] = ['heartwood', 'no-unit'];

export const log: Verb = {
  name: 'log',
  aliases: ['logs'],
  group: 'Units',
  synopsis: '[UNIT…]',
  summary: "Print units' output and what the manager said about them",
  operand: 'units-optional',
  options: ['lines', 'follow', 'since', 'until', 'priority', 'output', 'unit', 'grep', 'invocation', 'boot', 'reverse', 'json'],
  shortOptions: { f: 'follow', p: 'priority' },
  runs: 'node',
  *run(call) {
    const query = readQuery(call);
    if (typeof query === 'string') {
      yield* complain(`${call.program} log: ${query}`);
      return EXIT.usage;
    }
    return (yield { step: 'read-log', query }) as number;
  },
};

/** @returns a sentence when an option is wrong */
export function readQuery(call: Invocation): LogRequest | string {
  const { options } = call;
  const narrowed = ['since', 'until', 'boot', 'grep', 'invocation'].some((name) => name in options);
  const linesText = optionText(options, 'lines') ?? (narrowed || !call.terminal.stdoutTty || hasOption(options, 'follow') ? null : String(TERMINAL_LINES));
  const lines = linesText === null || linesText === 'all' ? null : Number(linesText);
  if (lines !== null && (!Number.isInteger(lines) || lines < 0 || lines > LINES_MAX)) return `--lines must be a whole number or "all", not "${linesText ?? ''}"`;
  const output = optionText(options, 'output') ?? (hasOption(options, 'json') ? 'json' : 'short');
  if (!FORMATS.includes(output)) return `--output must be one of ${FORMATS.join(', ')}`;
  const priorities = parsePriorities(optionText(options, 'priority'));
  if (typeof priorities === 'string') return priorities;
  const sinceUsec = instantOption(call, 'since');
  if (typeof sinceUsec === 'string') return sinceUsec;
  const untilUsec = instantOption(call, 'until');
  if (typeof untilUsec === 'string') return untilUsec;
  const invocationId = optionText(options, 'invocation');
  if (invocationId !== null && !/^[0-9a-f]{32}$/.test(invocationId)) return '--invocation must be 32 hexadecimal digits';
  if (hasOption(options, 'follow') && hasOption(options, 'reverse')) return '--follow and --reverse cannot go together';
  return {
    units: [...call.words, ...(options.unit ?? [])].map((word) => (PSEUDO_UNITS.includes(word) ? word : unitArgument(word))),
    lines,
    follow: hasOption(options, 'follow'),
    reverse: hasOption(options, 'reverse'),
    sinceUsec,
    untilUsec,
    priorities,
    invocationId,
    thisBoot: hasOption(options, 'boot'),
    grep: optionText(options, 'grep'),
    output,
    colour: call.terminal.colour,
    // What is no terminal gets the bytes as the service wrote them.
    escape: call.terminal.stdoutTty || output !== 'cat',
  };
}

function instantOption(call: Invocation, name: 'since' | 'until'): number | null | string {
  const text = optionText(call.options, name);
  if (text === null) return null;
  const instant = parseInstant(text, call.nowUsec);
  return instant === null ? `--${name}: "${text}" is no time (try "2026-01-31 18:00", "-1h", "yesterday")` : instant;
}
