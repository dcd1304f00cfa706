import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deaths } from './ways-to-die.ts';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** Listens on its port at 127.0.0.1 and answers; `-k` because every try is a connection. */
const LISTENER = '[Service]\nExecStart=/bin/sh -c "exec $${HEARTWOOD_NODE:-/opt/heartwood-node/node} -e \'require(\\"net\\").createServer((c) => c.end(\\"hello\\")).listen(7000, \\"127.0.0.1\\")\'"\n';
const CLIENT = '/opt/heartwood-node/node -e \'const c = require("net").connect(7000, "127.0.0.1"); const end = (w) => { console.log(w); process.exit(); }; c.on("data", (d) => end(String(d))); c.on("error", (e) => end(e.code)); setTimeout(() => end("nothing"), 5000)\'';

const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'strict.service': '[Service]\nType=oneshot\nDevicePolicy=strict\nDeviceAllow=/dev/zero r\nDeviceAllow=/dev/null rw\nExecStart=/bin/sh -c "for each in zero full; do head -c 1 /dev/$$each >/dev/null 2>/tmp/error && echo $$each opens || cat /tmp/error; done"\n',
  'private.service': '[Service]\nPrivateDevices=yes\nExecStart=/bin/sleep 7551\n',
  'listener.service': LISTENER,
  'net.service': '[Service]\nIPAccounting=yes\nExecStart=/bin/sleep 7552\n',
};

/** Which of the directives that were asked for are not in effect, with the reason of each. */
async function unheeded(rig: Rig, unit: string): Promise<readonly string[]> {
  const units = JSON.parse((await rig.initctl('status', '--json', unit)).stdout) as readonly { readonly notEffective: readonly { readonly directive: string; readonly why: string }[] }[];
  return units.flatMap(({ notEffective }) => notEffective).map(({ directive, why }) => `${directive}: ${why}`);
}

/** A client as a process of the unit: what it hears, or the errno. */
async function connectIn(rig: Rig, unit: string): Promise<string> {
  const group = await rig.property(unit, 'ControlGroup');
  return (await rig.run(['/bin/sh', '-c', `echo $$ >/sys/fs/cgroup${group}/cgroup.procs && exec ${CLIENT}`])).stdout.trim();
}

test('a service opens the devices it is allowed and no others', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS, cgroup: 'v2' }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'strict.service', 'private.service');
    const { stdout } = await rig.initctl('log', 'strict.service');
    assert.match(stdout, /zero opens/);
    assert.match(stdout, /\/dev\/full.*Operation not permitted/);
    assert.deepEqual(await unheeded(rig, 'strict.service'), []);
    assert.equal(await rig.property('private.service', 'DevicePolicy'), 'closed');
    // Wherever a node is from, it cannot be opened.
    const group = await rig.property('private.service', 'ControlGroup');
    const made = await rig.run(['/bin/sh', '-c', `mknod /tmp/kmsg c 1 11 && echo $$ >/sys/fs/cgroup${group}/cgroup.procs && : >/tmp/kmsg`]);
    assert.match(made.stderr, /Operation not permitted/);
  });
});

test('connections to a denied address fail, and a change of the lists holds for a service that runs', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS, cgroup: 'v2', env: { HEARTWOOD_FAULTS: '1' } }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'listener.service', 'net.service');
    assert.equal(await connectUntil(rig, 'hello'), 'hello');
    const before = Number(await rig.property('net.service', 'IPEgressBytes'));
    assert.ok(before > 0, String(before));
    await rig.initctl('set-property', 'net.service', 'IPAddressDeny=any');
    assert.notEqual(await connectIn(rig, 'net.service'), 'hello');
    await rig.initctl('set-property', 'net.service', 'IPAddressAllow=localhost');
    assert.equal(await connectIn(rig, 'net.service'), 'hello');
    // The engine dies; what is attached stays, and what was counted is not lost.
    const counted = Number(await rig.property('net.service', 'IPEgressBytes'));
    assert.ok(counted > before);
    await rig.initctl('fault', 'segv');
    await rig.until(() => deaths(rig.console) > 0, { what: 'the manager to come back' });
    assert.ok(Number(await rig.property('net.service', 'IPEgressBytes')) >= counted);
    await rig.initctl('set-property', 'net.service', 'IPAddressAllow=');
    assert.notEqual(await connectIn(rig, 'net.service'), 'hello');
    assert.ok(Number(await rig.property('net.service', 'IPEgressBytes')) >= counted);
    assert.match((await rig.initctl('status', 'net.service')).stdout, /^ +IP: \S+ in, \S+ out$/m);
    await rig.initctl('restart', 'net.service');
    assert.equal(await rig.property('net.service', 'IPEgressBytes'), '0', 'counted from the start');
  });
});

/** Until the listener is there. */
async function connectUntil(rig: Rig, wanted: string): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const heard = await connectIn(rig, 'net.service');
    if (heard === wanted || Date.now() > deadline) return heard;
  }
}

test('a manager that may not load programs starts the service and says what is not in effect', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS, cgroup: 'none', uid: 1000 }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'private.service', 'net.service')).status, 0);
    assert.deepEqual(await unheeded(rig, 'net.service'), ['IPAccounting: no writable control group']);
    assert.match((await unheeded(rig, 'private.service')).join('\n'), /^PrivateDevices: .+$/);
  });
});
