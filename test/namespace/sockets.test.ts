/** Sockets on the real kernel: listening, starting services with real connections, and living through deaths of the manager. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Rig } from './rig.ts';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** Answers each connection at each socket it was given with what it was told, until "quit". As sd_listen_fds(3) wants it. */
const SERVER = `import os, select, socket
count = int(os.environ['LISTEN_FDS'])
names = os.environ['LISTEN_FDNAMES'].split(':')
assert int(os.environ['LISTEN_PID']) == os.getpid()
sockets = {socket.socket(fileno=3 + i): names[i] for i in range(count)}
while True:
    for ready in select.select(list(sockets), [], [])[0]:
        connection, _ = ready.accept()
        word = connection.recv(100).decode().strip()
        connection.sendall(f'{sockets[ready]} {os.getpid()} {os.get_blocking(ready.fileno())}\\n'.encode())
        connection.close()
        if word == 'quit': raise SystemExit
`;

const UNITS: Readonly<Record<string, string>> = {
  'default.target': '[Unit]\nWants=web.socket admin.socket inet.socket executed.socket fifo.socket taken.socket\nAfter=web.socket\n',
  'web.socket': '[Socket]\nListenStream=127.0.0.1:8080\nListenStream=/run/web/web.sock\nSocketMode=0600\nSymlinks=/run/web-link\n',
  'admin.socket': '[Socket]\nListenStream=@admin\nService=web.service\nFileDescriptorName=admin\n',
  'web.service': '[Service]\nExecStart=/usr/bin/python3 /srv/server.py\n',
  'inet.socket': '[Socket]\nListenStream=7777\nAccept=yes\nMaxConnections=2\n',
  'inet@.service': `[Service]\nExecStart=/bin/sh -c 'read word; echo "$word $REMOTE_ADDR \${LISTEN_FDS-none}"'\nStandardInput=socket\n`,
  // A context that only the executor can make; fds take another way there.
  'executed.socket': '[Socket]\nListenStream=/run/executed.sock\nSocketUser=nobody\nSocketMode=0640\nRemoveOnStop=yes\n',
  'executed.service': '[Service]\nExecStart=/usr/bin/python3 /srv/server.py\nRuntimeDirectory=executed\nPrivateTmp=yes\nNonBlocking=yes\n',
  'fifo.socket': '[Socket]\nListenFIFO=/run/pipe\n',
  'fifo.service': '[Service]\nType=oneshot\nExecStart=/bin/sh -c "head -n 1 <&3 > /run/from-pipe"\n',
  'taken.socket': '[Unit]\nAfter=web.socket\n[Socket]\nListenStream=127.0.0.1:8080\nService=web.service\n',
  'stored.service': `[Service]\nType=notify\nFileDescriptorStoreMax=2\nExecStart=/usr/bin/python3 /srv/store.py\n`,
};

/** Stores a pipe with a line in it, whose other end goes with its process; the next life reads the line from what it is handed back. */
const STORE = `import array, os, socket, time
def notify(text, fds=[]):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(os.environ['NOTIFY_SOCKET'])
        s.sendmsg([text.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])
if 'LISTEN_FDS' in os.environ:
    open('/run/stored', 'w').write(os.environ['LISTEN_FDNAMES'] + ' ' + os.read(3, 100).decode())
else:
    r, w = os.pipe()
    os.write(w, b'kept')
    notify('FDSTORE=1\\nFDPOLL=0\\nFDNAME=memory', [r])
    time.sleep(0.2)
notify('READY=1')
time.sleep(1000)
`;

const FILES = { 'srv/server.py': { text: SERVER }, 'srv/store.py': { text: STORE } };

/** What a client hears that connects and says a word. */
async function ask(rig: Rig, family: 'INET' | 'UNIX', address: string, word = 'hello'): Promise<string> {
  const { stdout, stderr } = await rig.run(['/usr/bin/python3', '-c', `import socket
s = socket.socket(socket.AF_${family}); s.settimeout(10); s.connect(${address}); s.sendall(b'${word}\\n'); print(s.recv(1000).decode(), end='')`]);
  assert.equal(stderr, '');
  return stdout.trim();
}

const state = (rig: Rig, unit: string): Promise<string> => rig.property(unit, 'SubState');

test('a connection starts the service, which gets all the sockets under their names', { skip }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    assert.equal(await state(rig, 'web.socket'), 'listening');
    assert.equal(await rig.property('web.service', 'ActiveState'), 'inactive');
    const first = await ask(rig, 'INET', "('127.0.0.1', 8080)");
    const pid = await rig.property('web.service', 'MainPID');
    assert.equal(first, `web.socket ${pid} True`);
    assert.equal(await ask(rig, 'UNIX', "'/run/web-link'"), `web.socket ${pid} True`);
    assert.equal(await ask(rig, 'UNIX', "'\\0admin'"), `admin ${pid} True`);
    assert.equal(await state(rig, 'web.socket'), 'running');
    // The end of the service gives the sockets back; nobody was turned away meanwhile.
    assert.match(await ask(rig, 'UNIX', "'\\0admin'", 'quit'), /^admin /);
    await rig.until(async () => await state(rig, 'admin.socket') === 'listening' && await state(rig, 'web.socket') === 'listening');
    assert.notEqual((await ask(rig, 'INET', "('127.0.0.1', 8080)")).split(' ')[1], pid);
    await rig.initctl('stop', 'web.socket', 'admin.socket', 'web.service');
    const refused = await rig.run(['/usr/bin/python3', '-c', "import socket; socket.create_connection(('127.0.0.1', 8080))"]);
    assert.match(refused.stderr, /Connection refused/);
  });
});

