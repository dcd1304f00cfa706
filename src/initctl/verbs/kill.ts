import { EXIT, exitStatusOf } from '../exit-status.ts';
import { hasOption, optionText } from '../options.ts';
import { signalNumber } from '../text/process-end.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, printJson, request, type Verb } from '../verb.ts';

const WHOM = ['all', 'main', 'control'] as const;

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
      yield* complain(`"${optionText(call.options, 'signal') ?? ''}" is no signal`);
      return EXIT.usage;
    }
    const whom = optionText(call.options, 'kill-whom') ?? optionText(call.options, 'kill-who') ?? 'all';
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
      yield* complain(`Failed to kill ${reply.failure.unit ?? call.words.join(' ')}: ${reply.failure.message}`);
      return exitStatusOf(reply.failure.name);
    }
    if (hasOption(call.options, 'json')) yield* printJson({});
    return EXIT.done;
  },
};
