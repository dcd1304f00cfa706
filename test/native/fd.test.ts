import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Fd } from '../../src/base/brand.ts';
import { addonPath, native, nodeEnvironment, ok, run } from './native-under-test.ts';

const O_RDONLY = 0;
const O_WRONLY = 1;
const directory = mkdtempSync(join(tmpdir(), 'heartwood-fd-'));
after(() => { rmSync(directory, { recursive: true }); });

/** Flags of an fd as the kernel shows them; O_CLOEXEC is 0o2000000, O_NONBLOCK 0o4000. */
function flagsOf(fd: Fd): number {
  return parseInt(/^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${String(fd)}`, 'utf8'))?.[1] ?? '', 8);
}

test('every descriptor the addon makes is close-on-exec', () => {
  const fds = [
    ...ok(native.pipe(true)), ...ok(native.pipe(false)), ok(native.open('/dev/null', O_RDONLY, 0)), ok(native.duplicate(0 as Fd)),
    ok(native.memfd('x')), ok(native.eventfd()), ok(native.inotifyOpen()), ok(native.openDirectory('/')), ok(native.clockChangeFd()),
    ...ok(native.socketPair('stream')), ok(native.pidfdOpen(process.pid)), ok(native.signalOpen([])),
  ];
  for (const fd of fds) {
    assert.equal(flagsOf(fd) & 0o2000000, 0o2000000);
    ok(native.setCloexec(fd, false));
    assert.equal(flagsOf(fd) & 0o2000000, 0);
    ok(native.setCloexec(fd, true));
    ok(native.close(fd));
    assert.equal(native.close(fd), 'EBADF');
  }
});

test('a pipe blocks or not as asked, and its size can be set', () => {
  const [read, write] = ok(native.pipe(true));
  assert.equal(native.read(read, Buffer.alloc(1)), 'EAGAIN');
  assert.equal(native.setPipeSize(write, 65537), 131072, 'the kernel rounds up to a power of two');
  assert.equal(native.write(write, Buffer.alloc(200_000)), 131072);
  assert.equal(native.write(write, Buffer.alloc(1)), 'EAGAIN');
  ok(native.close(read));
  assert.equal(native.write(write, Buffer.alloc(1)), 'EPIPE', 'Node ignores the signal');
  ok(native.setNonBlocking(write, false));
  assert.equal(flagsOf(write) & 0o4000, 0);
  ok(native.close(write));
});

test('splice and tee move bytes and leave what they should', () => {
  const [read, write] = ok(native.pipe(true));
  const [copyRead, copyWrite] = ok(native.pipe(true));
  native.write(write, Buffer.from('abcdef'));
  assert.equal(native.tee(read, copyWrite, 3), 3);
  const file = ok(native.open(join(directory, 'spliced'), 0o102, 0o600));
  assert.equal(native.splice(read, file, 2, 100), 6);
  assert.equal(native.splice(read, file, 2, 100), 'EAGAIN');
  assert.equal(readFileSync(join(directory, 'spliced'), 'latin1'), '\0\0abcdef');
  const buffer = Buffer.alloc(8);
  assert.equal(buffer.toString('latin1', 0, ok(native.read(copyRead, buffer))), 'abc');
  for (const fd of [read, write, copyRead, copyWrite, file]) ok(native.close(fd));
});

test('small files are read whole and bounded, special ones refused without waiting', async () => {
  const path = join(directory, 'small');
  writeFileSync(path, 'größe\n');
  assert.equal(native.readSmallFile(path, 100), 'größe\n');
  assert.equal(native.readSmallFile(path, 8), 'größe\n', 'exactly as long as allowed');
  assert.equal(native.readSmallFile(path, 7), 'EFBIG');
  writeFileSync(path, '');
  assert.equal(native.readSmallFile(path, 0), '');
  assert.match(native.readSmallFile('/proc/self/status', 10_000), /^Name:/, 'files of /proc say that they are empty');
  assert.equal(native.readSmallFile('/proc/self/status', 10), 'EFBIG');
  writeFileSync(path, 'x'.repeat(100_000));
  assert.equal(native.readSmallFile(path, 100_000).length, 100_000);
  await run(['/usr/bin/mkfifo', join(directory, 'fifo')]);
  assert.equal(native.readSmallFile(join(directory, 'fifo'), 10), 'EINVAL');
  assert.equal(native.readSmallFile('/', 10), 'EINVAL');
  assert.equal(native.readSmallFile(join(directory, 'missing'), 10), 'ENOENT');
});

test('an attribute is written with one write to a file that exists', () => {
  const path = join(directory, 'attribute');
  assert.equal(native.writeAttribute(path, 'x'), 'ENOENT');
  writeFileSync(path, '');
  assert.equal(native.writeAttribute(path, 'value'), 0);
  assert.equal(readFileSync(path, 'utf8'), 'value');
  assert.equal(native.writeAttribute('/proc/self/oom_score_adj', 'nonsense'), 'EINVAL');
});

test('open takes the flags and mode of open(2)', () => {
  const path = join(directory, 'opened');
  const fd = ok(native.open(path, O_WRONLY | 0o100 | 0o2000, 0o640));
  assert.equal(native.write(fd, Buffer.from('a')), 1);
  assert.equal(native.read(fd, Buffer.alloc(1)), 'EBADF');
  ok(native.close(fd));
  assert.equal(native.open(path, O_WRONLY | 0o100 | 0o200, 0o600), 'EEXIST');
  assert.equal(native.open('/no/such', O_RDONLY, 0), 'ENOENT');
  assert.equal(native.isTty(ok(native.open('/dev/null', O_RDONLY, 0))), false);
});

test('wrong arguments throw a TypeError that names function and argument', () => {
  const loose = native as unknown as Record<string, (...values: unknown[]) => unknown>;
  const cases: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    ['close', [], /^close: the call must be given 1 argument/],
    ['close', [-1], /^close: fd must be a whole number from 0/],
    ['close', [1.5], /^close: fd/],
    ['close', [Number.NaN], /^close: fd/],
    ['close', ['3'], /^close: fd/],
    ['read', [0, 'text'], /^read: into must be a Uint8Array/],
    ['read', [0, new Uint16Array(4)], /^read: into must be a Uint8Array/],
    ['open', ['/a\0b', 0, 0], /^open: path must be a string without NUL/],
    ['pipe', [1], /^pipe: nonBlocking must be a boolean/],
    ['pollStart', [1], /^pollStart: onReady must be a function/],
    ['reboot', ['now', null], /^reboot: how must be one of/],
    ['kill', [1, 65], /^kill: signal/],
    ['reexec', ['/x', ['a'], [1], []], /^reexec: env must be a string/],
  ];
  for (const [name, values, message] of cases) assert.throws(() => loose[name]?.(...values), { name: 'TypeError', message });
});

test('a second instance in one process is refused', async () => {
  const script = `const { Worker } = require('worker_threads'); require(${JSON.stringify(addonPath)});
    new Worker('require(' + JSON.stringify(${JSON.stringify(addonPath)}) + ')', { eval: true }).on('error', (error) => console.log(error.message));`;
  const { output } = await run([process.execPath, '-e', script], { env: nodeEnvironment });
  assert.match(output, /already loaded in this process/);
});
