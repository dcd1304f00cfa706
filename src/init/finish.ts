/** The end of a manager's life, by mode. */
import { unreachable } from '../base/assert.ts';
import type { Effect } from '../core/manager/effect.ts';
import type { ShutdownGoal } from '../core/manager/state.ts';
import type { ManagerLog } from '../host/engine.ts';
import type { NativeBinding } from '../host/native.ts';
import { detachStorage } from '../host/shutdown/detach-storage.ts';
import { saveRandomSeed } from './random-seed.ts';

type Finish = Extract<Effect, { readonly kind: 'finish' }>;

/** A container or a session ends with its manager: there is nothing to switch off. */
export function exitProcess(native: NativeBinding, effect: Finish): void {
  native.guardEnd();
  process.emit('exit', effect.exitStatus);
  // Nothing is left to be written; taking Node down in order would only make the shutdown 2 ms longer.
  native.exitNow(effect.exitStatus);
}

function powerVerb(goal: ShutdownGoal): 'power-off' | 'restart' | 'halt' | 'kexec' {
  switch (goal) {
    case 'poweroff':
    // A machine has nobody to exit to.
    case 'exit': return 'power-off';
    case 'reboot': return 'restart';
    case 'halt': return 'halt';
    case 'kexec': return 'kexec';
    // Only when the manager could not be executed anew.
    case 'soft-reboot': return 'restart';
    default: return unreachable(goal);
  }
}

/**
 * A machine: storage is taken out of use, then reboot(2). PID 1 must never return from here by ending, because the kernel would panic:
 * when reboot(2) is refused the process stays and goes on reaping.
 */
export function powerDown(native: NativeBinding, effect: Finish, log: ManagerLog): void {
  native.guardEnd();
  saveRandomSeed();
  detachStorage(native, log);
  const verb = powerVerb(effect.goal);
  let result = native.reboot(verb, verb === 'restart' && effect.rebootArgument !== '' ? effect.rebootArgument : null);
  // Without a loaded kernel there is nothing to jump to.
  if (verb === 'kexec' && result !== 0) result = native.reboot('restart', null);
  if (result === 0) return;
  log.write('emerg', '', `reboot(2) refuses to ${verb}: ${result}`);
  // In a PID namespace without the right to reboot the end of PID 1 is the end of all; on a machine it would be a panic.
  if (process.pid !== 1 || result === 'EPERM') process.exit(effect.exitStatus);
}
