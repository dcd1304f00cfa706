import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { paint } from '../text/style.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const cat: Verb = {
  name: 'cat',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: "Print units' files as they are on disk",
  operand: 'units',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('cat', { units: unitArguments(call.words) });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    if (hasOption(call.options, 'json')) {
      yield* printJson(reply.value.units);
      return EXIT.done;
    }
    let first = true;
    for (const unit of reply.value.units) {
      if (unit.needsReload) yield* complain(`# Warning: the files of ${unit.unit} changed on disk; this is what they are now, and not what is loaded.\n# Run "${call.program} daemon-reload" to read them again.`);
      for (const file of unit.files) {
        if (!first) yield* print('\n');
        first = false;
        yield* print(paint(call.terminal, 'busy', `# ${file.path}`));
        yield* print(file.text);
      }
    }
    return EXIT.done;
  },
};
