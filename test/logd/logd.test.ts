/** The real logd with this test in the manager's place: what it stores, says, bounds, and survives. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LogdRig, must, native, put, readLog, shut, sleep, type RigOptions } from './logd-rig.ts';

async function start(context: TestContext, options: RigOptions = {}): Promise<LogdRig> {
  const rig = new LogdRig(options);
  context.after(() => rig.remove());
  rig.start();
  await rig.until((message) => message.type === 'ready');
  return rig;
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) * 1024;
}

function filesBelow(directory: string): number[] {
  return readdirSync(directory).map((name) => statSync(join(directory, name)).size);
}

/** Asks the query socket. */
async function query(path: string, request: string): Promise<string> {
  const socket = connect(path);
  socket.end(request);
  let answer = '';
  for await (const piece of socket) answer += String(piece);
  return answer;
}

test('lines are kept with unit, pid, priority, invocation and stream', async (context) => {
  const rig = await start(context);
  const invocationId = '1'.repeat(32) as never;
  const out = rig.open('nginx.service', { pid: 77, invocationId });
  const err = rig.open('nginx.service', { pid: 77, invocationId, output: 'stderr', priority: 4 });
  put(out.fd, 'hello\n<3>bad\n');
  await rig.flush();
  put(err.fd, 'warned\n');
  await rig.flush();
  const entries = (await rig.log({ format: 'json' })).trim().split('\n').map((line) => JSON.parse(line) as Record<string, string>);
  assert.deepEqual(entries.map((entry) => [entry['MESSAGE'], entry['PRIORITY'], entry['_STREAM'], entry['_PID'], entry['_SYSTEMD_INVOCATION_ID']]), [
    ['hello', '6', 'stdout', '77', invocationId], ['bad', '3', 'stdout', '77', invocationId], ['warned', '4', 'stderr', '77', invocationId],
  ]);
  const now = Date.now() * 1000;
  for (const entry of entries) assert.ok(Math.abs(Number(entry['__REALTIME_TIMESTAMP']) - now) < 60e6);
});

test('when all writers have closed, the last line is stored even without a newline, and the manager is told', async (context) => {
  const rig = await start(context);
  const stream = rig.open('a.service');
  put(stream.fd, 'whole\nno newline');
  shut(stream.fd);
  await rig.ended(stream.stream);
  assert.equal(await rig.log(), 'whole\nno newline\n');
  const ended = rig.messages.find((message) => message.type === 'ended');
  assert.deepEqual(ended, { type: 'ended', stream: stream.stream, bytes: 16 });
});

test('an update gives the lines written after it to another process', async (context) => {
  const rig = await start(context);
  const stream = rig.open('a.service', { pid: 1, identifier: 'prepare' });
  put(stream.fd, 'one\n');
  rig.send({ type: 'update', stream: stream.stream, pid: 2, identifier: 'main' });
  await rig.flush();
  put(stream.fd, 'two\n');
  await rig.flush();
  const shown = await rig.log({ format: 'short', showHostname: false });
  assert.match(shown, /prepare\[1\]: one\n.*main\[2\]: two\n/);
});

test('close stores what is in the pipe although a writer is left', async (context) => {
  const rig = await start(context);
  const stream = rig.open('a.service');
  put(stream.fd, 'said before\n');
  rig.send({ type: 'close', stream: stream.stream });
  await rig.ended(stream.stream);
  assert.equal(await rig.log(), 'said before\n');
  shut(stream.fd);
});

