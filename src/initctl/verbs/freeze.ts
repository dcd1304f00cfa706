/** freeze and thaw. */
import { exitStatusOfFailure, EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, printJson, request, type Verb } from '../verb.ts';

function freezeVerb(name: 'freeze' | 'thaw', summary: string): Verb {
  return {
    name,
    aliases: [],
    group: 'Units',
    synopsis: 'UNIT…',
    summary,
    operand: 'units',
    options: ['json'],
    runs: 'manager',
    *run(call) {
      const reply = yield* request('freeze', { units: unitArguments(call.words), freeze: name === 'freeze' });
      if (!reply.ok) {
        yield* complain(`Failed to ${name} unit ${reply.failure.unit ?? call.words.join(' ')}: ${reply.failure.message}`);
        return exitStatusOfFailure(reply.failure.name, call.program);
      }
      if (hasOption(call.options, 'json')) yield* printJson({});
      return EXIT.done;
    },
  };
}

export const freeze = freezeVerb('freeze', "Stop units' processes where they stand");
export const thaw = freezeVerb('thaw', 'Let frozen units go on');
