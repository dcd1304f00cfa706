/** The real logd reads the socket behind /dev/log, with this test in the manager's place, and programs as its senders. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { LogdRig, must, native, sleep, type RigOptions } from './logd-rig.ts';

const INVOCATION = 'a'.repeat(32) as never;
const WEB = { unit: 'web.service', invocationId: INVOCATION, levelMax: 7 };

async function start(context: TestContext, options: RigOptions = {}): Promise<LogdRig> {
  const rig = new LogdRig(options);
  context.after(() => rig.remove());
  rig.start();
  await rig.until((message) => message.type === 'ready');
  return rig;
}

async function entries(rig: LogdRig, count: number): Promise<Record<string, string>[]> {
  for (let tries = 0; tries < 2000; tries++) {
    rig.receive();
    const lines = (await rig.log({ format: 'json' })).split('\n').filter((line) => line !== '');
    if (lines.length >= count) return lines.map((line) => JSON.parse(line) as Record<string, string>);
    await sleep(5);
  }
  return assert.fail('the messages are stored in time');
}

function send(path: string, text: string): void {
  const socket = must(native.socketOpen(1, 2, 0));
  must(native.sendDatagram(socket, path, Buffer.from(text), 0, 0, 0));
  native.close(socket);
}

test('a message is kept with its priority, facility, identifier, sender, unit and invocation', async (context) => {
  const rig = await start(context);
  rig.whose = ({ pid }) => (pid === process.pid ? WEB : null);
  const path = rig.openSyslog();
  send(path, '<27>Nov 21 15:04:05 nginx[1]: it broke');
  const [entry] = await entries(rig, 1);
  const { PRIORITY, SYSLOG_FACILITY, SYSLOG_IDENTIFIER, _PID, _SYSTEMD_UNIT, _SYSTEMD_INVOCATION_ID, _TRANSPORT, MESSAGE, _STREAM } = entry ?? {};
  assert.deepEqual([PRIORITY, SYSLOG_FACILITY, SYSLOG_IDENTIFIER, _TRANSPORT, MESSAGE, _STREAM], ['3', '3', 'nginx', 'syslog', 'it broke', undefined]);
  assert.deepEqual([_PID, _SYSTEMD_UNIT, _SYSTEMD_INVOCATION_ID], [String(process.pid), 'web.service', INVOCATION]);
  assert.equal(await rig.log({ units: ['web'], priorities: [0, 3] }), 'it broke\n');
  assert.equal(await rig.log({ units: ['web'], priorities: [4, 7] }), '');
});

test('the question to the manager names the control group of a sender that lives', async (context) => {
  const rig = await start(context);
  const path = rig.openSyslog();
  send(path, '<13>x: y');
  const asked = await rig.until((message) => message.type === 'whose');
  assert.equal(asked.processes[0]?.pid, process.pid);
  assert.ok(asked.processes[0].group?.startsWith('/'));
});

test('messages of no unit are kept apart, without a unit, under the name of their program when they have no tag', async (context) => {
  const rig = await start(context);
  const path = rig.openSyslog();
  send(path, '<13>no tag here');
  send(path, '<13>one: first\nsecond\n\n');
  const found = await entries(rig, 3);
  assert.deepEqual(found.map((entry) => [entry['SYSLOG_IDENTIFIER'], entry['MESSAGE'], entry['PRIORITY'], entry['_SYSTEMD_UNIT']]), [
    [native.readSmallFile('/proc/self/comm', 100).trim(), 'no tag here', '5', undefined],
    ['one', 'first', '5', undefined], ['one', 'second', '5', undefined],
  ]);
  assert.equal(await rig.log({ units: ['no-unit'] }), 'no tag here\nfirst\nsecond\n');
});

test('real senders are told apart, in the order in which they sent, whatever the manager answers when', async (context) => {
  const rig = await start(context);
  rig.whose = null;
  const path = rig.openSyslog();
  const senders = ['a', 'b', 'c'].map((tag) => spawnSync('logger', ['--socket', path, '--tag', tag, '--priority', 'daemon.warning', `I am ${tag}`]));
  assert.deepEqual(senders.map(({ status, stderr }) => [status, String(stderr)]), [[0, ''], [0, ''], [0, '']]);
  const asked = await rig.until((message) => message.type === 'whose');
  await sleep(50);
  assert.equal(await rig.log(), '', 'nothing is stored before it is known where');
  rig.whose = () => WEB;
  rig.send({ type: 'senders', id: asked.id, units: asked.processes.map(() => WEB) });
  const found = await entries(rig, 3);
  assert.deepEqual(found.map((entry) => [entry['SYSLOG_IDENTIFIER'], entry['MESSAGE'], entry['PRIORITY']]), ['a', 'b', 'c'].map((tag) => [tag, `I am ${tag}`, '4']));
  assert.deepEqual(found.map((entry) => Number(entry['_PID'])), senders.map(({ pid }) => pid));
});

test('a manager that does not answer costs the unit, not the message', async (context) => {
  const rig = await start(context);
  rig.whose = null;
  const path = rig.openSyslog();
  send(path, '<13>x: kept all the same');
  assert.deepEqual((await entries(rig, 1)).map((entry) => [entry['MESSAGE'], entry['_SYSTEMD_UNIT']]), [['kept all the same', undefined]]);
});

test('what was sent while logd was dead is read by the next one', async (context) => {
  const rig = await start(context);
  rig.whose = () => WEB;
  const path = rig.openSyslog();
  send(path, '<13>x: before');
  await entries(rig, 1);
  await rig.kill();
  send(path, '<13>x: in between');
  rig.start();
  send(path, '<13>x: after');
  assert.deepEqual((await entries(rig, 3)).map((entry) => entry['MESSAGE']), ['before', 'in between', 'after']);
});

test('when the manager ends, messages still in the socket are stored first', async (context) => {
  const rig = await start(context);
  rig.whose = null;
  const path = rig.openSyslog();
  process.kill(rig.pid, 'SIGSTOP');
  for (let index = 0; index < 5; index++) send(path, `<13>x: ${String(index)}`);
  process.kill(rig.pid, 'SIGCONT');
  await rig.stop();
  assert.equal(await rig.log(), '0\n1\n2\n3\n4\n');
});

test('each message is handed to the syslog daemon as it came, in the name of its sender', async (context) => {
  const rig = await start(context);
  const daemon = must(native.unixDatagram(rig.daemonPath, 0o666));
  context.after(() => { native.close(daemon); });
  const path = rig.openSyslog();
  send(path, '<30>Nov 21 15:04:05 x[7]: as \xff it came ');
  await entries(rig, 1);
  const into = Buffer.alloc(1000);
  const got = must(native.receiveDatagram(daemon, into));
  assert.equal(into.toString('utf8', 0, got.bytes), '<30>Nov 21 15:04:05 x[7]: as \xff it came ');
  if (process.getuid?.() === 0) assert.equal(got.pid, process.pid);
});

test('a syslog daemon that does not read holds up nobody: what it missed is counted and told', async (context) => {
  const rig = await start(context);
  rig.whose = () => WEB;
  const daemon = must(native.unixDatagram(rig.daemonPath, 0o666));
  context.after(() => { native.close(daemon); });
  const path = rig.openSyslog();
  const flood = spawn('logger', ['--socket', path, '--tag', 'flood'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const count = 5000;
  flood.stdin.end(Array.from({ length: count }, (_, index) => `line ${String(index)}\n`).join(''));
  const ended = once(flood, 'exit');
  const state = { isOver: false };
  void ended.then(() => { state.isOver = true; });
  while (!state.isOver) {
    rig.receive();
    await sleep(2);
  }
  const text = (await entries(rig, count)).map((entry) => entry['MESSAGE']);
  assert.deepEqual(text, Array.from({ length: count }, (_, index) => `line ${String(index)}`));
  const trouble = await rig.until((message) => message.type === 'trouble' && message.code === 'lost');
  assert.match(trouble.type === 'trouble' ? trouble.message : '', /^the syslog daemon missed \d+ messages?: EAGAIN$/);
});

test('in a container messages are echoed under the name of their unit, or of their program', async (context) => {
  const [readEnd, writeEnd] = must(native.pipe(true));
  context.after(() => { for (const fd of [readEnd, writeEnd]) closeSync(fd); });
  const rig = await start(context, { echoFd: writeEnd });
  const path = rig.openSyslog(true);
  let isUnit = true;
  rig.whose = () => (isUnit ? { ...WEB, levelMax: 5 } : null);
  send(path, '<13>x: shown');
  send(path, '<14>x: above LogLevelMax=');
  await entries(rig, 1);
  isUnit = false;
  await sleep(1100); // what is known of a sender is asked again after a second
  send(path, '<13>stranger: hello');
  await entries(rig, 2);
  await rig.flush();
  const bytes = Buffer.alloc(1000);
  assert.equal(bytes.toString('utf8', 0, readSync(readEnd, bytes)), 'web: shown\nstranger: hello\n');
});

test('datagrams of nonsense, empty and too long ones change nothing for the others', async (context) => {
  const rig = await start(context);
  const path = rig.openSyslog();
  const socket = must(native.socketOpen(1, 2, 0));
  native.setSocketBuffers(socket, 1 << 20, 1 << 20);
  for (const datagram of [Buffer.alloc(0), Buffer.from([0xff, 0, 0xf5, 0x48, 0x57, 0x46, 10]), Buffer.alloc(100_000, 'z'), Buffer.from('<13>x: good')]) {
    must(native.sendDatagram(socket, path, datagram, 0, 0, 0));
  }
  native.close(socket);
  const found = await entries(rig, 3);
  assert.equal(found.at(-1)?.['MESSAGE'], 'good');
  assert.equal(found.filter((entry) => typeof entry['MESSAGE'] === 'string' && /^z+$/.test(entry['MESSAGE'])).map((entry) => entry['MESSAGE']).join('').length, 65_536);
});
