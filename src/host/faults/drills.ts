/**
 * Misfortune of services on request, for drills: what the rest of the manager sees is what it would see of the real thing.
 *
 * Nothing of it is part of the state: an engine that dies forgets what was to come. A service that is held stays held then (`initctl kill
 * -s CONT` lets it go), and one without memory stays without until it is started again.
 */
import type { Errno, Pid, UnitName } from '../../base/brand.ts';
import { SIGCONT, SIGKILL, SIGSTOP } from '../../base/signals.ts';
import type { UnitFault } from '../../control/requests.ts';

export interface DrillsOptions {
  readonly signal: (pid: number, signal: number) => Errno | 0;
  readonly mainPidOf: (unit: UnitName) => Pid | null;
  readonly processesOf: (unit: UnitName) => readonly number[];
  readonly logdPid: () => Pid | null;
  /** Less memory than the unit has, or (false) what its files say. Returns '' or why that cannot be. */
  readonly limitMemory: (unit: UnitName, isTight: boolean) => string;
}

/** What is asked for; the fields count for those faults only that have a use for them. */
export interface UnitMisfortune {
  readonly how: UnitFault;
  readonly unit: UnitName;
  readonly count: number;
  readonly durationMsec: number;
}

export class Drills {
  readonly #options: DrillsOptions;
  /** Starts of processes that are still to fail. */
  readonly #failingSpawns = new Map<UnitName, number>();
  /** Units whose next process is held for so long. */
  readonly #slowStarts = new Map<UnitName, number>();
  /** Units that may have less memory than they have at present. */
  readonly #withoutMemory = new Map<UnitName, NodeJS.Timeout>();

  constructor(options: DrillsOptions) {
    this.#options = options;
  }

  /** @returns why it cannot be, or null */
  commit({ how, unit, count, durationMsec }: UnitMisfortune): string | null {
    switch (how) {
      case 'kill': {
        const pid = this.#options.mainPidOf(unit);
        if (pid === null) return `${unit} has no main process`;
        const result = this.#options.signal(pid, SIGKILL);
        return result === 0 ? null : `the main process of ${unit} cannot be killed: ${result}`;
      }
      case 'hang': {
        const pids = this.#options.processesOf(unit);
        if (pids.length === 0) return `${unit} has no process`;
        this.#hold(pids, durationMsec);
        return null;
      }
      case 'spawn-failure':
        this.#failingSpawns.set(unit, count);
        return null;
      case 'slow-start':
        this.#slowStarts.set(unit, durationMsec);
        return null;
      case 'oom':
        return this.#takeMemory(unit, durationMsec);
    }
  }

  /** @returns why it cannot be, or null */
  killLogd(): string | null {
    const pid = this.#options.logdPid();
    if (pid === null) return 'logd does not run: nothing was said yet';
    const result = this.#options.signal(pid, SIGKILL);
    return result === 0 ? null : `logd cannot be killed: ${result}`;
  }

  /** Whether this start of a process is one that a drill lets fail. */
  failsSpawn(unit: UnitName): boolean {
    const left = this.#failingSpawns.get(unit);
    if (left === undefined) return false;
    if (left === 1) this.#failingSpawns.delete(unit);
    else this.#failingSpawns.set(unit, left - 1);
    return true;
  }

  /** A process of the unit was born. */
  onSpawned(pid: Pid, unit: UnitName): void {
    const msec = this.#slowStarts.get(unit);
    if (msec === undefined) return;
    this.#slowStarts.delete(unit);
    this.#hold([pid], msec);
  }

  /** A process of the unit has ended: it was the one, or the kernel will find no other. What comes next begins as always. */
  onExited(unit: UnitName): void {
    this.#giveMemory(unit);
  }

  /**
   * The unit's control group may have less memory than it has: the kernel ends a process of it, as if the limit of its file had been
   * reached. One whose memory was counted elsewhere, because nobody had asked for a limit before, lives on until it asks for more.
   */
  #takeMemory(unit: UnitName, msec: number): string | null {
    if (this.#options.processesOf(unit).length === 0) return `${unit} has no process`;
    this.#giveMemory(unit);
    const why = this.#options.limitMemory(unit, true);
    if (why !== '') return `the memory of ${unit} cannot be limited: ${why}`;
    this.#withoutMemory.set(unit, setTimeout(() => { this.#giveMemory(unit); }, msec));
    return null;
  }

  #giveMemory(unit: UnitName): void {
    const timer = this.#withoutMemory.get(unit);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#withoutMemory.delete(unit);
    this.#options.limitMemory(unit, false);
  }

  #hold(pids: readonly number[], msec: number): void {
    for (const pid of pids) this.#options.signal(pid, SIGSTOP);
    setTimeout(() => {
      for (const pid of pids) this.#options.signal(pid, SIGCONT);
    }, msec);
  }
}
