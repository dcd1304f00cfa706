import { formatTimeSpan, parseTimeSpan, type TimeSpanProblem } from '../../core/time/time-span.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { renderFields } from '../text/fields.ts';
import { complain, print, printJson, type TimeZones, type Verb } from '../verb.ts';
import { parseCalendar } from '../../core/time/calendar.ts';
import { parseInstant } from '../instant-argument.ts';

const PROBLEM_TEXTS: Readonly<Record<TimeSpanProblem, string>> = {
  'not-a-span': 'Invalid argument',
  'out-of-range': 'Numerical result out of range',
};
/** What stands for "for ever" in 64 bits. */
const INFINITY_TEXT = '18446744073709551615';

/** Prints what systemd-analyze(1) `timespan` prints; as there, the first text that is none ends it. */
export const timespan: Verb = {
  name: 'timespan',
  aliases: [],
  group: 'Tools',
  synopsis: 'SPAN…',
  summary: 'Show what a time span means',
  operand: 'free',
  options: ['json'],
  runs: 'node',
  *run(call) {
    if (call.words.length === 0) {
      yield* complain('Too few arguments.');
      return EXIT.failed;
    }
    const asJson = hasOption(call.options, 'json');
    const answers: object[] = [];
    let exit: number = EXIT.done;
    for (const [index, text] of call.words.entries()) {
      const span = parseTimeSpan(text);
      if (!span.ok) {
        yield* complain(`Failed to parse time span '${text}': ${PROBLEM_TEXTS[span.problem]}`);
        const zones = (yield { step: 'time-zones' }) as TimeZones;
        if (parseCalendar(text, zones.surroundings).ok) yield* complain(`Hint: this expression is a valid calendar specification. Use 'initctl calendar "${text}"' instead?`);
        if (parseInstant(text, call.nowUsec) !== null) yield* complain('Hint: this expression is a valid timestamp, a single instant.');
        exit = EXIT.failed;
        break;
      }
      const usec = span.value === 'infinity' ? INFINITY_TEXT : String(span.value);
      const human = formatTimeSpan(span.value);
      answers.push({ span: text, usec: span.value, human });
      if (!asJson) yield* print(renderFields([['Original', text], [call.terminal.unicode ? 'μs' : 'us', usec], ['Human', human]]));
      if (index + 1 < call.words.length && !asJson) yield* print('\n');
    }
    if (asJson) yield* printJson(answers);
    return exit;
  },
};
