/**
 * The end: stop jobs for everything in reverse order, then KILL what is left, then the power verb or the exit.
 *
 *     running -> stopping-units -> final -> over
 *
 * The time for the stop jobs is bounded as a whole; who was late is said by name. A second request hurries it.
 */
import { seconds, addUsec } from '../../base/time.ts';
import type { UnitName } from '../../base/brand.ts';
import { isInactive } from '../job/job-type.ts';
import { killNow } from '../machine/service/stop.ts';
import { enqueue, finishJob } from './jobs.ts';
import { driveService, isService } from './drivers/service-driver.ts';
import { outlivesSoftReboot } from './soft-reboot.ts';
import type { ShutdownGoal, Unit } from './state.ts';
import type { Turn } from './turn.ts';

/**
 * No single service may take longer than its own TimeoutStopSec=; all together, with chains of them, no longer than this. Ten
 * minutes cover six services in a row that each use up the default 90 s.
 */
export const SHUTDOWN_TIMEOUT_USEC = seconds(600);

const GOAL_TARGETS: Readonly<Record<ShutdownGoal, string>> = {
  poweroff: 'poweroff.target', reboot: 'reboot.target', halt: 'halt.target', kexec: 'kexec.target', 'soft-reboot': 'soft-reboot.target', exit: 'exit.target',
};

/** How a manager ends. */
export interface Ending {
  readonly exitStatus: number;
  /** Without stop jobs. */
  readonly force: boolean;
  /** What reboot(2) is told, '' = nothing. */
  readonly rebootArgument: string;
}

export function beginShutdown(turn: Turn, goal: ShutdownGoal, { exitStatus, force, rebootArgument }: Ending): void {
  if (turn.shutdown !== null) {
    hurry(turn);
    return;
  }
  turn.shutdown = {
    goal, exitStatus, rebootArgument, hurry: force, phase: 'stopping-units', deadlineUsec: addUsec(turn.now.monotonicUsec, SHUTDOWN_TIMEOUT_USEC),
  };
  turn.wantTimer(turn.shutdown.deadlineUsec);
  turn.log('notice', '', `Shutting down: ${goal}`);
  if (force) {
    enterFinal(turn);
    return;
  }
  // The goal's target brings units that want to run at the very end, and conflicts with the ordinary ones through shutdown.target.
  const target = turn.unit(GOAL_TARGETS[goal] as UnitName);
  if (target?.definition.loadState === 'loaded') {
    const outcome = enqueue(turn, { unit: target.name, type: 'start', mode: 'replace-irreversibly', reason: { reason: 'shutdown' }, boot: false }, null);
    if (!outcome.ok) turn.log('warning', target.name, outcome.refusal.message);
  }
  stopEverything(turn);
}

/** Stop jobs for all units that are up and have none; nothing is started any more except what the goal's target wants. */
function stopEverything(turn: Turn): void {
  for (const job of turn.jobs()) if (job.type !== 'stop' && !job.irreversible) finishJob(turn, job.id, 'canceled', false);
  for (const unit of turn.units()) {
    const current = turn.require(unit.name);
    if (isInactive(current.activeState) || current.job !== null || unit.runtime.kind === 'slice' || staysMounted(unit) || goesOn(turn, current)) continue;
    const outcome = enqueue(turn, { unit: unit.name, type: 'stop', mode: 'replace-irreversibly', reason: { reason: 'shutdown' }, boot: false }, null);
    if (!outcome.ok) turn.log('warning', unit.name, outcome.refusal.message);
  }
}

/** What was there before the manager and is somebody else's: the root, the mounts and the swap of a container. Taking it away is said with a dependency. */
function staysMounted({ definition }: Unit): boolean {
  if (definition.kind === 'device') return true;
  return (definition.kind === 'mount' || definition.kind === 'swap') && !definition.dependencies.some(({ kind, other }) => kind === 'Conflicts' && other === 'umount.target');
}

function goesOn(turn: Turn, unit: Unit): boolean {
  return turn.shutdown?.goal === 'soft-reboot' && outlivesSoftReboot(unit);
}

/** Called when a step has settled: goes on to the last kill when all stop jobs are through. True = something was done. */
export function advanceShutdown(turn: Turn): boolean {
  if (turn.shutdown?.phase !== 'stopping-units' || turn.jobCount > 0) return false;
  enterFinal(turn);
  return true;
}

/** The bound for all stop jobs together is reached. */
export function onShutdownLate(turn: Turn): void {
  const late = turn.jobs().filter((job) => job.type === 'stop').map((job) => job.unit).sort();
  turn.log('err', '', `Not stopped in time, killed now: ${late.join(', ')}`, { units: late.join(' ') });
  enterFinal(turn);
}

function hurry(turn: Turn): void {
  if (turn.shutdown === null || turn.shutdown.hurry) return;
  const busy = turn.jobs().map((job) => job.unit).sort();
  turn.log('warning', '', busy.length === 0 ? 'Asked again to shut down: not waiting any more' : `Asked again to shut down: not waiting for ${busy.join(', ')}`);
  turn.shutdown = { ...turn.shutdown, hurry: true };
  if (turn.shutdown.phase === 'stopping-units') enterFinal(turn);
  else turn.emit({ kind: 'final-kill', hurry: true });
}

function enterFinal(turn: Turn): void {
  if (turn.shutdown === null) return;
  turn.shutdown = { ...turn.shutdown, phase: 'final' };
  if (turn.shutdown.hurry) {
    for (const unit of turn.units()) if (isService(unit) && !isInactive(unit.activeState) && !goesOn(turn, unit)) driveService(turn, unit.name, killNow);
  }
  turn.emit({ kind: 'final-kill', hurry: turn.shutdown.hurry });
}

export function onFinalKillDone(turn: Turn, remaining: number): void {
  if (turn.shutdown === null || turn.shutdown.phase !== 'final') return;
  if (remaining > 0) turn.log('err', '', `${String(remaining)} processes could not be killed`);
  turn.shutdown = { ...turn.shutdown, phase: 'over' };
  turn.emit({ kind: 'finish', goal: turn.shutdown.goal, exitStatus: turn.shutdown.exitStatus, rebootArgument: turn.shutdown.rebootArgument });
}

const EXIT_NOT_FOUND = 127, EXIT_NOT_EXECUTABLE = 126, EXIT_FAILURE = 1, SIGNAL_BASE = 128;

/** A unit's end as an exit status, by the shell's rules. */
export function exitStatusOf(unit: Unit): number {
  if (unit.runtime.kind !== 'service') return 0;
  const run = unit.runtime;
  if (run.spawnFailure !== null) return run.spawnFailure.errno === 'ENOENT' ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
  const exit = run.mainExit?.exit ?? null;
  if (exit === null) return run.result === 'success' ? 0 : EXIT_FAILURE;
  return exit.code === 'exited' ? exit.status : SIGNAL_BASE + exit.status;
}
