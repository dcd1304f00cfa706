import type { CatAnswer } from '../../control/answers.ts';
import { isGlob } from '../../control/glob.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { paint } from '../text/style.ts';
import { unitArgument } from '../unit-argument.ts';
import { requestUnitFiles } from '../request-unit-files.ts';
import { complain, print, printJson, request, type Invocation, type Verb, type VerbRun } from '../verb.ts';

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
    const json = hasOption(call.options, 'json');
    const units: CatAnswer['units'][number][] = [];
    let isFirst = true;
    let isComplete = true;
    // One by one: what can be shown beside a unit without files is shown.
    for (const word of call.words) {
      const unit = unitArgument(word);
      const reply = yield* isGlob(unit) ? request('cat', { units: [unit] }) : requestUnitFiles(unit);
      if (!reply.ok) {
        yield* complain(reply.failure.message);
        isComplete = false;
        continue;
      }
      units.push(...reply.value.units);
      if (json) continue;
      for (const unit of reply.value.units) {
        yield* printFiles(call, unit, isFirst);
        isFirst = false;
      }
    }
    if (json) yield* printJson(units);
    return isComplete ? EXIT.done : EXIT.failed;
  },
};

function* printFiles(call: Invocation, unit: CatAnswer['units'][number], isFirst: boolean): VerbRun<void> {
  if (unit.needsReload) yield* complain(`# Warning: the files of ${unit.unit} changed on disk; this is what they are now, and not what is loaded.\n# Run "${call.program} daemon-reload" to read them again.`);
  let first = isFirst;
  for (const file of unit.files) {
    if (!first) yield* print('\n');
    first = false;
    yield* print(paint(call.terminal, 'busy', file.path === '/dev/null' ? `# Unit ${unit.unit} is masked.` : `# ${file.path}`));
    yield* print(file.text);
  }
}