test('killed with SIGKILL again and again under load, it loses no line, stores none twice and joins halves', async (context) => {
  const rig = new LogdRig();
  context.after(() => rig.remove());
  const roomy = (): void => {
    rig.start();
    rig.send({ type: 'settings', unitBytesMax: 2 ** 31, totalBytesMax: 2 ** 31 });
  };
  roomy();
  const flood = rig.open('flood.service');
  const slow = rig.open('flood.service', { output: 'stderr' });
  const split = rig.open('split.service');
  const writers = [
    // seq writes 4 KiB at a time, cut anywhere; the shells write a line, or half a line, with each call.
    spawn('seq', ['6000000'], { stdio: ['ignore', flood.fd, 'inherit'] }),
    spawn('sh', ['-c', 'i=0; while [ $i -lt 8000 ]; do i=$((i+1)); echo "e$i"; done'], { stdio: ['ignore', slow.fd, 'inherit'] }),
    spawn('sh', ['-c', 'i=0; while [ $i -lt 4000 ]; do i=$((i+1)); printf half; printf " %d\\n" $i; done'], { stdio: ['ignore', split.fd, 'inherit'] }),
  ];
  const finished = Promise.all(writers.map((writer) => once(writer, 'exit')));
  const state = { isFinished: false };
  void finished.then(() => { state.isFinished = true; });
  for (const { fd } of [flood, slow, split]) shut(fd);
  let kills = 0;
  while (!state.isFinished || kills < 10) {
    const generation = rig.messages.length;
    await rig.until((message) => message.type === 'ready' && rig.messages.indexOf(message) >= generation);
    await sleep(Math.random() * 30);
    await rig.kill();
    kills += 1;
    roomy();
  }
  for (const { stream } of [flood, slow, split]) await rig.ended(stream);
  const text = await rig.log({ units: ['flood'] });
  let nextNumber = 1;
  let nextWord = 1;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end);
    if (line.startsWith('e')) assert.equal(line, `e${String(nextWord++)}`);
    else assert.equal(line, String(nextNumber++));
    at = end + 1;
  }
  assert.deepEqual([nextNumber, nextWord], [6_000_001, 8_001], `after ${kills} kills`);
  const halves = (await rig.log({ units: ['split'] })).split('\n');
  assert.deepEqual(halves, [...Array.from({ length: 4000 }, (_, index) => `half ${String(index + 1)}`), '']);
  context.diagnostic(`${String(kills)} kills`);
});

test('SIGTERM does not stop it: services may have last words', async (context) => {
  const rig = await start(context);
  const stream = rig.open('a.service');
  process.kill(rig.pid, 'SIGTERM');
  await sleep(20);
  put(stream.fd, 'last words\n');
  await rig.flush();
  assert.equal(await rig.log(), 'last words\n');
});

test('when the manager is gone, what is in the pipes is stored before logd ends', async (context) => {
  const rig = await start(context);
  const stream = rig.open('a.service');
  put(stream.fd, 'in the pipe\n');
  await rig.stop();
  assert.equal(await rig.log(), 'in the pipe\n');
  shut(stream.fd);
});

test('a gigabyte without a newline is stored within the caps, in bounded memory, and read in bounded pieces', async (context) => {
  const rig = await start(context);
  rig.send({ type: 'settings', unitBytesMax: 16 << 20, totalBytesMax: 64 << 20 });
  const stream = rig.open('endless.service');
  const writer = spawn('head', ['-c', '1G', '/dev/zero'], { stdio: ['ignore', stream.fd, 'inherit'] });
  shut(stream.fd);
  let residentMax = 0;
  const watching = setInterval(() => { residentMax = Math.max(residentMax, residentBytes(rig.pid)); }, 50);
  await once(writer, 'exit');
  await rig.ended(stream.stream);
  clearInterval(watching);
  assert.ok(residentMax < 256 << 20, `${residentMax} bytes resident`);
  const files = filesBelow(join(rig.directory, 'endless.service'));
  const total = files.reduce((sum, size) => sum + size, 0);
  assert.ok(total <= (16 << 20) + (2 << 20), `${total} bytes in ${files.length} files`);
  const last = await rig.log({ lines: 3, format: 'json' });
  const pieces = last.trim().split('\n').map((line) => JSON.parse(line) as { _LINE_BREAK: string; MESSAGE: string });
  assert.ok(pieces.every((piece) => piece.MESSAGE.length <= 64 * 1024));
  assert.equal(pieces.at(-2)?._LINE_BREAK, 'line-max');
});

