/**
 * Gives each directive that systemd 252 knows every text of `test/core/unit-file/value-pool.txt` as its value, and records which of them
 * `systemd-analyze verify` refuses: with a warning, or so that the whole unit cannot be used. The answers are what
 * `value-answers.test.ts` holds Heartwood to. Run by hand when the pool or the table of directives has grown:
 * `npm run compare:values -- --record`. It needs Debian's systemd package; without `--record` it only says what would change.
 * `npm run compare:values -- --random SEED [COUNT [SECTION]]` gives each directive texts that are made of those of the pool at random, and
 * prints where Heartwood judges otherwise.
 *
 * A line of the answers: section, directive, and in hexadecimal a bit for each line of the pool, the first line in the lowest bit
 * of the first digit: those that are refused, then those that are fatal.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbers } from './mutate.ts';
import { allDirectives } from '../../src/core/unit-file/directives.ts';
import { ANSWERS, KIND_OF_SECTION, POOL, bitsOf, bitsText, isOnPurpose, judgementOf } from '../core/unit-file/value-answers.ts';

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
function judge(section: string, directives: readonly string[], directory: string, poolOf: (directive: string) => readonly string[] = () => POOL): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>(directives.map((name) => [name, { refused: new Set(), fatal: new Set() }]));
  let segments: Segment[] = directives.map((directive, i) => ({ key: `v${String(i)}`, directive, first: 0 }));
  while (segments.length > 0) {
    const fileOf = ({ key }: Segment): string => join(directory, `${key}.${KIND_OF_SECTION[section] ?? 'service'}`);
    for (const segment of segments) {
      writeFileSync(fileOf(segment), [`[${section}]`, ...poolOf(segment.directive).slice(segment.first).map((value) => `${segment.directive}=${value}`), SENTINEL, ''].join('\n'));
    }
    const said = verify(directory, segments.map(fileOf));
    segments = segments.flatMap((segment) => {
      const verdict = verdicts.get(segment.directive) as Verdict;
      const { length } = poolOf(segment.directive);
      const end = length - segment.first + 2;
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
      return last + 1 < length ? [{ ...segment, first: last + 1 }] : [];
    });
  }
  return verdicts;
}

function directivesOf(section: string): readonly string[] {
  return [...new Set(allDirectives().filter((each) => each.sections.includes(section) && (each.systemdVersion ?? 252) <= 252).map((each) => each.name))];
}

/** Changes that keep a value nearly what it was, which is where parsers differ. */
function twist(texts: readonly string[], below: (max: number) => number): string {
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const text = pick(texts);
  const at = below(text.length + 1);
  const between = [' ', ' ', ':', ',', '  ', '\t', ';', '=', '-', '..', '/', '\u00a0'];
  const inserted = ['"', "'", '\\', ' ', '%', '%%', '%i', '%n', '%p', '%I', '%t', ':', ',', '-', '+', '!', '@', '~', '=', '/', '.', '0', '9', 'K', 's', 'é', '*', '#', ';', '$', '\\x20', '\\t', '\\101', '\\u00e9', '{', '[', ']', '|', '%%i', '%h', '%q', '%c'];
  switch (below(9)) {
    case 0: return `${text}${pick(between)}${pick(texts)}`;
    case 1: return `${text} ${pick(texts)} ${pick(texts)}`;
    case 2: { const quote = pick(['"', "'"]); return `${quote}${text}${quote}`; }
    case 3: return `${pick(inserted)}${text}`;
    case 4: return `${text}${pick(inserted)}`;
    case 5: return text.slice(0, at) + text.slice(at + 1);
    case 6: return pick([text.toUpperCase(), text.toLowerCase(), `${text.charAt(0).toUpperCase()}${text.slice(1)}`]);
    case 7: return text.replace(/\d+/, (digits) => pick([`${digits}0`, `0${digits}`, `+${digits}`, `-${digits}`, `0x${digits}`, String(Number(digits) + 1), `${digits}.5`, ` ${digits}`, `${digits} `]));
    default: return text.slice(0, at) + pick(inserted) + text.slice(at);
  }
}

/** Half of the texts begin with what the directive takes, so that not only the first character is tried. */
function randomTexts(taken: readonly string[], count: number, below: (max: number) => number): readonly string[] {
  const texts = new Set<string>();
  for (let i = 0; i < count; i += 1) {
    let text = twist(taken.length > 0 && below(3) > 0 ? taken : POOL, below);
    if (below(3) === 0) text = twist([text, ...taken], below);
    text = text.trim();
    if (text !== '' && !/\\$/.test(text)) texts.add(text);
  }
  return [...texts];
}

/** @returns how many are judged otherwise */
function compareRandom(seed: number, count: number, only: string | undefined): number {
  const below = numbers(String(seed));
  const taken = new Map(readFileSync(ANSWERS, 'utf8').split('\n').map((line) => {
    const [section = '', directive = '', refused = '-'] = line.split('\t');
    const bits = bitsOf(refused);
    return [`${section}.${directive}`, POOL.filter((_text, index) => !bits.has(index))];
  }));
  let [all, different] = [0, 0];
  for (const section of Object.keys(KIND_OF_SECTION).filter((each) => only === undefined || each === only)) {
    const directory = mkdtempSync(join(tmpdir(), 'heartwood-values-'));
    try {
      const pools = new Map(directivesOf(section).map((name) => [name, randomTexts(taken.get(`${section}.${name}`) ?? [], count, below)]));
      for (const [name, { refused, fatal }] of judge(section, [...pools.keys()], directory, (directive) => pools.get(directive) ?? [])) {
        for (const [index, value] of (pools.get(name) ?? []).entries()) {
          all += 1;
          const theirs = fatal.has(index) ? 'fatal' : refused.has(index) ? 'refused' : 'taken';
          const { judgement: ours, message } = judgementOf(section, name, value);
          if (theirs === ours || isOnPurpose(section, name, value)) continue;
          different += 1;
          console.log(`${section}.${name}=${value}: ${theirs} by systemd, ${ours} here (${message})`);
        }
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
  console.log(`${String(all)} values, ${String(different)} judged differently`);
  return different;
}

function main(argv: readonly string[]): number {
  if (argv[0] === '--random') return compareRandom(Number(argv[1] ?? 1), Number(argv[2] ?? 100), argv[3]) === 0 ? 0 : 1;
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-values-'));
  const lines: string[] = [];
  try {
    for (const section of Object.keys(KIND_OF_SECTION)) {
      for (const [name, { refused, fatal }] of judge(section, directivesOf(section), directory)) lines.push(`${section}\t${name}\t${bitsText(refused)}\t${bitsText(fatal)}`);
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
