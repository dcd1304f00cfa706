/** get-default and set-default. */
import { EXIT, exitStatusOf } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { mangleUnitName } from '../../core/unit/unit-name.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const getDefault: Verb = {
  name: 'get-default',
  aliases: [],
  group: 'Unit files',
  synopsis: '',
  summary: 'Print the target to boot into',
  operand: 'none',
  options: ['root', 'json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('get-default', {});
    if (!reply.ok) {
      yield* complain(`Failed to get default target: ${reply.failure.message}`);
      return EXIT.failed;
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value);
    else yield* print(reply.value.unit);
    return EXIT.done;
  },
};

export const setDefault: Verb = {
  name: 'set-default',
  aliases: [],
  group: 'Unit files',
  synopsis: 'TARGET',
  summary: 'Choose the target to boot into',
  operand: 'unit-files',
  options: ['root', 'quiet', 'json'],
  runs: 'manager',
  *run(call) {
    const [word] = call.words;
    if (word === undefined || call.words.length !== 1) {
      yield* complain(`${call.program} set-default: exactly one target`);
      return EXIT.usage;
    }
    const reply = yield* request('change-unit-files', { operation: 'set-default', units: [mangleUnitName(word, 'target') ?? word] });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return exitStatusOf(reply.failure.name);
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value);
    else if (!hasOption(call.options, 'quiet')) for (const line of reply.value.lines) yield* complain(line);
    return EXIT.done;
  },
};
