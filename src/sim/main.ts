/** `npm run simulate -- --seed N --count N`: random scenarios from seed N on; prints what was reached; exit 1 on a broken law. */
import { runScenario } from './random-scenario.ts';

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

const seed = option('--seed', 1);
const count = option('--count', 1000);
const reached = new Map<string, number>();
let steps = 0;
const started = performance.now();
for (let at = seed; at < seed + count; at++) {
  try {
    const result = runScenario({ seed: at });
    steps += result.steps;
    for (const [word, times] of result.reached) reached.set(word, (reached.get(word) ?? 0) + times);
  } catch (error) {
    console.error(`a law was broken: ${error instanceof Error ? error.message : String(error)}`);
    console.error(`again: npm run simulate -- --seed ${String(at)} --count 1`);
    process.exit(1);
  }
}
const elapsedSec = (performance.now() - started) / 1000;
console.log(`${String(count)} scenarios from seed ${String(seed)}: ${String(steps)} steps, ${String(Math.round(steps / elapsedSec))} a second, no law broken`);
for (const [word, times] of [...reached].sort()) console.log(`  ${word.padEnd(18)} ${String(times)}`);
