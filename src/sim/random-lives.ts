/**
 * `npm run simulate -- [--seed N] [--events N] [--seeds A-B] [--long [HOURS]] [--replay FILE] [--keep DIR] [--check-branches] [--checks full|light|end]`
 *
 * Random lives of the manager under faults. Exit status 1 when a law was broken (the smallest scenario found that breaks it is written to
 * DIR), or when a branch that has to be reached was not; 2 for wrong usage.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runBatch, type Tally } from './batch.ts';
import { missingFrom } from './branches.ts';
import { CHECK_LEVELS } from './laws.ts';
import { runScenario, SimulationFailure } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { shrink } from './shrink.ts';

const EVENTS = 1_000_000;
const HOURS = 8;
const HOUR_MSEC = 3_600_000;
const REPORT_EVERY_MSEC = 60_000;

function usage(message: string): never {
  console.error(`simulate: ${message}`);
  console.error('usage: npm run simulate -- [--seed N] [--events N] [--seeds A-B] [--long] [--hours N] [--replay FILE] [--keep DIR] [--check-branches] [--checks full|light|end]');
  process.exit(2);
}

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^[0-9]{1,15}$/.test(text)) usage(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
}

function* seedsFrom(first: number, last: number): Generator<number> {
  for (let seed = first; seed <= last; seed++) yield seed;
}

function report(tally: Tally, elapsedMsec: number, verdict: string): void {
  const { user, system } = process.cpuUsage();
  const rate = (msec: number): string => String(Math.round((tally.steps / msec) * 1000));
  console.log(`${verdict}: ${String(tally.lives)} lives, ${String(tally.steps)} events, ${rate(elapsedMsec)} a second, ${rate((user + system) / 1000)} a second of processor time`);
}

function printCounts(title: string, counts: ReadonlyMap<string, number>): void {
  console.log(`${title}:`);
  for (const [what, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`  ${what.padEnd(30)} ${String(count)}`);
}

function onFailure(failure: SimulationFailure, keep: string): void {
  console.error(`a law was broken after ${String(failure.steps)} events: ${failure.message}`);
  console.error('making it smaller …');
  const small = shrink(failure);
  mkdirSync(keep, { recursive: true });
  const file = `${keep}/seed-${String(failure.scenario.seed)}.json`;
  writeFileSync(file, `${JSON.stringify({ defect: small.message.split('\n')[0], scenario: small.scenario }, null, 1)}\n`);
  console.error(`${String(small.scenario.actions.length)} actions, ${String(Object.keys(small.scenario.files).length)} files, faults ${JSON.stringify(small.scenario.faults)}: ${small.message}`);
  console.error(`again:   npm run simulate -- --seeds ${String(failure.scenario.seed)}-${String(failure.scenario.seed)}\nsmaller: npm run simulate -- --replay ${file}`);
}

/** @returns the exit status */
export function randomLives(argv: readonly string[]): number {
  let values;
  try {
    ({ values } = parseArgs({ args: [...argv], options: { seed: { type: 'string' }, events: { type: 'string' }, seeds: { type: 'string' }, long: { type: 'boolean' }, hours: { type: 'string' }, replay: { type: 'string' }, keep: { type: 'string' }, 'check-branches': { type: 'boolean' }, checks: { type: 'string' } } }));
  } catch (error) {
    usage(error instanceof Error ? error.message : String(error));
  }
  const checks = CHECK_LEVELS.find((level) => level === (values.checks ?? 'full'));
  if (checks === undefined) usage(`--checks takes ${CHECK_LEVELS.join(', ')}, not "${values.checks ?? ''}"`);
  const keep = values.keep ?? 'test/sim/regressions';
  const range = /^([0-9]{1,9})-([0-9]{1,9})$/.exec(values.seeds ?? '');
  if (values.seeds !== undefined && range === null) usage(`--seeds takes two numbers, as 1-500, not "${values.seeds}"`);
  const first = range === null ? wholeNumber('seed', values.seed, 1) : Number(range[1]);
  const last = range === null ? Number.MAX_SAFE_INTEGER : Number(range[2]);
  const eventsMax = range === null && values.long !== true ? wholeNumber('events', values.events, EVENTS) : Infinity;
  const until = values.long === true ? performance.now() + wholeNumber('hours', values.hours, HOURS) * HOUR_MSEC : Infinity;
  const started = performance.now();
  let reported = started;
  try {
    if (values.replay !== undefined) {
      const { scenario } = JSON.parse(readFileSync(values.replay, 'utf8')) as { readonly scenario: Scenario };
      const life = runScenario(scenario);
      console.log(`no law broken: ${String(life.steps)} events`);
      return 0;
    }
    const tally = runBatch(seedsFrom(first, last), (sum) => {
      const now = performance.now();
      if (values.long === true && now - reported > REPORT_EVERY_MSEC) {
        reported = now;
        report(sum, now - started, 'so far no law broken');
      }
      return sum.steps >= eventsMax || now >= until;
    }, { checks });
    report(tally, performance.now() - started, `from seed ${String(first)}, no law broken`);
    printCounts('faults', tally.faults);
    printCounts('reached', tally.reached);
    const missing = values['check-branches'] === true ? missingFrom(tally.reached, tally.faults) : [];
    if (missing.length > 0) console.error(`not reached: ${missing.join(', ')}`);
    return missing.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error;
    if (values.replay === undefined) onFailure(error, keep);
    else console.error(error.message);
    return 1;
  }
}
