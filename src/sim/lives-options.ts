/** What `npm run simulate` is asked for. */
import { parseArgs } from 'node:util';
import { ok, problem, type Result } from '../base/result.ts';
import { CHECK_LEVELS, type CheckLevel } from './laws.ts';

export const LIVES_USAGE = 'npm run simulate -- [--seed N] [--events N] [--seeds A-B] [--long [--hours N]] [--jobs N] [--checks full|light|end] [--check-branches] [--json] [--keep DIR] | --replay FILE';

/** Unless told otherwise: some tens of seconds. */
const EVENTS = 1_000_000;
/** Of a long batch, unless told otherwise: a night. */
const HOURS = 8;
const HOUR_MSEC = 3_600_000;
/** More processes than any machine has cores for is a slip of the finger. */
const JOBS_MAX = 1024;
/** Larger ones would begin to be the same worlds. */
const SEED_MAX = 999_999_999;

export interface LivesOptions {
  readonly first: number;
  /** Infinity: as many as there is time for. */
  readonly last: number;
  /** From one seed to the next: processes that live the same seeds share them out by it. */
  readonly stride: number;
  /** No life is begun after so many events; Infinity: after none. */
  readonly eventsMax: number;
  /** Ends after so long; Infinity: never. */
  readonly msecMax: number;
  /** Processes that live at the same time. */
  readonly jobs: number;
  readonly checks: CheckLevel;
  /** Every branch and fault of the tables has to be met. */
  readonly checkBranches: boolean;
  /** Directory for the smallest scenario that breaks a law. */
  readonly keep: string;
  /** The tally as a line of JSON, in place of words. */
  readonly json: boolean;
}

/** Random lives, or a scenario of a file once more. */
export type LivesCommand = LivesOptions | { readonly replay: string };

const OPTIONS = {
  seed: { type: 'string' }, events: { type: 'string' }, seeds: { type: 'string' }, long: { type: 'boolean' }, hours: { type: 'string' },
  jobs: { type: 'string' }, checks: { type: 'string' }, 'check-branches': { type: 'boolean' }, json: { type: 'boolean' }, keep: { type: 'string' },
  replay: { type: 'string' }, stride: { type: 'string' },
} as const;
type Name = keyof typeof OPTIONS;

/** Options that contradict each other, or say nothing without one another. */
const NOT_BESIDE: readonly (readonly [Name, readonly Name[]])[] = [
  ['seeds', ['seed', 'events', 'long']],
  ['long', ['events']],
  ['replay', ['seed', 'events', 'seeds', 'long', 'hours', 'jobs', 'stride', 'check-branches', 'checks', 'json', 'keep']],
];

/** @returns the command, or what is wrong with the words */
export function parseLivesOptions(argv: readonly string[]): Result<LivesCommand> {
  let values: Partial<Record<Name, string | boolean>>;
  try {
    ({ values } = parseArgs({ args: [...argv], options: OPTIONS }));
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
  for (const [name, others] of NOT_BESIDE) {
    const other = values[name] === undefined ? undefined : others.find((each) => values[each] !== undefined);
    if (other !== undefined) return problem(`--${name} and --${other} contradict each other: leave one away`);
  }
  if (values.hours !== undefined && values.long !== true) return problem('--hours is for --long, which is missing');
  if (typeof values.replay === 'string') return ok({ replay: values.replay });
  try {
    return ok(livesOptions(values));
  } catch (error) {
    if (error instanceof RangeError) return problem(error.message);
    throw error;
  }
}

/** @throws RangeError when a value makes no sense */
function livesOptions(values: Partial<Record<Name, string | boolean>>): LivesOptions {
  const textOf = (name: Name): string | undefined => values[name] as string | undefined;
  const number = (name: Name, fallback: number, { min, max = Number.MAX_SAFE_INTEGER }: { readonly min: number; readonly max?: number }): number => {
    const text = textOf(name);
    if (text === undefined) return fallback;
    const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new RangeError(`--${name} takes a whole number from ${String(min)} ${max === Number.MAX_SAFE_INTEGER ? 'on' : `to ${String(max)}`}, not "${text}"`);
  };
  const checks = CHECK_LEVELS.find((level) => level === (textOf('checks') ?? 'light'));
  if (checks === undefined) throw new RangeError(`--checks takes ${CHECK_LEVELS.join(', ')}, not "${textOf('checks') ?? ''}"`);
  const isLong = values.long === true;
  const [first, last] = values.seeds === undefined ? [number('seed', 1, { min: 0, max: SEED_MAX }), Infinity] : seedsOf(textOf('seeds') ?? '');
  return {
    first, last, checks, stride: number('stride', 1, { min: 1 }), jobs: number('jobs', 1, { min: 1, max: JOBS_MAX }),
    eventsMax: values.seeds === undefined && !isLong ? number('events', EVENTS, { min: 1 }) : Infinity,
    msecMax: isLong ? hoursOf(textOf('hours')) * HOUR_MSEC : Infinity,
    checkBranches: values['check-branches'] === true, json: values.json === true, keep: textOf('keep') ?? 'test/sim/regressions',
  };
}

function seedsOf(text: string): readonly [number, number] {
  const match = /^([0-9]{1,9})-([0-9]{1,9})$/.exec(text);
  if (match === null) throw new RangeError(`--seeds takes two numbers of at most nine digits, as 1-500, not "${text}"`);
  const [first, last] = [Number(match[1]), Number(match[2])];
  if (first > last) throw new RangeError(`--seeds takes the smaller number first: "${String(last)}-${String(first)}", not "${text}"`);
  return [first, last];
}

function hoursOf(text: string | undefined): number {
  const hours = text === undefined ? HOURS : /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : 0;
  if (hours > 0) return hours;
  throw new RangeError(`--hours takes a number above 0, as 8 or 0.25, not "${text ?? ''}"`);
}
