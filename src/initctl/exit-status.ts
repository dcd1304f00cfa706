/**
 * Exit statuses. Sources: the LSB's numbers for init scripts, which systemctl(1) also uses.
 *
 * `is-enabled` and `is-failed` use `done` and `failed` as plain yes and no.
 */
import type { ErrorName } from '../control/error-codes.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notActive: 3,
  noSuchUnit: 4,
  notInstalled: 5,
  notConfigured: 6,
  notRunning: 7,
  /** 128 + SIGINT: the user stopped waiting. */
  interrupted: 130,
} as const;

/** What a failed request of a changing verb ends with: the LSB's "action" numbers, as systemctl(1) maps them. */
export function exitStatusOf(error: ErrorName): number {
  switch (error) {
    case 'no-such-unit': return EXIT.notInstalled;
    case 'load-failed': return EXIT.notConfigured;
    case 'not-applicable': return 3;
    case 'access-denied': case 'refused-manually': return 4;
    case 'no-process': return EXIT.notRunning;
    default: return EXIT.failed;
  }
}
