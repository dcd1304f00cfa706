/** Where the Node client finds the manager and its logs. */
import { existsSync, lstatSync } from 'node:fs';
import { logDirectories } from '../../logd/query.ts';

export interface Places {
  readonly controlSocket: string;
  /** The log's own socket. */
  readonly logSocket: string;
  readonly logDirectories: readonly string[];
  /** The socket was named: the manager may be anywhere, and the usual directories of logs another one's. */
  readonly named: boolean;
}

/** @param environment PATH-like variables of the caller @param uid of the caller */
export function findPlaces(choice: { readonly user: boolean; readonly socket: string | null }, environment: Readonly<Record<string, string | undefined>>, uid: number): Places {
  const set = (name: string): string | null => (environment[name] === undefined || environment[name] === '' ? null : environment[name]);
  const runtimeHome = set('XDG_RUNTIME_DIR');
  const wanted = !choice.user ? '/run/heartwood' : runtimeHome !== null ? `${runtimeHome}/heartwood` : null;
  // A manager that may not write there has a private directory of its own.
  const places = [set('TMPDIR') ?? '/tmp', '/dev/shm'].map((parent) => `${parent}/heartwood-${String(uid)}`).filter((path) => isPrivate(path, uid));
  const built = wanted !== null && existsSync(`${wanted}/control`) ? wanted : (places.find((path) => existsSync(`${path}/control`)) ?? wanted ?? '/tmp');
  const usual = `${built}/control`;
  const controlSocket = choice.socket ?? set('HEARTWOOD_SOCKET') ?? usual;
  // A manager with its socket elsewhere has the rest of its runtime directory there as well.
  const runtime = controlSocket.endsWith('/control') ? controlSocket.slice(0, -'/control'.length) : built;
  const state = choice.user ? `${set('XDG_STATE_HOME') ?? `${set('HOME') ?? '/'}/.local/state`}/heartwood/log` : '/var/log/heartwood';
  return { controlSocket, logSocket: `${runtime}/log`, logDirectories: logDirectories(state, runtime), named: controlSocket !== usual };
}

/** Everybody may write the parent: a directory that is not our own is somebody's trap. */
function isPrivate(path: string, uid: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0;
}
