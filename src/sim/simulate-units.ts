/**
 * `initctl simulate --units DIR --script FILE [--json] [--all] [--quiet] [--user]`: a program of its own, which initctl starts, so that
 * neither the manager nor its clients carry the simulator.
 *
 * Exit status: 0 all went as expected; 1 an `expect` line does not hold; 2 the script is wrong or cannot be read.
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseScript, type ScriptProblem, type WorldScript } from './script/script-text.ts';
import { programsOfNobody, runScript, type ScriptRun, type ScriptRunOptions } from './script/run-script.ts';
import { clockText, renderTimeline } from './script/timeline.ts';

const WRONG = 2;

function complain(text: string): number {
  process.stderr.write(`initctl simulate: ${text}\n`);
  return WRONG;
}

/** @returns the exit status */
export function simulateUnits(argv: readonly string[]): number {
  const { values } = parseArgs({
    args: [...argv],
    options: { units: { type: 'string' }, script: { type: 'string' }, json: { type: 'boolean' }, all: { type: 'boolean' }, quiet: { type: 'boolean' }, user: { type: 'boolean' } },
  });
  if (values.units === undefined || values.units === '') return complain('--units=DIR is missing: the folder of unit files, or several with colons between them');
  if (values.script === undefined) return complain('--script=FILE is missing: what programs do and what happens when (see heartwood-simulate(5))');
  const directories = values.units.split(':').filter((each) => each !== '').map((each) => resolve(each));
  for (const directory of directories) if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) return complain(`${directory} is not a folder`);
  const script = readScript(values.script);
  if (typeof script === 'number') return script;
  const options: ScriptRunOptions = { directories, mode: values.user === true ? 'user' : 'system', environment: process.env, isFull: values.all === true };
  const problems = programsOfNobody(script, options);
  if (problems.length > 0) return complainOfLines(values.script, problems);
  const run = runScript(script, options);
  if (values.json === true) process.stdout.write(`${JSON.stringify(jsonOf(run), null, 2)}\n`);
  else printRun(run, values.quiet === true);
  const broken = run.expectations.filter(({ holds }) => !holds);
  for (const { line, text, found } of broken) process.stderr.write(`${values.script}:${String(line)}: ${text}: ${found}\n`);
  return broken.length > 0 ? 1 : 0;
}

function readScript(file: string): WorldScript | number {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return complain(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseScript(text);
  if (parsed.ok) return parsed.script;
  return complainOfLines(file, parsed.problems);
}

function complainOfLines(file: string, problems: readonly ScriptProblem[]): number {
  for (const { line, problem } of problems) process.stderr.write(`${file}:${String(line)}: ${problem}\n`);
  return WRONG;
}

/** Units of which there is something to tell. */
function toldUnits({ units, entries }: ScriptRun): ScriptRun['units'] {
  const told = new Set(entries.map(({ unit }) => unit));
  return units.filter(({ unit }) => told.has(unit));
}

function jsonOf(run: ScriptRun): object {
  return { timeline: run.entries, expectations: run.expectations, units: toldUnits(run), endedUsec: run.endedUsec };
}

function printRun(run: ScriptRun, isQuiet: boolean): void {
  if (!isQuiet) process.stdout.write(renderTimeline(run.entries));
  const held = run.expectations.filter(({ holds }) => holds).length;
  process.stdout.write(`${clockText(run.endedUsec)} simulated, ${String(held)} of ${String(run.expectations.length)} expectations hold\n`);
}
