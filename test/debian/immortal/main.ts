/** `npm run demo:immortal`: the trial of immortality in full, and what came of it as a table. Exit status 1 when a claim did not hold. */
import { parseArgs } from 'node:util';
import { whyNoNamespaces } from '../../namespace/rig.ts';
import { debianRoot } from '../debian-root.ts';
import { immortalMachine } from '../../vm/immortal/trial.ts';
import { immortalTrial, type TrialReport } from './trial.ts';

const HELP = `npm run demo:immortal -- [OPTION...]

Boots nginx, redis, sshd and five more daemons from a Debian root of its own with Heartwood as PID 1, lets clients ask them without a
pause, and kills the engine of PID 1 a hundred times in every way there is. Ends with status 0 only if nobody noticed.
Needs root. The first run makes the Debian root (debootstrap, some 100 MB, minutes); it is kept for the next.

  --vm         in a virtual machine (QEMU, emulated) as its process 1 instead, with nginx as the only daemon; needs no root. Some ten
               minutes
  --deaths N   how often (default 100)
  --seed N     order of the ways and pauses between them (default: the time)
`;
const DEATHS = 100;
const WRONG_USAGE = 2;

function wholeNumber(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new WrongUsage(`--${option} takes a whole number from 1, not "${text}"`);
  return Number(text);
}

class WrongUsage extends Error {}

function isWrongUsage(error: unknown): error is Error {
  return error instanceof WrongUsage || (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_'));
}

async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...words], options: { deaths: { type: 'string' }, seed: { type: 'string' }, vm: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const deaths = wholeNumber('deaths', values.deaths, DEATHS);
  const seed = wholeNumber('seed', values.seed, Math.floor(Date.now() / 1000));
  if (values.vm) return inMachine(deaths, seed);
  const why = whyNoNamespaces();
  if (why !== null) {
    console.error(`the demo cannot run here: it ${why}${process.getuid?.() === 0 ? '' : ' (sudo npm run demo:immortal)'}`);
    return 1;
  }
  console.log('looking for the Debian root (the first run makes it, which takes minutes)');
  const root = debianRoot();
  if (!root.ok) {
    console.error(`there is no Debian root to run: ${root.why}`);
    return 1;
  }
  console.log(`seed ${String(seed)}`);
  const started = performance.now();
  const report = await immortalTrial({ root: root.path, deaths, seed, tell: (text) => { console.log(text); } });
  print(report, { deaths, seed, seconds: (performance.now() - started) / 1000 });
  return report.findings.every(({ holds }) => holds) ? 0 : 1;
}

async function inMachine(deaths: number, seed: number): Promise<number> {
  console.log(`seed ${String(seed)}`);
  const started = performance.now();
  const { ways, awayMsec, findings } = await immortalMachine({ deaths, seed, tell: (line) => { console.log(line); } });
  print({ ways: new Map(Object.entries(ways)), awayMsec, findings }, { deaths, seed, seconds: (performance.now() - started) / 1000 });
  return findings.every(({ holds }) => holds) ? 0 : 1;
}

function print({ ways, awayMsec, findings }: TrialReport, run: { readonly deaths: number; readonly seed: number; readonly seconds: number }): void {
  console.log(`\nThe engine of PID 1 died ${String(run.deaths)} times in ${run.seconds.toFixed(0)} s (seed ${String(run.seed)}):\n`);
  for (const [name, count] of [...ways].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`  ${String(count).padStart(3)}  ${name}`);
  const sorted = [...awayMsec].sort((a, b) => a - b);
  console.log(`\nFrom death to work: median ${String(sorted[Math.floor(sorted.length / 2)])} ms, longest ${String(sorted.at(-1))} ms\n`);
  const width = Math.max(...findings.map(({ claim }) => claim.length));
  for (const { claim, found, holds } of findings) console.log(`  ${holds ? 'yes' : 'NO '}  ${claim.padEnd(width)}  ${found}`);
  console.log(findings.every(({ holds }) => holds) ? '\nNobody noticed.' : '\nIt was noticed.');
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  if (isWrongUsage(error)) console.error('npm run demo:immortal -- --help tells what there is');
  process.exitCode = isWrongUsage(error) ? WRONG_USAGE : 1;
}
