/** `npm run bench`: Heartwood beside the tools users would pick instead, in one run on one machine. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTESTANTS } from './contestants/all.ts';
import type { Contestant } from './contestants/contestant.ts';
import { leaveGround, prepareGround } from './ground.ts';
import { makeAvailable } from './installation.ts';
import { LOADS } from './loads/all.ts';
import type { Load } from './loads/load.ts';
import { describeMachine } from './machine.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { writeReport } from './report.ts';
import { play, type Outcomes } from './tournament.ts';

const RESULTS = join(import.meta.dirname, 'RESULTS.md');
const WRONG_USAGE = 2;

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2), RESULTS);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return WRONG_USAGE;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  if (process.getuid?.() !== 0) {
    console.error('npm run bench needs root: it runs each manager as PID 1 of namespaces of its own');
    return 1;
  }
  return run(options);
}

async function run(options: Options): Promise<number> {
  const loads = LOADS.filter(({ name }) => options.only.length === 0 || options.only.some((prefix) => name === prefix || name.startsWith(`${prefix}-`)));
  const asked = CONTESTANTS.filter(({ name }) => options.with.length === 0 || options.with.some((prefix) => name === prefix || name.startsWith(`${prefix}+`)));
  if (loads.length === 0 || asked.length === 0) {
    console.error(`nothing to measure: ${loads.length} loads, ${asked.length} contestants were chosen`);
    return WRONG_USAGE;
  }
  const machine = describeMachine(new Date());
  const absent = new Map<string, string>();
  const contestants: Contestant[] = [];
  for (const contestant of asked) {
    const reason = makeAvailable(contestant, options);
    if (reason === null) {
      contestants.push(contestant);
    } else {
      absent.set(contestant.name, reason);
      console.error(`skipped ${contestant.name}: ${reason}`);
    }
  }
  const ground = prepareGround();
  try {
    const results = new Map<Load, Outcomes>();
    let report = '';
    for (const load of loads) {
      results.set(load, await play(load, contestants, ground, { ...options, onProgress: (line) => console.error(line) }));
      report = writeReport({ machine, contestants, absent, results, quick: options.quick });
      // After each load: a run that is broken off has measured something all the same.
      if (options.results !== null) writeFileSync(options.results, report);
    }
    console.log(report);
    return [...results.values()].some((outcomes) => [...outcomes.values()].some(({ kind }) => kind === 'failed')) ? 1 : 0;
  } finally {
    leaveGround(ground);
  }
}

process.exitCode = await main();
