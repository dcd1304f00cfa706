/**
 * `npm run simulate`: random lives of the manager under faults. Exit status 1 when a law was broken (the smallest scenario found that
 * breaks it is written to a file), or when a branch that has to be reached was not; 2 for wrong usage.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { runBatch, type Tally } from './batch.ts';
import { missingFrom } from './branches.ts';
import type { CheckLevel } from './laws.ts';
import { LIVES_USAGE, parseLivesOptions, type LivesOptions } from './lives-options.ts';
import { liveInProcesses, type LivedReport } from './lives-processes.ts';
import { countsText, formatReport, reportLine, type LivesReport } from './lives-report.ts';
import { runScenario, SimulationFailure } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { failureOf, shrink } from './shrink.ts';

const REPORT_EVERY_MSEC = 60_000;

function* seedsFrom({ first, last, stride }: LivesOptions): Generator<number> {
  for (let seed = first; seed <= last; seed += stride) yield seed;
}

function reportOf(tally: Tally, started: number): LivesReport {
  const { user, system } = process.cpuUsage();
  return { tally, elapsedMsec: performance.now() - started, processorMsec: (user + system) / 1000 };
}

/** @throws SimulationFailure at the first broken law */
function liveHere(options: LivesOptions, onReport: (report: LivesReport) => void): LivedReport {
  const started = performance.now();
  const until = started + options.msecMax;
  let reported = started;
  const tally = runBatch(seedsFrom(options), (sum) => {
    const now = performance.now();
    if (now - reported > REPORT_EVERY_MSEC) {
      reported = now;
      onReport(reportOf(sum, started));
    }
    return sum.steps >= options.eventsMax || now >= until;
  }, { checks: options.checks });
  return { ...reportOf(tally, started), exitStatus: 0 };
}

function onFailure(failure: SimulationFailure, keep: string, checks: CheckLevel): void {
  const { seed } = failure.scenario;
  console.error(`a law was broken after ${String(failure.steps)} events: ${failure.message}`);
  console.error('making it smaller …');
  // As the tests of regressions look at it, unless it shows only with fewer looks.
  const isFull = failureOf(failure.scenario)?.law === failure.law;
  const small = shrink(failure, isFull ? {} : { checks });
  mkdirSync(keep, { recursive: true });
  const file = `${keep}/seed-${String(seed)}.json`;
  writeFileSync(file, `${JSON.stringify({ defect: small.message.split('\n')[0], scenario: small.scenario }, null, 1)}\n`);
  console.error(`${String(small.scenario.actions.length)} actions, ${String(Object.keys(small.scenario.files).length)} files, faults ${JSON.stringify(small.scenario.faults)}: ${small.message}`);
  console.error(`again:   npm run simulate -- --seeds ${String(seed)}-${String(seed)} --checks ${checks}\nsmaller: npm run simulate -- --replay ${file}`);
}

function replay(file: string): number {
  let scenario: Scenario;
  try {
    ({ scenario } = JSON.parse(readFileSync(file, 'utf8')) as { readonly scenario: Scenario });
  } catch (error) {
    console.error(`simulate: ${file}: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  const failure = failureOf(scenario);
  if (failure === null) console.log(`no law broken: ${String(runScenario(scenario).steps)} events`);
  else console.error(failure.message);
  return failure === null ? 0 : 1;
}

/** @returns the exit status */
export async function randomLives(argv: readonly string[]): Promise<number> {
  const parsed = parseLivesOptions(argv);
  if (!parsed.ok) {
    console.error(`simulate: ${parsed.problem}\nusage: ${LIVES_USAGE}`);
    return 2;
  }
  const options = parsed.value;
  if ('replay' in options) return replay(options.replay);
  let toldMsec = 0;
  const tell = (report: LivesReport): void => {
    // Of several processes each tells on its own.
    if (report.elapsedMsec - toldMsec < REPORT_EVERY_MSEC) return;
    toldMsec = report.elapsedMsec;
    console.log(options.json ? formatReport(report) : reportLine('so far no law broken', report));
  };
  try {
    const lived = options.jobs === 1 ? liveHere(options, tell) : await liveInProcesses(options, tell);
    if (lived.exitStatus !== 0) return lived.exitStatus;
    if (options.json) {
      console.log(formatReport(lived));
    } else {
      const where = options.jobs === 1 ? '' : ` in ${String(options.jobs)} processes`;
      console.log(reportLine(`from seed ${String(options.first)}${where}, no law broken`, lived));
      console.log(countsText('faults', lived.tally.faults));
      console.log(countsText('reached', lived.tally.reached));
    }
    const missing = options.checkBranches ? missingFrom(lived.tally.reached, lived.tally.faults) : [];
    if (missing.length > 0) console.error(`not reached: ${missing.join(', ')}`);
    return missing.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error;
    onFailure(error, options.keep, options.checks);
    return 1;
  }
}
