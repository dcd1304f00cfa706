/** Clients that misbehave: each gets an error code or is dropped, nobody else notices, and memory stays flat. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, test } from 'node:test';
import { ERROR_CODES } from '../../src/control/error-codes.ts';
import { CLIENTS_PER_UID_MAX, LINE_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX } from '../../src/control/limits.ts';
import type { Incoming } from '../../src/control/message.ts';
import { service, target } from '../../src/sim/definitions.ts';
import { heldMemoryBytes } from './held-memory.ts';
import { endPoll, openControlRig, runCli, type ControlRig, type TestClient } from './control-rig.ts';

after(endPoll);

const MEBIBYTE = 1 << 20;
const units = [target('default.target', { Wants: ['web.service'] }), service('web.service'), service('idle.service')];

/** The error a client was dismissed with. */
async function farewell(client: TestClient): Promise<number> {
  const message = await client.until((each) => each.kind === 'error' && each.id === null);
  await client.untilClosed();
  return (message as Extract<Incoming, { kind: 'error' }>).code;
}

async function assertStillServes(rig: ControlRig): Promise<void> {
  const client = await (await rig.client()).hello();
  const started = performance.now();
  assert.equal((await runCli(client, ['is-active', 'web'])).out, 'active\n');
  assert.ok(performance.now() - started < 1000, 'another client is answered at once');
}

test('nonsense, a foreign protocol and a missing hello are answered with their code and dropped', async () => {
  const rig = openControlRig({ units });
  for (const [text, code] of [
    ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'parse-error'],
    ['\x00\xff\xfe\n', 'parse-error'],
    ['{"jsonrpc":"2.0","id":1,"method":"list-units"}\n', 'hello-expected'],
    ['{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":0}}\n', 'protocol-unsupported'],
    ['{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":"1"}}\n', 'hello-expected'],
    ['{"jsonrpc":"2.0","id":1,"result":7}\n', 'invalid-request'],
  ] as const) {
    const client = await rig.client();
    client.write(text);
    assert.equal(await farewell(client), ERROR_CODES[code], text);
  }
  await assertStillServes(rig);
  rig.close();
});

test('a wrong method or wrong parameters are answered, and the client may go on', async () => {
  const rig = openControlRig({ units });
  const client = await (await rig.client()).hello();
  const code = async (method: string, params: unknown): Promise<number> => {
    const answer = await client.ask(method, params);
    return answer.kind === 'error' ? answer.code : Number.NaN;
  };
  assert.equal(await code('explode', {}), ERROR_CODES['method-not-found']);
  assert.equal(await code('list-units', { all: 'yes' }), ERROR_CODES['invalid-params']);
  assert.equal(await code('enqueue', { type: 'start', units: ['a/../b'.repeat(99)] }), ERROR_CODES['invalid-params']);
  assert.equal(await code('enqueue', { type: 'start', units: ['foo@.service'] }), ERROR_CODES['invalid-unit-name']);
  assert.equal(await code('why', { unit: 'x'.repeat(400) }), ERROR_CODES['invalid-unit-name']);
  assert.equal((await client.ask('manager', {})).kind, 'result');
  rig.close();
});

test('a gigabyte without a newline costs the manager one line of memory', async () => {
  const rig = openControlRig({ units });
  const client = await (await rig.client()).hello();
  const chunk = Buffer.alloc(MEBIBYTE, 0x61);
  const before = heldMemoryBytes();
  let sent = 0;
  while (!client.closed && sent < 1024 * MEBIBYTE) {
    if (!client.socket.write(chunk)) {
      await new Promise<void>((resolve) => {
        client.socket.once('drain', resolve);
        client.socket.once('close', () => { resolve(); });
      });
    }
    sent += chunk.length;
  }
  await client.untilClosed();
  const last = client.messages.at(-1);
  assert.equal(last?.kind === 'error' && last.code, ERROR_CODES['line-too-long']);
  assert.ok(sent <= 16 * MEBIBYTE, `dropped after the bound, not after ${String(sent)} bytes`);
  const grown = heldMemoryBytes() - before;
  assert.ok(grown < 8 * MEBIBYTE, `grew by ${String(grown / MEBIBYTE)} MiB`);
  assert.ok(LINE_BYTES_MAX <= MEBIBYTE);
  await assertStillServes(rig);
  rig.close();
});

