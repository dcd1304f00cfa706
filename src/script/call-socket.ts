/**
 * How commands reach a running script: a stream socket that only its user can open, one JSON object a line. Version 1.
 *
 *   request   {"command":"NAME","words":[…]} | {"list":true}
 *   answers   {"reply":[…]}*  then one of  {"ok":true}  {"error":"TEXT"}  {"children":[PID,…]}
 */
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { LineSplitter } from '../control/line-splitter.ts';

/** A request, and what a script may reply in one go. */
const LINE_BYTES_MAX = 1 << 20;
const CALLS_MAX = 64;

export type CallAnswer =
  | { readonly reply: readonly string[] }
  | { readonly ok: true }
  | { readonly error: string }
  | { readonly children: readonly number[] };

export interface CallHandler {
  /** Ends with one answer that is no reply. */
  call(command: string, words: readonly string[], answer: (answer: CallAnswer) => void): void;
  children(): readonly number[];
}

/** The socket's path: $HEARTWOOD_SCRIPT_SOCKET, else in the directory the unit has for its script; null when it has none. */
export function callSocketPath(environment: NodeJS.ProcessEnv): string | null {
  const given = environment['HEARTWOOD_SCRIPT_SOCKET'] ?? '';
  if (given !== '') return given;
  const directory = (environment['RUNTIME_DIRECTORY'] ?? '').split(':').find((path) => basename(path).startsWith('heartwood-script-'));
  return directory === undefined ? null : join(directory, 'call');
}

export function serveCalls(path: string, handler: CallHandler): Server {
  rmSync(path, { force: true });
  const server = createServer((socket) => { serveOne(socket, handler); });
  server.maxConnections = CALLS_MAX;
  const before = process.umask(0o177);
  server.listen(path, () => { chmodSync(path, 0o600); });
  process.umask(before);
  return server;
}

function serveOne(socket: Socket, handler: CallHandler): void {
  const answer = (value: CallAnswer): void => {
    socket.write(`${JSON.stringify(value)}\n`);
    if (!('reply' in value)) socket.end();
  };
  const splitter = new LineSplitter(LINE_BYTES_MAX);
  let asked = false;
  socket.on('error', () => { socket.destroy(); });
  socket.on('data', (chunk: Buffer) => {
    const { lines: [line], tooLong } = splitter.push(chunk);
    if (tooLong) socket.destroy();
    if (asked || line === undefined) return;
    asked = true;
    const request = readRequest(line);
    if (request === null) answer({ error: 'a request is {"command":"NAME","words":[…]} or {"list":true}' });
    else if (request === 'list') answer({ children: handler.children() });
    else handler.call(request.command, request.words, answer);
  });
}

function readRequest(line: string): { readonly command: string; readonly words: readonly string[] } | 'list' | null {
  try {
    const value = JSON.parse(line) as { readonly list?: unknown; readonly command?: unknown; readonly words?: unknown } | null;
    if (value?.list === true) return 'list';
    const { command, words } = value ?? {};
    if (typeof command !== 'string' || !Array.isArray(words) || !words.every((word) => typeof word === 'string')) return null;
    return { command, words };
  } catch {
    return null;
  }
}

/** Sends one request. @param onAnswer gets every answer; the last is no reply @returns resolved when that was it, or an error when nobody answers */
export function askScript(path: string, request: { readonly command: string; readonly words: readonly string[] } | { readonly list: true }, onAnswer: (answer: CallAnswer) => void): Promise<Error | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const splitter = new LineSplitter(LINE_BYTES_MAX);
    let finished = false;
    socket.on('connect', () => { socket.write(`${JSON.stringify(request)}\n`); });
    socket.on('data', (chunk: Buffer) => {
      for (const line of splitter.push(chunk).lines) {
        const answer = JSON.parse(line) as CallAnswer;
        finished ||= !('reply' in answer);
        onAnswer(answer);
      }
    });
    socket.on('error', (error) => { resolve(error); });
    socket.on('close', () => { resolve(finished ? null : new Error('the script ended before it answered')); });
  });
}