test('a unit keeps its newest lines within its cap, and takes nothing from the others', async (context) => {
  const rig = await start(context);
  rig.send({ type: 'settings', unitBytesMax: 1 << 20, totalBytesMax: 64 << 20 });
  const quiet = rig.open('quiet.service');
  put(quiet.fd, 'old and dear\n');
  await rig.flush();
  const noisy = rig.open('noisy.service');
  const writer = spawn('seq', ['1000000'], { stdio: ['ignore', noisy.fd, 'inherit'] });
  shut(noisy.fd);
  await once(writer, 'exit');
  await rig.ended(noisy.stream);
  assert.equal(await rig.log({ units: ['quiet'] }), 'old and dear\n');
  const kept = (await rig.log({ units: ['noisy'] })).trim().split('\n');
  assert.equal(kept.at(-1), '1000000');
  // Segments are removed whole, and are at most a quarter of the cap.
  assert.ok(kept.join('\n').length > (1 << 20) / 2, `${kept.length} lines`);
  for (let at = 1; at < kept.length; at++) assert.equal(Number(kept[at]), Number(kept[at - 1]) + 1);
  const total = filesBelow(join(rig.directory, 'noisy.service')).reduce((sum, size) => sum + size, 0);
  assert.ok(total < (1 << 20) + (1 << 18), `${total} bytes`);
});

// A pipe grown to a megabyte went into one segment as a whole, and that segment was removed as a whole with the next line.
test('a full pipe that meets a small cap does not push out its own newest lines', async (context) => {
  const rig = await start(context);
  rig.send({ type: 'settings', unitBytesMax: 1 << 20, totalBytesMax: 64 << 20 });
  const { fd, stream } = rig.open('a.service');
  await rig.flush();
  assert.equal(native.setPipeSize(fd as never, 1 << 20), 1 << 20);
  process.kill(rig.pid, 'SIGSTOP');
  put(fd, `${'x'.repeat(99)}\n`.repeat(Math.floor((1 << 20) / 100)));
  process.kill(rig.pid, 'SIGCONT');
  await rig.flush();
  put(fd, 'newest\n');
  shut(fd);
  await rig.ended(stream);
  const text = await rig.log();
  assert.ok(text.endsWith('x\nnewest\n'));
  assert.ok(text.length > (1 << 20) / 2, `${text.length} bytes are kept`);
});

test('on a full disk services go on, the loss is counted in the log, and storing begins again by itself', async (context) => {
  const isRoot = process.getuid?.() === 0;
  const name = isRoot ? ['unshare', '--mount'] : ['unshare', '--user', '--map-root-user', '--mount'];
  const script = 'mount -t tmpfs -o size=1m tmpfs "$1" && dd if=/dev/zero of="$1/ballast" bs=1k count=990 2>/dev/null; shift; exec "$@"';
  const disk = execFileSync('mktemp', ['-d']).toString().trim();
  context.after(() => { execFileSync('rmdir', [disk]); });
  const rig = await start(context, { directories: [join(disk, 'log')], wrap: [...name, 'sh', '-c', script, 'sh', disk] });
  const inside = join(`/proc/${String(rig.pid)}/root`, disk);
  const stream = rig.open('greedy.service');
  const writer = spawn('seq', ['500000'], { stdio: ['ignore', stream.fd, 'inherit'] });
  await once(writer, 'exit'); // it was not stopped
  await rig.until((message) => message.type === 'trouble' && message.code === 'storage');
  writeFileSync(join(inside, 'ballast'), '');
  const lost = await rig.until((message) => message.type === 'trouble' && message.code === 'lost');
  assert.ok(lost.type === 'trouble' && lost.unit === 'greedy.service');
  put(stream.fd, 'after\n');
  await rig.flush();
  const text = await readLog([join(inside, 'log')], { units: ['greedy'] });
  const count = Number(/^(\d+) lines \(\d+ bytes\) lost here: ENOSPC$/m.exec(text)?.[1]);
  assert.ok(count > 0);
  assert.ok(text.endsWith('after\n'));
  // Every line is either there or counted. One line may be split around the gap: its beginning is stored, its end lost.
  const stored = text.split('\n').filter((line) => /^\d+$/.test(line));
  const missing = 500_000 - stored.length - count;
  assert.ok(missing >= -1 && missing <= 1, `${stored.length} stored + ${count} counted`);
  shut(stream.fd);
});

