import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

/** Source: systemctl(1), the table of "is-enabled". */
const ENABLED: readonly string[] = ['enabled', 'enabled-runtime', 'static', 'alias', 'indirect', 'generated', 'transient'];

export const isEnabled: Verb = {
  name: 'is-enabled',
  aliases: [],
  group: 'Unit files',
  synopsis: 'UNIT…',
  summary: 'Print whether units are enabled; exit status 0 if any is',
  operand: 'unit-files',
  options: ['quiet', 'full', 'root', 'json'],
  runs: 'manager',
  *run(call) {
    const path = call.words.find((word) => word.startsWith('/'));
    if (path !== undefined) {
      yield* complain(`Failed to get unit file state for ${path}: Invalid argument`);
      return EXIT.failed;
    }
    const reply = yield* request('is-enabled', { units: unitArguments(call.words), links: hasOption(call.options, 'full') || hasOption(call.options, 'json') });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value.units);
    for (const { unit, state, links } of reply.value.units) {
      if (state === '') {
        // As systemctl: the first unit without a file ends it.
        yield* complain(`Failed to get unit file state for ${unit}: No such file or directory`);
        return EXIT.failed;
      }
      if (!hasOption(call.options, 'quiet') && !hasOption(call.options, 'json')) {
        yield* print([state, ...(hasOption(call.options, 'full') ? links : []).map((link) => `  ${link}`)].join('\n'));
      }
    }
    return reply.value.units.some(({ state }) => ENABLED.includes(state)) ? EXIT.done : EXIT.failed;
  },
};
