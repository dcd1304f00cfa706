/** Routes that change something. Each ends in the audit log. */
import { constants } from 'node:os';
import type { EnqueueAnswer } from '../../control/answers.ts';
import { ENQUEUE_TYPES, JOB_MODES, UNIT_FILE_OPERATIONS } from '../../control/requests.ts';
import { HttpProblem } from '../http/http-problem.ts';
import { removeOwnUnit, setOwnUnit } from '../own-units.ts';
import type { Fields } from './field.ts';
import { strings, unitOf } from './reading.ts';
import type { Call, Outcome, Route } from './route.ts';

/** Modes that reach beyond the unit. */
const MODES = JOB_MODES.filter((mode) => mode !== 'isolate' && mode !== 'flush');

const JOB_FIELDS: Fields = {
  mode: { type: 'string', choices: MODES, summary: 'What happens to jobs that contradict this one (replace).' },
  wait: { type: 'boolean', summary: 'Answer when the job has ended, not when it is queued (true).' },
};

const SUMMARIES: Readonly<Record<(typeof ENQUEUE_TYPES)[number], string>> = {
  start: 'Start the unit', stop: 'Stop the unit', reload: 'Ask the unit to read its configuration again', restart: 'Stop and start the unit', 'try-restart': 'Restart the unit if it is up',
  'reload-or-restart': 'Reload the unit if it can, else restart it', 'reload-or-try-restart': 'Reload the unit if it can, else restart it if it is up',
};

const FILE_OPERATIONS = UNIT_FILE_OPERATIONS.filter((operation) => ['enable', 'disable', 'reenable', 'mask', 'unmask', 'preset'].includes(operation));

/** 200 when all went well, else 409 with the same shape. */
export function jobOutcome(answer: EnqueueAnswer): Outcome {
  const failed = answer.jobs.filter(({ result }) => result !== 'done' && result !== 'queued' && result !== 'skipped');
  const problem = [...answer.refused.map(({ message }) => message), ...failed.map(({ unit, type, result }) => `${type} of ${unit}: ${result}`)].join('; ');
  return problem === '' ? { json: answer } : { status: 409, problem, json: { ...answer, error: { code: 'job-failed', message: problem } } };
}

async function done(work: Promise<unknown>): Promise<Outcome> {
  await work;
  return { json: { ok: true } };
}

/** A number, or a name with or without SIG in any case. @returns null when there is no such signal */
export function signalNumber(text: string): number | null {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= 1 && Number(text) <= 64 ? Number(text) : null;
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  return Object.hasOwn(constants.signals, name) ? constants.signals[name as NodeJS.Signals] : null;
}

async function kill(call: Call): Promise<Outcome> {
  const { signal = 'TERM', whom = 'all' } = call.body;
  const number = signalNumber(String(signal));
  if (number === null) throw new HttpProblem(400, 'invalid-params', `there is no signal ${String(signal).slice(0, 32)}`);
  return done(call.link.ask('kill', { units: [unitOf(call)], signal: number, whom: whom as 'all' }));
}

export const CHANGING: readonly Route[] = [
  ...ENQUEUE_TYPES.map((type): Route => ({
    method: 'POST', path: `/units/{unit}/${type}`, level: 'write', summary: SUMMARIES[type], answer: 'EnqueueAnswer', body: JOB_FIELDS,
    run: async (call) => {
      const wait = call.body['wait'] !== false;
      return jobOutcome(await call.link.ask('enqueue', { type, units: [unitOf(call)], mode: (call.body['mode'] ?? 'replace') as 'replace', wait }, wait));
    },
  })),
  {
    method: 'POST', path: '/units/{unit}/kill', level: 'write', summary: 'Send a signal to the unit\'s processes', answer: 'ok', run: kill,
    body: { signal: { type: 'string', summary: 'Name or number (TERM).' }, whom: { type: 'string', choices: ['all', 'main', 'control'], summary: 'Which processes (all).' } },
  },
  { method: 'POST', path: '/units/{unit}/reset-failed', level: 'write', summary: 'Forget that the unit failed', answer: 'ok', run: (call) => done(call.link.ask('reset-failed', { units: [unitOf(call)] })) },
  ...FILE_OPERATIONS.map((operation): Route => ({
    method: 'POST', path: `/units/{unit}/${operation}`, level: 'manage', summary: `As initctl ${operation}`, answer: 'UnitFileChangesAnswer', body: { runtime: { type: 'boolean', summary: 'Until the next boot only.' } },
    run: async (call) => {
      const answer = await call.link.ask('change-unit-files', { operation, units: [unitOf(call)], runtime: call.body['runtime'] === true });
      return answer.failed ? { status: 409, problem: answer.problems.join('; '), json: { ...answer, error: { code: 'unit-file-refused', message: answer.problems.join('; ') } } } : { json: answer };
    },
  })),
  {
    method: 'PATCH', path: '/units/{unit}/properties', level: 'manage', summary: 'Change settings for control groups, at once', answer: 'SetPropertyAnswer',
    body: { assignments: { type: 'strings', required: true, summary: 'As MemoryMax=1G.' }, runtime: { type: 'boolean', summary: 'Until the next boot only.' } },
    run: async (call) => ({ json: await call.link.ask('set-property', { unit: unitOf(call), assignments: strings(call.body['assignments']), runtime: call.body['runtime'] === true }) }),
  },
  {
    method: 'PUT', path: '/units/{unit}', level: 'manage', summary: 'Make a unit from the text of its file and start it, or change one made here and restart it', answer: 'SyncAnswer',
    body: { text: { type: 'string', required: true, summary: 'The unit file.' }, keep: { type: 'boolean', summary: 'As a file of the administrator, which is there after the next boot (false).' } },
    run: async (call) => {
      const text = String(call.body['text']);
      return jobOutcome(call.body['keep'] === true ? await keepUnit(call, text) : await setOwnUnit(call.link, unitOf(call), text));
    },
  },
  { method: 'DELETE', path: '/units/{unit}', level: 'manage', summary: 'Stop a unit that was made here, and remove it', answer: 'SyncAnswer', run: async (call) => jobOutcome(await removeOwnUnit(call.link, unitOf(call))) },
  { method: 'DELETE', path: '/jobs/{job}', level: 'manage', summary: 'Cancel a job', answer: 'ok', run: (call) => done(call.link.ask('cancel', { jobs: [Number(call.path['job'])] })) },
  { method: 'POST', path: '/manager/reload', level: 'manage', summary: 'Read all unit files again', answer: 'ok', run: ({ link }) => done(link.ask('daemon-reload', {}, true)) },
];

async function keepUnit(call: Call, text: string): Promise<EnqueueAnswer> {
  const [, name = '', kind = ''] = /^(.*)\.([a-z]+)$/.exec(unitOf(call)) ?? [];
  if (kind !== 'service' && kind !== 'timer' && kind !== 'path' && kind !== 'slice' && kind !== 'target') throw new HttpProblem(400, 'invalid-params', 'only services, timers, paths, slices and targets can be kept');
  return call.link.ask('start-transient', { name, units: [{ kind, text }], keep: true, wait: true }, true);
}
