/** The manual pages say what the program does: their generated parts are current, they leave nothing out, and mandoc(1) finds nothing wrong. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, suite, test } from 'node:test';
import { MANAGER_SETTINGS, METHOD_KINDS } from '../../src/control/requests.ts';
import { LIMIT_NAMES } from '../../src/core/unit-file/value/resource-limit.ts';
import { mergeConfiguration } from '../../src/host/manager-configuration.ts';
import { BUILT_IN_DEFAULTS } from '../../src/core/unit-file/unit-defaults.ts';
import { buildLoadPath } from '../../src/host/unit-loader/load-path.ts';
import { parseKernelCommandLine } from '../../src/init/kernel-command-line.ts';
import { HELP as GATEWAY_HELP } from '../../src/gateway/options.ts';
import { HELP } from '../../src/init/options.ts';
import { VERBS } from '../../src/initctl/verbs.ts';
import { manualPages, renewPage } from '../../tools/generate-man.ts';
import { GENERATED_BLOCKS } from '../../tools/manual/generated-blocks.ts';
import { VERB_NOTES } from '../../tools/manual/verb-notes.ts';
import { parse as parseIni } from 'ini';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = manualPages();

function pageText(name: string): string {
  return readFileSync(join(ROOT, 'docs/man', name), 'utf8');
}

/** A page's words without macros and escapes, so that `.Li a , b` and `.Li a Ns Ar B` are found as words. */
function words(name: string): ReadonlySet<string> {
  return new Set(pageText(name).replaceAll('\\&', '').split(/[\s,]+/));
}

test('there are these pages', () => {
  assert.deepEqual(PAGES.map((path) => basename(path)), ['heartwood-gateway.1', 'heartwood-log.7', 'heartwood-protocol.7', 'heartwood-simulate.5', 'heartwood.1', 'heartwood.conf.5', 'heartwood.unit.5', 'initctl.1']);
});

for (const path of PAGES) {
  test(`the generated parts of ${basename(path)} are current`, () => {
    const text = readFileSync(path, 'utf8');
    assert.equal(text, renewPage(text), 'run npx tsx tools/generate-man.ts');
  });
}

test('every generated part has its place in exactly one page, once', () => {
  const used = PAGES.flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/^\.\\" generated: (.+)$/gm)].map((match) => match[1]));
  assert.deepEqual(used.sort(), Object.keys(GENERATED_BLOCKS).sort());
});

test('a part that was changed by hand, or that nobody knows, is found out', () => {
  const text = pageText('heartwood.1');
  const changed = text.replace('.It Dv SIGHUP Ta read', '.It Dv SIGHUP Ta never read');
  assert.notEqual(changed, text);
  assert.equal(renewPage(changed), text);
  assert.throws(() => renewPage('.\\" generated: nonsense\n.\\" end\n'), /nonsense/);
});

test('every verb has its notes, and there are no notes of verbs that do not exist', () => {
  assert.deepEqual(Object.keys(VERB_NOTES).sort(), VERBS.map((verb) => verb.name).sort());
});

test('every option of heartwood-gateway --help is in heartwood-gateway(1), and no other', () => {
  const inHelp = [...GATEWAY_HELP.matchAll(/^ {2}--([a-z-]+)(?:[=, ]+(?:[A-Z:]+)?(?:--([a-z-]+))?)?/gm)].flatMap(([, first, second]) => [first, second]).filter((name) => name !== undefined);
  const inPage = [...pageText('heartwood-gateway.1').matchAll(/^\.It (.*)$/gm)].flatMap(([, item = '']) => [...item.matchAll(/Fl -([a-z-]+)/g)].map(([, name]) => name));
  assert.ok(inHelp.length > 6);
  assert.deepEqual(inPage.sort(), inHelp.sort());
});

test('every option of heartwood --help is in heartwood(1), and no other', () => {
  const offered = [...HELP.matchAll(/^ {2}--([a-z-]+)/gm)].map((match) => match[1]);
  const described = [...pageText('heartwood.1').matchAll(/^\.It Fl -([a-z-]+)/gm)].map((match) => match[1]);
  assert.deepEqual(described.sort(), offered.sort());
});

