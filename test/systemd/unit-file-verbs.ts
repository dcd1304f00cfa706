/**
 * Takes systemctl and Heartwood's through the same verbs about unit files, each below a root of its own with the same random files and
 * links, and reports every difference in what is printed, in the exit status and in the links that are left.
 * Run by hand: `npm run compare:unit-files [FIRST-SEED [COUNT]]`. It needs Debian's systemd package.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { unitKind, unitNameForm } from '../../src/core/unit/unit-name.ts';
import { runVerb } from '../../src/initctl/client/command-runner.ts';
import { offlineAnswerer } from '../../src/initctl/client/offline.ts';
import { PLAIN_TERMINAL } from '../../src/initctl/terminal.ts';
import { readCommand, runCommand } from '../../src/initctl/verbs.ts';

const SYSTEMCTL = '/usr/bin/systemctl';
/** Not /lib/systemd/system: Debian's systemctl looks there before /usr/lib, and on a system of today they are one. */
const DIRECTORIES = ['/usr/lib/systemd/system', '/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system', '/opt/units'];
const NAMES = ['a.service', 'b.service', 'c.socket', 't@.service', 'u@.service', 't@x.service', 'd.target'];
const OWNERS = ['multi-user.target', 'd.target', 'u@.service', 'missing.target', 'a.service'];

interface Outcome {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly links: readonly string[];
}

/** A number generator that two runs with one seed share. */
function numbers(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Tree {
  readonly files: ReadonlyMap<string, string>;
  readonly links: ReadonlyMap<string, string>;
}

function makeScenario(seed: number): { readonly tree: Tree; readonly commands: readonly (readonly string[])[] } {
  const below = numbers(seed);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const chance = (percent: number): boolean => below(100) < percent;
  const files = new Map<string, string>([['/usr/lib/systemd/system/multi-user.target', '[Unit]\nDescription=M\n'], ['/usr/lib/systemd/system/graphical.target', '[Unit]\nDescription=G\n']]);
  const links = new Map<string, string>();
  const install = (name: string): string => {
    if (chance(20)) return '';
    const lines = ['[Install]'];
    if (chance(70)) lines.push(`WantedBy=${pick(OWNERS)}${chance(20) ? ` ${pick(OWNERS)}` : ''}`);
    if (chance(20)) lines.push(`RequiredBy=${pick(OWNERS)}`);
    const kind = name.slice(name.lastIndexOf('.'));
    if (chance(25)) lines.push(`Alias=${pick([`al${kind}`, `al@.service`, 'al@x.service', 'b.service', 'bad.socket', `al-%p${kind}`, 'al@%i.service'])}`);
    if (chance(25)) lines.push(`Also=${pick([...NAMES, 'nowhere.service', '%p.socket', 'u@z.service'])}`);
    if (name.includes('@') && chance(50)) lines.push(`DefaultInstance=${pick(['dflt', 'x', '%p'])}`);
    return `${lines.join('\n')}\n`;
  };
  for (const name of NAMES) {
    for (const directory of DIRECTORIES) {
      if (!chance(directory === '/usr/lib/systemd/system' ? 65 : directory === '/opt/units' ? 30 : 6)) continue;
      files.set(`${directory}/${name}`, chance(5) ? '' : `${name.endsWith('.service') ? '[Service]\nExecStart=/bin/true\n' : '[Unit]\nDescription=x\n'}${install(name)}`);
    }
    if (chance(10)) files.set(`/etc/systemd/system/${name}.d/50.conf`, `[Install]\nWantedBy=${pick(OWNERS)}\n`);
  }
  const etc = ['/etc/systemd/system', '/etc/systemd/system', '/run/systemd/system'];
  for (let count = below(4); count > 0; count -= 1) {
    const directory = pick(etc);
    const name = pick([...NAMES, 't@y.service', 'al.service', 'al@.service', 'u@z.service']);
    const target = pick(['/dev/null', `/opt/units/${pick(NAMES)}`, `/usr/lib/systemd/system/${pick(NAMES)}`, `/usr/lib/systemd/system/${pick(NAMES)}`, pick(NAMES), '/nowhere/x.service']);
    const path = chance(60) ? `${directory}/${pick(OWNERS)}${pick(['.wants', '.requires'])}/${name}` : `${directory}/${name}`;
    if (!files.has(path)) links.set(path, target);
  }
  if (chance(40)) {
    files.set('/usr/lib/systemd/system-preset/90-x.preset', Array.from({ length: 1 + below(4) }, () => pick(['enable a.service', 'disable b.service', 'disable *.socket', 'enable t@.service one two', 'enable u@.service', 'disable *', 'disable t@.service', '# nothing'])).join('\n'));
  }
  const commands: string[][] = [];
  const operand = (): string => pick([...NAMES, 'a', 'al.service', 't@new.service', 'u@z.service', 'none.service', 'multi-user.target', `/opt/units/${pick(NAMES)}`]);
  for (let count = 1 + below(4); count > 0; count -= 1) {
    const words: string[] = [];
    const verb = pick(['enable', 'enable', 'disable', 'disable', 'reenable', 'preset', 'mask', 'unmask', 'link', 'revert', 'add-wants', 'add-requires', 'is-enabled', 'is-enabled', 'list-unit-files', 'get-default', 'set-default', 'preset-all']);
    words.push(verb);
    if (chance(15)) words.push('--runtime');
    if (chance(10)) words.push('--force');
    if (chance(5)) words.push('--quiet');
    if (verb === 'is-enabled' && chance(20)) words.push('--full');
    if (verb === 'preset' && chance(20)) words.push(`--preset-mode=${pick(['full', 'enable-only', 'disable-only'])}`);
    if (verb === 'add-wants' || verb === 'add-requires') words.push(pick(OWNERS));
    if (verb === 'set-default') words.push(pick(['multi-user.target', 'graphical', 'd.target', 'a.service', 'none.target']));
    else if (!['list-unit-files', 'get-default', 'preset-all'].includes(verb)) {
      words.push(operand());
      if (chance(20)) words.push(operand());
    }
    // systemd 252 enables the template in place of its instance then, and without the drop-ins.
    if (verb === 'reenable' && (words.some((word) => word.includes('@')) || [...files.keys()].some((path) => path.endsWith('.conf')))) continue;
    commands.push(words);
  }
  return { tree: { files, links }, commands };
}

function build(root: string, tree: Tree): void {
  for (const [path, text] of tree.files) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text);
  }
  for (const [path, target] of tree.links) {
    mkdirSync(dirname(root + path), { recursive: true });
    symlinkSync(target, root + path);
  }
}

