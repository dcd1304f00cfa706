import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { bootPicture } from '../text/boot-times.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const plot: Verb = {
  name: 'plot',
  aliases: [],
  group: 'Explanations',
  synopsis: '',
  summary: 'Print a picture of the boot as SVG',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('boot-chart', {});
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value);
    else yield* print(bootPicture(reply.value));
    return EXIT.done;
  },
};
