/**
 * Which processes belong to which unit: the question behind every stop. Answered by control groups where the manager may
 * make them, else by walking /proc. Both answers have this one shape.
 */
import type { Fd, Pid, Signal, UnitName } from '../../base/brand.ts';
import type { CgroupContext } from '../../core/unit/exec-context.ts';
import { SIGCONT, SIGHUP, SIGKILL } from '../../base/signals.ts';

/** Where the next process of a unit is to be born. */
export interface Birthplace {
  /** Directory fd of the control group, to be closed by the caller once the process is born; -1 without groups. A thousand kept open would slow down every spawn. */
  readonly cgroupFd: Fd | -1;
  /** Absolute path of the control group; null without groups. */
  readonly cgroupPath: string | null;
  /** Directives whose wish could not be put into effect. */
  readonly notEffective: readonly { readonly directive: string; readonly why: string }[];
}

export interface GroupKill {
  readonly unit: UnitName;
  readonly signal: Signal;
  /** Processes to be spared: the control process that does the stopping. */
  readonly except: readonly Pid[];
  /** SendSIGHUP=: another SIGHUP right after the signal. */
  readonly alsoSighup: boolean;
}

/** What is known of a unit's processes from a former engine's state. */
export interface FormerProcesses {
  /** The main and the control process. */
  readonly pids: readonly Pid[];
  readonly invocationId: string;
  /** Everything in its control group may have been killed: the group must not be used as it is. */
  readonly mayBeKilled: boolean;
}

export interface ProcessTracker {
  /** Whether anything is to be learnt from the exit of a process that the manager neither started nor adopted. */
  readonly endOfStrangersMatters: boolean;
  /** A unit that a former engine started processes of; what is left of them is found where it is. */
  restore(unit: UnitName, context: CgroupContext, former: FormerProcesses): void;
  /**
   * Makes everything ready for a process of the unit.
   *
   * @param part `control` for a process that must survive while the main part is killed
   */
  prepare(unit: UnitName, context: CgroupContext, part: 'main' | 'control'): Birthplace;
  /** The unit's settings may have changed while it runs. Nothing happens for a unit without processes. */
  refresh(unit: UnitName, context: CgroupContext): void;
  /** A process of the unit was started. `invocationId` is what it carries in its environment. */
  addProcess(unit: UnitName, pid: Pid, invocationId: string): void;
  /** A process was reaped; it will never be seen again. */
  removeProcess(pid: Pid): void;
  /** The unit a process belongs to, or null when it belongs to none. */
  unitOf(pid: Pid): UnitName | null;
  /** The unit whose control group this is or lies below; `path` as /proc shows it, of a process that may be gone. */
  unitOfGroup(path: string): UnitName | null;
  /** The same for a process that has been reaped, from memory alone: /proc has forgotten it. */
  unitOfReaped(pid: Pid): UnitName | null;
  /** Live processes of the unit, ascending. */
  processesOf(unit: UnitName): readonly Pid[];
  /** Signals all processes of the unit. */
  kill(order: GroupKill): void;
  /** Calls back once, now or when it comes true, when no process of the unit is left. */
  watchEmpty(unit: UnitName): void;
  /**
   * A process of the unit was reaped: whether it was the last, as far as that can be told at once. Then nobody is called back any more, for
   * who is told of the exit is told of this with it.
   */
  wasLast(unit: UnitName): boolean;
  /** Looks again whether watched units are empty, after exits of processes of `units` were reaped. */
  recheck(units: ReadonlySet<UnitName>): void;
  /** A process of the unit was killed, and nobody was told: whether it was for want of memory is to be told before. */
  noteKilled(unit: UnitName): void;
  /** The unit is down: forget it, remove its group. */
  release(unit: UnitName): void;
  /** The manager ends: what was made for it goes. */
  close(): void;
  /**
   * Limits the memory of what runs of the unit, at once and until the unit is down.
   *
   * @param isTight false gives back what the unit's files say
   * @returns '' or why it cannot be
   */
  limitMemory(unit: UnitName, isTight: boolean): string;
  /** Absolute path of the unit's control group, or null. */
  groupOf(unit: UnitName): string | null;
}

/** SIGCONT lets a stopped process obey the signal; for KILL it is not needed, and after HUP it would be a second message. */
export function needsContinue(signal: Signal): boolean {
  return signal !== SIGKILL && signal !== SIGHUP && signal !== SIGCONT;
}
