import type { UnitSummary } from '../../control/answers.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption, optionList } from '../options.ts';
import { formatAgo } from '../text/duration.ts';
import { dotOf, paint, toneOf } from '../text/style.ts';
import { renderTable, type Cell } from '../text/table.ts';
import { harmless } from '../text/width.ts';
import { checkFilters, isLoadState, UNIT_STATES } from '../unit-filters.ts';
import { checkOutputFormat, jsonFormat, printJsonTable, type JsonRow } from '../json-table.ts';
import { countLine, elasticity, lastOfTheirTypes, wantsLegend } from '../list-layout.ts';
import { listNotStarted } from '../not-started.ts';
import { listPatterns } from '../unit-argument.ts';
import { complain, print, printJson, request, type Invocation, type Verb, type VerbRun } from '../verb.ts';

/** `list` is the short table for people, `list-units` is systemctl's. */
export const listUnits: Verb = {
  name: 'list-units',
  aliases: ['list'],
  group: 'Units',
  synopsis: '[PATTERN…]',
  summary: 'List the units that are loaded',
  operand: 'patterns',
  options: ['all', 'type', 'state', 'failed', 'not-started', 'no-legend', 'plain', 'full', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const filters = (yield* checkFilters(call, UNIT_STATES)) ?? (yield* checkOutputFormat(call));
    if (filters !== null) return filters;
    if (hasOption(call.options, 'not-started')) return yield* listNotStarted(call);
    const states = [...optionList(call.options, 'state'), ...(hasOption(call.options, 'failed') ? ['failed'] : [])];
    const reply = yield* request('list-units', {
      patterns: listPatterns(call),
      all: hasOption(call.options, 'all') || states.length > 0,
      types: optionList(call.options, 'type'),
      states,
    });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const format = jsonFormat(call);
    if (hasOption(call.options, 'json')) yield* printJson(reply.value.units);
    else if (format !== null) yield* printJsonTable(format, jsonRows(reply.value.units));
    else if (call.verb === 'list' && call.program === 'initctl') yield* shortTable(call, reply.value.units, reply.value.nowUsec);
    else yield* systemctlTable(call, reply.value.units);
    return EXIT.done;
  },
};

function jsonRows(units: readonly UnitSummary[]): readonly JsonRow[] {
  const withJobs = units.some((unit) => unit.job !== null);
  return units.map((unit) => ({
    unit: unit.unit, load: unit.load, active: unit.active, sub: unit.sub, ...(withJobs ? { job: unit.job?.type ?? null } : {}), description: unit.description,
  }));
}

/** The tone of a row: what systemctl colours it by. */
function lead(call: Invocation, unit: UnitSummary): Cell {
  const special = unit.active === 'failed' || (unit.load !== 'loaded' && unit.load !== 'masked');
  if (special) return { text: call.terminal.unicode ? '●' : '*', tone: unit.active === 'failed' ? 'bad' : 'warn' };
  return unit.load === 'masked' ? { text: call.terminal.unicode ? '○' : '*' } : { text: ' ' };
}

function* systemctlTable(call: Invocation, units: readonly UnitSummary[]): VerbRun<void> {
  const legend = wantsLegend(call);
  const plain = hasOption(call.options, 'plain');
  const withJobs = units.some((unit) => unit.job !== null);
  const rows = units.map((unit): Cell[] => {
    const tone = toneOf(unit.active, unit.load);
    const rowTone = !plain && (tone === 'bad' || tone === 'warn') ? tone : 'plain';
    return [
      { text: unit.unit, tone: rowTone }, { text: unit.load, tone: plain || unit.load === 'loaded' ? 'plain' : 'warn' }, { text: unit.active, tone: rowTone }, { text: unit.sub, tone: rowTone },
      ...(withJobs ? [{ text: unit.job?.type ?? '' }] : []),
      { text: harmless(unit.description) },
    ];
  });
  if (rows.length > 0 || legend) {
    yield* print(renderTable({
      header: legend ? ['UNIT', 'LOAD', 'ACTIVE', 'SUB', ...(withJobs ? ['JOB'] : []), 'DESCRIPTION'] : null,
      rows,
      ...elasticity(call),
      ruled: lastOfTheirTypes(units.map(({ unit }) => unit)),
      ...(plain ? {} : { leads: units.map((unit) => lead(call, unit)) }),
    }, call.terminal));
  }
  if (!legend) return;
  if (rows.length > 0) {
    yield* print('\nLOAD   = Reflects whether the unit definition was properly loaded.\n'
      + 'ACTIVE = The high-level unit activation state, i.e. generalization of SUB.\n'
      + 'SUB    = The low-level unit activation state, values depend on unit type.\n'
      + (withJobs ? 'JOB    = Pending job for the unit.\n' : ''));
  }
  // Who asked for states has asked for those that are down as well, and not for all there are.
  const { state = [], failed = [] } = call.options;
  const isAll = hasOption(call.options, 'all');
  if (!isAll && (state.length > 0 || failed.length > 0 || optionList(call.options, 'type').some(isLoadState))) yield* print(`${String(units.length)} loaded units listed.`);
  else {
    const dim = (text: string): string => paint(call.terminal, 'dim', text);
    yield* print(`${countLine(call, units.length, 'loaded units')}${isAll ? '' : ` ${dim('Pass --all to see loaded but inactive units, too.')}`}\n${dim(`To show all installed unit files use '${call.program} list-unit-files'.`)}`);
  }
}

function* shortTable(call: Invocation, units: readonly UnitSummary[], nowUsec: number): VerbRun<void> {
  const rows = units.map((unit): Cell[] => {
    const tone = toneOf(unit.active, unit.load);
    const job = unit.job === null ? '' : ` ← ${unit.job.type} ${unit.job.state}`;
    const state = unit.load !== 'loaded' ? unit.load : unit.active === unit.sub ? unit.active : `${unit.active} (${unit.sub})`;
    const restarts = unit.restarts > 0 ? `, ${unit.restarts} restart${unit.restarts === 1 ? '' : 's'}` : '';
    return [
      { text: unit.unit },
      { text: `${state}${call.terminal.unicode ? job : job.replace('←', '<-')}${restarts}`, tone },
      { text: unit.sinceUsec > 0 ? formatAgo(unit.sinceUsec, nowUsec) : '' },
      { text: unit.mainPid === null ? '' : String(unit.mainPid) },
      { text: harmless(unit.description) },
    ];
  });
  if (rows.length === 0) {
    if (wantsLegend(call)) yield* print('No units match.');
    return;
  }
  const plain = hasOption(call.options, 'plain');
  yield* print(renderTable({
    header: wantsLegend(call) ? ['UNIT', 'STATE', 'SINCE', 'PID', 'DESCRIPTION'] : null,
    rows,
    right: [3],
    elastic: hasOption(call.options, 'full') ? [] : [4, 0, 1],
    ...(plain ? {} : { leads: units.map((unit) => ({ text: dotOf(call.terminal, unit.active), tone: toneOf(unit.active, unit.load) })) }),
  }, call.terminal));
}
