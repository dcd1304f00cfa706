import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Fd } from '../../src/base/brand.ts';
import type { NotifyMessage } from '../../src/host/native.ts';
import { executorPath, exitOf, isRoot, memfdWith, native, nullFd, ok, plainSpawn, started } from './native-under-test.ts';

const directory = mkdtempSync(join(tmpdir(), 'heartwood-socket-'));
chmodSync(directory, 0o755);
after(() => { rmSync(directory, { recursive: true }); });

const bytes = (text: string): Buffer => Buffer.from(text);

function textFrom(fd: Fd): string {
  const buffer = Buffer.alloc(4096);
  return buffer.toString('utf8', 0, ok(native.read(fd, buffer)));
}

async function nextMessage(fd: Fd): Promise<NotifyMessage> {
  for (let tries = 0; tries < 2000; tries++) {
    const message = native.receiveNotify(fd);
    if (typeof message !== 'string') return message;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return assert.fail('a message comes in time');
}

test('a listening socket has its mode from birth, whatever the umask, and answers who is calling', () => {
  const path = join(directory, 'control');
  const before = native.umask(0o077);
  const listener = ok(native.unixListen(path, 0o666, 16));
  assert.equal(native.umask(before), 0o077, 'the umask is back');
  assert.equal(statSync(path).mode & 0o777, 0o666);
  assert.equal(native.unixListen(path, 0o600, 16), 'EADDRINUSE');
  assert.equal(native.accept(listener), 'EAGAIN');
  const client = ok(native.unixConnect(path, 'stream'));
  const server = ok(native.accept(listener));
  assert.deepEqual(native.peerCredentials(server), { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
  const buffer = Buffer.alloc(16);
  assert.equal(native.receive(server, buffer), 'EAGAIN');
  assert.equal(native.send(client, bytes('hello')), 5);
  assert.equal(native.receive(server, buffer), 5);
  ok(native.close(client));
  assert.equal(native.receive(server, buffer), 0);
  assert.equal(native.send(server, bytes('x')), 'EPIPE', 'an error, not the signal');
  ok(native.close(server));
  ok(native.close(listener));
  assert.equal(native.unixConnect(path, 'stream'), 'ECONNREFUSED');
});

test('paths that do not fit and unknown kinds are refused, abstract names work', () => {
  assert.equal(native.unixListen(`/${'x'.repeat(200)}`, 0o600, 1), 'ENAMETOOLONG');
  assert.equal(native.unixListen('', 0o600, 1), 'ENAMETOOLONG');
  assert.equal(native.unixConnect(join(directory, 'nobody'), 'stream'), 'ENOENT');
  const name = `@heartwood-test-${String(process.pid)}`;
  const listener = ok(native.unixListen(name, 0o600, 1));
  ok(native.close(ok(native.unixConnect(name, 'stream'))));
  ok(native.close(listener));
  assert.throws(() => native.unixConnect(name, 'raw' as 'stream'), TypeError);
  assert.throws(() => native.socketPair('raw' as 'stream'), TypeError);
});

test('a sender that floods a full socket is told EAGAIN and waits for nobody', () => {
  const [left, right] = ok(native.socketPair('stream'));
  ok(native.setSocketBuffers(left, 8192, 8192));
  let sent = 0;
  for (;;) {
    const result = native.send(left, Buffer.alloc(4096));
    if (typeof result === 'string') {
      assert.equal(result, 'EAGAIN');
      break;
    }
    sent += result;
  }
  assert.ok(sent > 0 && sent < 1_000_000);
  ok(native.close(left));
  ok(native.close(right));
});

test('a notify message brings its sender and its descriptors, which close on exec', { skip: !isRoot && 'needs root to send as another user' }, async () => {
  const path = join(directory, 'notify');
  const notify = ok(native.unixDatagram(path, 0o777));
  assert.equal(native.receiveNotify(notify), 'EAGAIN');
  const sender = ok(native.unixConnect(path, 'datagram'));
  const passed = memfdWith('stored');
  assert.equal(native.sendWithFds(sender, bytes('FDSTORE=1\nFDNAME=db'), [passed, passed]), 19);
  const own = ok(native.receiveNotify(notify));
  assert.deepEqual([own.pid, own.uid, own.text, own.fds.length, own.truncated], [process.pid, process.getuid?.(), 'FDSTORE=1\nFDNAME=db', 2, false]);
  assert.equal(textFrom(own.fds[0] as Fd), 'stored');

  // Somebody else, by a program of its own and another uid: what the kernel says counts, not what is written.
  const child = started(native.spawn(plainSpawn([join(executorPath, '../heartwood-notify'), 'MAINPID=1', 'STATUS=x'], {
    env: [`NOTIFY_SOCKET=${path}`], credentials: { uid: 65534, gid: 65533, groups: [] },
  })));
  const other = await nextMessage(notify);
  // It goes when its barrier, a descriptor of a pipe, has been closed.
  const barrier = await nextMessage(notify);
  for (const fd of barrier.fds) ok(native.close(fd));
  assert.equal((await exitOf(child.pid)).status, 0);
  ok(native.close(child.pidfd));
  assert.deepEqual([other.pid, other.uid, other.gid], [child.pid, 65534, 65533]);
  assert.match(other.text, /MAINPID=1\nSTATUS=x/);
  for (const fd of [...own.fds, passed, sender, notify]) ok(native.close(fd));
});

test('a datagram that is too long is cut and marked, and the next one is whole', () => {
  const notify = ok(native.unixDatagram(join(directory, 'long'), 0o700));
  const sender = ok(native.unixConnect(join(directory, 'long'), 'datagram'));
  ok(native.setSocketBuffers(sender, 1 << 20, 1 << 20));
  assert.equal(native.send(sender, Buffer.alloc(100_000, 'a')), 100_000);
  assert.equal(native.send(sender, bytes('READY=1')), 7);
  const long = ok(native.receiveNotify(notify));
  assert.deepEqual([long.text.length, long.truncated], [65536, true]);
  const next = ok(native.receiveNotify(notify));
  assert.deepEqual([next.text, next.truncated, next.fds], ['READY=1', false, []]);
  assert.equal(native.send(sender, Buffer.from([0x41, 0xff, 0x42])), 3);
  assert.equal(ok(native.receiveNotify(notify)).text, 'A\ufffdB', 'what is no UTF-8 does no harm');
  ok(native.close(sender));
  ok(native.close(notify));
});

test('a datagram can be sent on in the name of its sender, which the kernel checks', { skip: !isRoot && 'needs root to send in the name of another process' }, () => {
  const path = join(directory, 'relay');
  const receiver = ok(native.unixDatagram(path, 0o777));
  const sender = ok(native.socketOpen(1, 2, 0));
  const child = started(native.spawn(plainSpawn(['/bin/sleep', '60'])));
  assert.equal(native.sendDatagram(sender, path, bytes('<13>own'), 0, 0, 0), 7);
  assert.equal(native.sendDatagram(sender, path, bytes('<13>as another'), child.pid, 65534, 65533), 14);
  const into = Buffer.alloc(8);
  assert.deepEqual(native.receiveDatagram(receiver, into), { bytes: 7, pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
  assert.equal(into.toString('utf8', 0, 7), '<13>own');
  assert.deepEqual(native.receiveDatagram(receiver, into), { bytes: 8, pid: child.pid, uid: 65534, gid: 65533 }, 'what does not fit is cut');
  assert.equal(native.receiveDatagram(receiver, into), 'EAGAIN');
  assert.equal(native.sendDatagram(sender, path, bytes('x'), 0x3fff_ffff, 0, 0), 'ESRCH');
  assert.equal(native.sendDatagram(sender, `${path}-nobody`, bytes('x'), 0, 0, 0), 'ENOENT');
  ok(native.kill(child.pid, 9));
  for (const fd of [receiver, sender, child.pidfd]) ok(native.close(fd));
});

test('descriptors pass through a socket, up to the bound of the kernel, and none is lost or leaked', () => {
  const before = readdirSync('/proc/self/fd').length;
  for (const kind of ['stream', 'datagram', 'seqpacket'] as const) {
    const [left, right] = ok(native.socketPair(kind));
    const file = memfdWith(`through ${kind}`);
    assert.equal(native.sendWithFds(left, bytes('take'), [file]), 4);
    const into = Buffer.alloc(16);
    const [count, fds] = ok(native.receiveWithFds(right, into));
    assert.equal(into.toString('utf8', 0, count), 'take');
    assert.equal(textFrom(fds[0] as Fd), `through ${kind}`);
    assert.equal(native.sendWithFds(left, bytes('many'), new Array<Fd>(253).fill(nullFd)), 4);
    const [, many] = ok(native.receiveWithFds(right, into));
    assert.equal(many.length, 253);
    assert.throws(() => native.sendWithFds(left, bytes('more'), new Array<Fd>(254).fill(nullFd)), TypeError);
    assert.equal(native.sendWithFds(left, bytes('bad'), [9999 as Fd]), 'EBADF');
    for (const fd of [...many, ...fds, file, left]) ok(native.close(fd));
    if (kind !== 'datagram') assert.deepEqual(native.receiveWithFds(right, into), [0, []]);
    ok(native.close(right));
  }
  assert.equal(readdirSync('/proc/self/fd').length, before);
});
