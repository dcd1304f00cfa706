/**
 * Stamp files of timers with Persistent=: empty, their time of change is when the timer last elapsed.
 *
 * They are where systemd keeps them, so that a machine that changes from one to the other neither misses nor repeats a run, and a
 * package's removal scripts find them.
 */
import { closeSync, mkdirSync, openSync, statSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RealtimeUsec, UnitName } from '../base/brand.ts';
import type { ManagerLog } from './engine.ts';

export interface TimerStamps {
  /** When the timer last elapsed. null = no stamp yet; then one with the present time is made. */
  read(unit: UnitName): RealtimeUsec | null;
  write(unit: UnitName, realtimeUsec: RealtimeUsec): void;
}

/** @param stateDirectory /var/lib, or the user's own */
export function timerStampsIn(stateDirectory: string, log: ManagerLog): TimerStamps {
  const pathOf = (unit: UnitName): string => `${stateDirectory}/systemd/timers/stamp-${unit}`;
  const touch = (unit: UnitName, seconds: number | null): void => {
    const path = pathOf(unit);
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      closeSync(openSync(path, 'a', 0o644));
      if (seconds !== null) utimesSync(path, seconds, seconds);
    } catch (error) {
      log.write('warning', unit, `${unit}: its stamp file cannot be written, so a missed run will not be made up for: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    read: (unit) => {
      try {
        return Math.round(statSync(pathOf(unit)).mtimeMs * 1000) as RealtimeUsec;
      } catch {
        touch(unit, null);
        return null;
      }
    },
    write: (unit, realtimeUsec) => { touch(unit, realtimeUsec / 1_000_000); },
  };
}
