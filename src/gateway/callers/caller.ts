/** Who asks, and what he may do. */
import { matchesGlob } from '../../control/glob.ts';

/**
 * Each contains those before it:
 * - `none`: nothing but whether the gateway is well
 * - `view`: what every user of the machine may ask the manager: units and their states
 * - `read`: logs and the texts of unit files too, which may hold secrets
 * - `write`: start, stop and change units
 * - `manage`: the manager as a whole, and new units, which may run anything
 */
export const LEVELS = ['none', 'view', 'read', 'write', 'manage'] as const;
export type Level = (typeof LEVELS)[number];

export interface Caller {
  /** `token:deploy`, `user:alice`, `certificate:box.example.org`, `anonymous`. */
  readonly name: string;
  readonly level: Level;
  /** Patterns of the units that may be changed; null = all. */
  readonly units: readonly string[] | null;
}

export function isLevel(word: string): word is Level {
  return (LEVELS as readonly string[]).includes(word);
}

export function reaches(has: Level, wanted: Level): boolean {
  return LEVELS.indexOf(has) >= LEVELS.indexOf(wanted);
}

/** Whether the caller's patterns cover the unit. */
export function mayChange(caller: Caller, unit: string): boolean {
  return caller.units === null || caller.units.some((pattern) => matchesGlob(pattern, unit));
}
