/**
 * The states of a socket unit and what the rest of the manager sees of them.
 *
 *     dead -> start-pre -> start-chown -> start-post -> listening <-> running
 *     any of these -> stop-pre -> stop-pre-sigterm -> stop-pre-sigkill -> stop-post -> final-sigterm -> final-sigkill -> dead | failed
 *
 * Sockets are made on the way into `start-chown`, and closed on the way into `stop-post` and all that follows. The manager looks at
 * them in `listening` only; in `running` the service has them. Every arrow to the right is taken at once when there is nothing to do or
 * to wait for. Source: systemd.socket(5).
 */
import type { ActiveState, SocketState } from '../../manager/state.ts';

export const SOCKET_ACTIVE_STATE: Readonly<Record<SocketState, ActiveState>> = {
  dead: 'inactive',
  'start-pre': 'activating',
  'start-chown': 'activating',
  'start-post': 'activating',
  listening: 'active',
  running: 'active',
  'stop-pre': 'deactivating',
  'stop-pre-sigterm': 'deactivating',
  'stop-pre-sigkill': 'deactivating',
  'stop-post': 'deactivating',
  'final-sigterm': 'deactivating',
  'final-sigkill': 'deactivating',
  failed: 'failed',
};

export type SocketSignalState = 'stop-pre-sigterm' | 'stop-pre-sigkill' | 'final-sigterm' | 'final-sigkill';

export function isSignalState(state: SocketState): state is SocketSignalState {
  return state === 'stop-pre-sigterm' || state === 'stop-pre-sigkill' || state === 'final-sigterm' || state === 'final-sigkill';
}

const CLOSED: ReadonlySet<SocketState> = new Set<SocketState>(['dead', 'start-pre', 'stop-post', 'final-sigterm', 'final-sigkill', 'failed']);

/** No socket is open in these. */
export function isClosedState(state: SocketState): boolean {
  return CLOSED.has(state);
}
