import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption, optionText } from '../options.ts';
import { signalNumber } from '../text/process-end.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, printJson, request, type Verb } from '../verb.ts';

const WHOM = ['all', 'main', 'control'] as const;
/** Behind one of them: nothing to signal is a failure, with `all` too. Source: systemctl(1), "--kill-whom". */
const OR_FAIL = '-fail';

export const kill: Verb = {
  name: 'kill',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: "Send a signal to units' processes",
  operand: 'units',
  options: ['signal', 'kill-whom', 'kill-value', 'json'],
  runs: 'manager',
  *run(call) {
    const signal = signalNumber(optionText(call.options, 'signal') ?? 'TERM');
    if (signal === null) {
      yield* complain(`Failed to parse signal string "${optionText(call.options, 'signal') ?? ''}".`);
      return EXIT.usage;
    }
    const asked = optionText(call.options, 'kill-whom') ?? optionText(call.options, 'kill-who') ?? 'all';
    const whom = asked.endsWith(OR_FAIL) ? asked.slice(0, -OR_FAIL.length) : asked;
    if (!(WHOM as readonly string[]).includes(whom)) {
      yield* complain(`--kill-whom must be one of ${WHOM.join(', ')}`);
      return EXIT.usage;
    }
    const valueText = optionText(call.options, 'kill-value');
    const value = valueText === null ? null : Number(valueText);
    if (value !== null && !Number.isInteger(value)) {
      yield* complain('--kill-value must be a whole number');
      return EXIT.usage;
    }
    const reply = yield* request('kill', { units: unitArguments(call.words), whom: whom as (typeof WHOM)[number], signal, value });
    if (!reply.ok) {
      // To systemctl it is no failure that there is nothing left of a unit.
      if (call.program === 'systemctl' && reply.failure.name === 'no-process' && asked === 'all') return EXIT.done;
      yield* complain(`Failed to kill unit ${reply.failure.unit ?? call.words.join(' ')}: ${reply.failure.message}`);
      return exitStatusOfFailure(reply.failure.name, call.program);
    }
    if (hasOption(call.options, 'json')) yield* printJson({});
    return EXIT.done;
  },
};
