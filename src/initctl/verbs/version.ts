import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const version: Verb = {
  name: 'version',
  aliases: [],
  group: 'Tools',
  synopsis: '',
  summary: 'Print the version of the manager',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('manager', {});
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { version: number, mode, pid } = reply.value;
    if (hasOption(call.options, 'json')) yield* printJson({ version: number, mode, pid });
    else yield* print(`heartwood ${number}`);
    return EXIT.done;
  },
};
