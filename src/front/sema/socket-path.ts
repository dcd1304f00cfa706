import { join, resolve } from 'node:path';
import { FrontError } from '../embedded-manager.ts';

/** Where the server of this user listens. @throws FrontError when nothing says it */
export function semaSocketPath(environment: NodeJS.ProcessEnv, uid: number): string {
  const set = (name: string): string | null => {
    const value = environment[name] ?? '';
    return value === '' ? null : value;
  };
  const given = set('SEMA_SOCKET');
  if (given !== null) return resolve(given);
  if (uid === 0) return '/run/sema.socket';
  const runtime = set('XDG_RUNTIME_DIR');
  if (runtime !== null) return join(runtime, 'sema.socket');
  const home = set('HOME');
  if (home !== null) return join(home, '.sema.socket');
  throw new FrontError('there is no place for the control socket: set $SEMA_SOCKET, $XDG_RUNTIME_DIR or $HOME');
}
