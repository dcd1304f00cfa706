/** Routes that change nothing. */
import { ENQUEUE_TYPES } from '../../control/requests.ts';
import { LOG_LINES_DEFAULT, LOG_LINES_MAX } from '../limits.ts';
import { lastLines, type LogQuestion } from '../log-lines.ts';
import type { Fields, Values } from './field.ts';
import { logSocket } from './log-socket-path.ts';
import type { Call, Outcome, Route } from './route.ts';

const PATTERNS: Fields = {
  pattern: { type: 'strings', summary: 'Shell patterns of unit names; none = all.' },
  all: { type: 'boolean', summary: 'Also units that are down and have no job.' },
};

export const LOG_FIELDS: Fields = {
  lines: { type: 'integer', max: LOG_LINES_MAX, summary: `So many of the newest lines (${LOG_LINES_DEFAULT}).` },
  priority: { type: 'integer', max: 7, summary: 'Only lines this urgent or more, 0 (emerg) to 7 (debug).' },
  since: { type: 'integer', summary: 'Only lines after this instant, in microseconds since the epoch.' },
};

/** The lines a request is about. */
export function logQuestion(call: Call): LogQuestion {
  const { lines, priority, since } = call.query;
  return { unit: unitOf(call), lines: number(lines) ?? LOG_LINES_DEFAULT, priority: number(priority) ?? 7, sinceUsec: number(since) };
}

function number(value: Values[string]): number | null {
  return typeof value === 'number' ? value : null;
}

export function strings(value: Values[string]): readonly string[] {
  return Array.isArray(value) ? value as readonly string[] : [];
}

/** The canonical name: without a suffix it is a service. */
export function unitOf({ path }: Call): string {
  const name = path['unit'] ?? '';
  return /\.[a-z]+$/.test(name) ? name : `${name}.service`;
}

async function json(value: Promise<unknown>): Promise<Outcome> {
  return { json: await value };
}

export const READING: readonly Route[] = [
  { method: 'GET', path: '/manager', level: 'view', summary: 'The manager: mode, state, counts', answer: 'ManagerAnswer', run: ({ link }) => json(link.ask('manager', {})) },
  {
    method: 'GET', path: '/units', level: 'view', summary: 'Loaded units with their states', answer: 'UnitListAnswer',
    query: { ...PATTERNS, type: { type: 'strings', summary: 'Only these kinds: service, socket, …' }, state: { type: 'strings', summary: 'Only these load, active or sub-states.' } },
    run: ({ link, query }) => json(link.ask('list-units', { patterns: strings(query['pattern']), all: query['all'] === true, types: strings(query['type']), states: strings(query['state']) })),
  },
  {
    method: 'GET', path: '/units/{unit}', level: 'view', summary: 'All about one unit', answer: 'UnitStatusAnswer',
    run: async (call) => {
      const answer = await call.link.ask('status', { units: [unitOf(call)] });
      const [unit] = answer.units;
      return unit === undefined ? { status: 404, json: { error: { code: 'no-such-unit', message: `there is no ${unitOf(call)}`, unit: unitOf(call) } } } : { json: unit };
    },
  },
  {
    method: 'GET', path: '/units/{unit}/properties', level: 'read', summary: 'systemd\'s properties as text', answer: 'an object of strings',
    query: { name: { type: 'strings', summary: 'Only these; none = all.' } },
    run: async (call) => ({ json: (await call.link.ask('show', { units: [unitOf(call)], properties: strings(call.query['name']) })).units[0]?.properties ?? {} }),
  },
  {
    method: 'GET', path: '/units/{unit}/files', level: 'read', summary: 'The texts of the unit\'s files', answer: 'an array of {path, text}',
    run: async (call) => ({ json: (await call.link.ask('cat', { units: [unitOf(call)] })).units[0]?.files ?? [] }),
  },
  { method: 'GET', path: '/units/{unit}/why', level: 'view', summary: 'The chain of causes of the unit\'s state', answer: 'WhyAnswer', run: (call) => json(call.link.ask('why', { unit: unitOf(call) })) },
  {
    method: 'GET', path: '/units/{unit}/dependencies', level: 'view', summary: 'What the unit depends on, or what on it', answer: 'DependencyListAnswer',
    query: { direction: { type: 'string', choices: ['forward', 'reverse', 'before', 'after'], summary: 'Which way (forward).' } },
    run: (call) => json(call.link.ask('list-dependencies', { unit: unitOf(call), direction: (call.query['direction'] ?? 'forward') as 'forward' })),
  },
  {
    method: 'GET', path: '/units/{unit}/plan', level: 'view', summary: 'The ordered steps a change would take; nothing is done', answer: 'PlanAnswer',
    query: { type: { type: 'string', choices: ENQUEUE_TYPES, summary: 'The change (start).' } },
    run: (call) => json(call.link.ask('plan', { type: (call.query['type'] ?? 'start') as 'start', units: [unitOf(call)] })),
  },
  {
    method: 'GET', path: '/units/{unit}/log', level: 'read', summary: 'The newest lines of the unit\'s log, oldest first', answer: 'an array of lines', query: LOG_FIELDS,
    run: async (call) => ({ json: await lastLines(await logSocket(call.link), logQuestion(call)) }),
  },
  { method: 'GET', path: '/unit-files', level: 'view', summary: 'Unit files and whether they are enabled', answer: 'UnitFileListAnswer', query: { pattern: PATTERNS['pattern'] as Fields[string] }, run: ({ link, query }) => json(link.ask('list-unit-files', { patterns: strings(query['pattern']) })) },
  { method: 'GET', path: '/jobs', level: 'view', summary: 'Jobs that are waiting or running', answer: 'JobListAnswer', run: ({ link }) => json(link.ask('list-jobs', {})) },
  { method: 'GET', path: '/timers', level: 'view', summary: 'Timers by their next elapse', answer: 'TimerListAnswer', query: PATTERNS, run: ({ link, query }) => json(link.ask('list-timers', { patterns: strings(query['pattern']), all: query['all'] === true })) },
  { method: 'GET', path: '/sockets', level: 'view', summary: 'Sockets, one entry for each address', answer: 'SocketListAnswer', query: PATTERNS, run: ({ link, query }) => json(link.ask('list-sockets', { patterns: strings(query['pattern']), all: query['all'] === true })) },
  { method: 'GET', path: '/paths', level: 'view', summary: 'Path units, one entry for each path', answer: 'PathListAnswer', query: PATTERNS, run: ({ link, query }) => json(link.ask('list-paths', { patterns: strings(query['pattern']), all: query['all'] === true })) },
  { method: 'GET', path: '/graph', level: 'view', summary: 'Dependencies between units', answer: 'GraphAnswer', query: { pattern: PATTERNS['pattern'] as Fields[string] }, run: ({ link, query }) => json(link.ask('graph', { patterns: strings(query['pattern']) })) },
  { method: 'GET', path: '/boot-chart', level: 'view', summary: 'When which unit came up', answer: 'BootChartAnswer', run: ({ link }) => json(link.ask('boot-chart', {})) },
  { method: 'GET', path: '/not-started', level: 'view', summary: 'Units that are down, each with the reason', answer: 'NotStartedAnswer', query: { pattern: PATTERNS['pattern'] as Fields[string] }, run: ({ link, query }) => json(link.ask('not-started', { patterns: strings(query['pattern']) })) },
];
