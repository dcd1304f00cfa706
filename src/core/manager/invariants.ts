/** Laws of the state that hold after every step. A broken one is a defect of the manager, never of its input. */
import { assert } from '../../base/assert.ts';
import type { DueIndex } from '../../base/due-index.ts';
import { entriesOf, getEntry, valuesOf } from '../../base/persistent-map.ts';
import { jobDues, unitDues } from './due.ts';
import type { Job, ManagerState, PendingRequest, Unit } from './state.ts';
import { runsCommands } from './unit-processes.ts';

/** @throws AssertionError naming the first law that is broken */
export function checkInvariants(state: ManagerState): void {
  for (const [name, unit] of entriesOf(state.units)) {
    assert(unit.name === name, `${name} is filed under its own name`);
    checkUnit(state, unit);
  }
  for (const job of valuesOf(state.jobs)) checkJob(state, job);
  for (const request of valuesOf(state.requests)) checkRequest(state, request);
  assert(isSameIndex(state.unitDues, unitDues(valuesOf(state.units))), 'the index of due times of units holds what the units say');
  assert(isSameIndex(state.jobDues, jobDues(valuesOf(state.jobs))), 'the index of due times of jobs holds what the jobs say');
}

function isSameIndex<K extends string | number>(a: DueIndex<K>, b: DueIndex<K>): boolean {
  if (a === null || b === null) return a === b;
  return a.key === b.key && a.dueUsec === b.dueUsec && isSameIndex(a.left, b.left) && isSameIndex(a.right, b.right);
}

/** The laws about one unit. */
export function checkUnit(state: ManagerState, unit: Unit): void {
  const { name } = unit;
  if (unit.job !== null) {
    const job = getEntry(state.jobs, unit.job);
    assert(job !== undefined, `${name} names a job that exists`);
    assert(job.unit === name, `the job of ${name} is for it`);
  }
  const { runtime } = unit;
  if (runsCommands(runtime) && runtime.controlPid !== null) assert(getEntry(state.pids, runtime.controlPid) === name, `the control process of ${name} is filed under it`);
  if (runtime.kind === 'service') {
    if (runtime.mainPid !== null) assert(getEntry(state.pids, runtime.mainPid) === name, `the main process of ${name} is filed under it`);
    if (runtime.beside !== null) assert(getEntry(state.pids, runtime.beside.pid) === name, `the process beside the main one of ${name} is filed under it`);
    assert(runtime.mainPid === null || runtime.mainPid !== runtime.beside?.pid, `${name} has two processes where it has two`);
    assert(runtime.mainPid === null || runtime.mainPid !== runtime.controlPid, `main and control process of ${name} differ`);
    if (runtime.state === 'dead' || runtime.state === 'failed') {
      assert(runtime.deadlineUsec === null, `${name} is down and waits for nothing`);
      assert(runtime.mainPid === null && runtime.beside === null && runtime.controlPid === null, `${name} is down and has no process`);
    }
    if (runtime.state === 'failed') assert(runtime.result !== 'success', `${name} failed and says why`);
  }
  if (runtime.kind === 'timer') {
    const isArmed = runtime.nextMonotonicUsec !== null || runtime.nextRealtimeUsec !== null;
    assert(!isArmed || runtime.state === 'waiting', `${name} elapses only while it waits`);
    assert((runtime.state === 'failed') === (runtime.result !== 'success'), `${name} failed and says why`);
  }
}

/** The laws about one job. */
export function checkJob(state: ManagerState, job: Job): void {
  assert(getEntry(state.units, job.unit)?.job === job.id, `job ${String(job.id)} is the job of ${job.unit}`);
  if (job.state === 'waiting' && job.blockedBy !== null) {
    assert(getEntry(state.jobs, job.blockedBy) !== undefined, `job ${String(job.id)} waits for a job that exists`);
  }
}

function checkRequest(state: ManagerState, request: PendingRequest): void {
  assert(request.jobs.length > 0, `request ${String(request.id)} waits for something`);
  for (const id of request.jobs) assert(getEntry(state.jobs, id) !== undefined, `request ${String(request.id)} waits for a job that exists`);
}
