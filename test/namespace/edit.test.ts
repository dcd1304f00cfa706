/** Verbs that write unit files for the administrator, through the real clients. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Rig, UNITS_INSIDE, whyNoNamespaces, type Outcome } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
let rig: Rig;

before(async () => {
  if (skip !== false) return;
  rig = await Rig.boot({
    units: {
      'default.target': '[Unit]\nWants=web.service\n',
      'web.service': '[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=default.target\n',
      'hidden.service': { link: '/dev/null' },
      'work@.service': '[Service]\nExecStart=/bin/sleep %i\n',
    },
  });
  await rig.booted();
});

after(async () => {
  if (skip === false) await rig.destroy();
});

/** @param script what the editor does to the file that is $1 */
function editBy(script: string, ...words: string[]): Promise<Outcome> {
  writeFileSync(rig.path('/tmp/editor'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return rig.run(['env', 'EDITOR=/tmp/editor', '/opt/heartwood/bin/systemctl', 'edit', ...words]);
}

function unitFile(name: string): string {
  return readFileSync(rig.path(`${UNITS_INSIDE}/${name}`), 'utf8');
}

test('cat of a template leaves nothing that a list would show, and a misspelt unit is named when it is to be enabled', { skip }, async () => {
  assert.match((await rig.initctl('cat', 'work@.service')).stdout, /ExecStart=\/bin\/sleep %i/);
  assert.doesNotMatch((await rig.initctl('list', '--all')).stdout, /work@/);
  const { status, stderr } = await rig.initctl('enable', 'wbe.service');
  assert.equal(status, 1);
  assert.equal(stderr, 'Failed to enable unit: Unit file wbe.service does not exist. Did you mean web.service?\n');
});

test('status without a unit ends with the processes of all units, as a tree', { skip }, async () => {
  const { status, stdout } = await rig.run(['/opt/heartwood/bin/systemctl', 'status']);
  assert.equal(status, 0);
  assert.match(stdout, /CGroup: .*\n(.*\n)*.*[├└]─(system\.slice|web\.service)\n(.*\n)*.*\d+ \/bin\/sleep 1000\n/);
});

test('edit offers a drop-in with the unit below it, keeps what stands between the marks, and puts it into effect', { skip }, async () => {
  const { status, stdout, stderr } = await editBy('grep -q "^# ExecStart=/bin/sleep 1000" "$1" && sed -i "2a ### mine\\n[Service]\\nEnvironment=A=1" "$1"', 'web.service');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /Written: .*\/web\.service\.d\/override\.conf/);
  assert.equal(unitFile('web.service.d/override.conf'), '### mine\n[Service]\nEnvironment=A=1\n');
  assert.equal(await rig.property('web.service', 'Environment'), 'A=1');
});

test('edit tells what is wrong with what was written, with its place', { skip }, async () => {
  const { status, stderr } = await rig.run(['/opt/heartwood/bin/initctl', 'edit', '--stdin', '--drop-in', 'more', 'web.service'], { input: '[Service]\nNise=1\n' });
  assert.equal(status, 0);
  assert.match(stderr, /web\.service\.d\/more\.conf:2:1: warning: Nise= .* did you mean Nice=\?/);
});

test('an editor that fails or leaves nothing changes nothing', { skip }, async () => {
  const text = unitFile('web.service.d/override.conf');
  assert.equal((await editBy('echo x >> "$1"; exit 1', 'web.service')).status, 1);
  const { status, stderr } = await editBy(': > "$1"', 'web.service');
  assert.equal(status, 0);
  assert.match(stderr, /not edited: nothing was left/);
  assert.equal(unitFile('web.service.d/override.conf'), text);
});

test('edit --full writes the unit itself, and a new one by force only', { skip }, async () => {
  assert.equal((await editBy('sed -i s/1000/2000/ "$1"', '--full', 'web.service')).status, 0);
  assert.match(unitFile('web.service'), /^\[Service\]\nExecStart=\/bin\/sleep 2000\n/);
  const { status, stderr } = await editBy('true', 'new.service');
  assert.equal(status, 1);
  assert.match(stderr, /No files found for new\.service/);
  assert.equal((await editBy('printf "[Service]\\nExecStart=/bin/sleep 1000\\n" > "$1"', '--full', '--force', 'new.service')).status, 0);
  assert.equal((await rig.initctl('start', 'new.service')).status, 0);
});

test('a masked unit is not edited', { skip }, async () => {
  const { status, stderr } = await editBy('echo "[Unit]" >> "$1"', 'hidden.service');
  assert.equal(status, 1);
  assert.match(stderr, /hidden\.service is masked/);
  assert.equal(existsSync(rig.path(`${UNITS_INSIDE}/hidden.service.d`)), false);
});

test('link takes a path from where the caller is', { skip }, async () => {
  writeFileSync(rig.path('/tmp/from-here.service'), '[Service]\nExecStart=/bin/true\n');
  assert.equal((await rig.run(['sh', '-c', 'cd /tmp && systemctl link ../tmp/./from-here.service'])).status, 0);
  assert.equal(readlinkSync(rig.path(`${UNITS_INSIDE}/from-here.service`)), '/tmp/from-here.service');
});

test('is-enabled --full names the links that make it so', { skip }, async () => {
  await rig.initctl('enable', 'web.service');
  assert.equal((await rig.initctl('is-enabled', '--full', 'web.service')).stdout, `enabled\n  ${UNITS_INSIDE}/default.target.wants/web.service\n`);
});

test('cat warns when the files are not those that were loaded', { skip }, async () => {
  writeFileSync(rig.path(`${UNITS_INSIDE}/web.service`), '[Service]\nExecStart=/bin/sleep 3000\n');
  await rig.until(async () => (await rig.property('web.service', 'NeedDaemonReload')) === 'yes', { what: 'the change to be seen' });
  const { stdout, stderr } = await rig.initctl('cat', 'web.service');
  assert.match(stdout, new RegExp(`^# ${UNITS_INSIDE}/web\\.service\n\\[Service\\]\nExecStart=/bin/sleep 3000\n`));
  assert.match(stderr, /web\.service changed on disk/);
});

test('--global makes the links of all users', { skip }, async () => {
  await rig.run(['mkdir', '-p', '/etc/systemd/user']);
  writeFileSync(rig.path('/etc/systemd/user/for-all.service'), '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=default.target\n');
  assert.equal((await rig.run(['/opt/heartwood/bin/systemctl', '--global', 'enable', 'for-all.service'])).status, 0);
  assert.equal(readlinkSync(rig.path('/etc/systemd/user/default.target.wants/for-all.service')), '/etc/systemd/user/for-all.service');
  assert.equal((await rig.run(['/opt/heartwood/bin/systemctl', '--global', 'is-enabled', 'for-all.service'])).stdout, 'enabled\n');
});

test('a process of a service is told which unit it is of', { skip }, async () => {
  writeFileSync(rig.path(`${UNITS_INSIDE}/asks.service`), '[Service]\nType=oneshot\nStandardOutput=file:/run/asked\nExecStart=/bin/sh -c "/opt/heartwood/bin/initctl whoami; /opt/heartwood/bin/initctl whoami 1; true"\n');
  await rig.initctl('start', 'asks.service');
  assert.equal(readFileSync(rig.path('/run/asked'), 'utf8'), 'asks.service\nProcess 1 belongs to no unit.\n');
});

test('the files of a template are shown and edited by its own name', { skip }, async () => {
  const edited = await editBy('printf "[Unit]\\nDescription=Anybody\\n" > "$1"', 'work@.service');
  assert.equal(edited.status, 0, edited.stderr);
  assert.equal(readFileSync(rig.path(`${UNITS_INSIDE}/work@.service.d/override.conf`), 'utf8'), '[Unit]\nDescription=Anybody\n');
  const shown = await rig.initctl('cat', 'work@.service');
  assert.match(shown.stdout, /^# \S+\/work@\.service\n\[Service\]\nExecStart=\/bin\/sleep %i\n\n# \S+\/work@\.service\.d\/override\.conf\n\[Unit\]\nDescription=Anybody\n$/);
  assert.match((await rig.initctl('cat', 'none@.service')).stderr, /^No files found for none@\.service\.\n$/);
});
