/** Probes: how the manager finds out by itself whether a service has come up, is ready and is alive. Settings of our own. */
import type { Usec } from '../../base/brand.ts';
import type { ExecCommand } from './exec-context.ts';
import type { SocketAddress } from './socket.ts';

/**
 * What is asked.
 *
 * - `startup`: has it come up? Asked until it has; then never again in this run
 * - `readiness`: can it serve? What is ordered after it waits for the first yes; later answers are shown
 * - `liveness`: does it still work? It is restarted when not
 * - `bus-name`: has its name on the bus an owner? Asked as `startup` is, of services of Type=dbus
 * - `bus-loss`: has its name no owner any more? It is stopped when so
 */
export type ProbeKind = SettableProbeKind | 'bus-name' | 'bus-loss';

/** Those that a unit file sets; the others follow from its type. */
export type SettableProbeKind = 'startup' | 'readiness' | 'liveness';

export function isSettable(kind: ProbeKind): kind is SettableProbeKind {
  return kind !== 'bus-name' && kind !== 'bus-loss';
}

export type ProbeCheck =
  /** A command succeeds. */
  | { readonly kind: 'exec'; readonly command: ExecCommand }
  /** A connection is taken: TCP or a Unix socket. */
  | { readonly kind: 'connect'; readonly address: SocketAddress }
  /** A GET is answered with a status from 200 to 399. */
  | { readonly kind: 'http'; readonly address: SocketAddress; readonly host: string; readonly path: string }
  /** A file is there. */
  | { readonly kind: 'file'; readonly path: string }
  /** The service writes a line to its log that contains this; `*` in it stands for anything. */
  | { readonly kind: 'log'; readonly pattern: string };

export interface Probe {
  readonly kind: ProbeKind;
  readonly check: ProbeCheck;
  /** The check as it was written. */
  readonly text: string;
  /** From one answer to the next question. */
  readonly intervalUsec: Usec;
  /** A question without an answer for so long counts as a no. */
  readonly timeoutUsec: Usec;
  /** So many times no in a row mean no; 0 = however many. */
  readonly failures: number;
  /** So many times yes in a row mean yes. */
  readonly successes: number;
}
