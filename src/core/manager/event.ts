/**
 * Everything that can happen to the manager. The host makes them from what the kernel says; the simulator from a seed.
 * An event carries all it brings with it: `step` asks nobody.
 */
import type { ClockReading } from '../../base/time.ts';
import type { InvocationId, Pid, RealtimeUsec, RequestId, Signal, UnitName } from '../../base/brand.ts';
import type { TimeZone } from '../time/time-zone.ts';
import type { UnitDefinition } from '../unit/definition.ts';
import type { DirectoryKind } from '../unit/exec-context.ts';
import type { JobMode } from '../unit/unit-common.ts';
import type { MountPoint } from '../unit/mount.ts';
import type { SwapPoint } from '../unit/swap.ts';
import type { RuntimeSettings } from './runtime-settings.ts';
import type { ConditionOutcome, JobType, PathObservation, Peer, ShutdownGoal, UnitTimes } from './state.ts';

/** Who asked: by peer credentials of the control socket. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
}

/** Requests that change something. Reading ones never come to `step`: they are pure functions of the state. */
export type Request =
  /**
   * One job for each unit, as one transaction each, in order. Names are canonical and their definitions loaded.
   * `wait`: answer when the jobs have ended; else as soon as they are queued.
   */
  | { readonly method: 'enqueue'; readonly type: JobType | 'reload-or-restart' | 'reload-or-try-restart'; readonly units: readonly UnitName[]; readonly mode: JobMode; readonly wait: boolean; readonly verb: string }
  | { readonly method: 'cancel'; readonly jobs: readonly number[] }
  /** Sends `signal` to processes of the units. */
  | { readonly method: 'kill'; readonly units: readonly UnitName[]; readonly whom: 'all' | 'main' | 'control'; readonly signal: Signal; readonly value: number | null }
  /** All processes of the units stand still, or go on. */
  | { readonly method: 'freeze'; readonly units: readonly UnitName[]; readonly freeze: boolean }
  /** Removes directories of units that are down. */
  | { readonly method: 'clean'; readonly units: readonly UnitName[]; readonly kinds: readonly DirectoryKind[] }
  /** Empty = all units. */
  | { readonly method: 'reset-failed'; readonly units: readonly UnitName[] }
  | { readonly method: 'set-environment'; readonly assignments: readonly string[]; readonly unset: readonly string[] }
  /** Settings of the manager itself; what is not named stays. */
  | { readonly method: 'change-settings'; readonly change: Partial<RuntimeSettings> }
  /** Execute the manager anew; its services notice nothing. */
  | { readonly method: 'reexec' }
  | { readonly method: 'shutdown'; readonly goal: ShutdownGoal; readonly exitStatus: number; readonly force: boolean };

/** A service that goes on while a soft-reboot lets user space begin anew. */
export interface RememberedService {
  readonly unit: UnitName;
  /** null: a forking service that has none. */
  readonly mainPid: Pid | null;
  readonly invocationId: InvocationId | null;
  readonly statusText: string;
  readonly restarts: number;
  readonly times: UnitTimes;
}

/** The fd store of a service, kept over a soft-reboot. */
export interface RememberedStore {
  readonly unit: UnitName;
  /** Names in the host's table, in their order. */
  readonly fds: readonly string[];
}

/** What was found of a service in its control group, by a manager that does not remember it. */
export interface FoundService {
  readonly unit: UnitName;
  /** null: not to be told, as with a forking service whose processes have no common parent. */
  readonly mainPid: Pid | null;
  /** What is known of it after all: it was left to this life by a soft-reboot. */
  readonly remembered?: RememberedService;
}

