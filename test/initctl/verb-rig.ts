/** Runs a verb against hand-made answers. */
import assert from 'node:assert/strict';
import { UTC_ZONE } from '../../src/core/time/time-zone.ts';
import { calendarSurroundings, readZone } from '../../src/host/unit-loader/time-zones.ts';
import type { Failure } from '../../src/control/error-codes.ts';
import { PARAMS, type Method } from '../../src/control/requests.ts';
import { PLAIN_TERMINAL, type Terminal } from '../../src/initctl/terminal.ts';
import type { VerbStep } from '../../src/initctl/verb.ts';
import { readCommand, runCommand } from '../../src/initctl/verbs.ts';

export interface RunResult {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** What was asked, in order, with all defaults filled in. */
  readonly requests: readonly { readonly method: Method; readonly params: unknown }[];
  readonly tails: readonly Extract<VerbStep, { step: 'log' }>['tail'][];
}

/** A function gives a new answer each time it is asked. */
export type Answers = Readonly<Partial<Record<Method, unknown>>>;

/** An answer that is a failure. */
export function refusal(name: Failure['name'], message: string, unit?: string): { readonly failure: Failure } {
  return { failure: { name, message, ...(unit === undefined ? {} : { unit }) } };
}

/** 2026-11-21 10:00:00 UTC. */
export const NOW_USEC = 1_795_255_200_000_000;

/** @param line the words of a command line, first the program */
export function runLine(line: string, answers: Answers = {}, terminal: Partial<Terminal> = {}): RunResult {
  const [program, ...argv] = line.split(' ');
  assert.ok(program === 'initctl' || program === 'systemctl');
  return runArguments(argv, terminal, answers, program);
}

/** As `runLine`, with arguments that may hold spaces. */
export function runArguments(argv: readonly string[], terminal: Partial<Terminal> = {}, answers: Answers = {}, program: 'initctl' | 'systemctl' = 'initctl'): RunResult {
  const run = runCommand(readCommand({ program, argv, terminal: { ...PLAIN_TERMINAL, ...terminal }, nowUsec: NOW_USEC }));
  let out = '';
  let err = '';
  const requests: RunResult['requests'][number][] = [];
  const tails: RunResult['tails'][number][] = [];
  let input: unknown;
  for (;;) {
    const next = run.next(input);
    input = undefined;
    if (next.done === true) return { exit: next.value, out, err, requests, tails };
    const step = next.value;
    switch (step.step) {
      case 'out': out += step.text; break;
      case 'err': err += step.text; break;
      case 'log': tails.push(step.tail); break;
      case 'read-log':
      case 'program': input = 0; break;
      case 'time-zones': input = { local: UTC_ZONE, find: readZone, surroundings: calendarSurroundings(UTC_ZONE) }; break;
      case 'copy-log': input = 0; break;
      case 'join-terminal': input = { how: 'left' }; break;
      case 'feed': input = { ok: true, text: '' }; break;
      case 'unit-directory': input = { path: step.path, files: [], problem: 'not for this rig' }; break;
      case 'exec': return { exit: 0, out, err, requests, tails };
      case 'sleep': break;
      case 'read-crashes': input = { records: [], problems: [] }; break;
      case 'read-file': input = { ok: false, error: 'there are no files in this rig' }; break;
      case 'edit-text':
      case 'read-input': input = { ok: false, error: 'there is nobody to write in this rig' }; break;
      case 'working-directory': input = null; break;
      case 'write-file': input = { ok: true, text: '' }; break;
      case 'request': {
        const checked = PARAMS[step.method](step.params, 'params');
        assert.ok(checked.ok, `the verb asks ${step.method} as the protocol wants it`);
        requests.push({ method: step.method, params: checked.value });
        const given = answers[step.method];
        const answer: unknown = typeof given === 'function' ? (given as () => unknown)() : given;
        assert.notEqual(answer, undefined, `the test has an answer for ${step.method}`);
        input = typeof answer === 'object' && answer !== null && 'failure' in answer ? { ok: false, failure: (answer as { failure: Failure }).failure } : { ok: true, value: answer };
      }
    }
  }
}
