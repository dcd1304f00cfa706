import type { RealtimeUsec } from '../../base/brand.ts';
import { formatCalendar, parseCalendar, USEC_PER_SECOND, type CalendarProblem, type CalendarSpec } from '../../core/time/calendar.ts';
import { nextElapse } from '../../core/time/calendar-elapse.ts';
import { civilAt, weekdayOf } from '../../core/time/civil-time.ts';
import { localTimeType, UTC_ZONE, type TimeZone } from '../../core/time/time-zone.ts';
import { parseTimeSpan } from '../../core/time/time-span.ts';
import { EXIT } from '../exit-status.ts';
import { parseInstant } from '../instant-argument.ts';
import { hasOption, optionText, type Options } from '../options.ts';
import { renderFields, type Field } from '../text/fields.ts';
import { formatAgo } from '../text/duration.ts';
import { complain, print, printJson, type TimeZones, type Verb, type VerbRun } from '../verb.ts';

const PROBLEM_TEXTS: Readonly<Record<CalendarProblem, string>> = {
  'not-calendar': 'Invalid argument',
  'out-of-range': 'Numerical result out of range',
  'too-long': 'No buffer space available',
};
/** More than anybody reads, and quickly computed. */
const ITERATIONS_MAX = 100_000;

/** Prints what systemd-analyze(1) `calendar` prints. */
export const calendar: Verb = {
  name: 'calendar',
  aliases: [],
  group: 'Tools',
  synopsis: 'EXPRESSION…',
  summary: 'Show what a calendar expression means and when it elapses next',
  operand: 'free',
  options: ['iterations', 'base-time', 'json'],
  runs: 'node',
  *run(call) {
    const counts = readCounts(call.options, call.nowUsec);
    if (typeof counts === 'string') {
      yield* complain(counts);
      return EXIT.failed;
    }
    if (call.words.length === 0) {
      yield* complain('Too few arguments.');
      return EXIT.failed;
    }
    const zones = (yield { step: 'time-zones' }) as TimeZones;
    const answers: object[] = [];
    let exit: number = EXIT.done;
    for (const [index, text] of call.words.entries()) {
      const spec = parseCalendar(text, zones.surroundings);
      if (spec.ok) {
        const elapses = elapsesOf(spec.value, zones, counts);
        answers.push({ expression: text, normalized: formatCalendar(spec.value), elapsesUsec: elapses });
        if (!hasOption(call.options, 'json')) yield* print(render(text, spec.value, { elapses, zones, nowUsec: call.nowUsec, iterations: counts.iterations }));
      } else {
        exit = EXIT.failed;
        answers.push({ expression: text, problem: PROBLEM_TEXTS[spec.problem] });
        yield* complainOf(text, spec.problem, call.nowUsec);
      }
      if (index + 1 < call.words.length && !hasOption(call.options, 'json')) yield* print('\n');
    }
    if (hasOption(call.options, 'json')) yield* printJson(answers);
    return exit;
  },
};

interface Counts {
  readonly iterations: number;
  readonly fromUsec: number;
}

function readCounts(options: Options, nowUsec: number): Counts | string {
  const iterations = optionText(options, 'iterations') ?? '1';
  if (!/^\s*\+?\d+$/.test(iterations)) return `Failed to parse iterations: ${iterations}`;
  const base = optionText(options, 'base-time');
  const fromUsec = base === null ? nowUsec : parseInstant(base, nowUsec);
  if (fromUsec === null) return `Failed to parse --base-time= parameter: ${base ?? ''}`;
  return { iterations: Math.min(Number(iterations), ITERATIONS_MAX), fromUsec };
}

function elapsesOf(spec: CalendarSpec, zones: TimeZones, { iterations, fromUsec }: Counts): readonly number[] {
  const zone = spec.zone.kind === 'named' ? (zones.find(spec.zone.name) ?? UTC_ZONE) : zones.local;
  const found: number[] = [];
  let atUsec = fromUsec as RealtimeUsec;
  while (found.length < iterations) {
    const next = nextElapse(spec, atUsec, zone);
    if (next === null) break;
    found.push(next);
    atUsec = next;
  }
  return found;
}

function render(text: string, spec: CalendarSpec, { elapses, zones, nowUsec, iterations }: {
  readonly elapses: readonly number[];
  readonly zones: TimeZones;
  readonly nowUsec: number;
  readonly iterations: number;
}): string {
  const normal = formatCalendar(spec);
  const fields: Field[] = [];
  if (normal !== text) fields.push(['Original form', text]);
  fields.push(['Normalized form', normal]);
  const isLocalUtc = zones.local.transitions.length === 0 && zones.local.first.offsetSeconds === 0 && (zones.local.rule?.summer ?? null) === null;
  if (elapses.length === 0 && iterations > 0) fields.push(['Next elapse', 'never']);
  for (const [index, atUsec] of elapses.entries()) {
    fields.push([index === 0 ? 'Next elapse' : `Iter. #${index + 1}`, formatZoned(atUsec, zones.local)]);
    if (!isLocalUtc) fields.push(['(in UTC)', formatZoned(atUsec, UTC_ZONE)]);
    fields.push(['From now', formatAgo(atUsec, nowUsec)]);
  }
  return renderFields(fields);
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

function formatZoned(atUsec: number, zone: TimeZone): string {
  const epochSeconds = Math.floor(atUsec / USEC_PER_SECOND);
  const civil = civilAt(zone, epochSeconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${String(civil.year).padStart(4, '0')}-${two(civil.month)}-${two(civil.day)}`;
  return `${DAYS[weekdayOf(civil)] as string} ${date} ${two(civil.hour)}:${two(civil.minute)}:${two(civil.second)} ${localTimeType(zone, epochSeconds).abbreviation}`;
}

function* complainOf(text: string, reason: CalendarProblem, nowUsec: number): VerbRun<void> {
  yield* complain(`Failed to parse calendar specification '${text}': ${PROBLEM_TEXTS[reason]}`);
  if (parseTimeSpan(text).ok) yield* complain(`Hint: this expression is a valid timespan. Use 'initctl timespan "${text}"' instead?`);
  else if (parseInstant(text, nowUsec) !== null) yield* complain('Hint: this expression is a valid timestamp, a single instant.');
}
