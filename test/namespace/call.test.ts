import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'app.service': `[Service]
User=65534
Environment="COLOUR=green and blue"
RuntimeDirectory=app
ExecStart=/bin/sleep 7601
ExecCall=who /bin/sh -c 'id -u; echo "$$COLOUR"; echo main $$MAINPID; echo "arguments $$*" >&2' who
ExecCall=upper /usr/bin/tr a-z A-Z
ExecCall=fail /bin/sh -c 'exit 7'
`,
};

test('call runs a command of a service as its user, with its environment, the arguments and streams of the caller', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    const initctl = `${CHECKOUT_INSIDE}/bin/initctl`;
    const stopped = await rig.run([initctl, 'call', 'app', 'who']);
    assert.equal(stopped.stdout, '65534\ngreen and blue\nmain\n');
    await rig.initctl('start', 'app');
    const pid = await rig.property('app.service', 'MainPID');
    const who = await rig.run([initctl, 'call', 'app', 'who', '--', '-x', '$HOME', 'a b']);
    assert.deepEqual([who.status, who.stdout, who.stderr], [0, `65534\ngreen and blue\nmain ${pid}\n`, 'arguments -x $HOME a b\n']);
    assert.equal((await rig.run([initctl, 'call', 'app.service', 'upper'], { input: 'shout\n' })).stdout, 'SHOUT\n');
    assert.equal((await rig.run([initctl, 'call', 'app', 'fail'])).status, 7);
    assert.equal(await rig.property('app.service', 'MainPID'), pid);
    assert.equal((await rig.run(['test', '-d', '/run/app'])).status, 0);
    assert.match((await rig.initctl('call', 'app', 'dance')).stderr, /^app\.service has no command "dance"\. It has who, upper, fail\.\n$/);
    const nothing = await rig.initctl('call', 'app');
    assert.deepEqual([nothing.status, nothing.stderr], [2, 'Which command? It has who, upper, fail.\n']);
    const missing = await rig.initctl('call', 'missing', 'who');
    assert.deepEqual([missing.status, missing.stderr], [5, 'Unit missing.service could not be found.\n']);
    assert.match((await rig.initctl('call', 'default.target', 'x')).stderr, /Only a service has commands/);
    assert.equal((await rig.initctl('list-units', '--all', '--no-legend', 'call-*')).stdout, '');
    const stranger = await rig.run([initctl, 'call', 'app', 'who'], { uid: 65_533 });
    assert.notEqual(stranger.status, 0);
    assert.equal(stranger.stdout, '');
  });
});

test('a command that is called finds the private /tmp and the private network of the service, and leaves nothing behind', { skip, timeout: 60_000 }, async () => {
  const app = `[Service]
PrivateTmp=yes
PrivateNetwork=yes
ExecStart=/bin/sh -c 'readlink /proc/self/ns/net > /tmp/network; exec sleep infinity'
ExecCall=look /bin/sh -c 'test "$$(cat /tmp/network)" = "$$(readlink /proc/self/ns/net)" && echo the same'
`;
  await withRig({ units: { ...UNITS, 'private.service': app } }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'private')).status, 0);
    await rig.until(async () => (await rig.initctl('call', 'private', 'look')).stdout === 'the same\n', { what: 'the surroundings of the service' });
    await rig.until(async () => (await rig.run(['ls', '/run/heartwood/private-tmp'])).stdout === 'private.service\n', { what: 'the end of what the command had' });
  });
});
