import type { Usec } from '../../base/brand.ts';
import type { CrashPeaks, CrashRecord } from '../../control/crash-record.ts';
import { isGlob, matchesGlob } from '../../control/glob.ts';
import { formatTimeSpan } from '../../core/time/time-span.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { formatAgo, formatBytes } from '../text/duration.ts';
import { renderFields, type Field } from '../text/fields.ts';
import { formatInstant } from '../text/instant.ts';
import { describeEnd } from '../text/process-end.ts';
import { paint } from '../text/style.ts';
import { renderTable } from '../text/table.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, type CrashFiles, type FileOutcome, type Invocation, type Verb, type VerbRun } from '../verb.ts';
import { wantsLegend } from '../list-layout.ts';

type Found = CrashFiles['records'][number];

export const crash: Verb = {
  name: 'crash',
  aliases: ['crashes'],
  group: 'Explanations',
  synopsis: '[list|show|export [RECORD]]',
  summary: 'What is on record of the failures of units: process, resources, last lines, what came before',
  details: [
    'crash [list [UNIT…]]                  the records there are, the newest first',
    'crash show [RECORD|UNIT]              one of them, the newest of the unit or of all',
    'crash export [RECORD|UNIT [FILE]]     the same as JSON, to a file or standard output',
  ],
  operand: 'free',
  options: ['no-legend', 'full', 'json'],
  runs: 'node',
  *run(call) {
    const [what = 'list', ...words] = call.words;
    switch (what) {
      case 'list': return yield* list(call, words);
      case 'show': return words.length > 1 ? yield* usage(call) : yield* show(call, words[0]);
      case 'export': return words.length > 2 ? yield* usage(call) : yield* exportRecord(call, words[0], words[1]);
      default: return yield* usage(call);
    }
  },
};

function* usage(call: Invocation): VerbRun {
  yield* complain(`${call.program} crash takes "list [UNIT…]", "show [RECORD|UNIT]" or "export [RECORD|UNIT [FILE]]"`);
  return EXIT.usage;
}

function* list(call: Invocation, words: readonly string[]): VerbRun {
  const records = (yield* readAll()).filter(({ record }) => words.length === 0 || words.some((word) => isOf(record, word)));
  if (hasOption(call.options, 'json')) {
    yield* printJson(records.map(({ id, record: { lines: _lines, before: _before, ...record } }) => ({ id: shortId(id), ...record })));
    return EXIT.done;
  }
  const legend = wantsLegend(call);
  const rows = records.map(({ id, record }) => [
    { text: shortId(id) }, { text: formatInstant(record.times.failedUsec) }, { text: record.unit, tone: 'bad' as const },
    { text: record.result }, { text: record.why },
  ]);
  if (rows.length > 0) yield* print(renderTable({ header: legend ? ['RECORD', 'FAILED', 'UNIT', 'RESULT', 'WHY'] : null, rows, elastic: hasOption(call.options, 'full') ? [] : [4, 2] }, call.terminal));
  if (legend) yield* print(`${rows.length > 0 ? '\n' : ''}${paint(call.terminal, 'strong', `${String(rows.length)} ${rows.length === 1 ? 'failure' : 'failures'} on record.`)}`);
  return EXIT.done;
}

function* show(call: Invocation, word: string | undefined): VerbRun {
  const found = yield* findOne(call, word);
  if (found === null) return EXIT.failed;
  if (hasOption(call.options, 'json')) yield* printJson({ id: shortId(found.id), ...found.record });
  else yield* print(renderRecord(call, found));
  return EXIT.done;
}

function* exportRecord(call: Invocation, word: string | undefined, file: string | undefined): VerbRun {
  const found = yield* findOne(call, word);
  if (found === null) return EXIT.failed;
  const text = `${JSON.stringify({ id: shortId(found.id), ...found.record }, null, 2)}\n`;
  if (file === undefined || file === '-') {
    yield* print(text);
    return EXIT.done;
  }
  const outcome = (yield { step: 'write-file', path: file, text }) as FileOutcome;
  if (!outcome.ok) yield* complain(outcome.error);
  return outcome.ok ? EXIT.done : EXIT.failed;
}

