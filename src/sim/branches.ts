/**
 * What a batch of simulated lives has to come to: the rare ways through the manager. A batch that misses one has lost its power to find
 * defects there, and fails.
 */
import { FAULT_KINDS } from './faults.ts';

/** Words as `Life.reached` counts them. */
export const BRANCHES: readonly string[] = [
  // Sub-states of services, targets among them.
  'condition', 'start-pre', 'start', 'start-post', 'running', 'exited', 'reload', 'reload-signal', 'replace-start', 'replace-watch', 'replace-stop', 'stop', 'stop-watchdog', 'stop-sigterm',
  'stop-sigkill', 'stop-post', 'final-sigterm', 'final-sigkill', 'failed', 'auto-restart', 'dead', 'active',
  // Of sockets, timers and paths.
  'start-chown', 'listening', 'stop-pre', 'stop-pre-sigterm', 'waiting', 'elapsed',
  // Of mounts and swaps.
  'mounting', 'mounting-done', 'mounted', 'remounting', 'remounting-sigterm', 'unmounting', 'unmounting-sigterm', 'unmounting-sigkill',
  'activating', 'activating-done', 'deactivating', 'deactivating-sigterm',
  // Of automounts and devices.
  'opening', 'autofs refused', 'visitor let in', 'visitor turned away', 'autofs taken away', 'plugged',
  // Of probes.
  'probe asked', 'probe program', 'probe holds', 'probe fails',
  // Of restarts.
  'direct restart', 'restart put off',
  // Of frozen units and rules about the end of the manager.
  'frozen', 'thawed', 'exit rule',
  // Of fd stores.
  'fd stored', 'stored fd given back', 'stored fd closed',
  // How jobs end.
  'job done', 'job canceled', 'job timeout', 'job failed', 'job dependency', 'job skipped', 'job assert', 'job invalid',
  // Requests that are refused.
  'refused: transaction-refused', 'refused: no-process', 'refused: not-applicable', 'refused: no-such-unit', 'refused: load-failed',
  // Why units end.
  'ended: requested', 'ended: dependency', 'ended: dependency-failed', 'ended: start-limit', 'ended: exit', 'ended: spawn-failed', 'ended: timeout',
  'ended: watchdog', 'ended: protocol', 'ended: shutdown', 'ended: trigger-limit', 'ended: bound-unit-gone', 'ended: unneeded', 'ended: conflict', 'ended: service-start-limit',
  // Lives of the engine.
  'recovery between batches', 'recovery in a batch', 'birth found', 'event left out', 'effect left out',
];

/** @returns branches and faults that were not come to, sorted as they are listed */
export function missingFrom(reached: ReadonlyMap<string, number>, faults: ReadonlyMap<string, number>): readonly string[] {
  return [...BRANCHES.filter((branch) => !reached.has(branch)), ...FAULT_KINDS.filter((fault) => !faults.has(fault)).map((fault) => `fault ${fault}`)];
}
