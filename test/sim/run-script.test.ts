import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseScript } from '../../src/sim/script/script-text.ts';
import { runScript, type ScriptRun } from '../../src/sim/script/run-script.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const EXAMPLES = join(CHECKOUT, 'docs/examples/simulate');
const folders: string[] = [];
after(() => { for (const folder of folders) rmSync(folder, { recursive: true }); });

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'heartwood-simulate-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function run(files: Readonly<Record<string, string>>, script: string): ScriptRun {
  const parsed = parseScript(script);
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.problems));
  return runScript(parsed.script, { directories: [folderOf(files)], mode: 'system', environment: {}, isFull: false });
}

/** What is not as expected. */
function broken({ expectations }: ScriptRun): readonly string[] {
  return expectations.filter(({ holds }) => !holds).map(({ line, text, found }) => `${String(line)}: ${text}: ${found}`);
}

for (const file of readdirSync(EXAMPLES).filter((name) => name.endsWith('.sim'))) {
  test(`the example ${file} goes as it says`, () => {
    const parsed = parseScript(readFileSync(join(EXAMPLES, file), 'utf8'));
    assert.ok(parsed.ok);
    const result = runScript(parsed.script, { directories: [join(EXAMPLES, 'units')], mode: 'system', environment: {}, isFull: false });
    assert.deepEqual(broken(result), []);
    assert.ok(result.expectations.length > 0);
  });
}

test('an expectation that does not hold says what was found, and one that is never reached does not hold', () => {
  const result = run({ 'a.service': '[Service]\nExecStart=/bin/a\n' }, 'at 0s start a.service\nat 1s expect a.service failed\nat 2s expect b.service active\nat 5s expect a.service active\nuntil 3s');
  assert.deepEqual(broken(result), ['2: expect a.service failed: it is active (running)', '3: expect b.service active: the unit is not loaded', '4: expect a.service active: the simulation was over before']);
});

test('a day of a timer takes no time', () => {
  const started = performance.now();
  const result = run(
    { 'default.target': '[Unit]\nWants=job.timer\n', 'job.timer': '[Timer]\nOnCalendar=hourly\nAccuracySec=1us\n', 'job.service': '[Service]\nType=oneshot\nExecStart=/bin/job\n' },
    'clock 2026-03-01 00:30:00\nat 24h expect job.service runs 24',
  );
  assert.deepEqual(broken(result), []);
  assert.ok(performance.now() - started < 20_000);
});

test('a connection starts the service of a socket, a file that of a path unit', () => {
  const result = run({
    'default.target': '[Unit]\nWants=s.socket p.path\n', 's.socket': '[Socket]\nListenStream=/run/s\n', 's.service': '[Service]\nExecStart=/bin/s\n',
    'p.path': '[Path]\nPathExists=/x\n', 'p.service': '[Service]\nExecStart=/bin/p\n',
  }, 'at 1s expect s.service inactive\nat 1s expect p.service inactive\nat 2s connect s.socket\nat 2s touch /x\nat 3s expect s.service active running\nat 3s expect p.service active running');
  assert.deepEqual(broken(result), []);
});

test('conditions are what the script says, and hold else', () => {
  const result = run({ 'a.service': '[Unit]\nConditionPathExists=/a\n[Service]\nExecStart=/bin/a\n', 'b.service': '[Unit]\nConditionPathExists=/b\n[Service]\nExecStart=/bin/b\n' },
    'condition PathExists=/a fails\nat 0s start a.service b.service\nat 1s expect a.service inactive\nat 1s expect b.service active');
  assert.deepEqual(broken(result), []);
});

test('stop sequences take the time that programs take', () => {
  const result = run({ 'a.service': '[Service]\nExecStart=/bin/a\nTimeoutStopSec=5\n' },
    'program a.service: ignores TERM\nat 0s start a.service\nat 1s stop a.service\nat 5s expect a.service deactivating stop-sigterm\nat 7s expect a.service failed\nat 7s expect a.service result timeout');
  assert.deepEqual(broken(result), []);
});

test('an automount mounts when somebody goes there, and whoever mounts, unmounts or pages by hand is noticed', () => {
  const result = run({
    'srv-data.automount': '[Automount]\nWhere=/srv/data\n', 'srv-data.mount': '[Mount]\nWhat=tmpfs\nWhere=/srv/data\nType=tmpfs\n', 'swapfile.swap': '[Swap]\nWhat=/swapfile\n',
  }, [
    'at 0s start srv-data.automount', 'at 1s expect srv-data.mount inactive', 'at 1s visit /srv/data', 'at 2s expect srv-data.mount active mounted', 'at 2s expect srv-data.automount active running',
    'at 2s umount /srv/data', 'at 3s expect srv-data.mount inactive dead', 'at 3s expect srv-data.automount active waiting', 'at 3s mount /srv/data', 'at 4s expect srv-data.mount active',
    'at 4s start swapfile.swap', 'at 5s expect swapfile.swap active', 'at 5s swapoff /swapfile', 'at 6s expect swapfile.swap inactive', 'at 6s swapon /swapfile', 'at 7s expect swapfile.swap active',
  ].join('\n'));
  assert.deepEqual(broken(result), []);
});

