import type { JobAnswer, ShowAnswer } from '../../control/answers.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption, optionList, type Options } from '../options.ts';
import { expandPatterns } from '../expand-patterns.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, request, type Invocation, type Verb, type VerbRun } from '../verb.ts';

/** Units asked for at once: each may have three hundred properties, and others want the manager too. */
const PORTION = 16;

export const show: Verb = {
  name: 'show',
  aliases: [],
  group: 'Units',
  synopsis: '[UNIT…|JOB…]',
  summary: 'Print properties of units, of jobs by their numbers, or of the manager',
  operand: 'units-optional',
  options: ['property', 'P', 'value', 'all', 'json'],
  runs: 'manager',
  *run(call) {
    const names = propertiesAsked(call.options);
    // An empty list was asked for: without this it would mean all of them.
    if (names.length === 0 && (hasOption(call.options, 'property') || hasOption(call.options, 'P'))) return EXIT.done;
    const units = yield* expandPatterns(call.words.map((word) => (isJobNumber(word) ? word : unitArgument(word))));
    const jobs = units.some(isJobNumber) ? yield* jobsByNumber() : NO_JOBS;
    const collected: { readonly unit: string; readonly properties: Readonly<Record<string, string>> }[] = [];
    // Without a unit the manager is shown: one request with no names at all.
    for (let at = 0; at === 0 || at < units.length; at += PORTION) {
      if (call.words.length > 0 && units.length === 0) break;
      const portion = units.slice(at, at + PORTION);
      const missing = portion.find((word) => isJobNumber(word) && !jobs.has(Number(word)));
      if (missing !== undefined) {
        yield* complain(`Failed to get properties: Job ${missing} does not exist. A unit of that name is ${missing}.service.`);
        return EXIT.failed;
      }
      const asked = portion.filter((word) => !isJobNumber(word));
      const reply = asked.length === 0 && portion.length > 0 ? NOTHING_ASKED : yield* request('show', { units: asked, properties: names });
      if (!reply.ok) {
        yield* complain(`Failed to get properties: ${reply.failure.message}`);
        return EXIT.failed;
      }
      const shown = inOrder(portion, jobs, names, reply.value.units);
      if (hasOption(call.options, 'json')) {
        collected.push(...shown);
        continue;
      }
      for (const [index, unit] of shown.entries()) {
        if (at + index > 0) yield* print('\n');
        yield* printProperties(call, unit.properties, names);
      }
    }
    if (hasOption(call.options, 'json')) yield* printJson(collected);
    return EXIT.done;
  },
};

type Shown = ShowAnswer['units'][number];

const NO_JOBS: ReadonlyMap<number, JobAnswer> = new Map();
const NOTHING_ASKED = { ok: true, value: { units: [] } } as const;

/** systemctl(1), "show": a number is a job; the service of that name is asked for with its type. */
function isJobNumber(word: string): boolean {
  return /^\d+$/.test(word);
}

function* jobsByNumber(): VerbRun<ReadonlyMap<number, JobAnswer>> {
  const reply = yield* request('list-jobs', { units: [] });
  return reply.ok ? new Map(reply.value.jobs.map((job) => [job.job, job])) : NO_JOBS;
}

/** Jobs and units in the order in which they were asked for. */
function inOrder(words: readonly string[], jobs: ReadonlyMap<number, JobAnswer>, names: readonly string[], units: readonly Shown[]): readonly Shown[] {
  if (!words.some(isJobNumber)) return units;
  let next = 0;
  return words.flatMap((word) => {
    const job = isJobNumber(word) ? jobs.get(Number(word)) : undefined;
    return job === undefined ? units[next++] ?? [] : { unit: job.unit, properties: jobProperties(job, names) };
  });
}

/** The properties of a job as systemd names them, in its order. */
function jobProperties(job: JobAnswer, names: readonly string[]): Shown['properties'] {
  const all = { Id: String(job.job), Unit: job.unit, JobType: job.type, State: job.state };
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.length === 0 || names.includes(name)));
}

function propertiesAsked(options: Options): readonly string[] {
  return [...optionList(options, 'property'), ...optionList(options, 'P')];
}

/** Empty properties are shown only when asked for: systemctl(1), "--all" and "--property". */
function* printProperties(call: Invocation, properties: Readonly<Record<string, string>>, names: readonly string[]): VerbRun<void> {
  const onlyValues = hasOption(call.options, 'value') || hasOption(call.options, 'P');
  const showEmpty = hasOption(call.options, 'all') || names.length > 0;
  let text = '';
  for (const [name, value] of Object.entries(properties)) {
    if (onlyValues) {
      text += `${value}\n`;
      continue;
    }
    if (value === '' && !showEmpty) continue;
    // A property with several values, such as ExecStart=, has a line for each.
    for (const line of value.split('\n')) text += `${name}=${line}\n`;
  }
  yield* print(text);
}