test('when no directory can be written, lines are kept in memory and the query socket has them', async (context) => {
  const rig = await start(context, { directories: ['/proc/nowhere', '/sys/nowhere'] });
  assert.deepEqual(rig.messages.find((message) => message.type === 'ready'), { type: 'ready', version: 1, directory: null });
  const stream = rig.open('a.service');
  put(stream.fd, 'remembered\n');
  await rig.flush();
  assert.equal(await query(rig.querySocket, '{"units":["a"],"output":"cat"}\n'), 'remembered\n');
  const writer = spawn('seq', ['3000000'], { stdio: ['ignore', stream.fd, 'inherit'] });
  shut(stream.fd);
  await once(writer, 'exit');
  await rig.ended(stream.stream);
  assert.equal(await query(rig.querySocket, '{"units":["a"],"output":"cat","lines":2}\n'), '2999999\n3000000\n');
  assert.ok(residentBytes(rig.pid) < 256 << 20);
});

test('reopen moves to a better directory, and no line is lost on the way', async (context) => {
  const rig = await start(context, { directories: ['/proc/1/nowhere/log'] });
  await rig.remove();
  const base = execFileSync('mktemp', ['-d']).toString().trim();
  context.after(() => { execFileSync('rm', ['-r', base]); });
  writeFileSync(join(base, 'var'), 'not a directory yet');
  const moving = await start(context, { directories: [join(base, 'var/log'), join(base, 'run')] });
  const stream = moving.open('a.service');
  put(stream.fd, 'early\nhalf');
  await moving.flush();
  execFileSync('rm', [join(base, 'var')]);
  mkdirSync(join(base, 'var'));
  moving.messages.length = 0;
  moving.send({ type: 'reopen' });
  assert.deepEqual(await moving.until((message) => message.type === 'ready'), { type: 'ready', version: 1, directory: join(base, 'var/log') });
  put(stream.fd, ' line\nlate\n');
  await moving.flush();
  assert.equal(await readLog([join(base, 'var/log'), join(base, 'run')]), 'early\nhalf\n line\nlate\n');
  shut(stream.fd);
});

test('echoed lines go to the given fd with the name of their unit, without their level prefix', async (context) => {
  const [readEnd, writeEnd] = must(native.pipe(false));
  const rig = await start(context, { echoFd: writeEnd });
  const loud = rig.open('nginx.service', { echo: true });
  const silent = rig.open('db.service');
  put(silent.fd, 'not shown\n');
  put(loud.fd, '<4>warm\nhal');
  await rig.flush();
  put(loud.fd, 'f\nlast');
  shut(loud.fd);
  await rig.ended(loud.stream);
  await rig.flush();
  const bytes = Buffer.alloc(1000);
  assert.equal(bytes.toString('utf8', 0, readSync(readEnd, bytes)), 'nginx: warm\nnginx: half\nnginx: last\n');
  for (const fd of [readEnd, writeEnd, silent.fd]) closeSync(fd);
});

test('when nobody reads the echo, services go on, everything is stored, and the number of lines not shown is told', async (context) => {
  const [readEnd, writeEnd] = must(native.pipe(true));
  const rig = await start(context, { echoFd: writeEnd });
  const stream = rig.open('a.service', { echo: true });
  const writer = spawn('seq', ['1000000'], { stdio: ['ignore', stream.fd, 'inherit'] });
  shut(stream.fd);
  await once(writer, 'exit');
  await rig.ended(stream.stream);
  const text = await rig.log();
  assert.equal(text.split('\n').length, 1_000_001);
  let echoed = '';
  const bytes = Buffer.alloc(65_536);
  for (let tries = 0; tries < 2000 && !echoed.includes('heartwood: '); tries++) {
    const got = native.read(readEnd, bytes);
    if (typeof got === 'number') echoed += bytes.toString('utf8', 0, got);
    else await sleep(5);
  }
  const shown = echoed.split('\n').filter((line) => line.startsWith('a: ')).length;
  assert.equal(shown + Number(/^heartwood: (\d+) lines were not shown here/m.exec(echoed)?.[1]), 1_000_000);
  for (const fd of [readEnd, writeEnd]) closeSync(fd);
});

