/** What a running manager tells about why units are as they are: conditions, chains of causes with their logs, broken files. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Rig, UNITS_INSIDE, whyNoNamespaces } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
let rig: Rig;

before(async () => {
  if (skip !== false) return;
  rig = await Rig.boot({
    units: {
      'default.target': '[Unit]\nWants=web.service skipped.service started.service steady.service\n',
      'db.service': '[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo looking for space; echo no space left >&2; exit 3"\n',
      'app.service': '[Unit]\nRequires=db.service\nAfter=db.service\n[Service]\nExecStart=/bin/sleep 1000\n',
      'web.service': '[Unit]\nRequires=app.service\nAfter=app.service\n[Service]\nExecStart=/bin/sleep 1000\n',
      'skipped.service': '[Unit]\nConditionPathExists=/etc\nConditionPathExists=!/etc\nAssertUser=root\n[Service]\nExecStart=/bin/sleep 1000\n',
      'started.service': '[Unit]\nConditionPathExists=|/nowhere\nConditionPathExists=|/etc\n[Service]\nExecStart=/bin/sleep 1000\n',
      'never.service': '[Unit]\nAssertPathExists=/nowhere\n[Service]\nExecStart=/bin/sleep 1000\n',
      'steady.service': '[Service]\nExecStart=/bin/sleep 1000\n',
    },
  });
  await rig.booted();
});

after(async () => {
  if (skip === false) await rig.destroy();
});

test('why follows requirements to the root cause, each with its line, and ends with what the program said last', { skip }, async () => {
  const { stdout } = await rig.initctl('why', 'web.service');
  assert.match(stdout, /^web\.service .*Requires=app\.service.*\(\S+\/web\.service:2\)\n.*app\.service .*Requires=db\.service.*\(\S+\/app\.service:2\)\n.*db\.service .*exited with status 3.*\(\S+\/db\.service:3\)\n/);
  // The log process is on its own clock.
  await rig.until(async () => /looking for space\n.*no space left\n$/.test((await rig.initctl('why', 'web.service')).stdout), { what: 'the last words of db.service' });
  const { stdout: silent } = await rig.initctl('why', '--lines=0', 'web.service');
  assert.doesNotMatch(silent, /no space left\n/);
});

test('why gives the exit record of the process that decided as JSON', { skip }, async () => {
  const [answer] = JSON.parse((await rig.initctl('why', '--json', 'web.service')).stdout) as { links: { unit: string; exit: unknown; invocationId: string }[] }[];
  const root = answer?.links.at(-1);
  assert.equal(root?.unit, 'db.service');
  const { role, code, status } = root.exit as { role: string; code: string; status: number };
  assert.deepEqual({ role, code, status }, { role: 'ExecStart', code: 'exited', status: 3 });
  assert.match(root.invocationId, /^[0-9a-f]{32}$/);
});

test('status lists every condition and assertion with its outcome; as systemctl, those that did not hold', { skip }, async () => {
  const { stdout } = await rig.initctl('status', 'skipped.service');
  for (const line of ['ConditionPathExists=/etc was met', 'ConditionPathExists=!/etc was not met', 'AssertUser=root was met']) assert.ok(stdout.includes(` ${line}\n`), stdout);
  const { stdout: held } = await rig.initctl('status', 'started.service');
  assert.match(held, /start conditions held.*\n.* ConditionPathExists=\|\/nowhere was not met\n.* ConditionPathExists=\|\/etc was met\n/);
  const { stdout: never } = await rig.initctl('status', 'never.service');
  assert.match(never, /start conditions not tested yet\n.* AssertPathExists=\/nowhere\n/);
  const { stdout: short } = await rig.run(['/opt/heartwood/bin/systemctl', 'status', 'skipped.service']);
  assert.match(short, /ConditionPathExists=!\/etc was not met/);
  assert.doesNotMatch(short, /was met/);
});

test('list-units --not-started names the root cause of each', { skip }, async () => {
  const { stdout } = await rig.initctl('list-units', '--not-started', '--full', 'web.service', 'skipped.service');
  assert.match(stdout, /web\.service .*db\.service .*exited with status 3/);
  assert.match(stdout, /skipped\.service .*ConditionPathExists=!\/etc does not hold \(\S+\/skipped\.service:3\)/);
});

test('a file that broke or went keeps the loaded unit, and status says so', { skip }, async () => {
  const file = rig.path(`${UNITS_INSIDE}/steady.service`);
  writeFileSync(file, '[Service\nExecStart=/bin/false\n');
  assert.equal((await rig.initctl('daemon-reload')).status, 0);
  const { stdout: broken } = await rig.initctl('status', 'steady.service');
  assert.match(broken, /Loaded: error \(Reason: \S+\/steady\.service:1: The section header/);
  assert.match(broken, /Active: active \(running\)/);
  assert.match(broken, /Its file cannot be used as it is now: steady\.service goes on with what was loaded before\./);
  rmSync(file);
  assert.equal((await rig.initctl('daemon-reload')).status, 0);
  assert.match((await rig.initctl('status', 'steady.service')).stdout, /Its file is gone: steady\.service goes on with what was loaded before\./);
});
