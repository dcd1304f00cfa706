// A load on nginx and redis: asks as fast as answers come (with a short breath), and tells in the end what became of each request.
//
// Runs inside the rig until the file named by its argument appears, then prints one line of JSON: { http, redis, longestMsec, failures }.
// Kept and fresh connections to nginx in turn; a counter in redis, which shows an answer lost or doubled.
import { existsSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const stopFile = process.argv[2] ?? '/tmp/stop-load';
/** A server on a busy machine may take this long; then the request has failed. */
const ANSWER_LIMIT_MS = 10_000;
/** Between two requests of one client: the machine is to be under load, not out of breath. */
const BREATH_MS = 3;
const FAILURES_KEPT = 20;

const result = { http: 0, redis: 0, longestMsec: 0, failures: 0, reasons: [] };
let stopping = false;

function fail(reason) {
  result.failures += 1;
  if (result.reasons.length < FAILURES_KEPT) result.reasons.push(reason);
}

/** @param {Agent | undefined} agent undefined: a connection for each request */
async function askNginx(agent) {
  while (!stopping) {
    const begin = performance.now();
    const reason = await new Promise((resolve) => {
      const request = get({ host: '127.0.0.1', port: 80, path: '/', agent: agent ?? false, timeout: ANSWER_LIMIT_MS }, (response) => {
        let bytes = 0;
        response.on('data', (chunk) => (bytes += chunk.length));
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => resolve(response.statusCode === 200 && bytes === Number(response.headers['content-length']) ? null : `status ${response.statusCode}, ${bytes} bytes`));
      });
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', (error) => resolve(error.message));
    });
    result.http += 1;
    result.longestMsec = Math.max(result.longestMsec, performance.now() - begin);
    if (reason !== null) fail(`nginx: ${reason}`);
    await sleep(BREATH_MS);
  }
}

async function countInRedis() {
  const socket = connect(6379, '127.0.0.1');
  let onLine = (_line) => undefined;
  let buffer = '';
  let broken = null;
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    buffer += chunk;
    const end = buffer.indexOf('\r\n');
    if (end < 0) return;
    const line = buffer.slice(0, end);
    buffer = buffer.slice(end + 2);
    onLine(line);
  });
  for (const event of ['error', 'close']) {
    socket.on(event, () => {
      broken = 'the connection ended';
      onLine(broken);
    });
  }
  while (!stopping && broken === null) {
    const begin = performance.now();
    const answer = await new Promise((resolve) => {
      onLine = resolve;
      setTimeout(() => resolve('no answer in time'), ANSWER_LIMIT_MS).unref();
      socket.write('INCR requests\r\n');
    });
    result.redis += 1;
    result.longestMsec = Math.max(result.longestMsec, performance.now() - begin);
    if (answer !== `:${result.redis}`) fail(`redis: ${answer} in place of :${result.redis}`);
    await sleep(BREATH_MS);
  }
  if (!stopping) fail('redis: the connection ended');
  socket.destroy();
}

async function waitForEnd() {
  while (!existsSync(stopFile)) await sleep(50);
  stopping = true;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
await Promise.all([waitForEnd(), askNginx(agent), askNginx(undefined), countInRedis()]);
agent.destroy();
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