/** The record that is meant; without a word, or with a unit's name, the newest one. */
function* findOne(call: Invocation, word: string | undefined): VerbRun<Found | null> {
  const records = yield* readAll();
  const isId = word !== undefined && /^[0-9a-f]{6,16}$/.test(word);
  const fitting = records.filter(({ id, record }) => word === undefined || isOf(record, word) || (isId && shortId(id).startsWith(word)));
  const [newest] = fitting;
  if (newest === undefined) {
    yield* complain(word === undefined ? 'No failure is on record.' : `No failure is on record for ${word} (${call.program} crash list shows what there is)`);
    return null;
  }
  if (isId && fitting.length > 1) {
    yield* complain(`${word} may mean each of ${fitting.map(({ id }) => id).join(', ')}: add digits, or say the unit`);
    return null;
  }
  return newest;
}

function* readAll(): VerbRun<readonly Found[]> {
  const { records, problems } = (yield { step: 'read-crashes' }) as CrashFiles;
  for (const problem of problems) yield* complain(problem);
  return records;
}

function isOf(record: CrashRecord, word: string): boolean {
  const name = unitArgument(word);
  return isGlob(name) ? matchesGlob(name, record.unit) : name === record.unit;
}

/** The instant without the zeros in front: what is shown, and enough to be found by. */
function shortId(id: string): string {
  return id.slice(0, 16).replace(/^0+/, '');
}

function renderRecord(call: Invocation, { id, record }: Found): string {
  const { times, process } = record;
  const ran = times.activeUsec >= times.startingUsec && times.activeUsec > 0 && times.failedUsec > times.activeUsec ? times.failedUsec - times.activeUsec : null;
  const fields: Field[] = [
    ['Record', shortId(id)],
    ['Unit', record.unit],
    ['Failed', `${formatInstant(times.failedUsec)}; ${formatAgo(times.failedUsec, call.nowUsec)}${ran === null ? '' : ` (was up for ${spanText(ran)})`}`],
    ['Result', record.result],
    ['Why', record.why],
    ...(process === null ? [] : [['Process', `${String(process.pid)} ${process.role}= (${describeEnd(process)}), ran for ${spanText(Math.max(0, process.endedUsec - process.startedUsec))}`] satisfies Field]),
    ...(record.statusText === '' ? [] : [['Status', `"${record.statusText}"`] satisfies Field]),
    ['Then', record.willRestart ? `a restart was due (${String(record.restarts)} before)` : 'it stayed failed'],
    ...(record.skipped === 0 ? [] : [['Not recorded', `${String(record.skipped)} failures before this one: they came too fast`] satisfies Field]),
    ...renderPeaks(record.peaks),
    ['Invocation', record.invocationId ?? '-'],
    ['Revision', record.revision],
    ['Files', record.files.join(', ') || '-'],
    ['Boot', `${record.bootId}, heartwood ${record.heartwood}`],
  ];
  const before = record.before.map(({ atUsec, unit, activeState, subState }) => `  ${formatInstant(atUsec)}  ${unit}: ${activeState} (${subState})`);
  return [
    renderFields(fields),
    before.length === 0 ? '' : `\nBefore it:\n${before.join('\n')}\n`,
    record.lines.length === 0 ? '\nThere are no lines of it.\n' : `\nLast lines:\n${record.lines.map((line) => `  ${line}`).join('\n')}\n`,
  ].join('');
}

function renderPeaks({ memoryPeakBytes, tasksPeak, cpuUsec, oomKills, processMaxRssBytes, processUserUsec, processSystemUsec }: CrashPeaks): readonly Field[] {
  const all: readonly (Field | null)[] = [
    memoryPeakBytes === null ? null : ['Memory peak', formatBytes(memoryPeakBytes)],
    tasksPeak === null ? null : ['Tasks peak', String(tasksPeak)],
    cpuUsec === null ? null : ['CPU', spanText(cpuUsec)],
    oomKills === null || oomKills === 0 ? null : ['OOM kills', String(oomKills)],
    processMaxRssBytes === null ? null : ['Process', `${formatBytes(processMaxRssBytes)} resident at most, CPU ${spanText((processUserUsec ?? 0) + (processSystemUsec ?? 0))}`],
  ];
  return all.filter((field) => field !== null);
}

/** To the millisecond: what is below says nothing about a failure. */
function spanText(usec: number): string {
  return formatTimeSpan(usec as Usec, 1000 as Usec);
}