test('the query socket answers with text, follows, and refuses what it does not understand', async (context) => {
  const rig = await start(context);
  const stream = rig.open('a.service');
  put(stream.fd, 'one\ntwo\nthree\n');
  await rig.flush();
  assert.equal(await query(rig.querySocket, '{"units":["a.service"],"lines":2,"output":"cat"}\n'), 'two\nthree\n');
  assert.match(await query(rig.querySocket, 'nonsense\n'), /^error: /);
  assert.match(await query(rig.querySocket, 'x'.repeat(40_000)), /^error: |^$/);
  assert.equal(await query(rig.querySocket, 'no end'), '');
  assert.equal(statSync(rig.querySocket).mode & 0o777, 0o600);

  const follower = connect(rig.querySocket);
  follower.write('{"units":["a"],"lines":1,"follow":true,"output":"cat"}\n');
  let seen = '';
  follower.on('data', (piece) => { seen += String(piece); });
  for (let waited = 0; !seen.includes('three\n') && waited < 2000; waited++) await sleep(5);
  put(stream.fd, 'four\n');
  for (let waited = 0; !seen.includes('four\n') && waited < 2000; waited++) await sleep(5);
  assert.equal(seen, 'three\nfour\n');
  follower.destroy();
  shut(stream.fd);
});

test('more query clients than allowed are turned away, and the others are not disturbed', async (context) => {
  const rig = await start(context);
  const stream = rig.open('a.service');
  put(stream.fd, 'x\n');
  await rig.flush();
  const clients = Array.from({ length: 32 }, () => connect(rig.querySocket));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  await sleep(50);
  assert.match(await query(rig.querySocket, '{"output":"cat"}\n').catch(() => 'error: reset'), /^error: /);
  for (const client of clients) client.destroy();
  await sleep(50);
  assert.equal(await query(rig.querySocket, '{"output":"cat"}\n'), 'x\n');
  shut(stream.fd);
});

test('messages that are none are answered with trouble, and change nothing', async (context) => {
  const rig = await start(context);
  rig.send({ type: 'open', origin: { unit: '../../etc' } } as never);
  await rig.until((message) => message.type === 'trouble' && message.code === 'protocol');
  const stream = rig.open('a.service');
  put(stream.fd, 'fine\n');
  await rig.flush();
  assert.deepEqual(readdirSync(rig.directory), ['a.service']);
  shut(stream.fd);
});

test('twenty megabytes of short lines from four services arrive complete', async (context) => {
  const rig = await start(context);
  const streams = Array.from({ length: 4 }, (_, index) => rig.open(`s${String(index)}.service`));
  await Promise.all(streams.map(async ({ fd }) => {
    const writer = spawn('sh', ['-c', "seq -f '%099.0f' 50000"], { stdio: ['ignore', fd, 'inherit'] });
    shut(fd);
    await once(writer, 'exit');
  }));
  for (const { stream } of streams) await rig.ended(stream);
  for (const index of streams.keys()) {
    const lines = (await rig.log({ units: [`s${String(index)}`] })).trim().split('\n');
    assert.equal(lines.length, 50_000);
    lines.forEach((line, at) => { assert.equal(Number(line), at + 1); });
  }
});

