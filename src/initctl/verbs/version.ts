import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

/** Set when the program is built. */
declare const HEARTWOOD_VERSION: string | undefined;
const OWN_VERSION = typeof HEARTWOOD_VERSION === 'string' ? HEARTWOOD_VERSION : '(not built)';

export const version: Verb = {
  name: 'version',
  aliases: [],
  group: 'Tools',
  synopsis: '',
  summary: 'Print the version of the manager, or of this program when no manager answers',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('manager', {});
    if (!reply.ok) {
      if (hasOption(call.options, 'json')) yield* printJson({ version: OWN_VERSION, mode: null, pid: null });
      else yield* print(`heartwood ${OWN_VERSION}`);
      yield* complain(`${call.program}: ${reply.failure.message}`);
      return EXIT.done;
    }
    const { version: number, mode, pid } = reply.value;
    if (hasOption(call.options, 'json')) yield* printJson({ version: number, mode, pid });
    else yield* print(`heartwood ${number}`);
    return EXIT.done;
  },
};
