/**
 * The simulator as a program: `units …` is `initctl simulate`, `replay FILE` is `initctl replay`, anything else `npm run simulate`.
 */
import { randomLives } from './random-lives.ts';
import { replayFile } from './replay-life.ts';
import { simulateUnits } from './simulate-units.ts';

const [what, ...words] = process.argv.slice(2);
// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', () => { process.exit(); });
if (what === 'units') process.exitCode = simulateUnits(words);
else if (what === 'replay') process.exitCode = replayFile(words);
else void randomLives(process.argv.slice(2)).then((status) => { process.exitCode = status; });
