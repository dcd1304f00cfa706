/** The fd store on the real kernel: what leaves it when its other end is closed, and what stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** Stores the reading ends of three pipes and a memfd, and closes the other end of a pipe when a file says so. */
const STORE = `import array, os, socket, time
def store(name, fd, more=''):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(os.environ['NOTIFY_SOCKET'])
        s.sendmsg([f'FDSTORE=1\\nFDNAME={name}{more}'.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))])
    os.close(fd)
pipes = {name: os.pipe() for name in ('first', 'quiet', 'second')}
store('first', pipes['first'][0])
store('quiet', pipes['quiet'][0], '\\nFDPOLL=0')
store('second', pipes['second'][0], '\\nFDPOLL=1')
store('memory', os.memfd_create('memory'))
for name in pipes:
    while not os.path.exists('/run/close-' + name): time.sleep(0.02)
    os.close(pipes[name][1])
time.sleep(1000)
`;

test('a stored fd leaves the store when its other end is closed, also under a later engine, unless it came with FDPOLL=0', { skip }, async () => {
  await withRig({ units: { 'stored.service': '[Service]\nFileDescriptorStoreMax=8\nExecStart=/usr/bin/python3 /srv/store.py\n' }, files: { 'srv/store.py': { text: STORE } } }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'stored.service')).status, 0);
    const holds = (count: number) => rig.until(async () => (await rig.property('stored.service', 'NFileDescriptorStore')) === String(count), { what: `a store of ${String(count)}` });
    await holds(4);
    await rig.run(['touch', '/run/close-first']);
    await holds(3);
    await rig.run(['touch', '/run/close-quiet']);
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    await rig.run(['touch', '/run/close-second']);
    await holds(2);
    // What leaves does so one after the other: "quiet" had its turn before "second".
    assert.match(rig.console + (await rig.initctl('log', '-u', 'stored.service')).stdout, /the stored fd "second" has hung up/);
    assert.doesNotMatch((await rig.initctl('log', '-u', 'stored.service')).stdout, /"quiet"|"memory"/);
  });
});
