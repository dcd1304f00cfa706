/**
 * What goes wrong in a simulated world. A seed switches each fault on or off and then gives it a weight, so that some worlds know only
 * one kind of trouble and get to its bottom, and others know many at a time.
 */
import { Dice, seedOf } from './dice.ts';

/** Every fault, with how often it strikes at most, in thousandths of the occasions it has. */
export const FAULTS = {
  /** No process can be made: clone, the environment file, the log pipe. */
  'spawn-fails': 60,
  /** The unit executor cannot do its set-up; its report and its exit follow. */
  'exec-fails': 60,
  /** The end of a process is seen some time after it. */
  'exit-late': 200,
  /** Ends wait for one another and are seen in one turn. */
  'exits-coalesced': 200,
  /** The number of a process that was just reaped is given out again. */
  'pid-reused': 500,
  'readiness-lost': 150,
  'readiness-doubled': 150,
  /** Somebody who is not the main process says READY=1, STOPPING=1 and the like. */
  'readiness-forged': 150,
  /** A message of a process is heard after the process was reaped. */
  'message-late': 100,
  /** A message with fields that make no sense. */
  'message-garbage': 100,
  /** MAINPID= with the number of a process of another unit, or of none. */
  'main-pid-forged': 60,
  /** mount(8), umount(8), swapon(8) or swapoff(8) succeeds, and the kernel's table is as before. */
  'command-vain': 100,
  /** Somebody mounts over a mount as soon as it is there. */
  'mounted-over': 100,
  /** The manager looks at the kernel's tables only when the command has ended. */
  'table-late': 300,
  /** The kernel has no autofs, or does not let it be mounted. */
  'autofs-refused': 300,
  /** Somebody has a file open at an automounted place when the manager looks whether it is used. */
  'automount-in-use': 500,
  /** A probe of a service gets a no, or no answer in time. */
  'probe-refused': 150,
  'wall-clock-stepped': 30,
  /** All units are read again while jobs run; some files have changed. */
  'reload-in-transaction': 20,
  /** The client does not wait for its answer. */
  'client-gone': 200,
  /** A line of the manager's log is dropped. */
  'log-full': 300,
  /** Watches of control groups overflow: emptiness is told late and twice. */
  'watch-overflow': 200,
  /** That a process was the last of its control group is not told with its exit, but afterwards to whoever asked. */
  'empty-late': 700,
  /** SIGKILL takes seconds: the process is in the kernel. */
  'process-stuck': 60,
  'timer-late': 150,
  /** The timer fires before anything is due. */
  'timer-early': 60,
  /** The engine dies before or after an effect, or while an event is stepped, and a new one recovers. */
  crash: 8,
  /** It dies a second time at the same place, so that the event or effect is left out. */
  poison: 300,
  /** It dies between reaping a process and writing that down. */
  'exit-forgotten': 15,
} as const;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[];

/** How often each fault strikes, in thousandths; an absent one never does. */
export type FaultWeights = Readonly<Partial<Record<FaultKind, number>>>;

/** Percent of worlds that know a fault. */
const SWITCHED_ON_PERCENT = 30;
/** Percent of worlds without any fault: the plain behaviour has to be right too. */
const PEACEFUL_PERCENT = 10;

export function randomFaults(dice: Dice): FaultWeights {
  if (dice.chance(PEACEFUL_PERCENT)) return {};
  const weights: Partial<Record<FaultKind, number>> = {};
  for (const kind of FAULT_KINDS) if (dice.chance(SWITCHED_ON_PERCENT)) weights[kind] = 1 + dice.below(FAULTS[kind]);
  return weights;
}

/** The faults of one world. Each has dice of its own: with one switched off, the others strike where they struck before. */
export class Faults {
  readonly struck = new Map<FaultKind, number>();
  readonly #weights: FaultWeights;
  readonly #dice = new Map<FaultKind, Dice>();
  #isOver = false;

  constructor(seed: number, weights: FaultWeights) {
    this.#weights = weights;
    for (const kind of FAULT_KINDS) if (weights[kind] !== undefined) this.#dice.set(kind, new Dice(seedOf(seed, kind)));
  }

  knows(kind: FaultKind): boolean {
    return this.#weights[kind] !== undefined;
  }

  /** From now on all goes well. */
  end(): void {
    this.#isOver = true;
  }

  strikes(kind: FaultKind): boolean {
    const dice = this.#dice.get(kind);
    if (dice === undefined || this.#isOver || dice.below(1000) >= (this.#weights[kind] as number)) return false;
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
    return true;
  }

  /** A number below `limit` from the fault's own dice. */
  below(kind: FaultKind, limit: number): number {
    return this.#dice.get(kind)?.below(limit) ?? 0;
  }
}
