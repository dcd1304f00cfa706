/** Laws of the state that hold after every step. A broken one is a defect of the manager, never of its input. */
import { assert } from '../../base/assert.ts';
import type { DueIndex } from '../../base/due-index.ts';
import { fileNotes } from '../../base/due-ledger.ts';
import { entriesOf, getEntry, valuesOf } from '../../base/persistent-map.ts';
import { dueOfUnit, jobDues, unitDues } from './due.ts';
import type { Job, ManagerState, PendingRequest, Unit } from './state.ts';
import { runsCommands } from './unit-processes.ts';

/** @throws AssertionError naming the first law that is broken */
export function checkInvariants(state: ManagerState): void {
  for (const [name, unit] of entriesOf(state.units)) {
    assert(unit.name === name, 'a unit is filed under its own name', name);
    checkUnit(state, unit);
  }
  for (const job of valuesOf(state.jobs)) checkJob(state, job);
  for (const request of valuesOf(state.requests)) checkRequest(state, request);
  assert(isSameIndex(fileNotes(state.unitDues, (name) => dueOfUnit(getEntry(state.units, name))).index, unitDues(valuesOf(state.units)).index), 'the index of due times of units holds what the units say');
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
    assert(job !== undefined, 'a unit names a job that exists', name);
    assert(job.unit === name, 'the job of a unit is for it', name);
  }
  const { runtime } = unit;
  if (runsCommands(runtime) && runtime.controlPid !== null) assert(getEntry(state.pids, runtime.controlPid) === name, 'a control process is filed under its unit', name);
  if (runtime.kind === 'service') {
    if (runtime.mainPid !== null) assert(getEntry(state.pids, runtime.mainPid) === name, 'a main process is filed under its unit', name);
    if (runtime.beside !== null) assert(getEntry(state.pids, runtime.beside.pid) === name, 'a process beside the main one is filed under its unit', name);
    assert(runtime.mainPid === null || runtime.mainPid !== runtime.beside?.pid, 'a service has two processes where it has two', name);
    assert(runtime.mainPid === null || runtime.mainPid !== runtime.controlPid, 'main and control process differ', name);
    if (runtime.state === 'dead' || runtime.state === 'failed') {
      assert(runtime.deadlineUsec === null, 'what is down waits for nothing', name);
      assert(runtime.mainPid === null && runtime.beside === null && runtime.controlPid === null, 'what is down has no process', name);
    }
    if (runtime.state === 'failed') assert(runtime.result !== 'success', 'what failed says why', name);
  }
  if (runtime.kind === 'timer') {
    const isArmed = runtime.nextMonotonicUsec !== null || runtime.nextRealtimeUsec !== null;
    assert(!isArmed || runtime.state === 'waiting', 'a timer elapses only while it waits', name);
    assert((runtime.state === 'failed') === (runtime.result !== 'success'), 'what failed says why', name);
  }
}

/** The laws about one job. */
export function checkJob(state: ManagerState, job: Job): void {
  assert(getEntry(state.units, job.unit)?.job === job.id, 'a job is the job of its unit', job.unit);
  if (job.state === 'waiting' && job.blockedBy !== null) {
    assert(getEntry(state.jobs, job.blockedBy) !== undefined, 'a job waits for a job that exists', job.unit);
  }
}

function checkRequest(state: ManagerState, request: PendingRequest): void {
  assert(request.jobs.length > 0, 'a request waits for something', request.id);
  for (const id of request.jobs) assert(getEntry(state.jobs, id) !== undefined, 'a request waits for a job that exists', request.id);
}