/** Everything below a root: links with their targets, files, and empty directories. */
function inventory(root: string, at = ''): string[] {
  return readdirSync(root + at, { withFileTypes: true }).flatMap((entry) => {
    const path = `${at}/${entry.name}`;
    if (entry.isSymbolicLink()) return [`${path} -> ${readlinkSync(root + path)}`];
    if (!entry.isDirectory()) return [`${path} ${readFileSync(root + path, 'utf8').length}`];
    const below = inventory(root, path);
    return below.length > 0 || !/\.(?:wants|requires)$/.test(path) ? below : [`${path}/`];
  }).sort();
}

/** What systemctl says at length of units without [Install], and Heartwood in its own words; complaints about what systemd 252 does not know; names that may have been meant; and the suffix of a word that had none. */
function inOneWord(text: string): string {
  return text.replace(/The unit files have no installation config[^]*?instance name specified\.\n/, 'NO-INSTALL\n').replace(/Nothing was \w+: the unit files say.*/, 'NO-INSTALL')
    .replace(/^.*Couldn't parse line.*\n/gm, '').replace(/^.*symlink target .* rejecting.*\n/gm, '').replace(/ Did you mean .*\?$/gm, '')
    .replace(/^(Non-absolute paths .*: \w+)\.service$/gm, '$1');
}

/** Lines of several kinds come in the order of a directory's entries, which is nobody's: they are compared as a set. */
function linesOf(text: string, root: string): readonly string[] {
  return inOneWord(text).replaceAll(root, 'ROOT').split('\n').filter((line) => line !== '').sort();
}

/**
 * Whether a unit file is a link that gives no name: to itself, to another type, or to another form of name. systemd refuses what has to
 * do with the unit it leads to; for Heartwood it does not count (docs/differences.md).
 */
function hasUselessLink({ links }: Tree): boolean {
  return [...links].some(([path, target]) => {
    const [name, other] = [basename(path), basename(target)];
    if (unitNameForm(other) === null) return false;
    const isSelf = name === other && (!target.startsWith('/') || target === path);
    const fits = unitNameForm(name) === unitNameForm(other) || (unitNameForm(name) === 'instance' && unitNameForm(other) === 'template');
    return isSelf || unitKind(name) !== unitKind(other) || !fits;
  });
}

function runSystemctl(root: string, words: readonly string[]): Outcome {
  const run = spawnSync(SYSTEMCTL, [`--root=${root}`, ...words], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', SYSTEMD_LOG_LEVEL: 'info' } });
  return { exit: run.status ?? -1, out: linesOf(run.stdout, root), err: linesOf(run.stderr, root), links: inventory(root) };
}

async function runOurs(root: string, words: readonly string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const sink = (take: (text: string) => void): Writable => new Writable({ write: (chunk: Buffer, _encoding, done) => { take(chunk.toString()); done(); } });
  const terminal = { ...PLAIN_TERMINAL, unicode: true };
  const command = readCommand({ program: 'systemctl', argv: [`--root=${root}`, ...words], terminal, nowUsec: 0 });
  const exit = await runVerb(runCommand(command), {
    answerer: () => Promise.resolve(offlineAnswerer({ root, user: false })), terminal, signal: new AbortController().signal,
    places: { controlSocket: '/nowhere', logSocket: '/nowhere', logDirectories: [], named: true },
    stdout: sink((text) => { out += text; }), stderr: sink((text) => { err += text; }),
  });
  return { exit, out: linesOf(out, root), err: linesOf(err, root), links: inventory(root) };
}

function differencesOf(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...a.filter((line) => !b.includes(line)).map((line) => `    - ${line}`), ...b.filter((line) => !a.includes(line)).map((line) => `    + ${line}`)];
}

const first = Number(process.argv[2] ?? 1);
const count = Number(process.argv[3] ?? 200);
const verbose = process.argv[4] === '-v';
let compared = 0;
let different = 0;
let useless = 0;
const byVerb = new Map<string, number>();
for (let seed = first; seed < first + count; seed += 1) {
  const { tree, commands } = makeScenario(seed);
  const base = mkdtempSync(join(tmpdir(), 'heartwood-unit-files-'));
  const theirs = `${base}/s`;
  const ours = `${base}/h`;
  mkdirSync(theirs);
  build(theirs, tree);
  for (const words of commands) {
    rmSync(ours, { recursive: true, force: true });
    cpSync(theirs, ours, { recursive: true, verbatimSymlinks: true });
    const expected = runSystemctl(theirs, words);
    const actual = await runOurs(ours, words);
    compared += 1;
    const found = [
      ...(expected.exit === actual.exit ? [] : [`    exit ${expected.exit} / ${actual.exit}`]), ...differencesOf(expected.out, actual.out),
      ...differencesOf(expected.err, actual.err), ...differencesOf(expected.links, actual.links),
    ];
    if (found.length === 0) continue;
    if (hasUselessLink(tree)) {
      useless += 1;
      continue;
    }
    different += 1;
    byVerb.set(words[0] as string, (byVerb.get(words[0] as string) ?? 0) + 1);
    console.log(`seed ${seed}: systemctl ${words.join(' ')}`);
    console.log(found.join('\n'));
    if (verbose) for (const [path, text] of [...tree.files, ...tree.links]) console.log(`      ${path}: ${JSON.stringify(text)}`);
  }
  rmSync(base, { recursive: true, force: true });
}
console.log(`${compared} commands compared, ${different} differ, and ${useless} beside links that give no name: ${[...byVerb].map(([verb, times]) => `${verb} ${times}`).join(', ')}`);
process.exitCode = different > 0 ? 1 : 0;
