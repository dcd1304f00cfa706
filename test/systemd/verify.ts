/**
 * Compares `initctl verify FILE` with `systemd-analyze verify FILE`: does it exit with 1 for the same files? Takes every unit file of a
 * directory as it is, and random changes of each. Run by hand: `npm run compare:verify -- DIRECTORY [FIRST-SEED [MUTATIONS-PER-FILE]]`.
 * `npm run compare:verify -- --broken` takes the files of `broken-units.ts` instead, and also compares which lines are complained about.
 * It needs Debian's systemd package and a collection of unit files.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runVerb } from '../../src/initctl/client/command-runner.ts';
import { offlineAnswerer } from '../../src/initctl/client/offline.ts';
import { PLAIN_TERMINAL } from '../../src/initctl/terminal.ts';
import { readCommand, runCommand } from '../../src/initctl/verbs.ts';
import { BROKEN_UNITS, COMPANIONS } from './broken-units.ts';
import { mutate } from './mutate.ts';

const UNIT_FILE = /^[^/]+\.(service|socket|timer|path|target|slice)$/;

/** Of what either says. */
const LINES_SHOWN = 4;
const LINE_SHOWN = 240;

interface Verdict {
  readonly failed: boolean;
  readonly said: string;
}

function bySystemd(file: string): Verdict {
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--generators=no', file], {
    encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, SYSTEMD_LOG_LEVEL: 'info' },
  });
  return { failed: status !== 0, said: stderr };
}

async function byHeartwood(file: string): Promise<Verdict> {
  let said = '';
  const sink = (): Writable => new Writable({ write: (chunk, _encoding, done) => { said += String(chunk); done(); } });
  const terminal = PLAIN_TERMINAL;
  const command = readCommand({ program: 'initctl', argv: ['verify', '-q', file], terminal, nowUsec: 0 });
  const exit = await runVerb(runCommand(command), {
    answerer: () => Promise.resolve(offlineAnswerer({ root: null, user: false })), terminal, signal: new AbortController().signal,
    places: { controlSocket: '/nowhere', logSocket: '/nowhere', logDirectories: [], named: true }, stdout: sink(), stderr: sink(),
  });
  return { failed: exit !== 0, said };
}

/** The last words decide most often. */
function excerpt(said: string): string {
  return said.trim().split('\n').slice(-LINES_SHOWN).map((line) => line.slice(0, LINE_SHOWN)).join('\n           ');
}

/** Lines of the file itself that are complained about. */
function linesNamed(file: string, { said }: Verdict): readonly number[] {
  const lines = said.split('\n').flatMap((line) => (line.startsWith(`${file}:`) && !/^[^ ]*:\d+:\d+: note:/.test(line) ? [Number.parseInt(line.slice(file.length + 1), 10)] : []));
  return [...new Set(lines)].filter((line) => line > 0).sort((a, b) => a - b);
}

async function compareBroken(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'heartwood-verify-'));
  let different = 0;
  try {
    for (const [name, text] of Object.entries(COMPANIONS)) {
      if (text === null) symlinkSync('/dev/null', join(root, name));
      else writeFileSync(join(root, name), text);
    }
    for (const [name, text] of Object.entries(BROKEN_UNITS)) {
      const file = join(root, name);
      writeFileSync(file, text);
      const [theirs, ours] = [bySystemd(file), await byHeartwood(file)];
      rmSync(file);
      const [left, right] = [linesNamed(file, theirs), linesNamed(file, ours)];
      if (theirs.failed === ours.failed && left.join() === right.join()) continue;
      different += 1;
      const what = theirs.failed === ours.failed ? `lines ${left.join()} and ${right.join()}` : `systemd ${theirs.failed ? 'fails' : 'passes'}, Heartwood ${ours.failed ? 'fails' : 'passes'}`;
      console.log(`DIFFERENT ${name}: ${JSON.stringify(text.slice(0, LINE_SHOWN))}: ${what}\n  systemd: ${excerpt(theirs.said)}\n  here:    ${excerpt(ours.said)}`);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  console.log(`\n${String(Object.keys(BROKEN_UNITS).length)} broken files, ${String(different)} judged differently`);
  return different === 0 ? 0 : 1;
}

async function main([directory, firstSeed = '1', mutations = '2']: readonly string[]): Promise<number> {
  if (directory === '--broken') return compareBroken();
  if (directory === undefined) {
    console.log('usage: npm run compare:verify -- DIRECTORY [FIRST-SEED [MUTATIONS-PER-FILE]]');
    return 2;
  }
  const root = mkdtempSync(join(tmpdir(), 'heartwood-verify-'));
  const units = join(root, 'units');
  mkdirSync(units);
  cpSync(directory, units, { recursive: true, verbatimSymlinks: true });
  let [cases, different] = [0, 0];
  try {
    for (const name of readdirSync(units).filter((each) => UNIT_FILE.test(each)).sort()) {
      const file = join(units, name);
      // A link to what is not there.
      if (!existsSync(file)) continue;
      const original = readFileSync(file);
      for (let i = 0; i <= Number(mutations); i += 1) {
        const seed = Number(firstSeed) + i - 1;
        const { text, what } = i === 0 ? { text: original, what: 'as it is' } : mutate(original, `${name}:${String(seed)}`);
        writeFileSync(file, text);
        const [theirs, ours] = [bySystemd(file), await byHeartwood(file)];
        cases += 1;
        if (theirs.failed === ours.failed) continue;
        different += 1;
        console.log(`DIFFERENT ${name}, ${what} (seed ${String(seed)}): systemd ${theirs.failed ? 'fails' : 'passes'}, Heartwood ${ours.failed ? 'fails' : 'passes'}\n  systemd: ${excerpt(theirs.said)}\n  here:    ${excerpt(ours.said)}`);
      }
      writeFileSync(file, original);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  console.log(`\n${String(cases)} files, ${String(different)} judged differently`);
  return different === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
