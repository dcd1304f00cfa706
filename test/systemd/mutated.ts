/**
 * Records what systemd-analyze says about changed unit files: `node --import tsx test/systemd/mutated.ts` writes
 * `test/core/unit-file/mutated-answers.jsonl`, which `mutated.test.ts` beside it holds Heartwood to. It needs Debian's systemd package.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutate } from './mutate.ts';
import { MUTATED_ANSWERS, MUTATION_BASES, type MutatedAnswer } from '../core/unit-file/mutated-answers.ts';

/** Changes of each file. */
const SEEDS = 60;

/** What sockets, timers and paths start, however they are changed. */
const STARTED = ['talk.service', 'talk@.service', 'tidy.service', 'tidy-up.service', 'inbox.service', 'inbox-reader.service'];

const directory = mkdtempSync(join(tmpdir(), 'heartwood-mutated-'));
try {
  const answers: MutatedAnswer[] = [];
  for (const name of STARTED) writeFileSync(join(directory, name), '[Service]\nExecStart=/usr/bin/true\n');
  for (const name of readdirSync(MUTATION_BASES).sort()) {
    const original = readFileSync(join(MUTATION_BASES, name));
    for (let seed = 0; seed <= SEEDS; seed += 1) {
      const file = join(directory, name);
      writeFileSync(file, seed === 0 ? original : mutate(original, `${name}:${String(seed)}`).text);
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--generators=no', file], {
        encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, SYSTEMD_LOG_LEVEL: 'info' },
      });
      // Its other lines are about the machine's own units and about what follows from these.
      const lines = stderr.split('\n').flatMap((line) => (line.startsWith(`${file}:`) ? [Number.parseInt(line.slice(file.length + 1), 10)] : [])).filter((line) => line > 0);
      answers.push({ name, seed, fails: status !== 0, lines: [...new Set(lines)].sort((a, b) => a - b) });
    }
  }
  writeFileSync(MUTATED_ANSWERS, answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
  console.log(`${String(answers.length)} files, ${String(answers.filter(({ fails }) => fails).length)} of them unusable`);
} finally {
  rmSync(directory, { recursive: true });
}
