/**
 * The fds that live through an execve, and what each of them is: written down when the fd is made, so that it is found again however
 * the engine ends.
 */
import type { Fd, Pid, UnitName } from '../../base/brand.ts';
import type { StreamOrigin } from '../../logd/protocol.ts';
import type { NativeBinding } from '../native.ts';
import type { CheckpointMemory } from './checkpoint-memory.ts';

/** What a kept fd is. */
export type KeptFd =
  /** Listening sockets and the like, one each. */
  | { readonly is: 'control' | 'notify' | 'syslog' }
  /** Both ends of a service's log pipe. */
  | { readonly is: 'log-read'; readonly origin: StreamOrigin }
  | { readonly is: 'log-write'; readonly stream: number }
  /** The manager's end of the connection to logd. */
  | { readonly is: 'logd'; readonly pid: Pid }
  /** Where a unit executor reports to. */
  | { readonly is: 'exec-report'; readonly unit: UnitName; readonly pid: Pid }
  /** The memory of definitions. */
  | { readonly is: 'definitions' }
  /** An entry of the table of named fds: a service's stored fd. */
  | { readonly is: 'named'; readonly name: string };

export type KeptKind = KeptFd['is'];

/** Notes which fds are kept. */
export interface KeptFds {
  /** To be called as soon as the fd is there. */
  keep(fd: Fd, kept: KeptFd): void;
  /** To be called before the fd is closed. */
  drop(fd: Fd): void;
  /** Closes what a former engine kept of this kind: nobody knows any more what it is for. */
  forget(kind: KeptKind): void;
  /** What a former engine kept of this kind, ascending by fd; empty in a first engine. */
  inherited<K extends KeptKind>(kind: K): readonly (readonly [Fd, Extract<KeptFd, { readonly is: K }>])[];
}

/** Without a checkpoint nothing lives through an execve, because there is none. */
export const NOTHING_KEPT: KeptFds = { keep: () => undefined, drop: () => undefined, forget: () => undefined, inherited: () => [] };

/**
 * The notes in the checkpoint.
 *
 * @param left `by-engine`: a former engine of this life filled the memory; else what the life before has left, and the memory is new
 */
export function keptFdsIn(native: NativeBinding, memory: CheckpointMemory, left: 'by-engine' | readonly (readonly [Fd, KeptFd])[], complain: (complaint: string) => void): KeptFds {
  let former = left === 'by-engine' ? memory.kept().map(([fd, text]) => [fd, JSON.parse(text) as KeptFd] as const) : left;
  // They were opened up for the execve; services must not inherit them.
  for (const [fd] of former) native.setCloexec(fd, true);
  const keep = (fd: Fd, kept: KeptFd): void => {
    if (kept.is === 'control') memory.setControlFd(fd);
    if (!memory.keep(fd, JSON.stringify(kept))) complain(`fd ${String(fd)} (${kept.is}) will be lost when the manager is executed again`);
  };
  if (left !== 'by-engine') for (const [fd, kept] of left) keep(fd, kept);
  return {
    keep,
    drop: (fd) => { memory.drop(fd); },
    forget: (kind) => {
      for (const [fd, kept] of former) {
        if (kept.is !== kind) continue;
        memory.drop(fd);
        native.close(fd);
      }
      former = former.filter(([, kept]) => kept.is !== kind);
    },
    inherited: <K extends KeptKind>(kind: K) =>
      former.filter((entry): entry is readonly [Fd, Extract<KeptFd, { readonly is: K }>] => entry[1].is === kind),
  };
}
