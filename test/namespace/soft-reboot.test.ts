/** `soft-reboot`: user space ends and begins anew, with the same first process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const UNITS = {
  'default.target': '[Unit]\nWants=boot.service web.service\nAfter=boot.service\n',
  'boot.service': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "echo up >> /tmp/lives"\nExecStop=/bin/sh -c "echo down >> /tmp/lives"\n',
  'web.service': '[Service]\nKillMode=process\nExecStart=/bin/sh -c "setsid sleep 7541 & exec sleep 7542"\n',
};

/** Nobody answers while it goes on. */
async function secondLife(rig: Rig): Promise<void> {
  await rig.until(async () => (await rig.run(['cat', '/tmp/lives'])).stdout === 'up\ndown\nup\n', { what: 'the second life' });
  await rig.until(async () => (await rig.initctl('is-active', 'web.service')).status === 0, { what: 'the service of the second life' });
}

test('soft-reboot stops units in order, kills what is left, and the same process boots again', { skip, timeout: 180_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    const before = await rig.property('web.service', 'MainPID');
    const left = rig.processes().find(({ command }) => command === 'sleep 7541')?.pid;
    assert.equal((await rig.initctl('soft-reboot')).status, 0);
    await secondLife(rig);
    assert.notEqual(await rig.property('web.service', 'MainPID'), before);
    assert.equal(rig.processes().some(({ pid, command }) => pid === left && command === 'sleep 7541'), false);
    const { manager } = JSON.parse(`{"manager":${(await rig.initctl('status', '--json')).stdout}}`) as { manager: { pid: number; state: string; failedUnits: readonly string[] } };
    assert.deepEqual([manager.pid, manager.state, manager.failedUnits], [1, 'running', []]);
    // The new life can be executed anew like any other.
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.equal((await rig.initctl('is-active', 'web.service')).status, 0);
  });
});

test('a root at /run/nextroot becomes the root, and one without the manager in it does not', { skip, timeout: 180_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.run(['/bin/sh', '-c', 'mkdir -p /run/nextroot && mount --make-rprivate / && mount --rbind / /run/nextroot && mount -t tmpfs tmpfs /run/nextroot/mnt && touch /run/nextroot/mnt/next'])).status, 0);
    assert.equal((await rig.initctl('soft-reboot')).status, 0);
    await secondLife(rig);
    assert.equal((await rig.run(['ls', '/proc/1/root/mnt/next'])).status, 0);
  });
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.run(['mkdir', '-p', '/run/nextroot/usr'])).status, 0);
    assert.equal((await rig.initctl('soft-reboot')).status, 0);
    await secondLife(rig);
    assert.match(rig.console, /\/run\/nextroot does not become the root: there is no \//);
  });
});

const SURVIVING = '[Unit]\nSurviveFinalKillSignal=yes\nIgnoreOnIsolate=yes\nDefaultDependencies=no\nConflicts=reboot.target poweroff.target\n';
/** Stores a pipe, tells its name, and writes a line for as long as nobody has asked it to stop. */
const STORING = `import array, os, socket, time
def tell(text, fds=[]):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(os.environ['NOTIFY_SOCKET'])
        s.sendmsg([text.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])
print('given', os.environ.get('LISTEN_FDNAMES', 'nothing'), flush=True)
if 'LISTEN_FDS' in os.environ:
    print('read', os.read(3, 100).decode(), flush=True)
else:
    ours, theirs = os.pipe()
    os.write(theirs, b'from the life before')
    tell('FDSTORE=1\\nFDNAME=memory\\nFDPOLL=0', [ours])
tell('READY=1\\nSTATUS=as it was')
number = 0
while True:
    time.sleep(0.1)
    number += 1
    print('line', number, flush=True)
`;

test('a service with SurviveFinalKillSignal= goes on through a soft-reboot, with its log, its store and its restarts; stores with FileDescriptorStorePreserve=yes are kept', { skip, timeout: 180_000 }, async () => {
  const units = {
    ...UNITS,
    'default.target': '[Unit]\nWants=boot.service web.service lasting.service keeping.service\nAfter=boot.service\n',
    'lasting.service': `${SURVIVING}[Service]\nType=notify\nFileDescriptorStoreMax=2\nRestart=always\nRestartSec=0\nExecStart=/usr/bin/python3 /srv/store.py\n`,
    // Default dependencies stop it, whatever else it says.
    'ending.service': '[Unit]\nSurviveFinalKillSignal=yes\n[Service]\nExecStart=/bin/sleep 7543\n',
    'keeping.service': '[Service]\nType=notify\nFileDescriptorStoreMax=2\nFileDescriptorStorePreserve=yes\nExecStart=/usr/bin/python3 /srv/store.py\n',
  };
  await withRig({ units, files: { 'srv/store.py': { text: STORING } } }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'ending.service')).status, 0);
    const facts = () => Promise.all(['MainPID', 'InvocationID', 'StatusText', 'NRestarts', 'NFileDescriptorStore', 'ActiveEnterTimestampMonotonic'].map((name) => rig.property('lasting.service', name)));
    const before = await facts();
    assert.deepEqual(before.slice(2, 5), ['as it was', '0', '1']);
    const kept = await rig.property('keeping.service', 'MainPID');
    assert.equal((await rig.initctl('soft-reboot')).status, 0);
    await secondLife(rig);
    await rig.until(async () => (await rig.initctl('is-active', 'keeping.service')).status === 0, { what: 'the service that stored' });
    assert.deepEqual(await facts(), before, 'it is the same run');
    assert.equal(rig.processes().some(({ command }) => command.includes('7543')), false);
    assert.equal((await rig.initctl('is-active', 'ending.service')).status, 3);
    // The other one is a new process, and has got its fd back.
    assert.notEqual(await rig.property('keeping.service', 'MainPID'), kept);
    await rig.until(async () => (await rig.initctl('log', '-u', 'keeping.service')).stdout.includes('read from the life before'), { what: 'the fd of the life before' });
    // What it writes goes on into the log, without a hole.
    const linesOf = async () => [...(await rig.initctl('log', '-u', 'lasting.service')).stdout.matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
    const seen = (await linesOf()).at(-1) ?? 0;
    await rig.until(async () => ((await linesOf()).at(-1) ?? 0) > seen + 5, { what: 'lines written in the second life' });
    const lines = await linesOf();
    assert.deepEqual(lines, lines.map((_, index) => index + 1));
    // It is the manager's like any other: a new engine knows it, and its end is seen.
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    assert.deepEqual(await facts(), before);
    await rig.run(['kill', '-9', before[0] ?? '']);
    await rig.until(async () => (await rig.property('lasting.service', 'NRestarts')) === '1' && (await rig.initctl('is-active', 'lasting.service')).status === 0, { what: 'its automatic restart' });
    assert.equal(await rig.property('lasting.service', 'NFileDescriptorStore'), '1');
  });
});
