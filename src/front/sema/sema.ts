/** `sema`: scripts that say how services are run, and a server that runs them. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, accessSync, constants } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { FrontError, managerPlace } from '../embedded-manager.ts';
import { connectTo, descriptorOf, listenAt, listenOn } from './listen.ts';
import { encodeMessage, MessageReader } from './message.ts';
import { SemaServer } from './server.ts';
import { semaSocketPath } from './socket-path.ts';

const HELP = `sema --server
  Run a server in the foreground, which takes commands of clients.

sema --client FILE [COMMAND [WORD…]]
  Have the server load the script FILE, unless it has, and send it a command.

sema FILE [COMMAND [WORD…]]
  The same; when no server runs, one is started in the background. It ends with the last script.

sema --ls
  List the scripts that are loaded, and the process ids of what they run.

sema --kill FILE
  Kill a script and all it runs.

The server's socket is $SEMA_SOCKET, else /run/sema.socket (root), $XDG_RUNTIME_DIR/sema.socket or $HOME/.sema.socket.
`;

/** Started by ourselves with a listening socket. */
const ON_DESCRIPTOR = '--server-on-descriptor';
const HANDED_FD = 3;

export async function sema(words: readonly string[]): Promise<number> {
  const [first = '', ...rest] = words;
  try {
    if (words.length === 0 || first === '--help') return usage();
    const socketPath = semaSocketPath(process.env, process.getuid?.() ?? 0);
    if (first === '--server' && rest.length === 0) return await serve(await listenAt(socketPath), socketPath, false);
    if (first === ON_DESCRIPTOR) return await serve(await listenOn(HANDED_FD), socketPath, true);
    if (first === '--ls' && rest.length === 0) return await ask(await connectTo(socketPath), ['', 'ls']);
    if (first === '--kill' && rest.length === 1) return await ask(await connectTo(socketPath), ['', 'killScript', scriptPath(rest[0] as string)]);
    if (first === '--client' && rest.length > 0) return await ask(await connectTo(socketPath), request(rest));
    if (first.startsWith('--')) {
      process.stdout.write(`Unknown command: ${words.join(' ')}\n`);
      usage();
      return 1;
    }
    const message = request(words);
    const running = await connectTo(socketPath);
    if (running !== null) return await ask(running, message);
    return process.pid === 1 ? await serveAsInit(socketPath, words) : await askNewServer(socketPath, message);
  } catch (error) {
    if (!(error instanceof FrontError)) throw error;
    process.stderr.write(`sema: ${error.message}\n`);
    return 1;
  }
}

function usage(): number {
  process.stdout.write(HELP);
  return 0;
}

function request(words: readonly string[]): readonly string[] {
  const [file = '', command = 'status', ...rest] = words;
  return [scriptPath(file), command, ...rest];
}

/** Links are not followed: two links to one file are two scripts. @throws FrontError when it cannot be read */
function scriptPath(file: string): string {
  const path = resolve(file);
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new FrontError(`cannot read ${path}: ${(error as Error).message}`);
  }
  return path;
}

/** Sends a request and prints every reply up to the last. @returns the exit status */
function ask(socket: Socket | null, message: readonly string[]): Promise<number> {
  if (socket === null) {
    process.stderr.write('Could not connect to server.\n');
    return Promise.resolve(1);
  }
  const reader = new MessageReader();
  socket.write(encodeMessage(message));
  return new Promise((done, fail) => {
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const fields of reader.push(chunk)) {
          process.stdout.write(`${fields.join(' ')}\n`);
          if (fields[0] === 'OK' || fields[0] === 'ERROR') done(fields[0] === 'OK' ? 0 : 1);
        }
      } catch (error) {
        fail(error instanceof Error ? new FrontError(error.message) : new FrontError(String(error)));
      }
    });
    socket.on('close', () => {
      process.stderr.write('sema: the server ended before it answered\n');
      done(1);
    });
  });
}

async function serve(server: Server, socketPath: string, quitsWhenIdle: boolean): Promise<number> {
  await new SemaServer(server, { socketPath, quitsWhenIdle }).run();
  return 0;
}

/**
 * A server in the background, which listens before it is there: no client can come too early. A shell in between makes it a grandchild
 * that leads no session, so it can never get a terminal.
 */
async function askNewServer(socketPath: string, message: readonly string[]): Promise<number> {
  const listening = await listenAt(socketPath);
  const place = managerPlace('sema', socketPath);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  // The caller may wait for the end of what it hears from us; nobody waits for the end of a server.
  const output = openSync(join(place, 'output.log'), 'a', 0o600);
  const front = join(import.meta.dirname, 'native/front');
  const child = spawn('/bin/sh', ['-c', '"$0" sema "$1" &', front, ON_DESCRIPTOR], {
    detached: true, cwd: dirname(socketPath), stdio: ['ignore', output, output, descriptorOf(listening)],
  });
  // At once, before this process could accept a client that is meant for the server.
  listening.close();
  await new Promise<void>((done) => { child.once('exit', () => { done(); }); child.once('error', () => { done(); }); });
  closeSync(output);
  return ask(await connectTo(socketPath), message);
}

/** As process 1 it is the server that stays, and the client that is the child. */
async function serveAsInit(socketPath: string, words: readonly string[]): Promise<number> {
  const server = await listenAt(socketPath);
  spawn(join(import.meta.dirname, 'native/front'), ['sema', '--client', ...words], { stdio: 'inherit' });
  return serve(server, socketPath, false);
}
