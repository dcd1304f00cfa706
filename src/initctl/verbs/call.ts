import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, printJson, request, type Verb } from '../verb.ts';

/** The command was ended by a signal. As with `run`. */
const EXIT_EXCEPTION = 255;

export const call: Verb = {
  name: 'call',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT COMMAND [ARGUMENT…]',
  summary: 'Run a command that a service has under a name',
  details: ['The commands of a service are its lines ExecCall=NAME COMMAND LINE; the arguments are put behind.'],
  operand: 'free',
  options: ['json'],
  runs: 'manager',
  *run({ program, words, options }) {
    const [word, command, ...given] = words;
    if (word === undefined) {
      yield* complain('Which unit, and which of its commands?');
      return EXIT.usage;
    }
    const reply = yield* request('call', { unit: unitArgument(word), command: command ?? '', arguments: given });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return command === undefined ? EXIT.usage : exitStatusOfFailure(reply.failure.name, program);
    }
    for (const refusal of reply.value.refused) yield* complain(refusal.message);
    const [unit] = reply.value.units;
    if (unit === undefined || reply.value.refused.length > 0) return EXIT.failed;
    const ended = yield* request('await-end', { unit });
    if (!ended.ok) {
      yield* complain(ended.failure.message);
      return EXIT.failed;
    }
    const end = ended.value;
    if (hasOption(options, 'json')) yield* printJson(end);
    if (end.result === 'success') return EXIT.done;
    if (end.result === 'exit-code' && end.status !== null && end.status > 0) return end.status;
    return end.result === 'signal' ? EXIT_EXCEPTION : EXIT.failed;
  },
};
