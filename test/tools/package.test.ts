/** What `npm pack` makes: an installed package runs without a compiler, an install script, other packages or a network. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

const CHECKOUT = dirname(dirname(import.meta.dirname));
/** In a checkout only: calling it by accident on a machine of systemd's would be a surprise. */
const NOT_INSTALLED = ['systemctl'];
let place = '';

before(() => {
  place = mkdtempSync(join(tmpdir(), 'heartwood-package-'));
  const npm = (...words: string[]): string => execFileSync('npm', [...words, '--loglevel=error'], { cwd: CHECKOUT, encoding: 'utf8' });
  const archive = npm('pack', '--ignore-scripts', '--pack-destination', place).trim();
  npm('install', '--offline', '--ignore-scripts', '--global', '--prefix', join(place, 'prefix'), join(place, archive));
});

after(() => {
  rmSync(place, { recursive: true, force: true });
});

function run(name: string, ...words: string[]): { status: number | null; stdout: string; output: string } {
  const { status, stdout, stderr } = spawnSync(join(place, 'prefix/bin', name), words, { encoding: 'utf8', timeout: 60_000, cwd: place });
  return { status, stdout, output: stdout + stderr };
}

test('an installed package has every program of a checkout but systemctl', () => {
  const inCheckout = readdirSync(join(CHECKOUT, 'bin')).filter((name) => lstatSync(join(CHECKOUT, 'bin', name)).isSymbolicLink());
  assert.deepEqual(readdirSync(join(place, 'prefix/bin')).sort(), inCheckout.filter((name) => !NOT_INSTALLED.includes(name)).sort());
});

test('an installed manager runs a command and ends with its status', () => {
  const { status, output } = run('heartwood', '--runtime-dir', join(place, 'run'), '--log-target', 'null', '--', '/bin/sh', '-c', 'echo it runs; exit 7');
  assert.match(output, /it runs/);
  assert.equal(status, 7, output);
});

test('an installed client answers what needs no manager, with the native client and with Node', () => {
  const { version } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as { version: string };
  assert.equal(run('initctl', '--version').stdout, `heartwood ${version}\n`);
  assert.match(run('initctl', 'calendar', 'daily').output, /Normalized form: \*-\*-\* 00:00:00/);
  assert.match(run('initctl', 'simulate', '--help').output, /--script/);
  assert.match(run('pmtr', '-h').output, /pmtr/);
});

test('all manual pages are installed', () => {
  const pages = readdirSync(join(CHECKOUT, 'docs/man')).filter((name) => /\.[1-8]$/.test(name));
  for (const page of pages) assert.ok(lstatSync(join(place, 'prefix/share/man', `man${page.slice(-1)}`, page)), page);
});
