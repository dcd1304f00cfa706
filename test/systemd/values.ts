/**
 * Gives each directive that systemd 252 knows every text of `test/core/unit-file/value-pool.txt` as its value, and records which of them
 * `systemd-analyze verify` refuses: with a warning, or so that the whole unit cannot be used. The answers are what
 * `value-answers.test.ts` holds Heartwood to. Run by hand when the pool or the table of directives has grown:
 * `npm run compare:values -- --record`. It needs Debian's systemd package; without `--record` it only says what would change.
 *
 * A line of the answers: section, directive, and in hexadecimal a bit for each line of the pool, the first line in the lowest bit
 * of the first digit: those that are refused, then those that are fatal.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIRECTIVES } from '../../src/core/unit-file/directives.ts';
import { ANSWERS, KIND_OF_SECTION, POOL, bitsText } from '../core/unit-file/value-answers.ts';

const VERIFY_AT_ONCE = 100;
/** A key that no section has: its complaint shows that the file was read to the end. */
const SENTINEL = 'NoSuchKeyAnywhere=1';
/** Warnings about values that are taken all the same. */
const ACCEPTED = /Support for option|^Unit uses|below a legacy|^Special user|will be removed|deprecated|unsafe|legacy|obsolete|not supported for this unit type/;

interface Segment {
  readonly key: string;
  readonly directive: string;
  readonly first: number;
}

interface Verdict {
  readonly refused: Set<number>;
  readonly fatal: Set<number>;
}

function verify(directory: string, files: readonly string[]): Map<string, { line: number; message: string }[]> {
  const said = new Map<string, { line: number; message: string }[]>();
  for (let i = 0; i < files.length; i += VERIFY_AT_ONCE) {
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--generators=no', ...files.slice(i, i + VERIFY_AT_ONCE)], {
      encoding: 'utf8', maxBuffer: 1 << 30, env: { ...process.env, SYSTEMD_LOG_LEVEL: 'info', SYSTEMD_UNIT_PATH: `${directory}:` },
    });
    for (const text of stderr.split('\n')) {
      const match = /^(\S+?):(\d+): (.*)/.exec(text);
      if (match === null) continue;
      const [, file = '', line = '', message = ''] = match;
      said.set(file, [...(said.get(file) ?? []), { line: Number(line), message }]);
    }
  }
  return said;
}

/** A fatal value ends the reading of its file; the rest goes into the next round. */
function judge(section: string, directives: readonly string[], directory: string): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>(directives.map((name) => [name, { refused: new Set(), fatal: new Set() }]));
  let segments: Segment[] = directives.map((directive, i) => ({ key: `v${String(i)}`, directive, first: 0 }));
  while (segments.length > 0) {
    const fileOf = ({ key }: Segment): string => join(directory, `${key}.${KIND_OF_SECTION[section] ?? 'service'}`);
    for (const segment of segments) {
      writeFileSync(fileOf(segment), [`[${section}]`, ...POOL.slice(segment.first).map((value) => `${segment.directive}=${value}`), SENTINEL, ''].join('\n'));
    }
    const said = verify(directory, segments.map(fileOf));
    segments = segments.flatMap((segment) => {
      const verdict = verdicts.get(segment.directive) as Verdict;
      const end = POOL.length - segment.first + 2;
      let last = -1;
      let isWhole = false;
      for (const { line, message } of said.get(fileOf(segment)) ?? []) {
        if (line === end) isWhole = true;
        if (line < 2 || line >= end) continue;
        last = Math.max(last, segment.first + line - 2);
        if (/^Unknown key/.test(message)) verdicts.delete(segment.directive);
        if (!ACCEPTED.test(message)) verdict.refused.add(segment.first + line - 2);
      }
      if (isWhole || last < 0) return [];
      verdict.fatal.add(last);
      return last + 1 < POOL.length ? [{ ...segment, first: last + 1 }] : [];
    });
  }
  return verdicts;
}

function main(argv: readonly string[]): number {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-values-'));
  const lines: string[] = [];
  try {
    for (const section of Object.keys(KIND_OF_SECTION)) {
      const names = new Set(DIRECTIVES.filter((each) => each.sections.includes(section) && (each.systemdVersion ?? 252) <= 252).map((each) => each.name));
      for (const [name, { refused, fatal }] of judge(section, [...names], directory)) lines.push(`${section}\t${name}\t${bitsText(refused)}\t${bitsText(fatal)}`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  const text = `${lines.join('\n')}\n`;
  const before = readFileSync(ANSWERS, 'utf8').split('\n');
  for (const line of lines.filter((each) => !before.includes(each))) console.log(line.split('\t', 2).join('.'));
  if (argv.includes('--record')) writeFileSync(ANSWERS, text);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
