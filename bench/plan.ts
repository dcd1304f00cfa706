import { PROGRAMS_INSIDE } from './programs.ts';

/** Where the payload writes its events, inside a container. */
export const EVENTS_INSIDE = '/bench/events';
/** Where loggers keep their files, inside a container. */
export const LOGS_INSIDE = '/bench/log';

/** One service a contestant is to run, before it is put into the contestant's own configuration. */
export interface PlannedService {
  readonly name: string;
  readonly argv: readonly string[];
  /** The service that must be ready before this one starts. */
  readonly after: string | null;
  /** Whether it tells when it is ready; the contestant appends the words for its own convention. */
  readonly tellsReady: boolean;
}

/** What a contestant is to run. */
export interface Plan {
  readonly services: readonly PlannedService[];
  /** Whether output goes to the contestant's logger rather than to /dev/null. */
  readonly logged: boolean;
}

function payload(name: string, after: string | null, tellsReady: boolean): PlannedService {
  return { name, argv: [`${PROGRAMS_INSIDE}/payload`, EVENTS_INSIDE, name], after, tellsReady };
}

/** N services that have nothing to do with each other: s0, s1, ... */
export function independentServices(count: number): Plan {
  return { services: Array.from({ length: count }, (_, i) => payload(`s${i}`, null, false)), logged: false };
}

/** N services, each of which may start only when the one before it has said that it is ready. */
export function chainedServices(count: number): Plan {
  return { services: Array.from({ length: count }, (_, i) => payload(`s${i}`, i === 0 ? null : `s${i - 1}`, true)), logged: false };
}

/** One service that writes lines to its standard output as fast as they are taken. */
export function loggingService(lines: number): Plan {
  const argv = [`${PROGRAMS_INSIDE}/log-lines`, EVENTS_INSIDE, 's0', String(lines)];
  return { services: [{ name: 's0', argv, after: null, tellsReady: false }], logged: true };
}
