/**
 * Runs installed jobs, one after the other: which operation of the unit a job means, and when it must wait.
 *
 * It stands above the kinds of units, whose operations it calls; what these queue themselves goes through jobs.ts.
 */
import { takeFirst } from '../../base/take-first.ts';
import { addUsec, earlierOf } from '../../base/time.ts';
import { collapseJobType, isActive } from '../job/job-type.ts';
import { findBlocker, finishJob, turnIntoStart } from './jobs.ts';
import { overlaps } from './restarts/restart-type.ts';
import type { Job, JobType, Unit } from './state.ts';
import type { Turn } from './turn.ts';
import { reloadUnit, replaceUnit, startUnit, stopUnit, type RunOutcome } from './unit-operations.ts';

/** Looks at the next job of the run queue and runs it if it may. False = the queue is empty. */
export function runNextJob(turn: Turn): boolean {
  for (let id = takeFirst(turn.runQueue); id !== undefined; id = takeFirst(turn.runQueue)) {
    const job = turn.job(id);
    if (job === undefined || job.state === 'running') continue;
    const blocker = findBlocker(turn, job);
    if (blocker !== null) turn.setJob({ ...job, blockedBy: blocker });
    else run(turn, { ...job, blockedBy: null });
    return true;
  }
  return false;
}

function run(turn: Turn, waiting: Job): void {
  const unit = turn.require(waiting.unit);
  const type = collapseJobType(waiting.type, unit.activeState);
  const runningUsec = unit.definition.jobRunningTimeoutUsec;
  const now = turn.now.monotonicUsec;
  const job: Job = {
    ...waiting,
    type: type === 'nop' && waiting.type !== 'nop' ? waiting.type : type,
    state: 'running',
    startedUsec: now,
    // JobTimeoutSec= goes on counting while JobRunningTimeoutSec= counts too.
    deadlineUsec: earlierOf(waiting.deadlineUsec, runningUsec === null ? null : addUsec(now, runningUsec)),
  };
  turn.setJob(job);
  turn.wantTimer(job.deadlineUsec);
  const outcome = operate(turn, unit, job, type);
  switch (outcome) {
    case 'running':
      if (turn.job(job.id)?.state === 'running') {
        turn.emit({ kind: 'publish', change: { change: 'job-running', job: job.id, unit: job.unit, type } });
      }
      return;
    case 'retry': {
      const still = turn.job(job.id);
      if (still !== undefined) turn.setJob({ ...still, state: 'waiting' });
      return;
    }
    default:
      finishJob(turn, job.id, outcome, true);
  }
}

function operate(turn: Turn, unit: Unit, job: Job, type: JobType): RunOutcome {
  switch (type) {
    case 'nop': return 'done';
    case 'start':
      // As its own restart would have: what is bound to it hears of the end first.
      return hasLostRestart(unit) ? restart(turn, unit, job) : startUnit(turn, unit, job);
    case 'verify-active':
      if (isActive(unit.activeState)) return 'done';
      return unit.activeState === 'activating' && !hasLostRestart(unit) ? 'retry' : 'skipped';
    case 'stop': return stopUnit(turn, unit, job);
    case 'restart':
    case 'try-restart': return restart(turn, unit, job);
    case 'reload': return reloadUnit(turn, unit);
    case 'replace':
      // A daemon-reload may have taken RestartOverlap= away while the job waited.
      return overlaps(unit) ? replaceUnit(turn, unit) : restart(turn, unit, job);
    case 'reload-or-start': return 'invalid';
  }
}

/** The job is one of this type from now on. */
function restart(turn: Turn, unit: Unit, job: Job): RunOutcome {
  const restarting: Job = job.type === 'restart' ? job : { ...job, type: 'restart' };
  if (restarting !== job) turn.setJob(restarting);
  const outcome = stopUnit(turn, unit, restarting);
  if (outcome !== 'done') return outcome;
  turnIntoStart(turn, restarting);
  return 'running';
}

/** Its pause before an automatic restart is over, and the job that was to restart it was replaced: it will not become active by itself. */
function hasLostRestart({ runtime }: Unit): boolean {
  return runtime.kind === 'service' && runtime.state === 'auto-restart' && runtime.deadlineUsec === null;
}