export type ManagerEvent = ClockReading & (
  /**
   * First event of a manager's life. The boot unit's closure is in `definitions`, what is mounted already in `mounts`, what the kernel pages
   * to in `swaps`, services that a former manager left running in `found`, fds that a soft-reboot has kept for services in `stores`; absent = none.
   */
  | { readonly event: 'boot'; readonly definitions: readonly UnitDefinition[]; readonly mounts?: readonly MountPoint[]; readonly swaps?: readonly SwapPoint[]; readonly found?: readonly FoundService[]; readonly stores?: readonly RememberedStore[]; readonly randomSeed: number }
  /**
   * Definitions read from disk. `reload`: they replace *all* loaded ones (daemon-reload); a unit that is not among them but still
   * has processes, a job or a state other than inactive keeps its old definition, marked not-found.
   */
  | { readonly event: 'definitions'; readonly reload: boolean; readonly definitions: readonly UnitDefinition[] }
  /** Environment generators were run, and this is what they set, as `NAME=value`. */
  | { readonly event: 'generated-environment'; readonly assignments: readonly string[] }
  /**
   * All units the request names have been loaded (a `definitions` event came before when needed). `key`: by which the client can ask
   * again for the answer when the engine died in between; null = it will not.
   */
  | { readonly event: 'request'; readonly id: RequestId; readonly key: string | null; readonly caller: Caller; readonly request: Request }
  /** The client is gone: nobody waits for the answer any more. The jobs go on. */
  | { readonly event: 'request-dropped'; readonly id: RequestId }
  | { readonly event: 'conditions-tested'; readonly unit: UnitName; readonly token: number; readonly conditions: readonly ConditionOutcome[]; readonly assertions: readonly ConditionOutcome[] }
  /**
   * Answer to `spawn`. The pid is ours until the `exited` event. `execDone`: execve has already gone through (the direct path);
   * else an `exec-done` or `exec-failed` event follows from the executor's report.
   */
  | { readonly event: 'spawned'; readonly unit: UnitName; readonly token: number; readonly pid: Pid; readonly execDone: boolean }
  | { readonly event: 'spawn-failed'; readonly unit: UnitName; readonly token: number; readonly stage: string; readonly errno: string; readonly subject: string }
  /** The executor of `pid` reported that its execve went through. */
  | { readonly event: 'exec-done'; readonly unit: UnitName; readonly pid: Pid }
  /** The executor of `pid` failed before execve; its exit follows as an `exited` event. */
  | { readonly event: 'exec-failed'; readonly unit: UnitName; readonly pid: Pid; readonly stage: string; readonly errno: string; readonly subject: string }
  | {
      readonly event: 'exited'; readonly pid: Pid; readonly code: 'exited' | 'killed' | 'dumped'; readonly status: number;
      /** The unit whose control group or process tree it was in, when it is no main or control process. */
      readonly unitHint: UnitName | null;
      /** It was the last process of the unit's control group: a `cgroup-empty` in the same breath. Not told where nobody looked. */
      readonly groupEmpty?: boolean;
    }
  | { readonly event: 'notify'; readonly unit: UnitName; readonly pid: Pid; readonly fields: readonly (readonly [string, string])[]; readonly fds: readonly string[] }
  /** Answer to `probe`. `detail`: what was found, or what went wrong. */
  /** The other end of a fd in the service's store has hung up. `key`: its name in the table of fds. */
  | { readonly event: 'stored-fd-hung-up'; readonly unit: UnitName; readonly key: string }
  | { readonly event: 'probe-answer'; readonly unit: UnitName; readonly token: number; readonly holds: boolean; readonly detail: string }
  /** The kernel has ended a process in the unit's control group for want of memory. Comes before the end of that process. */
  | { readonly event: 'oom-kill'; readonly unit: UnitName }
  /** No process is left in the unit's control group (or, without groups, in its tracked tree). */
  | { readonly event: 'cgroup-empty'; readonly unit: UnitName }
  /** Answer to `read-pid-file`: the pid, checked to be alive and in the unit; or null with the reason. */
  | { readonly event: 'pid-file'; readonly unit: UnitName; readonly pid: Pid | null; readonly error: string }
  /** Answer to `guess-main-pid`: the only process left in the unit, or null. */
  | { readonly event: 'main-pid-guess'; readonly unit: UnitName; readonly pid: Pid | null }
  /** Answer to `open-sockets`: the names of the fds, one for each Listen…= in order. */
  | { readonly event: 'sockets-opened'; readonly unit: UnitName; readonly token: number; readonly fds: readonly string[] }
  /** The other answer; nothing is left open. `what`: the address, or the user or group that is not known. */
  | { readonly event: 'sockets-not-opened'; readonly unit: UnitName; readonly token: number; readonly stage: 'listen' | 'owner'; readonly what: string; readonly errno: string }
  /** Something waits at a watched socket. It is not looked at again before the next `watch-sockets`. */
  | { readonly event: 'socket-ready'; readonly unit: UnitName }
  /** A connection was taken at a watched socket of a unit with Accept=yes. `instance`: both ends, as they go into the name of the service. */
  | { readonly event: 'connection'; readonly unit: UnitName; readonly key: string; readonly instance: string; readonly peer: Peer }
  /** Answer to `load-instance`. */
  | { readonly event: 'instance-loaded'; readonly unit: UnitName; readonly instance: UnitName }
  /** The timer armed by the newest `arm-timer` is due. */
  | { readonly event: 'timer' }
  /** The wall clock was set, or the machine slept. `seen`: the kernel said so; else it may have happened while nobody looked. */
  | { readonly event: 'clock-changed'; readonly seen: boolean }
  /** The machine's local time zone is another one now. */
  | { readonly event: 'timezone-changed'; readonly zone: TimeZone }
  /** Answer to `read-stamp`: when the timer last elapsed by its stamp file; null = there was none. */
  | { readonly event: 'timer-stamp'; readonly unit: UnitName; readonly stampUsec: RealtimeUsec | null }
  /**
   * Answer to `watch-paths`, and again whenever something moved. `changed`: the index of a watched path that changed by itself, null =
   * none is known to have. `resumed`: nobody watched for a while, for a new manager took over. `error`: why nothing can be watched, or ''.
   */
  | { readonly event: 'paths-observed'; readonly unit: UnitName; readonly token: number; readonly observations: readonly PathObservation[]; readonly changed: number | null; readonly resumed: boolean; readonly error: string }
  /** Answer to `collect`, at once or when nobody wants to read how the unit ended any more. */
  | { readonly event: 'collect'; readonly unit: UnitName }
  | { readonly event: 'signal'; readonly signal: 'SIGTERM' | 'SIGINT' | 'SIGPWR' | 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2' | 'SIGWINCH' | `SIGRTMIN+${number}` }
  /** A recovery that had to forget something found these services running; `definitions` are theirs and what they pull in. */
  | { readonly event: 'services-found'; readonly definitions: readonly UnitDefinition[]; readonly found: readonly FoundService[] }
  /** The kernel's table of mounts has changed: all of it. A unit has been loaded for each that may have one. */
  | { readonly event: 'mount-table'; readonly mounts: readonly MountPoint[] }
  /** The kernel's table of swaps has changed, or a link to one: all of it. */
  | { readonly event: 'swap-table'; readonly swaps: readonly SwapPoint[] }
  /**
   * Answer to `open-automount`. `no-autofs`: this kernel or container has none, `detail` says why; `failed`: what `detail` says.
   */
  | { readonly event: 'automount-opened'; readonly unit: UnitName; readonly token: number; readonly outcome: 'trapped' | 'no-autofs' | 'failed'; readonly detail: string }
  /** A process went to the place of an automount and waits under the number `waiting`. */
  | { readonly event: 'automount-request'; readonly unit: UnitName; readonly waiting: number; readonly pid: number }
  /** Answer to `look-at-automount`: it is still mounted. */
  | { readonly event: 'automount-used'; readonly unit: UnitName }
  /** Somebody took the autofs away. */
  | { readonly event: 'automount-gone'; readonly unit: UnitName }
  /** Something about an effect failed that no other event tells. `subject` is a unit name or ''. */
  | { readonly event: 'effect-failed'; readonly effect: string; readonly subject: string; readonly errno: string }
  | { readonly event: 'runtime-not-effective'; readonly unit: UnitName; readonly items: readonly { readonly directive: string; readonly why: string }[] }
  /** The manager died twice while it handled this event of the unit, or its step threw; the event was left out. */
  | {
      readonly event: 'event-left-out'; readonly unit: UnitName; readonly what: string;
      /** A process whose end the event was about: it is gone. null = none. */
      readonly goneProcess: Pid | null;
    }
  /** The same for a request: it is not carried out, and who asks for its answer hears why. */
  | { readonly event: 'request-left-out'; readonly id: RequestId; readonly key: string | null }
  /** All processes of the machine or container are gone, or the time for it is over: answer to `final-kill`. */
  | { readonly event: 'final-kill-done'; readonly remaining: number }
);

export type EventKind = ManagerEvent['event'];
/** What happens to processes of a unit. An exit is told to the owner of the process. */
export type ProcessEvent = EventOf<'spawned' | 'spawn-failed' | 'exec-done' | 'exec-failed' | 'exited' | 'cgroup-empty'>;
export type EventOf<E extends EventKind> = Extract<ManagerEvent, { readonly event: E }>;

/** `Omit` that keeps the union a union. */
type WithoutClock<E> = E extends unknown ? Omit<E, keyof ClockReading> : never;

/** An event before the turn that handles it has put its reading of the clocks on it. */
export type UnstampedEvent = WithoutClock<ManagerEvent>;

/** The event as the turn at that time sees it. */
export function stamped(event: UnstampedEvent, { monotonicUsec, realtimeUsec }: ClockReading): ManagerEvent {
  return { ...event, monotonicUsec, realtimeUsec };
}
