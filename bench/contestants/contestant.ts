import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import type { Plan } from '../plan.ts';

/** How a contestant is told to shut down: a signal to PID 1, or a command run inside. */
export type StopRequest =
  | { readonly kind: 'signal'; readonly signal: number }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/** Where the lines went that a service wrote: files under a directory of the work directory, or a command that prints them. */
export type StoredLines =
  | { readonly kind: 'files'; readonly directory: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/** A manager put to the test: how it is had, configured, started and steered. */
export interface Contestant {
  readonly name: string;
  /** Debian packages it comes from; empty when it comes from elsewhere. */
  readonly packages: readonly string[];
  /** Programs that must exist once the packages are installed; absolute paths. */
  readonly programs: readonly string[];
  /** Its version, in a few words. */
  version(): string;
  /** Why it sits out a load; `null` when it takes part. */
  sitsOut(load: LoadName): string | null;
  /**
   * Writes the configuration for a plan.
   * @param directory a new directory, `/bench/config` inside
   */
  prepare(directory: string, plan: Plan): Launch;
  /** Variables its commands need. */
  readonly commandEnvironment?: Readonly<Record<string, string>>;
  readonly statusCommand?: (service: string) => readonly string[];
  readonly restartCommand?: (service: string) => readonly string[];
  /** Where an engine is asked that may die while its process lives on, inside; absent: there is none. */
  readonly controlSocket?: string;
  readonly stop?: StopRequest;
  readonly storedLines?: StoredLines;
}

/** Where a contestant's configuration appears inside. */
export const CONFIG_INSIDE = '/bench/config';

/** What every contestant finds in its environment; no more, so that nobody pays for the caller's variables. */
export const PLAIN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  container: 'bench',
};
