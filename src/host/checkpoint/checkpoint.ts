/**
 * The checkpoint of this life: the memory, and the guard that executes the manager again when it dies.
 *
 * The memfd's number travels in the environment; whoever finds it there is not the first engine of this life.
 */
import type { Fd } from '../../base/brand.ts';
import type { NativeBinding } from '../native.ts';
import { managerCommand, rescuePath } from '../program-paths.ts';
import { CheckpointMemory } from './checkpoint-memory.ts';

const VARIABLE = 'HEARTWOOD_CHECKPOINT';
/** How long the engine may stay away from its loop. The longest turn of a boot on a slow, emulated machine takes a third of it. */
const HANG_MSEC = 15_000;
/** For tests: a shorter time. */
const HANG_VARIABLE = 'HEARTWOOD_HANG_MSEC';
const HANG_MSEC_MIN = 40;

export interface Checkpoint {
  readonly memory: CheckpointMemory;
  /** A former engine filled it. */
  readonly inherits: boolean;
  /** From now on a death is a new beginning. Returns the errno when it cannot be so; may be called again. */
  guard(): string | null;
}

/** @returns null and why when there can be no checkpoint: the manager then dies like any other program */
export function openCheckpoint(native: NativeBinding, environment: Record<string, string | undefined>): Checkpoint | { readonly memory: null; readonly inherits: false; readonly why: string } {
  const given = environment[VARIABLE];
  // Nobody else is to see it, services least of all.
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- process.env has no other way to unset
  delete environment[VARIABLE];
  const number = given !== undefined && /^[1-9][0-9]*$/.test(given) ? Number(given) : null;
  let inherits = number !== null;
  let memory = CheckpointMemory.open(native, number as Fd | null);
  if (typeof memory === 'string' && inherits) {
    inherits = false;
    memory = CheckpointMemory.open(native, null);
  }
  if (typeof memory === 'string') return { memory: null, inherits: false, why: memory };
  let guarded = false;
  const { fd } = memory;
  return {
    memory, inherits,
    guard: () => {
      if (guarded) return null;
      const command = managerCommand(process.argv.slice(2));
      const variables = Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
      const hang = Math.max(HANG_MSEC_MIN, Number(environment[HANG_VARIABLE]) || HANG_MSEC);
      const result = native.guardStart(command.path, command.argv, [...variables, `${VARIABLE}=${String(fd)}`], environment['HEARTWOOD_RESCUE'] ?? rescuePath(), hang);
      guarded = result === 0;
      return guarded ? null : String(result);
    },
  };
}