test('an address that is taken fails the socket with the words of the kernel', { skip }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    assert.equal(await state(rig, 'taken.socket'), 'failed');
    assert.equal(await rig.property('taken.socket', 'Result'), 'resources');
    const why = await rig.initctl('why', 'taken.socket');
    assert.match(why.stdout, /127\.0\.0\.1:8080: Address already in use/);
  });
});

test('with Accept=yes each connection is the standard input and output of an instance, and is told who is there', { skip }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    assert.equal(await ask(rig, 'INET', "('127.0.0.1', 7777)"), 'hello 127.0.0.1 none');
    await rig.until(async () => await rig.property('inet.socket', 'NConnections') === '0');
    assert.equal(await rig.property('inet.socket', 'NAccepted'), '1');
    assert.equal((await rig.initctl('list-units', '--all', '--no-legend', 'inet@*')).stdout, '', 'the instance is forgotten');
    // Two that say nothing hold their places; the third is turned away.
    const crowd = await rig.run(['/usr/bin/python3', '-c', `import socket
a, b, c = [socket.create_connection(('127.0.0.1', 7777)) for _ in range(3)]
c.settimeout(10); print(c.recv(10)); a.sendall(b'one\\n'); print(a.recv(100).decode(), end='')`]);
    assert.equal(crowd.stdout, "b''\none 127.0.0.1 none\n", crowd.stderr);
    await rig.until(async () => await rig.property('inet.socket', 'NRefused') === '1');
  });
});

test('sockets reach a service by way of the executor, with owner and mode as asked for, and go with RemoveOnStop=', { skip }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.run(['stat', '-c', '%U %a', '/run/executed.sock'])).stdout.trim(), 'nobody 640');
    assert.match(await ask(rig, 'UNIX', "'/run/executed.sock'"), /^executed\.socket \d+ False$/);
    await rig.initctl('stop', 'executed.service', 'executed.socket');
    assert.notEqual((await rig.run(['stat', '/run/executed.sock'])).status, 0);
  });
});

test('a line written to a FIFO starts its reader, each time', { skip }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    for (const word of ['one', 'two']) {
      await rig.run(['/bin/sh', '-c', `echo ${word} > /run/pipe`]);
      await rig.until(async () => (await rig.run(['cat', '/run/from-pipe'])).stdout === `${word}\n`);
      await rig.until(async () => await state(rig, 'fifo.socket') === 'listening');
    }
  });
});

test('sockets stay open, and are looked at again, when the manager is executed anew or its units are reloaded', { skip }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    await rig.initctl('daemon-reexec');
    await rig.initctl('daemon-reload');
    assert.match(await ask(rig, 'INET', "('127.0.0.1', 8080)"), /^web\.socket /);
    assert.equal(await ask(rig, 'INET', "('127.0.0.1', 7777)"), 'hello 127.0.0.1 none');
    await rig.initctl('daemon-reexec');
    await ask(rig, 'UNIX', "'\\0admin'", 'quit');
    await rig.until(async () => await state(rig, 'web.socket') === 'listening');
    assert.match(await ask(rig, 'UNIX', "'/run/web/web.sock'"), /^web\.socket /);
  });
});

test('what a service stored is handed back to it at its restart', { skip }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'stored.service');
    await rig.initctl('daemon-reexec');
    const restarted = await rig.initctl('restart', 'stored.service');
    assert.equal(restarted.status, 0, restarted.stderr);
    assert.equal((await rig.run(['cat', '/run/stored'])).stdout, 'memory kept');
  });
});

test('list-sockets and status tell where units listen and what they start', { skip }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    const { stdout } = await rig.initctl('list-sockets', '--show-types', '--no-legend');
    const rows = stdout.trim().split('\n').map((line) => line.trim().split(/\s+/).join(' '));
    assert.deepEqual(rows, [
      '/run/executed.sock Stream executed.socket executed.service', '/run/pipe FIFO fifo.socket fifo.service',
      '/run/web/web.sock Stream web.socket web.service', '127.0.0.1:8080 Stream taken.socket web.service', '127.0.0.1:8080 Stream web.socket web.service',
      '@admin Stream admin.socket web.service', '[::]:7777 Stream inet.socket -',
    ]);
    const listed = JSON.parse((await rig.initctl('list-sockets', '--json', 'taken.socket')).stdout) as readonly { readonly sub: string }[];
    assert.deepEqual(listed.map(({ sub }) => sub), ['failed']);
    await ask(rig, 'INET', "('127.0.0.1', 7777)");
    await rig.until(async () => await rig.property('inet.socket', 'NConnections') === '0');
    const status = (await rig.initctl('status', 'inet.socket', 'web.socket')).stdout;
    assert.match(status, /Listen: \[::\]:7777 \(Stream\)/);
    assert.match(status, /Accepted: 1; Connected: 0;/);
    assert.match(status, /Triggers: . web\.service/);
    assert.equal(await rig.property('web.socket', 'Listen'), '127.0.0.1:8080 (Stream)\n/run/web/web.sock (Stream)');
  });
});
