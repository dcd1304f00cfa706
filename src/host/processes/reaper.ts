/**
 * Reaping: every child that ended, and as PID 1 or subreaper every orphan too. The drain loop never stops before the kernel has
 * none left, up to a bound for each wake-up, so zombies do not pile up whatever else happens.
 */
import type { Pid, UnitName } from '../../base/brand.ts';
import type { NativeBinding, ProcessExit } from '../native.ts';

/** Exits taken in one wake-up: some 50 ms of work. Then other sources have their turn first. kExitsMax of the addon. */
const EXITS_MAX = 8192;

export interface ReaperOptions {
  readonly native: NativeBinding;
  /** The unit a reaped pid belonged to, from memory; null for orphans of no unit. */
  readonly unitOf: (pid: Pid) => UnitName | null;
  /**
   * Called between reaping and reporting. What a process sent before it died is in the notify socket by now, and has to be read
   * before its exit is told.
   */
  readonly beforeReport: () => void;
  /** Was it a process of the manager's own, such as logd? Then it is dealt with. */
  readonly onOwn: (exit: ProcessExit) => boolean;
  /** A process of a unit has ended. */
  readonly onExit: (exit: ProcessExit, unit: UnitName) => void;
  /** All exits of this round are reported; `units` are those that lost a process. */
  readonly onDrained: (units: ReadonlySet<UnitName>) => void;
}

export class Reaper {
  readonly #options: ReaperOptions;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** Reaps and reports. Returns whether the bound was hit, so that it must be called again. */
  drain(): boolean {
    const { native } = this.#options;
    const exits = native.reap(EXITS_MAX);
    if (exits.length === 0) return false;
    this.#options.beforeReport();
    const units = new Set<UnitName>();
    for (const exit of exits) {
      const unit = this.#report(exit);
      if (unit !== 'nobody' && unit !== 'own') units.add(unit);
      // It is in the journal, or of no consequence: a next engine need not hear of it.
      native.exitsTold(1);
    }
    this.#options.onDrained(units);
    return exits.length >= EXITS_MAX;
  }

  /**
   * What a former engine wrote down and did not come to tell. To be called once, before the first `drain`.
   *
   * @param told a process whose end is the newest event of the journal: that engine died between telling it and saying so
   */
  takeOver(told: Pid | null): void {
    const { native } = this.#options;
    this.#options.beforeReport();
    for (const [index, exit] of native.leftExits().entries()) {
      if (index > 0 || exit.pid !== told) this.#report(exit);
      native.exitsTold(1);
    }
  }

  #report(exit: ProcessExit): UnitName | 'own' | 'nobody' {
    if (this.#options.onOwn(exit)) return 'own';
    const unit = this.#options.unitOf(exit.pid);
    if (unit === null) return 'nobody';
    this.#options.onExit(exit, unit);
    return unit;
  }
}
