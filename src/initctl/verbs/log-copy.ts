import { EXIT } from '../exit-status.ts';
import { parseLayout } from '../log-copy/line-layout.ts';
import { parseTarget, type Target } from '../log-copy/target.ts';
import type { LogRequest } from '../log-request.ts';
import { hasOption, optionText } from '../options.ts';
import { complain, type Invocation, type LogCopyRequest, type Verb } from '../verb.ts';
import { readQuery } from './log.ts';

const DEFAULT_LAYOUT = '%FT%T%z %{identifier}[%{pid}]: %{message}';

export const logCopy: Verb = {
  name: 'log-copy',
  aliases: [],
  group: 'Units',
  synopsis: '[UNIT…]',
  summary: 'Copy lines of the log to files, programs and the network',
  operand: 'units-optional',
  options: ['to', 'layout', 'grep', 'exclude', 'priority', 'since', 'until', 'follow', 'cursor-file', 'utc'],
  shortOptions: { f: 'follow', p: 'priority' },
  runs: 'node',
  *run(call) {
    const copy = readCopy(call);
    if (typeof copy === 'string') {
      yield* complain(`${call.program} log-copy: ${copy}`);
      return EXIT.usage;
    }
    return (yield { step: 'copy-log', copy }) as number;
  },
};

/** @returns a sentence when an option is wrong */
function readCopy(call: Invocation): LogCopyRequest | string {
  const { options } = call;
  const targets: Target[] = [];
  for (const text of options.to ?? []) {
    const target = parseTarget(text);
    if (typeof target === 'string') return `--to=${target}`;
    targets.push(target);
  }
  if (targets.length === 0) return 'where to? (--to=file:/var/log/app-%F.log, --to=gelf:HOST:PORT, …)';
  const layout = optionText(options, 'layout') ?? DEFAULT_LAYOUT;
  const parsed = parseLayout(layout);
  if (typeof parsed === 'string') return `--layout: ${parsed}`;
  const include = patternsOf(options.grep ?? []);
  if (typeof include === 'string') return include;
  const exclude = patternsOf(options.exclude ?? []);
  if (typeof exclude === 'string') return exclude;
  const query = readQuery({ ...call, options: { ...options, output: ['json'], lines: ['all'], grep: [] } });
  if (typeof query === 'string') return query;
  const lines: LogRequest = { ...query, lines: null, grep: null, output: 'json', colour: false, escape: true };
  return { lines, targets, layout: parsed, utc: hasOption(options, 'utc'), include, exclude, cursorFile: optionText(options, 'cursor-file') };
}

/** @returns a sentence about the first that is no pattern */
function patternsOf(texts: readonly string[]): readonly RegExp[] | string {
  try {
    return texts.map((text) => new RegExp(text, 'u'));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
