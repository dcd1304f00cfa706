/**
 * The checkpoint of this life: the memory, and the guard that executes the manager again when it dies.
 *
 * The memfd's number travels in the environment; whoever finds it there is not the first engine of this life.
 */
import { readdirSync } from 'node:fs';
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
  /** There was a former engine in this life. */
  readonly inherits: boolean;
  /** Of what it left nothing can be read, because its build was too different: the memory is new, what it had open is closed. */
  readonly isLost: boolean;
  /** From now on a death is a new beginning. Returns the errno when it cannot be so; may be called again. */
  guard(): string | null;
}

/** What a former engine opened up for the execve, and nobody knows the names of. Node's own fds close on exec, which tells them apart. */
function closeInherited(native: NativeBinding): void {
  const O_CLOEXEC = 0o2000000;
  for (const name of readdirSync('/proc/self/fd')) {
    const flags = /^flags:\s*([0-7]+)$/m.exec(native.readSmallFile(`/proc/self/fdinfo/${name}`, 4096))?.[1];
    if (Number(name) > 2 && flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0) native.close(Number(name) as Fd);
  }
}

/** @returns null and why when there can be no checkpoint: the manager then dies like any other program */
export function openCheckpoint(native: NativeBinding, environment: Record<string, string | undefined>): Checkpoint | { readonly memory: null; readonly inherits: false; readonly isLost: false; readonly why: string } {
  const given = environment[VARIABLE];
  // Nobody else is to see it, services least of all.
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- process.env has no other way to unset
  delete environment[VARIABLE];
  const number = given !== undefined && /^[1-9][0-9]*$/.test(given) ? Number(given) : null;
  const inherits = number !== null;
  let memory = CheckpointMemory.open(native, number as Fd | null);
  const isLost = typeof memory === 'string' && inherits;
  if (isLost) {
    closeInherited(native);
    memory = CheckpointMemory.open(native, null);
  }
  if (typeof memory === 'string') return { memory: null, inherits: false, isLost: false, why: memory };
  let guarded = false;
  const { fd } = memory;
  return {
    memory, inherits, isLost,
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
