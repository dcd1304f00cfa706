import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { getPriority, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { restoreEnvironment } from '../../src/host/spawn/inherited-environment.ts';
import { addonPath, native, nodeEnvironment, nullFd, ok, outputPipe, plainSpawn, readToEnd, run, exitOf, started } from './native-under-test.ts';

/** A built tree with another manager in it: one that tells how it was started. */
const base = mkdtempSync(join(tmpdir(), 'heartwood-launcher-'));
after(() => { rmSync(base, { recursive: true }); });
const launcher = join(base, 'dist/native/launcher');
const manager = join(base, 'dist/heartwood.cjs');
mkdirSync(dirname(launcher), { recursive: true });
copyFileSync(join(dirname(addonPath), 'launcher'), launcher);
const TELL = `
  const { readlinkSync, readFileSync } = require('fs');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => /NODE|SSL|HEARTWOOD/.test(name) && !/ADDON|EXECUTOR/.test(name)));
  console.log(JSON.stringify({ program: process.argv[1], words: process.argv.slice(2), flags: process.execArgv, env, zero: readlinkSync('/proc/self/fd/0') }));`;
writeFileSync(manager, TELL);

interface Told {
  readonly program: string;
  readonly words: readonly string[];
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly zero: string;
}

async function launch(environment: readonly string[], words: readonly string[] = [], path = launcher): Promise<Told> {
  const { output } = await run([path, ...words], { env: [...nodeEnvironment, `HEARTWOOD_NODE=${process.execPath}`, ...environment], limits: [[7, 400, 4000]] });
  return JSON.parse(output) as Told;
}

test('the manager is found from the launcher, also through a link, and gets all arguments', async () => {
  const link = join(base, 'heartwood');
  symlinkSync('dist/native/launcher', link);
  const told = await launch([], ['--user', '--', 'größe', ''], link);
  assert.equal(told.program, manager);
  assert.deepEqual(told.words, ['--user', '--', 'größe', '']);
  assert.ok(told.flags.includes('--v8-pool-size=0'));
});

test('a loader beside the bundle is preferred', async () => {
  const loader = join(base, 'dist/heartwood.js');
  writeFileSync(loader, TELL);
  assert.equal((await launch([])).program, loader);
  rmSync(loader);
});

const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(release())?.map(Number) ?? [];
const hasSlices = (major > 6 || (major === 6 && minor >= 12)) && /^se\.slice/m.test(readFileSync('/proc/self/sched', 'utf8'));

test('the manager has shorter turns on the processor than what it starts', { skip: (!hasSlices || getPriority() !== 0) && 'needs Linux 6.12 and no priority of its own' }, async () => {
  const node = join(base, 'node-that-tells-turns');
  writeFileSync(node, '#!/bin/sh\ngrep ^se.slice /proc/$$/sched; grep ^se.slice /proc/self/sched\n', { mode: 0o755 });
  const turns = async (path: string): Promise<readonly number[]> => (await run([path], { env: ['PATH=/usr/bin:/bin', `HEARTWOOD_NODE=${node}`] })).output.trim().split('\n').map((line) => Number(line.split(':')[1]));
  const [usual] = await turns(node);
  const [manager, started] = await turns(launcher);
  assert.ok(manager !== undefined && usual !== undefined && manager < usual, `${String(manager)} ns and usually ${String(usual)}`);
  assert.equal(started, usual);
});

test('what Node would obey is renamed, and comes back for the services', async () => {
  const { env } = await launch(['NODE_OPTIONS=--no-such-option', 'NODE_ENV=production', 'SSL_CERT_FILE=/x', 'MY_NODE_ENV=kept']);
  assert.deepEqual(env, {
    HEARTWOOD_ENV_NODE_OPTIONS: '--no-such-option', HEARTWOOD_ENV_NODE_ENV: 'production', HEARTWOOD_ENV_SSL_CERT_FILE: '/x', MY_NODE_ENV: 'kept',
    HEARTWOOD_NODE: process.execPath, HEARTWOOD_NOFILE: '400:4000',
  });
  const restored = { ...env };
  restoreEnvironment(restored);
  assert.deepEqual(restored, {
    NODE_OPTIONS: '--no-such-option', NODE_ENV: 'production', SSL_CERT_FILE: '/x', MY_NODE_ENV: 'kept',
    HEARTWOOD_NODE: process.execPath, HEARTWOOD_NOFILE: '400:4000',
  });
});

test('the record of the limit survives a second launch, when the limit itself is already raised', async () => {
  assert.equal((await launch(['HEARTWOOD_NOFILE=100:4000'])).env['HEARTWOOD_NOFILE'], '100:4000');
});

test('closed standard streams are opened before Node starts', async () => {
  const [read, write] = outputPipe();
  const child = started(native.spawn(plainSpawn(['/bin/sh', '-c', `exec '${launcher}' 0<&- 2>&-`], {
    env: [...nodeEnvironment, `HEARTWOOD_NODE=${process.execPath}`], stdio: [nullFd, write, write],
  })));
  ok(native.close(write));
  const told = JSON.parse((await readToEnd(read)).toString()) as Told;
  assert.equal(told.zero, '/dev/null');
  assert.equal((await exitOf(child.pid)).status, 0);
  ok(native.close(child.pidfd));
});

test('what is missing is named, with the exit status of a command that is not found', async () => {
  const noNode = await run([launcher], { env: ['HEARTWOOD_NODE=/no/such/node'] });
  assert.equal(noNode.output, 'heartwood: cannot execute $HEARTWOOD_NODE: /no/such/node: No such file or directory\n');
  assert.equal(noNode.exit.status, 127);
  rmSync(manager);
  const noManager = await run([launcher], { env: nodeEnvironment });
  assert.match(noManager.output, /^heartwood: cannot find the manager \(is it built\?\): .*heartwood\.cjs: No such file or directory\n$/);
  writeFileSync(manager, TELL);
});

test('with too few open files it says so instead of dying half-way', async () => {
  const told = await run([launcher], { env: nodeEnvironment, limits: [[7, 20, 20]] });
  assert.equal(told.output, 'heartwood: cannot start: 20 open files are allowed, 64 are needed (ulimit -n): Too many open files\n');
  assert.equal(told.exit.status, 71);
});
