/**
 * Units that no file of the administrator describes: made through the control protocol, with a file in the runtime directory for as long
 * as they last.
 */
import { mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { UnitName } from '../base/brand.ts';
import type { Engine } from './engine.ts';

/** Where the files of transient units are. */
export function transientDirectory(runtimeDirectory: string): string {
  return `${runtimeDirectory}/transient`;
}

/** A client that holds a unit comes at once to wait for its end; one that does not come has died. */
const HOLD_MSEC = 10_000;

const HEADER = '# This is a transient unit file, made through the control socket. It goes when the unit does.\n';

const TRANSIENT_UNITS = new WeakMap<Engine, TransientUnits>();

/** Made when first asked for: most managers never have one. */
export function transientUnitsOf(engine: Engine): TransientUnits {
  const known = TRANSIENT_UNITS.get(engine);
  if (known !== undefined) return known;
  const made = new TransientUnits(engine);
  TRANSIENT_UNITS.set(engine, made);
  return made;
}

class TransientUnits {
  readonly #engine: Engine;
  readonly #directory: string;
  /** Who still wants to read how the unit ended. */
  readonly #held = new Map<UnitName, number>();
  /** Holds for clients that are to come back, and how to end them. */
  readonly #briefly = new Map<UnitName, () => void>();
  /** On their way from a request to the state. */
  readonly #claimed = new Set<UnitName>();
  /** Ended while they were held. */
  readonly #ended = new Set<UnitName>();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#directory = transientDirectory(engine.facts.runtimeDirectory);
  }

  /** Writes the unit's file, whole or not at all. Returns an error message, or '' */
  write(unit: UnitName, text: string): string {
    return writeWhole(this.#directory, unit, HEADER + text);
  }

  /** Nobody else may make units of these names until `release`. */
  claim(units: readonly UnitName[]): void {
    for (const unit of units) this.#claimed.add(unit);
  }

  isClaimed(unit: UnitName): boolean {
    return this.#claimed.has(unit);
  }

  release(units: readonly UnitName[]): void {
    for (const unit of units) this.#claimed.delete(unit);
  }

  remove(unit: UnitName): void {
    try {
      rmSync(`${this.#directory}/${unit}`, { force: true });
      rmSync(`${this.#directory}/${unit}.d`, { force: true, recursive: true });
      markChanged(this.#directory);
    } catch (error) {
      this.#engine.log.write('warning', unit, `${unit}: its file cannot be removed: ${String(error)}`);
    }
  }

  /** The unit could not be used: its file goes at once, and what it made of the name as soon as may be. */
  discard(unit: UnitName): void {
    this.#engine.submit({ event: 'collect', unit });
  }

  /** The unit is kept after its end until the returned function is called; that tells whether the unit goes in the turn that follows. */
  hold(unit: UnitName): () => boolean {
    this.#held.set(unit, (this.#held.get(unit) ?? 0) + 1);
    let over = false;
    return () => {
      if (over) return false;
      over = true;
      const left = (this.#held.get(unit) ?? 1) - 1;
      if (left > 0) {
        this.#held.set(unit, left);
        return false;
      }
      this.#held.delete(unit);
      if (!this.#ended.delete(unit)) return false;
      this.#engine.submit({ event: 'collect', unit });
      return true;
    };
  }

  /** As `hold`, for a client that comes back at once: until it has come, or has not for a while. */
  holdBriefly(unit: UnitName): void {
    const release = this.hold(unit);
    const timer = setTimeout(() => { this.#endBriefHold(unit); }, HOLD_MSEC);
    timer.unref();
    this.#briefly.set(unit, () => {
      clearTimeout(timer);
      release();
    });
  }

  /** As `hold`; takes over from `holdBriefly`. */
  holdOn(unit: UnitName): () => boolean {
    const release = this.hold(unit);
    this.#endBriefHold(unit);
    return release;
  }

  #endBriefHold(unit: UnitName): void {
    const end = this.#briefly.get(unit);
    this.#briefly.delete(unit);
    end?.();
  }

  /** The core has no more use for the unit. */
  collect(unit: UnitName): void {
    if (this.#held.has(unit)) this.#ended.add(unit);
    else this.#engine.submit({ event: 'collect', unit });
  }
}

/** Returns an error message, or ''. */
export function writeWhole(directory: string, name: string, text: string): string {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    writeFileSync(`${directory}/.${name}.new`, text, { mode: 0o644 });
    renameSync(`${directory}/.${name}.new`, `${directory}/${name}`);
    markChanged(directory);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The loader looks into a directory again when its time of change is another. The kernel's clock for that ticks in milliseconds, too
 * coarse for two units made in one go.
 */
function markChanged(directory: string): void {
  const seconds = Math.max(Date.now() / 1000, statSync(directory).mtimeMs / 1000 + 0.00001);
  utimesSync(directory, seconds, seconds);
}
