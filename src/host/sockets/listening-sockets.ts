/**
 * The sockets of socket units: opened, watched, closed as the core says. Their fds are in the table of named fds
 * (`listen:UNIT:NUMBER`, `connection:UNIT:NUMBER`), so that they live as long as the manager does, whatever becomes of its engine.
 */
import { readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import type { Errno, Fd, UnitName } from '../../base/brand.ts';
import type { Effect } from '../../core/manager/effect.ts';
import type { UnstampedEvent } from '../../core/manager/event.ts';
import type { Peer } from '../../core/manager/state.ts';
import { listenText, nodePathsOf, type SocketUnit } from '../../core/unit/socket.ts';
import { POLL_IN } from '../engine.ts';
import type { ManagerLog } from '../engine.ts';
import type { FdTable } from '../fd-table.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import type { UserDatabase } from '../spawn/user-database.ts';
import { readEnd, type End } from './address-bytes.ts';
import { errnoOf, makeParents, openListen, type NodeOwner } from './open-listen.ts';

/** Connections taken in one wake-up at one socket; the others wait for one round. */
const ACCEPTED_PER_WAKE_UP_MAX = 32;
/** Messages or connections thrown away at once; a sender faster than that is not outrun by trying longer. */
const FLUSHED_MAX = 1024;
/** How long a socket is not looked at when no fd is left for a connection: the queue of listen(2) keeps it meanwhile. */
const OUT_OF_FDS_PAUSE_MSEC = 1000;

export interface ListeningSocketsOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  readonly fds: FdTable;
  readonly users: UserDatabase;
  readonly submit: (event: UnstampedEvent) => void;
}

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { readonly kind: Kind }>;

export class ListeningSockets {
  readonly #options: ListeningSocketsOptions;
  readonly #watched = new Map<UnitName, readonly Fd[]>();
  #nextConnection = 1;

  constructor(options: ListeningSocketsOptions) {
    this.#options = options;
    // Names are never given out again, also not by a later engine.
    for (const name of options.fds.names()) {
      if (name.startsWith('connection:')) this.#nextConnection = Math.max(this.#nextConnection, Number(name.slice(name.lastIndexOf(':') + 1)) + 1);
    }
  }

  /** Carries out `open-sockets`: all of the unit or none. */
  open({ unit, token, definition }: EffectOf<'open-sockets'>): void {
    const { native, fds, log, submit } = this.#options;
    const owner = this.#ownerOf(definition);
    if ('unknown' in owner) {
      submit({ event: 'sockets-not-opened', unit, token, stage: 'owner', what: owner.unknown, errno: 'ESRCH' });
      return;
    }
    const keys: string[] = [];
    for (const [index, listen] of definition.listen.entries()) {
      const key = `listen:${unit}:${String(index)}`;
      keys.push(key);
      // A former engine got this far.
      if (fds.get(key) !== undefined) continue;
      const complain = (directive: string, errno: Errno): void => { log.write('warning', unit, `${unit}: ${directive}= is not in effect: ${errno}`); };
      const fd = openListen({ native, unit: definition, owner, complain }, listen);
      if (typeof fd === 'string') {
        fds.close(keys);
        submit({ event: 'sockets-not-opened', unit, token, stage: 'listen', what: listenText(listen), errno: fd });
        return;
      }
      fds.add(key, fd);
    }
    this.#makeLinks(definition);
    submit({ event: 'sockets-opened', unit, token, fds: keys });
  }

  /** Carries out `close-sockets`. */
  close({ unit, fds, definition }: EffectOf<'close-sockets'>): void {
    this.unwatch(unit);
    this.#options.fds.close(fds);
    if (!definition.removeOnStop || fds.length === 0) return;
    for (const path of [...nodePathsOf(definition), ...definition.symlinks]) removeQuietly(path);
    for (const listen of definition.listen) if (listen.kind === 'MessageQueue') this.#options.native.queueUnlink(listen.path);
  }

