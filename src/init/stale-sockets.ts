/** Sockets a former manager left in the runtime directory would keep a new one from binding its own. */
import { unlinkSync } from 'node:fs';
import type { NativeBinding } from '../host/native.ts';

const SOCKET_NAMES = ['control', 'notify', 'log'];

/**
 * Removes them.
 *
 * @returns false when a manager answers on the control socket: the directory is in use
 */
export function removeStaleSockets(native: NativeBinding, runtimeDirectory: string): boolean {
  const fd = native.unixConnect(`${runtimeDirectory}/control`, 'stream');
  if (typeof fd !== 'string') {
    native.close(fd);
    return false;
  }
  for (const name of SOCKET_NAMES) {
    try {
      unlinkSync(`${runtimeDirectory}/${name}`);
    } catch {
      // Not there, which is the rule.
    }
  }
  return true;
}
