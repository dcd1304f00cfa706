/** Clients of the daemons under test, as scripts that run inside the rig: each prints what the daemon answered. */
import type { Rig } from '../namespace/rig.ts';

/** How long a daemon may take to accept and answer. */
const ANSWER_LIMIT_MS = 3000;

/**
 * Opens a TCP connection inside the rig, sends, and returns what came back until the peer closed, or until `enough` was seen.
 *
 * @returns the answer; '' when nobody listens
 */
export async function talk(rig: Rig, port: number, send: string, enough: RegExp): Promise<string> {
  const { stdout } = await rig.node(`
    import { connect } from 'node:net';
    let answer = '';
    const done = () => { process.stdout.write(answer); process.exit(0); };
    const socket = connect(${String(port)}, '127.0.0.1');
    socket.setTimeout(${String(ANSWER_LIMIT_MS)}, done);
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(${JSON.stringify(send)}));
    socket.on('data', (chunk) => { answer += chunk; if (${String(enough)}.test(answer)) done(); });
    socket.on('error', done);
    socket.on('close', done);
  `);
  return stdout;
}

/** A real client's question, and what the right answer looks like. */
export interface Client {
  readonly port: number;
  readonly send: string;
  readonly answer: RegExp;
}

/** Redis inline protocol. */
export const redisClient: Client = { port: 6379, send: 'PING\r\n', answer: /^\+PONG\r\n/ };
export const memcachedClient: Client = { port: 11211, send: 'stats\r\n', answer: /STAT pid \d+[^]*END\r\n/ };
export const sshClient: Client = { port: 22, send: '', answer: /^SSH-2\.0-OpenSSH/ };

/** An HTTP/1.0 request, which the server ends by closing. */
export function httpClient(port: number, server: RegExp): Client {
  return { port, send: 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n', answer: server };
}

export async function answers(rig: Rig, client: Client): Promise<boolean> {
  return client.answer.test(await talk(rig, client.port, client.send, client.answer));
}
