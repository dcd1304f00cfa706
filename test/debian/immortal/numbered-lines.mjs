// A service that numbers its lines: what is stored tells by itself whether one is missing.
// On SIGTERM its last words are how many there were.
import { writeSync } from 'node:fs';

const LINES_A_TICK = 2;
const TICK_MS = Number(process.argv[2] ?? 5);

let number = 0;
setInterval(() => {
  for (let i = 0; i < LINES_A_TICK; i++) writeSync(1, `line ${number += 1}\n`);
}, TICK_MS);
process.on('SIGTERM', () => {
  writeSync(1, `that were ${number} lines\n`);
  process.exit(0);
});
