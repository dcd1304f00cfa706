/** The server's socket: a live one is left alone, a stale one replaced. */
import { lstatSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { FrontError } from '../embedded-manager.ts';

/** @returns null when nobody listens there */
export function connectTo(path: string): Promise<Socket | null> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      socket.on('error', () => { socket.destroy(); });
      done(socket);
    });
    socket.once('error', () => { done(null); });
  });
}

/** @throws FrontError when somebody else listens there, or something that is no socket is in the way */
export async function listenAt(path: string): Promise<Server> {
  const live = await connectTo(path);
  if (live !== null) {
    live.destroy();
    throw new FrontError(`${path} is already in use by another server`);
  }
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isSocket()) throw new FrontError(`${path} is in the way and is no socket: remove it, or set $SEMA_SOCKET`);
  // Bound under another name and then renamed: a server that is closed removes the name it was bound under, and this one may be closed
  // because another process has taken its socket over.
  const temporary = `${path}.${String(process.pid)}`;
  rmSync(temporary, { force: true });
  const server = createServer();
  const before = process.umask(0o077);
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', (error) => { fail(new FrontError(`cannot listen at ${path}: ${error.message}`)); });
      server.listen(temporary, done);
    });
  } finally {
    process.umask(before);
  }
  renameSync(temporary, path);
  return server;
}

/** Takes over a socket that another process has made, as a descriptor of this one. */
export function listenOn(fd: number): Promise<Server> {
  const server = createServer();
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen({ fd }, () => { done(server); });
  });
}

/** The descriptor of a listening socket, to be handed to a child. Node keeps it in a field that has no public name. */
export function descriptorOf(server: Server): number {
  return (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}
