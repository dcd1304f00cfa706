import { DIRECTORY_KINDS } from '../../control/requests.ts';
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption, optionList } from '../options.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

type Kind = (typeof DIRECTORY_KINDS)[number];

/** Source: systemctl(1), "--what": without it. */
const USUAL: readonly Kind[] = ['cache', 'runtime'];

function isKind(word: string): word is Kind {
  return (DIRECTORY_KINDS as readonly string[]).includes(word);
}

export const clean: Verb = {
  name: 'clean',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Remove the directories of units that are down',
  operand: 'units',
  options: ['what', 'json'],
  runs: 'manager',
  *run(call) {
    const wanted = optionList(call.options, 'what').flatMap((text) => text.split(','));
    if (wanted.includes('help')) {
      yield* print([...DIRECTORY_KINDS, 'all'].join('\n'));
      return EXIT.done;
    }
    const wrong = wanted.find((word) => word !== 'all' && !isKind(word));
    if (wrong !== undefined) {
      yield* complain(`"${wrong}" cannot be cleaned: --what is ${DIRECTORY_KINDS.join(', ')} or all`);
      return call.program === 'systemctl' ? EXIT.failed : EXIT.usage;
    }
    const what = wanted.includes('all') ? DIRECTORY_KINDS : wanted.length === 0 ? USUAL : wanted.filter(isKind);
    const reply = yield* request('clean', { units: unitArguments(call.words), what });
    if (!reply.ok) {
      yield* complain(`Failed to clean unit ${reply.failure.unit ?? call.words.join(' ')}: ${reply.failure.message}`);
      return exitStatusOfFailure(reply.failure.name, call.program);
    }
    if (hasOption(call.options, 'json')) yield* printJson({});
    return EXIT.done;
  },
};