test('fds that a program stores are kept through its restart, and go when it takes them back', () => {
  const result = run({ 'a.service': '[Service]\nType=notify\nExecStart=/bin/a\nFileDescriptorStoreMax=4\nFileDescriptorStorePreserve=yes\nRestart=always\nRestartSec=1\n' }, [
    'program a.service: ready after 1s, stores 2 as db, exits 1 after 3s', 'program a.service: ready after 1s, takes back db',
    'at 0s start a.service', 'at 2s expect a.service stored 2', 'at 6s expect a.service restarts 1', 'at 6s expect a.service stored 2', 'at 6s stop a.service', 'at 7s expect a.service stored 0',
  ].join('\n'));
  assert.deepEqual(broken(result), []);
});

test('the same script gives the same timeline', () => {
  const files = { 'a.service': '[Service]\nExecStart=/bin/a\nRestart=always\nRestartSec=1\n', 'a.timer': '[Timer]\nOnActiveSec=3s\nRandomizedDelaySec=10\n' };
  const script = 'program a.service: exits 1 after 500ms\nat 0s start a.timer\nuntil 1min';
  assert.deepEqual(run(files, script).entries, run(files, script).entries);
});

test('initctl simulate prints JSON, and ends with 1 for what is not as expected and with 2 for a wrong script', () => {
  const units = folderOf({ 'a.service': '[Service]\nExecStart=/bin/a\n' });
  const script = join(folderOf({ 'good.sim': 'at 0s start a.service\nat 1s expect a.service active\n', 'bad.sim': 'at 0s start a.service\nat 1s expect a.service failed\n', 'wrong.sim': '\nfrob\n', 'misspelt.sim': '\nprogram aa.service: exits 1 after 1s\n' }));
  const simulate = (...words: string[]) => spawnSync(join(CHECKOUT, 'bin/initctl'), ['simulate', `--units=${units}`, ...words], { encoding: 'utf8' });
  const good = simulate(`--script=${script}/good.sim`, '--json');
  assert.equal(good.status, 0, good.stderr);
  const answer = JSON.parse(good.stdout) as { readonly timeline: readonly { readonly atUsec: number; readonly unit: string }[]; readonly units: readonly object[] };
  assert.ok(answer.timeline.some(({ unit, atUsec }) => unit === 'a.service' && atUsec === 0));
  assert.deepEqual(answer.units.find((unit) => (unit as { unit: string }).unit === 'a.service'), { unit: 'a.service', activeState: 'active', subState: 'running', result: 'success', restarts: 0, runs: 1, stored: 0 });
  const bad = simulate(`--script=${script}/bad.sim`);
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /bad\.sim:2: expect a\.service failed: it is active \(running\)/);
  const wrong = simulate(`--script=${script}/wrong.sim`);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /wrong\.sim:2: "frob" begins no statement/);
  const misspelt = simulate(`--script=${script}/misspelt.sim`);
  assert.equal(misspelt.status, 2);
  assert.match(misspelt.stderr, /misspelt\.sim:2: there is no unit file aa\.service in /);
  assert.equal(spawnSync(join(CHECKOUT, 'bin/initctl'), ['simulate', '--units=', '--script=x'], { encoding: 'utf8' }).status, 2);
  assert.equal(spawnSync(join(CHECKOUT, 'bin/initctl'), ['simulate', '--units=/nowhere', '--script=x'], { encoding: 'utf8' }).status, 2);
});

test('a process that the kernel ends for want of memory takes its service along, as OOMPolicy= says, and Restart= starts it again', () => {
  const result = run({
    'default.target': '[Unit]\nWants=stop.service kill.service continue.service again.service starting.service\n',
    'stop.service': '[Service]\nExecStart=/bin/a\n',
    'kill.service': '[Service]\nOOMPolicy=kill\nExecStart=/bin/b\n',
    'continue.service': '[Service]\nOOMPolicy=continue\nExecStart=/bin/c\n',
    'again.service': '[Service]\nRestart=on-failure\nRestartSec=1s\nExecStart=/bin/d\n',
    'starting.service': '[Service]\nType=notify\nExecStart=/bin/e\n',
  }, [
    'boot default.target', 'program starting.service: ready after 1h',
    'at 5s oom stop.service', 'at +0s oom kill.service', 'at +0s oom continue.service', 'at +0s oom again.service', 'at +0s oom starting.service',
    'at 5500ms expect again.service result oom-kill',
    'at 10s expect stop.service failed', 'at +0s expect stop.service result oom-kill', 'at +0s expect kill.service result oom-kill',
    'at +0s expect continue.service result signal', 'at +0s expect starting.service result oom-kill',
    'at +0s expect again.service active', 'at +0s expect again.service restarts 1',
    'until 11s',
  ].join('\n'));
  assert.deepEqual(broken(result), []);
  assert.equal(result.expectations.length, 8);
});