test('an idle logd does not wake up', async (context) => {
  const rig = await start(context);
  const stream = rig.open('a.service');
  put(stream.fd, 'x\n');
  await rig.flush();
  const switches = (): number => {
    const status = readFileSync(`/proc/${String(rig.pid)}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  };
  // Once, when it has been quiet for some seconds, it gives back what its start has left in memory.
  const deadline = performance.now() + 40_000;
  for (let before = -1; before !== switches();) {
    assert.ok(performance.now() < deadline, 'it wakes up every few seconds');
    before = switches();
    await sleep(5000);
  }
  shut(stream.fd);
});

test('the manager\'s own pino lines are kept under heartwood and shown with the units they speak of', async (context) => {
  const rig = await start(context);
  const log = rig.open('heartwood', { format: 'pino', identifier: 'heartwood', pid: 1 });
  put(log.fd, '{"level":"info","time":1,"pid":1,"unit":"a.service","msg":"Started A"}\n');
  await rig.flush();
  assert.equal(await rig.log({ units: ['a'] }), 'a.service: Started A\n');
  assert.deepEqual(readdirSync(rig.directory), ['heartwood']);
  shut(log.fd);
});

test('two managers that were given one directory do not damage each other\'s lines', async (context) => {
  const one = await start(context);
  const other = await start(context, { directories: [one.directory], bootId: 'f'.repeat(32) });
  const streams = [one, other].map((rig) => ({ rig, ...rig.open('a.service') }));
  for (let round = 0; round < 20; round++) {
    for (const [index, { rig, fd }] of streams.entries()) {
      put(fd, `${String(index)} round ${String(round)} begins`);
      await rig.flush();
      put(fd, ' and ends\n');
    }
    if (round === 10) {
      await one.kill();
      one.start();
    }
  }
  for (const { rig, fd, stream } of streams) {
    shut(fd);
    await rig.ended(stream);
  }
  const lines = (await one.log()).trim().split('\n');
  for (const index of [0, 1]) {
    const own = lines.filter((line) => line.startsWith(String(index)));
    assert.deepEqual(own, Array.from({ length: 20 }, (_, round) => `${String(index)} round ${String(round)} begins and ends`));
  }
  assert.equal(lines.length, 40);
});

test('what another process left open in the directory does not keep logd from starting', async (context) => {
  const rig = new LogdRig();
  context.after(() => rig.remove());
  mkdirSync(join(rig.directory, 'a.service'), { recursive: true });
  writeFileSync(join(rig.directory, 'a.service/0000000001-0000000000000001.log'), 'garbage, no header at all, but longer than one');
  writeFileSync(join(rig.directory, 'a.service/notes.txt'), 'not ours');
  writeFileSync(join(rig.directory, 'stray'), '');
  closeSync(openSync(join(rig.directory, 'a.service/0000000002-0000000000000002.log'), 'w'));
  rig.start();
  const stream = rig.open('a.service');
  put(stream.fd, 'works\n');
  await rig.flush();
  assert.equal(await rig.log(), 'works\n');
  shut(stream.fd);
});

test('a query socket that cannot be made is told of and costs no line', async (context) => {
  const rig = await start(context, { querySocket: '/dev/null/query' });
  const stream = rig.open('a.service');
  put(stream.fd, 'kept\n');
  await rig.flush();
  assert.equal(await rig.log(), 'kept\n');
  assert.ok(rig.messages.some((message) => message.type === 'trouble' && message.message.includes('/dev/null/query')));
});

test('when the manager is killed, logd stores what services go on to say, and ends when the last of them has', async () => {
  const rig = new LogdRig();
  try {
    rig.start();
    const [talker, quiet] = [rig.open('talker.service'), rig.open('quiet.service')];
    writeSync(talker.fd, 'before\n');
    await rig.flush();
    let isGone = false;
    const gone = rig.desert().then(() => { isGone = true; });
    for (let line = 0; line < 50; line++) {
      // Without a reader this would be EPIPE.
      writeSync(talker.fd, `after ${String(line)}\n`);
      await sleep(2);
    }
    closeSync(talker.fd);
    await sleep(100);
    assert.equal(isGone, false, 'a service that says nothing may still want to');
    writeSync(quiet.fd, 'last words\n');
    closeSync(quiet.fd);
    await gone;
    assert.equal(await rig.log({ units: ['talker.service'] }), ['before', ...Array.from({ length: 50 }, (_, line) => `after ${String(line)}`), ''].join('\n'));
    assert.equal(await rig.log({ units: ['quiet.service'] }), 'last words\n');
  } finally {
    await rig.remove();
  }
});
