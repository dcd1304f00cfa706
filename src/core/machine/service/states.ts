/**
 * The states of a service and what the rest of the manager sees of them.
 *
 *     dead -> condition -> start-pre -> start -> start-post -> running -> exited (RemainAfterExit=)
 *     running <-> reload | reload-signal | reload-notify
 *     running -> replace-start -> replace-watch -> replace-stop -> replace-kill -> running (RestartOverlap=)
 *     any of these -> stop -> stop-sigterm -> stop-sigkill -> stop-post -> final-sigterm -> final-sigkill -> dead | failed
 *     stop-watchdog and final-watchdog stand for the -sigterm ones when the signal is WatchdogSignal=
 *     dead | failed -> auto-restart -> condition …
 *
 * Every arrow to the right may be taken at once when there is nothing to do or to wait for. Source: systemd.service(5).
 */
import type { ActiveState, ServiceState } from '../../manager/state.ts';

export const ACTIVE_STATE: Readonly<Record<ServiceState, ActiveState>> = {
  dead: 'inactive',
  condition: 'activating',
  'start-pre': 'activating',
  start: 'activating',
  'start-post': 'activating',
  running: 'active',
  exited: 'active',
  reload: 'reloading',
  'reload-signal': 'reloading',
  'reload-notify': 'reloading',
  'replace-start': 'reloading',
  'replace-watch': 'reloading',
  'replace-stop': 'reloading',
  'replace-kill': 'reloading',
  stop: 'deactivating',
  'stop-watchdog': 'deactivating',
  'stop-sigterm': 'deactivating',
  'stop-sigkill': 'deactivating',
  'stop-post': 'deactivating',
  'final-watchdog': 'deactivating',
  'final-sigterm': 'deactivating',
  'final-sigkill': 'deactivating',
  failed: 'failed',
  'auto-restart': 'activating',
};

/** Type=idle services wait in `start` outside of any job order; nobody waits for them. */
export function activeStateOf(state: ServiceState, type: string): ActiveState {
  return type === 'idle' && (state === 'start-pre' || state === 'start' || state === 'start-post') ? 'active' : ACTIVE_STATE[state];
}

/** States in which the processes of the service are being ended by signals, before ExecStopPost=. */
export type SignalState = 'stop-watchdog' | 'stop-sigterm' | 'stop-sigkill' | 'final-watchdog' | 'final-sigterm' | 'final-sigkill';

export function isSignalState(state: ServiceState): state is SignalState {
  return state === 'stop-watchdog' || state === 'stop-sigterm' || state === 'stop-sigkill'
    || state === 'final-watchdog' || state === 'final-sigterm' || state === 'final-sigkill';
}

export function isStopping(state: ServiceState): boolean {
  return ACTIVE_STATE[state] === 'deactivating';
}

/** A start can begin here. */
export function isDown(state: ServiceState): boolean {
  return state === 'dead' || state === 'failed' || state === 'auto-restart';
}
