/** Where the Node client finds the manager and its logs. */
import { logDirectories } from '../../logd/query.ts';

export interface Places {
  readonly controlSocket: string;
  /** The log's own socket. */
  readonly logSocket: string;
  readonly logDirectories: readonly string[];
}

/** @param environment PATH-like variables of the caller @param uid of the caller */
export function findPlaces(choice: { readonly user: boolean; readonly socket: string | null }, environment: Readonly<Record<string, string | undefined>>, uid: number): Places {
  const set = (name: string): string | null => (environment[name] === undefined || environment[name] === '' ? null : environment[name]);
  const runtimeHome = set('XDG_RUNTIME_DIR');
  const built = !choice.user ? '/run/heartwood' : runtimeHome !== null ? `${runtimeHome}/heartwood` : `/tmp/heartwood-${String(uid)}`;
  const controlSocket = choice.socket ?? set('HEARTWOOD_SOCKET') ?? `${built}/control`;
  // A manager with its socket elsewhere has the rest of its runtime directory there as well.
  const runtime = controlSocket.endsWith('/control') ? controlSocket.slice(0, -'/control'.length) : built;
  const state = choice.user ? `${set('XDG_STATE_HOME') ?? `${set('HOME') ?? '/'}/.local/state`}/heartwood/log` : '/var/log/heartwood';
  return { controlSocket, logSocket: `${runtime}/log`, logDirectories: logDirectories(state, runtime) };
}
