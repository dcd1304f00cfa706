/**
 * Places where a drill may let the engine die, each between two steps of which a next engine must know whether they were done.
 *
 * The numbers are written into the checkpoint, so that a fault can strike more than one engine; the first three and the last are known to native code
 * too (native/addon/checkpoint-layout.h).
 */
import type { FaultPlace } from '../../control/requests.ts';

export const FAULT_POINTS: Readonly<Record<FaultPlace, number>> = {
  /** A child is reaped; only the kernel's own note of it exists. */
  'after-reap': 2,
  /** It stands in the table of exits, and nobody was told. */
  'after-record': 1,
  /** A process was born; its pid is in no event. */
  'after-spawn': 3,
  /** Everything that was ready has been read, nothing has been stepped. */
  'after-poll': 4,
  /** An event was written down. */
  'after-journal': 5,
  /** In the middle of an event. */
  'in-step': 6,
  /** An effect is in hand and nothing of it is done. */
  'in-effect': 7,
  /** An effect is done, the next one is not begun. */
  'between-effects': 8,
  /** A snapshot is written, and does not count yet. */
  'in-snapshot': 9,
  /** The state of the former engine is being restored. */
  'in-recovery': 10,
  /** A notify message or signals were read, and are in no event. */
  'after-receive': 11,
};

/** A death that waits at a place. */
export interface ArmedFault {
  readonly at: FaultPlace;
  /** How often the place is passed unharmed first. */
  readonly passes: number;
  /** How many engines die there, one after the other. */
  readonly deaths: number;
  readonly signal: number;
}
