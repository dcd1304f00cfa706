/**
 * Asks systemd-analyze 252 which files make up each unit of random trees of unit files, and compares or, with `--record`, writes the answers
 * that `test/host/unit-loader/drop-ins.test.ts` holds Heartwood to: `npm run compare:drop-ins -- [FIRST-SEED [SEEDS]] [--record]`.
 * It needs Debian's systemd package.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { DROP_IN_ANSWERS, UNITS, pathsOf, withTree, type DropInAnswer } from '../host/unit-loader/drop-in-trees.ts';
import { filesByHeartwood } from '../host/unit-loader/files-by-heartwood.ts';

const words = process.argv.slice(2).filter((word) => word !== '--record');
const [first = 1, seeds = 40] = words.map(Number);
const answers: DropInAnswer[] = [];
let different = 0;
for (let seed = first; seed < first + seeds; seed += 1) {
  withTree(seed, (root) => {
    for (const unit of UNITS) {
      const { stdout } = spawnSync('systemd-analyze', [`--root=${root}`, 'verify', '--man=no', '--generators=no', unit], {
        encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, SYSTEMD_LOG_LEVEL: 'debug' },
      });
      const answer = { seed, unit, paths: pathsOf(stdout, unit, root) };
      answers.push(answer);
      const ours = filesByHeartwood(root, unit);
      if (JSON.stringify(ours) === JSON.stringify(answer.paths)) continue;
      different += 1;
      console.log(`DIFFERENT seed ${String(seed)}, ${unit}\n  systemd   ${answer.paths.join(' ')}\n  heartwood ${ours.join(' ')}`);
    }
  });
}
if (process.argv.includes('--record')) writeFileSync(DROP_IN_ANSWERS, answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
console.log(`${String(answers.length)} units, ${String(different)} different`);
process.exitCode = different === 0 ? 0 : 1;
