/**
 * Reaping: every child that ended, and as PID 1 or subreaper every orphan too. The drain loop never stops before the kernel has
 * none left, up to a bound for each wake-up, so zombies do not pile up whatever else happens.
 */
import type { Pid, UnitName } from '../base/brand.ts';
import type { NativeBinding, ProcessExit } from './native.ts';

/** Exits taken in one call to the addon. */
const BATCH = 256;
/** Exits taken in one wake-up: some 50 ms of work. Then other sources have their turn first. */
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
  /** All exits of this round are reported; `units` are those that lost a process. `orphans` were reaped for nobody. */
  readonly onDrained: (units: ReadonlySet<UnitName>, orphans: number) => void;
}

export class Reaper {
  readonly #options: ReaperOptions;
  #orphans = 0;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  /** Processes reaped that belonged to no unit. */
  get orphans(): number {
    return this.#orphans;
  }

  /** Reaps and reports. Returns whether the bound was hit, so that it must be called again. */
  drain(): boolean {
    const exits: ProcessExit[] = [];
    while (exits.length < EXITS_MAX) {
      const batch = this.#options.native.reap(BATCH);
      exits.push(...batch);
      if (batch.length < BATCH) break;
    }
    if (exits.length === 0) return false;
    this.#options.beforeReport();
    const units = new Set<UnitName>();
    let orphans = 0;
    for (const exit of exits) {
      if (this.#options.onOwn(exit)) continue;
      const unit = this.#options.unitOf(exit.pid);
      if (unit === null) {
        orphans += 1;
        continue;
      }
      units.add(unit);
      this.#options.onExit(exit, unit);
    }
    this.#orphans += orphans;
    this.#options.onDrained(units, orphans);
    return exits.length >= EXITS_MAX;
  }
}
