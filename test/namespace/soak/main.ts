/** `npm run soak`: a manager under constant work and constant deaths, for as long as one likes. Exit status 1 when a claim did not hold. */
import { parseArgs } from 'node:util';
import { whyNoNamespaces } from '../rig.ts';
import { soak } from './soak.ts';

const HELP = `npm run soak -- [OPTION...]

Boots a manager as PID 1 of a private namespace, with services that crash, flood the log and come and go, clients that ask for everything
and talk nonsense, and kills the engine every few seconds. Ends with status 0 only if nothing piled up and nobody was disturbed.
Needs root.

  --minutes N   how long (default 10)
  --seed N      order of deaths and commands (default: the time)
  --no-deaths   the engine lives: for looking at its memory
`;
const WRONG_USAGE = 2;

async function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...words], options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) }, 'no-deaths': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
    const [option, needed, given] = minutes > 0 ? ['seed', 'a whole number', values.seed] : ['minutes', 'a number above 0', values.minutes];
    console.error(`--${option} takes ${needed}, not "${given}"\nnpm run soak -- --help tells what there is`);
    return WRONG_USAGE;
  }
  const why = whyNoNamespaces();
  if (why !== null) {
    console.error(`the soak cannot run here: it ${why}`);
    return 1;
  }
  console.log(`seed ${String(seed)}`);
  const report = await soak({ seconds: minutes * 60, seed, deaths: !values['no-deaths'], tell: (text) => { console.log(text); } });
  console.log(`\n${String(minutes)} minutes: ${String(report.deaths)} deaths of the engine, ${String(report.restarts)} restarts of crashing services since the last stop, ${String(report.commands)} commands\n`);
  const width = Math.max(...report.findings.map(({ claim }) => claim.length));
  for (const { claim, found, holds } of report.findings) console.log(`  ${holds ? 'yes' : 'NO '}  ${claim.padEnd(width)}  ${found}`);
  return report.findings.every(({ holds }) => holds) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
