/**
 * What the running manager offers to the parts of the shell that talk to the outside: the control server first of all.
 *
 * The engine owns the one `ManagerState`, the queue of events and the poll set. Everybody else reads the state (it is
 * immutable, so a reference stays valid for as long as it is held) and changes it only by submitting events.
 */
import type { UnitDefinition } from '../core/unit/definition.ts';
import type { ClockReading } from '../base/time.ts';
import type { Fd, RequestId, UnitName } from '../base/brand.ts';
import type { Change, LogLevel, Reply } from '../core/manager/effect.ts';
import type { UnstampedEvent } from '../core/manager/event.ts';
import type { ManagerState } from '../core/manager/state.ts';
import type { Drills } from './faults/drills.ts';
import type { ArmedFault } from './faults/fault-points.ts';
import type { FdTable } from './fd-table.ts';
import type { ServiceMounts } from './spawn/service-mounts.ts';
import type { EnvironmentOutcome } from './spawn/spawn-environment.ts';
import type { NativeBinding } from './native.ts';

/** Bits of `watch`, those of epoll_ctl(2). EPOLLERR and EPOLLHUP are reported whether asked for or not. */
export const POLL_IN = 0x001;
export const POLL_PRI = 0x002;
export const POLL_OUT = 0x004;
export const POLL_ERR = 0x008;
export const POLL_HUP = 0x010;
export const POLL_RDHUP = 0x2000;

/**
 * Order in which the ready sources of one wake-up are read, and so the order of their events within a turn.
 *
 * - `signal` first: the operator's word (stop, hurry) must not wait behind a storm of exits.
 * - `notify` and `executor` before `exit`: what a process said happened before it died. Were its exit handled first, a
 *   READY=1 or MAINPID= sent in its last moment would be lost, and its entry in /proc, by which the sender is
 *   mapped to its unit, would be gone.
 * - `exit` before `cgroup`: an empty group is the weaker fact; the exit carries the status.
 * - `control` after what happened on its own, so that an answer is built on news rather than on yesterday's state.
 * - `timer` last: a time-out must not fire when the event it waits for is already there.
 */
export const SOURCE_PRIORITY = ['signal', 'executor', 'notify', 'exit', 'cgroup', 'control', 'timer'] as const;
export type SourcePriority = (typeof SOURCE_PRIORITY)[number];

/** The manager's own log. Never blocks; a line that cannot be kept is counted and the count is logged later. */
export interface ManagerLog {
  /** One line about `unit` ('' = the manager itself). `fields` become structured fields of the record. */
  write(level: LogLevel, unit: UnitName | '', message: string, fields?: Readonly<Record<string, string | number>>): void;
}

/** Which names could not be loaded by `loadUnits`, and why. Names whose files merely do not exist are *not* here: they load as `not-found`. */
export interface LoadOutcome {
  /** Requested name to canonical name, in the order of the request; differs for aliases. */
  readonly names: readonly UnitName[];
  /** Definitions were read, and come into the state in the next turn. */
  readonly isNew: boolean;
}

/** Fixed facts of this run. */
export interface EngineFacts {
  readonly mode: 'system' | 'container' | 'user';
  readonly version: string;
  /** Directory of sockets and private files, without trailing slash. */
  readonly runtimeDirectory: string;
  /** Where logd keeps the output of services. */
  readonly logDirectory: string;
  /** Level and target of the manager's own log as it was started. */
  readonly logLevel: string;
  readonly logTarget: string;
  /** Folders that are searched for units, the first wins. */
  readonly unitPath: readonly string[];
  /** The manager's own control group as an absolute path of this file system, or null without a writable one. */
  readonly cgroupRoot: string | null;
}

export interface Engine {
  readonly facts: EngineFacts;
  readonly native: NativeBinding;
  readonly log: ManagerLog;

  /** Fds that definitions may refer to by name. */
  readonly fds: Pick<FdTable, 'add' | 'close'>;

  /** The newest state. Plain immutable data. */
  state(): ManagerState;

  /** Both clocks, now. */
  now(): ClockReading;

  /**
   * Queues an event. It is handled in the turn of the present wake-up when called from a poll callback, else in a turn of its
   * own as soon as the caller has returned; never inside this call.
   */
  submit(event: UnstampedEvent): void;

  /** The death that follows at once was asked for: it is no sign of a crash loop. */
  noteAskedDeath(): void;

  /** A death waits for the engine at a place. False without a checkpoint, where a death is the end. */
  armFault(fault: ArmedFault): boolean;

  /** Mounting into services that run. */
  readonly serviceMounts: Pick<ServiceMounts, 'isApart' | 'bind'>;

  /** Misfortune of services on request. */
  readonly drills: Drills;

  /** A number no request had before in this manager's life. */
  nextRequestId(): RequestId;

  /** `callback` gets the answer to the request, once, then is forgotten. Register before `submit`. */
  onReply(id: RequestId, callback: (reply: Reply) => void): void;

  /** Somebody has registered for the answer and has not got it yet. */
  isAwaited(id: RequestId): boolean;

  /** Nobody waits for the answer any more: forgets the callback and tells the core. */
  dropRequest(id: RequestId): void;

  /** Every change of units and jobs, after the effects of its turn were performed. Returns the end of the subscription. */
  subscribe(listener: (change: Change) => void): () => void;

  /** Called once after each turn that handled at least one event. Returns the end of the subscription. */
  onTurnEnd(listener: () => void): () => void;

  /**
   * Makes sure that the definitions of these units and of all they pull in are loaded: submits a `definitions` event when any
   * are new. Events submitted afterwards find them.
   */
  loadUnits(names: readonly UnitName[]): LoadOutcome;

  /**
   * daemon-reload: runs generators, reads every loaded unit's files again and submits them as one `definitions` event. `submitted` is called
   * when that has been done; what is submitted there finds the new definitions.
   */
  reloadDefinitions(submitted?: () => void): void;

  /** Whether a unit's files are no longer those that it was loaded from, so that a daemon-reload would bring something new. */
  changedOnDisk(unit: UnitDefinition): boolean;

  /** The live processes of a unit, ascending; from its control group, or the tracked tree where there are no groups. */
  processesOf(unit: UnitName): readonly number[];

  /** The variables that the main process of a service would be given if it were started now; null when the unit is none. */
  environmentOf(unit: UnitName): EnvironmentOutcome | null;

  /** The numbers that User= and Group= of a unit stand for; null for what is not set or not in the local files. */
  userOf(unit: UnitName): { readonly uid: number | null; readonly gid: number | null };

  /** Absolute path of a unit's control group, or null when it has none. */
  controlGroupOf(unit: UnitName): string | null;

  /**
   * Puts a fd into the poll set (level-triggered). `callback` runs with the ready bits, at its priority's place in the
   * wake-up. The fd stays the caller's and must be unwatched before it is closed.
   */
  watch(fd: Fd, events: number, callback: (ready: number) => void, priority?: SourcePriority): void;
  /** Changes the bits waited for. */
  rewatch(fd: Fd, events: number): void;
  unwatch(fd: Fd): void;
}