test('a client that asks and never reads is dropped when the bound of waiting answers is reached', async () => {
  const rig = openControlRig({ units: [...units, ...Array.from({ length: 400 }, (_, i) => service(`many-${String(i)}.service`))] });
  const client = await (await rig.client()).hello();
  client.socket.pause();
  const before = heldMemoryBytes();
  for (let i = 0; i < 2000 && !client.socket.destroyed; i++) {
    client.write(`${JSON.stringify({ jsonrpc: '2.0', id: i, method: 'list-units', params: { all: true } })}\n`);
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    if (rig.server.clientCount === 0) break;
  }
  const deadline = performance.now() + 20_000;
  while (rig.server.clientCount > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(rig.server.clientCount, 0);
  assert.ok(rig.log.some((line) => line.message.includes('answers unread')));
  assert.ok(heldMemoryBytes() - before < 32 * MEBIBYTE);
  await assertStillServes(rig);
  rig.close();
});

test('a client that goes away in the middle of a request leaves nobody waiting, and its job goes on', async () => {
  const slow = service('slow.service', { type: 'notify', notifyAccess: 'main' });
  const rig = openControlRig({ units: [...units, slow], scripts: { '/bin/slow.service': { readyAfterUsec: 5_000_000 } } });
  const client = await (await rig.client()).hello();
  client.send('enqueue', { type: 'start', units: ['slow.service'] });
  while (rig.kernel.unit('slow.service').activeState !== 'activating') await new Promise((resolve) => setTimeout(resolve, 5));
  client.end();
  while (rig.server.clientCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(rig.kernel.state.requests.size, 0, 'the request is forgotten');
  rig.run(6_000_000);
  assert.equal(rig.kernel.unit('slow.service').activeState, 'active');
  rig.close();
});

test('half a line, then the end: the client is gone without a trace', async () => {
  const rig = openControlRig({ units });
  const client = await (await rig.client()).hello();
  client.write('{"jsonrpc":"2.0","id":1,"met');
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.end();
  while (rig.server.clientCount > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await assertStillServes(rig);
  rig.close();
});

test('a flood of requests from one client does not keep others waiting', async () => {
  const rig = openControlRig({ units: [...units, ...Array.from({ length: 200 }, (_, i) => service(`many-${String(i)}.service`))] });
  const flood = await (await rig.client()).hello();
  const line = `${JSON.stringify({ jsonrpc: '2.0', method: 'list-units', params: { all: true } })}\n`;
  flood.write(line.repeat(5000));
  await assertStillServes(rig);
  rig.close();
});

test('more requests at once than one client may have are refused one by one', async () => {
  const slow = Array.from({ length: REQUESTS_IN_FLIGHT_MAX + 3 }, (_, i) => service(`slow-${String(i)}.service`, { type: 'notify', notifyAccess: 'main' }));
  const scripts = Object.fromEntries(slow.map((unit) => [`/bin/${unit.name}`, { readyAfterUsec: 5_000_000 }]));
  const rig = openControlRig({ units: [...units, ...slow], scripts });
  const client = await (await rig.client()).hello();
  for (const unit of slow) client.send('enqueue', { type: 'start', units: [unit.name] });
  await client.until((message) => message.kind === 'error' && message.code === ERROR_CODES['too-many-requests']);
  assert.equal(client.messages.filter((message) => message.kind === 'error').length <= 3, true);
  assert.equal((await client.ask('manager', {})).kind, 'error', 'the bound counts every request');
  rig.close();
});

test('another user may read but not change, is logged with uid and pid, and cannot take all connections', { skip: process.getuid?.() !== 0 && 'needs root to become somebody else' }, async () => {
  const rig = openControlRig({ units, policy: { ownUid: 0, rules: [{ effect: 'allow', uids: [65534], gids: [], anyone: false, verbs: ['start'], anyVerb: false, units: ['idle.service'] }] } });
  chmodSync(dirname(rig.socketPath), 0o755);
  const program = `
    const net = require('node:net');
    process.setgid(65534); process.setuid(65534);
    const say = (method, params, id) => JSON.stringify({ jsonrpc: '2.0', id, method, params }) + '\\n';
    const socket = net.connect(process.argv[1]);
    socket.write(say('hello', { protocol: 1 }, 1) + say('list-units', {}, 2) + say('enqueue', { type: 'stop', units: ['web'] }, 3)
      + say('enqueue', { type: 'start', units: ['idle'] }, 4) + say('shutdown', { goal: 'poweroff' }, 5) + say('reset-failed', {}, 6));
    let text = '';
    socket.on('data', (data) => {
      text += data;
      if (text.split('\\n').length <= 6) return;
      const others = [];
      let refused = 0;
      for (let i = 0; i < ${String(CLIENTS_PER_UID_MAX + 5)}; i++) {
        const other = net.connect(process.argv[1]);
        others.push(other);
        other.on('data', (reason) => { if (String(reason).includes('"too-many-clients"') && ++refused === 6) { console.log(text + 'refused ' + refused); process.exit(); } });
      }
    });
    setTimeout(() => { console.log(text + 'too few refused'); process.exit(1); }, 5000);`;
  const child = spawn(process.execPath, ['-e', program, rig.socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => { output += String(data); });
  await new Promise((resolve) => child.on('close', resolve));
  const answers = output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { id: number; result?: { jobs?: unknown[]; units?: unknown[] }; error?: { code: number } });
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  assert.ok((byId.get(2)?.result?.units?.length ?? 0) > 0, output);
  for (const id of [3, 5, 6]) assert.equal(byId.get(id)?.error?.code, ERROR_CODES['access-denied'], `request ${String(id)}`);
  assert.equal(byId.get(4)?.result?.jobs?.length, 1);
  assert.match(output, /refused 6/);
  const refused = rig.log.find((line) => line.message === `refused: stop web.service (uid 65534, pid ${String(child.pid)})`);
  assert.deepEqual(refused?.fields, { callerUid: 65534, callerGid: 65534, callerPid: child.pid });
  assert.equal(rig.kernel.unit('web.service').activeState, 'active');
  rig.close();
});
