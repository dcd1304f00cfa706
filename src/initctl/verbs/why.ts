import { EXIT } from '../exit-status.ts';
import { renderChain } from '../explain.ts';
import { hasOption, optionText } from '../options.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

/** The end of what a service said, which is where it says what was wrong. */
const LOG_LINES = 5;
const LOG_LINES_MAX = 10_000;
/** Causes that are the unit's own processes'. */
const SPOKE: ReadonlySet<string> = new Set(['exit', 'timeout', 'watchdog', 'oom-kill', 'protocol', 'spawn-failed', 'ended']);

export const why: Verb = {
  name: 'why',
  aliases: [],
  group: 'Explanations',
  synopsis: 'UNIT…',
  summary: 'Tell why a unit is as it is, back to the cause, its line in a file, and its last words',
  operand: 'units',
  options: ['lines', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const lines = Number(optionText(call.options, 'lines') ?? LOG_LINES);
    if (!Number.isInteger(lines) || lines < 0 || lines > LOG_LINES_MAX) {
      yield* complain(`--lines must be a whole number up to ${String(LOG_LINES_MAX)}`);
      return EXIT.usage;
    }
    let exit: number = EXIT.done;
    const answers: unknown[] = [];
    for (const word of call.words) {
      const reply = yield* request('why', { unit: unitArgument(word) });
      if (!reply.ok) {
        yield* complain(reply.failure.message);
        exit = EXIT.noSuchUnit;
        continue;
      }
      if (hasOption(call.options, 'json')) answers.push(reply.value);
      else {
        yield* print(renderChain(reply.value, call.terminal).map((line) => `${line}\n`).join(''));
        const root = reply.value.links.at(-1);
        // What a process that failed said last is the rest of the answer; nothing was said by what never ran.
        if (root !== undefined && SPOKE.has(root.code) && lines > 0) {
          yield { step: 'log', tail: { unit: root.unit, invocationId: root.invocationId, lines, output: optionText(call.options, 'output') ?? 'short' } };
        }
      }
      if (reply.value.load === 'not-found') exit = EXIT.noSuchUnit;
    }
    if (hasOption(call.options, 'json')) yield* printJson(answers);
    return exit;
  },
};
