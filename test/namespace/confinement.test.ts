/** Confined services under the real manager: in effect where the manager may do it, and told where it may not. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
/** uid of nobody on Debian. */
const NOBODY = 65534;

/** Everything a careful packager writes, around a script that tells what it meets. */
const CONFINED = `[Service]
Type=oneshot
RemainAfterExit=yes
User=daemon
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
StateDirectory=confined
SetCredential=token:secret
ExecStart=/bin/sh -c 'exec > "$STATE_DIRECTORY/told"; (: > /usr/x) 2>/dev/null || echo usr; ls -A /root 2>/dev/null | wc -l; test -e /dev/kmsg || echo devices; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "; unshare --user true 2>/dev/null || echo namespaces; cat "$CREDENTIALS_DIRECTORY/token"'
`;

test('all of it at once holds for a real service, and nothing is called unheeded', { skip }, async () => {
  await withRig({ units: { 'confined.service': CONFINED } }, async (rig) => {
    await rig.booted();
    const start = await rig.initctl('start', 'confined.service');
    assert.equal(start.status, 0, `${start.stdout}${start.stderr}${(await rig.initctl('status', 'confined.service')).stdout}`);
    assert.equal(readFileSync(rig.path('/var/lib/confined/told'), 'utf8'), 'usr\n0\ndevices\nlo\nnamespaces\nsecret');
    const status = await rig.initctl('status', 'confined.service');
    assert.doesNotMatch(status.stdout, /Unheeded/);
    assert.equal(await rig.property('confined.service', 'RestrictAddressFamilies'), 'AF_UNIX');
    assert.equal(await rig.property('confined.service', 'ProtectSystem'), 'strict');
    assert.equal(existsSync(rig.path('/run/heartwood/credentials/confined.service/token')), true);
    await rig.initctl('stop', 'confined.service');
    for (const left of ['credentials/confined.service', 'namespaces/confined.service.net']) {
      assert.equal(existsSync(rig.path(`/run/heartwood/${left}`)), false, `${left} is gone when the unit is down`);
    }
    assert.doesNotMatch(readFileSync(rig.path('/proc/1/mountinfo'), 'utf8'), /confined\.service/);
  });
});

test('all processes of a unit share its private network, and JoinsNamespaceOf= lets another unit in', { skip }, async () => {
  const unit = (joins: string): string => `[Unit]\n${joins}[Service]\nPrivateNetwork=yes\nExecStartPre=/bin/sh -c 'readlink /proc/self/ns/net > /run/%N.pre'\nExecStart=/bin/sh -c 'readlink /proc/self/ns/net > /run/%N.main; exec sleep infinity'\n`;
  await withRig({ units: { 'first.service': unit(''), 'second.service': unit('JoinsNamespaceOf=first.service\nAfter=first.service\n'), 'third.service': unit('') } }, async (rig) => {
    await rig.booted();
    for (const name of ['first', 'second', 'third']) assert.equal((await rig.initctl('start', name)).status, 0);
    const told = (file: string): string => readFileSync(rig.path(`/run/${file}`), 'utf8');
    await rig.until(() => ['first', 'second', 'third'].every((name) => existsSync(rig.path(`/run/${name}.main`)) && told(`${name}.main`) !== ''));
    assert.equal(told('first.pre'), told('first.main'));
    assert.equal(told('second.main'), told('first.main'));
    assert.notEqual(told('third.main'), told('first.main'));
  });
});

test('units joined by JoinsNamespaceOf= share a private /tmp, whichever says so and whichever starts first; it goes with the last of them', { skip }, async () => {
  const unit = (joins: string): string => `[Unit]\n${joins}[Service]\nPrivateTmp=yes\nExecStart=/bin/sleep infinity\nExecReload=/bin/sh -c 'ls /tmp > /run/%N.told; touch /tmp/%N'\n`;
  await withRig({ units: { 'says.service': unit('JoinsNamespaceOf=said.service\n'), 'said.service': unit(''), 'other.service': unit('') } }, async (rig) => {
    await rig.booted();
    const told = async (name: string): Promise<string> => {
      assert.equal((await rig.initctl('reload', name)).status, 0);
      return readFileSync(rig.path(`/run/${name}.told`), 'utf8');
    };
    // The one that says nothing starts last, and joins all the same.
    for (const name of ['says', 'said', 'other']) assert.equal((await rig.initctl('start', name)).status, 0);
    assert.equal(await rig.property('said.service', 'JoinsNamespaceOf'), '', 'the property is that of the file');
    assert.equal(await told('says'), '');
    assert.equal(await told('said'), 'says\n');
    assert.equal(await told('other'), '');
    // The one whose directory it was goes: the other keeps what is in it, over a new engine too, and lets it in again.
    await rig.initctl('restart', 'says');
    assert.equal(await told('says'), 'said\nsays\n');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    await rig.initctl('stop', 'said');
    assert.equal(await told('says'), 'said\nsays\n');
    await rig.initctl('stop', 'says', 'other');
    await rig.until(() => readdirSync(rig.path('/run/heartwood/private-tmp')).length === 0, { what: 'nothing to be left when they are down' });
    assert.equal((await rig.initctl('start', 'said')).status, 0);
    assert.equal(await told('said'), '');
  });
});

test('a manager without privileges runs the service all the same, and says what does not hold and why', { skip }, async () => {
  const units = { 'confined.service': '[Service]\nProtectSystem=strict\nPrivateNetwork=yes\nLockPersonality=yes\nExecStart=/bin/sleep infinity\n' };
  await withRig({ uid: NOBODY, units }, async (rig) => {
    await rig.booted();
    const start = await rig.run(['initctl', 'start', 'confined.service'], { uid: NOBODY });
    assert.equal(start.status, 0, start.stdout + start.stderr);
    await rig.until(async () => /ProtectSystem/.test((await rig.run(['initctl', 'status', 'confined.service'], { uid: NOBODY })).stdout), { what: 'the report of the executor' });
    const { stdout } = await rig.run(['initctl', 'status', 'confined.service'], { uid: NOBODY });
    assert.match(stdout, /PrivateNetwork.*EPERM/);
    assert.match(stdout, /ProtectSystem.*EPERM/);
    assert.doesNotMatch(stdout, /LockPersonality/, 'a filter needs no privileges where none can be gained');
  });
});

test('a confined command with !! runs as its user, with ! as root', { skip }, async () => {
  const unit = (prefix: string): string => `[Service]\nType=oneshot\nUser=daemon\nPrivateTmp=yes\nStandardOutput=file:/run/%N\nExecStart=${prefix}/usr/bin/id -un\n`;
  await withRig({ units: { 'twice.service': unit('!!'), 'once.service': unit('!') } }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'twice.service', 'once.service')).status, 0);
    assert.equal(readFileSync(rig.path('/run/twice'), 'utf8'), 'daemon\n');
    assert.equal(readFileSync(rig.path('/run/once'), 'utf8'), 'root\n');
  });
});
