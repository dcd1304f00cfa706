/** Clients that are slow, huge or malformed: they get their status, and nobody else notices. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { BODY_BYTES_MAX, CONNECTIONS_MAX, HEADER_BYTES_MAX, HEADERS_TIMEOUT_MSEC, STREAMS_MAX } from '../../src/gateway/limits.ts';
import { bearer, TOKENS, withHouse, type House } from './house.ts';

const limit = { timeout: 100_000 };
const configuration = `[Gateway]\nWrite=yes\n${TOKENS}`;

async function open(house: House): Promise<Socket> {
  const socket = connect(house.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** All that comes back until the other side closes. */
async function raw(house: House, bytes: string | Uint8Array): Promise<string> {
  const socket = await open(house);
  let text = '';
  socket.on('data', (chunk: Buffer) => { text += chunk.toString('latin1'); });
  socket.end(bytes);
  if (!socket.closed) await once(socket, 'close');
  return text;
}

test('what is too large is refused with its status', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    assert.match(await raw(house, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(HEADER_BYTES_MAX)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    const body = { text: 'x'.repeat(BODY_BYTES_MAX) };
    const long = await house.ask('/api/v1/units/made', { method: 'PUT', headers: bearer('boss'), body });
    assert.equal(long.status, 413);
    const chunked = `PUT /api/v1/units/made HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer boss\r\nTransfer-Encoding: chunked\r\n\r\n${`8000\r\n${'x'.repeat(0x8000)}\r\n`.repeat(10)}0\r\n\r\n`;
    assert.match(await raw(house, chunked), /^HTTP\/1\.1 413 /);
    assert.equal((await house.ask('/api/v1/units/made', { method: 'PUT', headers: { ...bearer('boss'), 'Content-Encoding': 'gzip' }, body: 'x' })).status, 415);
    assert.equal((await house.ask('/healthz')).status, 200);
  });
});

test('what is no HTTP gets 400 or the end of the connection', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    for (const bytes of ['hello\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n', '\x16\x03\x01\x02']) {
      assert.match(await raw(house, bytes), /^(HTTP\/1\.1 400 |$)/, JSON.stringify(bytes));
    }
    assert.match(await raw(house, 'GET http://[::bad/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 400 /);
    const bytes = fc.uint8Array({ maxLength: 300 }).map((tail) => Buffer.concat([Buffer.from('GET '), tail, Buffer.from('\r\n\r\n')]));
    await fc.assert(fc.asyncProperty(bytes, async (given) => { assert.match(await raw(house, given), /^(HTTP\/1\.1 [1-5]\d\d |$)/); }), { numRuns: 150 });
    assert.equal((await house.ask('/healthz')).status, 200);
  });
});

test('paths and bodies of any kind never get a 500', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    const part = fc.oneof(fc.constantFrom('units', 'web', 'start', 'kill', 'events', 'log', 'jobs', '..', '%2e%2e', '%00', '%'), fc.webSegment());
    const path = fc.array(part, { maxLength: 4 }).map((parts) => `/api/v1/${parts.join('/')}`).filter((text) => !/events|stream/.test(text));
    const call = fc.record({ path, method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'), body: fc.option(fc.oneof(fc.json(), fc.string(), fc.constant('{"__proto__":{"mode":"replace"}}')), { nil: undefined }) });
    await fc.assert(fc.asyncProperty(call, async ({ path: given, method, body }) => {
      const { status } = await house.ask(given, { method, headers: bearer('reader'), ...(method === 'GET' ? {} : { body }) });
      assert.ok(status >= 200 && status < 500, `${method} ${given} ${String(body)}: ${String(status)}`);
    }), { numRuns: 200 });
    assert.equal(house.initctl('is-active web'), 'active\n');
  });
});

test('who sends a request drop by drop is cut off with 408', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    const socket = await open(house);
    let text = '';
    socket.on('data', (chunk: Buffer) => { text += chunk.toString('latin1'); });
    const started = Date.now();
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
    const drops = setInterval(() => { socket.write('X: y\r\n'); }, 1000);
    await once(socket, 'close');
    clearInterval(drops);
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.ok(Date.now() - started < HEADERS_TIMEOUT_MSEC + 10_000);
  });
});

test('more connections than the bound are closed, and others come in again when some have gone', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    const sockets: Socket[] = [];
    for (let i = 0; i < CONNECTIONS_MAX + 20; i++) sockets.push(await open(house));
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    assert.ok(sockets.filter((socket) => !socket.closed).length <= CONNECTIONS_MAX);
    for (const socket of sockets) socket.destroy();
    await house.stage.until(`curl -s http://127.0.0.1:${String(house.port)}/healthz`, /^ok$/m);
  });
});

test('event streams are bounded in number, and one that is not read is dropped', { timeout: 120_000 }, async () => {
  await withHouse({ configuration }, async (house) => {
    const streams: Socket[] = [];
    for (let i = 0; i < STREAMS_MAX; i++) {
      const socket = await open(house);
      socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await once(socket, 'data');
      streams.push(socket);
    }
    const refused = await house.ask('/api/v1/events');
    assert.equal(refused.status, 503);
    const [deaf, ...rest] = streams;
    for (const socket of rest) socket.destroy();
    deaf!.pause();
    let dropped = false;
    deaf!.on('close', () => { dropped = true; });
    // Every restart makes some events; the socket's own buffers hold a few hundred kilobytes.
    for (let i = 0; i < 4000 && !dropped; i++) {
      await Promise.all(Array.from({ length: 20 }, () => house.ask('/api/v1/units/idle/restart', { method: 'POST', headers: bearer('writer'), body: { wait: false } })));
      if (i % 20 === 0 && /^heartwood_gateway_streams 0$/m.test((await house.ask('/metrics')).text)) dropped = true;
      if (i > 200) break;
    }
    await house.stage.until(`curl -s http://127.0.0.1:${String(house.port)}/metrics`, /^heartwood_gateway_streams [01]$/m);
    assert.equal((await house.ask('/healthz')).status, 200);
  });
});