test('the words of the kernel command line that heartwood(1) names do what it says', () => {
  const page = words('heartwood.1');
  for (const [word, unit] of [
    ['rescue', 'rescue.target'], ['single', 'rescue.target'], ['s', 'rescue.target'], ['S', 'rescue.target'], ['1', 'rescue.target'],
    ['emergency', 'emergency.target'], ['-b', 'emergency.target'], ['2', 'multi-user.target'], ['3', 'multi-user.target'], ['4', 'multi-user.target'],
    ['5', 'graphical.target'],
  ] as const) {
    assert.equal(parseKernelCommandLine(word).unit, unit);
    assert.ok(page.has(word) && page.has(unit), word);
  }
  const known = [...readFileSync(join(ROOT, 'src/init/kernel-command-line.ts'), 'utf8').matchAll(/key === '([a-z._]+)'/g)].map((match) => match[1] ?? '');
  assert.ok(known.length >= 8);
  for (const key of known) assert.ok(page.has(key) || page.has(`${key}=`), key);
});

test('heartwood.conf(5) names every key that is read, and its example is understood', () => {
  const page = words('heartwood.conf.5');
  const keys = [...readFileSync(join(ROOT, 'src/host/manager-configuration.ts'), 'utf8').matchAll(/case '([A-Z]\w+)'/g)].map((match) => match[1] ?? '');
  assert.ok(keys.length >= 14);
  for (const key of [...keys, ...LIMIT_NAMES.map((name) => `DefaultLimit${name}`)]) assert.ok(page.has(`${key}=`), key);
  const example = /\.Bd -literal -offset indent\n(\[Manager\][^]*?)\.Ed/.exec(pageText('heartwood.conf.5'))?.[1] ?? '';
  const read = mergeConfiguration([{ path: 'system.conf', content: parseIni(example) }], BUILT_IN_DEFAULTS);
  assert.deepEqual(read.complaints, []);
  assert.equal(read.accessRules.length, 4);
  assert.equal(read.defaults.timeoutStopUsec, 20_000_000);
});

test('heartwood.unit(5) lists the load path in order', () => {
  const page = pageText('heartwood.unit.5');
  const listed = [...page.matchAll(/^\.It\n(?:\.Pa (\S+)|the units that come with)/gm)].map((match) => match[1] ?? 'shipped');
  const environment = { HOME: '$HOME', XDG_CONFIG_HOME: '$XDG_CONFIG_HOME', XDG_DATA_HOME: '$XDG_DATA_HOME', XDG_RUNTIME_DIR: '$XDG_RUNTIME_DIR' };
  const path = (mode: 'system' | 'user'): readonly string[] =>
    buildLoadPath({ mode, unitPath: null, shippedUnits: 'shipped', generatorDirectory: 'generator', environment }).directories;
  assert.deepEqual(listed, [...path('system'), ...path('user')]);
});

test('heartwood.conf(5) names every verb that an access rule can grant', () => {
  const page = words('heartwood.conf.5');
  const byWord = { enqueue: null, shutdown: null, 'change-unit-files': null, 'change-setting': null, 'unit-fault': null, 'logd-fault': null } as Readonly<Record<string, null | undefined>>;
  for (const [method, kind] of Object.entries(METHOD_KINDS)) {
    if ((kind === 'change' || kind === 'manage') && byWord[method] === undefined) assert.ok(page.has(method), method);
  }
  for (const setting of MANAGER_SETTINGS) assert.ok(page.has(setting), setting);
});

suite('mandoc', { skip: whyNoMandoc() }, () => {
  // Pages of other packages, and these here before they are installed, are not in the machine's index.
  const NOT_OURS = /STYLE: referenced manual not found|outdated mandoc\.db/;

  let version = '';
  before(() => { version = spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'mandoc'], { encoding: 'utf8' }).stdout; });

  for (const path of PAGES) {
    test(`finds nothing to complain about in ${basename(path)}`, () => {
      const { stdout, stderr, status } = spawnSync('mandoc', ['-Tlint', path], { encoding: 'utf8' });
      assert.ok(status !== null && status < 5, stderr);
      assert.deepEqual(stdout.split('\n').filter((line) => line !== '' && !NOT_OURS.test(line)), [], `mandoc ${version}`);
    });
  }

  test('would complain about a macro that does not exist', () => {
    const { stdout } = spawnSync('mandoc', ['-Tlint'], { encoding: 'utf8', input: `${pageText('heartwood.1')}.Zz\n` });
    assert.match(stdout, /unknown macro/);
  });
});

/** Installs mandoc when it is missing and that is possible; returns why there is none, or false. */
function whyNoMandoc(): string | false {
  const isThere = (): boolean => spawnSync('mandoc', ['-Tlint'], { input: '' }).error === undefined;
  if (isThere()) return false;
  const command = 'apt-get install -y --no-install-recommends mandoc';
  if (process.getuid?.() === 0) spawnSync('apt-get', command.split(' ').slice(1), { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  return isThere() ? false : `mandoc is missing: sudo ${command}`;
}
