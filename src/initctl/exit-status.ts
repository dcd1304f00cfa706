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

/** The two faces of the client. */
type Program = 'initctl' | 'systemctl';

/** What a request for jobs that is refused ends with: the LSB's "action" numbers, as systemctl(1) maps them. */
export function exitStatusOfRefusal(error: ErrorName, program: Program): number {
  if (program === 'systemctl') {
    // To systemctl a bad file is a failure like any other, and a job that must not be replaced a lack of permission.
    if (error === 'load-failed') return EXIT.failed;
    if (error === 'transaction-destructive') return 4;
  }
  return exitStatusOf(error);
}

/** What any other request that fails ends with: systemctl(1) knows no difference there. */
export function exitStatusOfFailure(error: ErrorName, program: Program): number {
  return program === 'systemctl' ? EXIT.failed : exitStatusOf(error);
}

function exitStatusOf(error: ErrorName): number {
  switch (error) {
    case 'no-such-unit': return EXIT.notInstalled;
    case 'load-failed': return EXIT.notConfigured;
    case 'not-applicable': return 3;
    case 'access-denied': case 'refused-manually': return 4;
    case 'no-process': return EXIT.notRunning;
    default: return EXIT.failed;
  }
}
