import { EXIT } from '../exit-status.ts';
import { renderChain } from '../explain.ts';
import { hasOption } from '../options.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const why: Verb = {
  name: 'why',
  aliases: [],
  group: 'Explanations',
  synopsis: 'UNIT…',
  summary: 'Tell why a unit is as it is, back to the cause and its line in a file',
  operand: 'units',
  options: ['json'],
  runs: 'manager',
  *run(call) {
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
      else yield* print(renderChain(reply.value, call.terminal).map((line) => `${line}\n`).join(''));
      if (reply.value.load === 'not-found') exit = EXIT.noSuchUnit;
    }
    if (hasOption(call.options, 'json')) yield* printJson(answers);
    return exit;
  },
};