  /** Carries out `watch-sockets`; also to be called for every unit that was watched before a re-exec. */
  watch({ unit, fds, accept, flush }: Omit<EffectOf<'watch-sockets'>, 'kind'>): void {
    this.unwatch(unit);
    const { poll } = this.#options;
    const own = fds.flatMap((key) => this.#options.fds.get(key) ?? []);
    for (const fd of own) {
      if (flush) this.#flush(fd);
      const result = poll.add(fd, POLL_IN, () => { if (accept) this.#accept(unit, fd, fds); else this.#tellReady(unit); }, 'control');
      // Regular files (ListenSpecial= of something in /proc) are always ready and cannot be polled.
      if (result !== 0) this.#options.log.write('warning', unit, `${unit}: a file it listens on cannot be watched: ${result}`);
    }
    this.#watched.set(unit, own);
  }

  unwatch(unit: UnitName): void {
    for (const fd of this.#watched.get(unit) ?? []) this.#options.poll.remove(fd);
    this.#watched.delete(unit);
  }

  #tellReady(unit: UnitName): void {
    // Another socket of the unit was ready in the same wake-up.
    if (!this.#watched.has(unit)) return;
    this.unwatch(unit);
    this.#options.submit({ event: 'socket-ready', unit });
  }

  #accept(unit: UnitName, fd: Fd, keys: readonly string[]): void {
    const { native, fds, log, submit } = this.#options;
    for (let count = 0; count < ACCEPTED_PER_WAKE_UP_MAX; count++) {
      const connection = native.accept(fd);
      if (connection === 'EAGAIN') return;
      if (connection === 'EMFILE' || connection === 'ENFILE' || connection === 'ENOMEM' || connection === 'ENOBUFS') {
        log.write('err', unit, `${unit}: a connection cannot be taken: ${connection}; tried again in a second`);
        this.unwatch(unit);
        setTimeout(() => { if (!this.#watched.has(unit) && keys.every((key) => fds.get(key) !== undefined)) this.watch({ unit, fds: keys, accept: true, flush: false }); }, OUT_OF_FDS_PAUSE_MSEC).unref();
        return;
      }
      // Gone before it was taken.
      if (typeof connection === 'string') continue;
      const key = `connection:${unit}:${String(this.#nextConnection)}`;
      this.#nextConnection += 1;
      fds.add(key, connection);
      submit({ event: 'connection', unit, key, ...this.#endsOf(connection) });
    }
  }

  /** Both ends as systemd puts them into the instance: `127.0.0.1:22-127.0.0.1:50000`, or PID and uid of a Unix peer. */
  #endsOf(fd: Fd): { readonly instance: string; readonly peer: Peer } {
    const { native } = this.#options;
    const nobody: End = { family: 'other', address: '', port: '' };
    const here = native.socketName(fd), there = native.peerName(fd);
    const local = typeof here === 'string' ? nobody : readEnd(here);
    const remote = typeof there === 'string' ? nobody : readEnd(there);
    if (remote.family === 'unix' || remote.family === 'other') {
      const credentials = native.peerCredentials(fd);
      if (typeof credentials === 'string') return { instance: 'unknown', peer: { source: '', address: '', port: '' } };
      return { instance: `${String(credentials.pid)}-${String(credentials.uid)}`, peer: { source: `uid ${String(credentials.uid)}`, address: '', port: '' } };
    }
    return {
      instance: `${local.address}:${local.port}-${remote.address}:${remote.port}`,
      peer: { source: remote.address, address: remote.address, port: remote.port },
    };
  }

  /** FlushPending=: connections are taken and closed, data are read and forgotten. */
  #flush(fd: Fd): void {
    const { native } = this.#options;
    const buffer = new Uint8Array(4096);
    native.setNonBlocking(fd, true);
    for (let count = 0; count < FLUSHED_MAX; count++) {
      const connection = native.accept(fd);
      if (typeof connection !== 'string') {
        native.close(connection);
        continue;
      }
      if (connection === 'EAGAIN') return;
      const bytes = native.read(fd, buffer);
      if (typeof bytes === 'string' || bytes === 0) return;
    }
  }

  #ownerOf({ socketUser, socketGroup }: SocketUnit): NodeOwner | { readonly unknown: string } {
    const { users } = this.#options;
    const user = socketUser === null ? null : users.user(socketUser);
    if (socketUser !== null && user === null) return { unknown: socketUser };
    const gid = socketGroup === null ? user?.gid ?? null : users.group(socketGroup);
    if (socketGroup !== null && gid === null) return { unknown: socketGroup };
    return { uid: user?.uid ?? null, gid };
  }

  /** Links to the one node there is. One that cannot be made does not keep the socket from being there. */
  #makeLinks(definition: SocketUnit): void {
    const [target] = nodePathsOf(definition);
    if (target === undefined) return;
    for (const link of definition.symlinks) {
      makeParents(link, definition.directoryMode);
      try {
        symlinkSync(target, link);
      } catch (error) {
        if (errnoOf(error) === 'EEXIST' && linkTarget(link) === target) continue;
        this.#options.log.write('warning', definition.name, `${definition.name}: the link ${link} cannot be made: ${errnoOf(error)}`);
      }
    }
  }
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody was faster.
  }
}
