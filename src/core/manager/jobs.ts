/**
 * Installed jobs: from a transaction to the run queue, and from the end of one to its result. run-queue.ts runs them.
 *
 * A job waits while another job goes first by order (`blockedBy` names one such job, looked at again when that one ends), runs
 * while its unit is on the way, and ends with a result that may fail the jobs that needed it. Work lists, no recursion.
 */
import type { JobId, RequestId, UnitName } from '../../base/brand.ts';
import { assert } from '../../base/assert.ts';
import { addUsec } from '../../base/time.ts';
import type { JobMode } from '../unit/unit-common.ts';
import { neighbours, neighboursBy, type Neighbour } from '../graph/graph.ts';
import { areConflicting, collapseJobType, firstOf, isActive, isSuperset, mergeJobTypes } from '../job/job-type.ts';
import type { Refusal, Transaction } from '../job/transaction/outcome.ts';
import type { Anchor } from '../job/transaction/request.ts';
import { buildTransaction } from '../job/transaction/transaction.ts';
import type { Job, JobResult, JobType, Reason, Unit } from './state.ts';
import type { Turn } from './turn.ts';

/** More jobs than this at once is a loop of units that pull each other in, not a boot. */
const JOBS_MAX = 100_000;

export type EnqueueOutcome = { readonly ok: true; readonly job: Job } | { readonly ok: false; readonly refusal: Refusal };

/** Builds the transaction of `anchor` and installs its jobs; says what was left out. */
export function enqueue(turn: Turn, anchor: Anchor, waiter: RequestId | null): EnqueueOutcome {
  const outcome = buildTransaction(turn, anchor);
  if (!outcome.ok) return outcome;
  if (turn.jobCount + outcome.transaction.jobs.length > JOBS_MAX) {
    return { ok: false, refusal: { code: 'transaction-refused', unit: anchor.unit, message: `More than ${String(JOBS_MAX)} jobs.`, path: [anchor.unit], cycle: [] } };
  }
  for (const { unit, message, cycle } of outcome.transaction.dropped) turn.log(anchor.boot || cycle.length > 0 ? 'err' : 'warning', unit, message);
  return { ok: true, job: install(turn, outcome.transaction, anchor, waiter) };
}

/** For what the manager wants by itself (OnFailure=, Upholds=, automatic restart): a refusal is logged. */
export function enqueueInternal(turn: Turn, unit: UnitName, type: JobType, mode: JobMode, reason: Reason): void {
  const outcome = enqueue(turn, { unit, type, mode, reason, boot: false }, null);
  if (!outcome.ok) turn.log('warning', unit, `Job ${unit}/${type} was refused: ${outcome.refusal.message}`);
}

function install(turn: Turn, transaction: Transaction, anchor: Anchor, waiter: RequestId | null): Job {
  const { mode } = anchor;
  if (mode === 'isolate' || mode === 'flush') {
    const kept = new Set(transaction.jobs.map((job) => job.unit));
    for (const job of turn.jobs()) if (!kept.has(job.unit) && turn.unit(job.unit)?.definition.ignoreOnIsolate !== true) takeBack(turn, job, anchor.reason);
  }
  let anchorJob: Job | undefined;
  for (const planned of transaction.jobs) {
    const isAnchor = planned.unit === anchor.unit;
    const job = installOne(turn, planned.unit, planned.type, planned.reason, {
      irreversible: mode === 'replace-irreversibly',
      ignoreOrder: mode === 'ignore-dependencies',
      boot: anchor.boot,
      waiter: isAnchor ? waiter : null,
    });
    if (isAnchor) anchorJob = job;
  }
  assert(anchorJob !== undefined, 'a transaction contains its anchor');
  return anchorJob;
}

interface InstallOptions {
  readonly irreversible: boolean;
  readonly ignoreOrder: boolean;
  readonly boot: boolean;
  readonly waiter: RequestId | null;
}

function installOne(turn: Turn, name: UnitName, type: JobType, reason: Reason, options: InstallOptions): Job {
  const unit = turn.require(name);
  const installed = unit.job === null ? undefined : turn.job(unit.job);
  const waiters = options.waiter === null ? [] : [options.waiter];
  if (installed !== undefined && !areConflicting(installed.type, type)) {
    const merged = collapseJobType(mergeJobTypes(installed.type, type) as JobType, unit.activeState);
    // A reload that already runs may have read the old files: it is run again, and so is a replacement. Anything else that covers the wish serves.
    const rerun = installed.state === 'running' && (type === 'reload' || type === 'replace' || !isSuperset(installed.type, type));
    const job: Job = {
      ...installed,
      type: merged === 'nop' ? installed.type : merged,
      state: rerun ? 'waiting' : installed.state,
      blockedBy: rerun ? null : installed.blockedBy,
      irreversible: installed.irreversible || options.irreversible,
      ignoreOrder: installed.ignoreOrder || options.ignoreOrder,
      waiters: [...installed.waiters, ...waiters],
    };
    turn.setJob(job);
    if (job.state === 'waiting') turn.runQueue.add(job.id);
    return job;
  }
  if (installed !== undefined) takeBack(turn, installed, reason);
  const now = turn.now.monotonicUsec;
  const { jobTimeoutUsec } = unit.definition;
  const job: Job = {
    id: turn.newJobId(),
    unit: name,
    type,
    state: 'waiting',
    irreversible: options.irreversible,
    ignoreOrder: options.ignoreOrder,
    createdUsec: now,
    startedUsec: null,
    deadlineUsec: jobTimeoutUsec === null ? null : addUsec(now, jobTimeoutUsec),
    blockedBy: null,
    boot: options.boot,
    reason,
    waiters,
  };
  turn.setJob(job);
  turn.setUnit({ ...turn.require(name), job: job.id });
  turn.wantTimer(job.deadlineUsec);
  turn.runQueue.add(job.id);
  if (options.boot) turn.bootJobsLeft += 1;
  turn.emit({ kind: 'publish', change: { change: 'job-new', job: job.id, unit: name, type } });
  return job;
}

/** Another job is in the way of this one, or makes it pointless. */
function takeBack(turn: Turn, job: Job, by: Reason): void {
  finishJob(turn, job.id, 'canceled', false);
  noteCanceled(turn, job, by);
}

/** A unit that was to come up and does not is asked why. */
function noteCanceled(turn: Turn, job: Job, by: Reason): void {
  const unit = turn.require(job.unit);
  if ((job.type === 'start' || job.type === 'restart') && unit.activeState === 'inactive') turn.setUnit({ ...unit, endReason: { reason: 'job-canceled', type: job.type, by } });
}

/**
 * A job that has to end before this one may run, or null. Looks from the last neighbour back: jobs tend to end in the order in which
 * they were queued, so the last one blocks longest and is looked at least often.
 */
export function findBlocker(turn: JobsInOrder, job: Job): JobId | null {
  if (job.ignoreOrder || job.type === 'nop') return null;
  const earlier = neighbours(turn.graph, job.unit, 'After');
  for (let i = earlier.length - 1; i >= 0; i--) {
    const id = goesFirst(turn, earlier[i] as UnitName, job, 'earlier');
    if (id !== null) return id;
  }
  const later = neighbours(turn.graph, job.unit, 'Before');
  for (let i = later.length - 1; i >= 0; i--) {
    const id = goesFirst(turn, later[i] as UnitName, job, 'later');
    if (id !== null) return id;
  }
  return null;
}

/** What is known of a turn, or of a state at rest, when the order of jobs is asked. */
export type JobsInOrder = Pick<Turn, 'graph' | 'unit' | 'job'>;

/** All the jobs that have to end before this one may run, by number. */
export function blockersOf(turn: JobsInOrder, job: Job): readonly JobId[] {
  if (job.state === 'running' || job.ignoreOrder || job.type === 'nop') return [];
  const found = [
    ...neighbours(turn.graph, job.unit, 'After').map((name) => goesFirst(turn, name, job, 'earlier')),
    ...neighbours(turn.graph, job.unit, 'Before').map((name) => goesFirst(turn, name, job, 'later')),
  ].filter((id) => id !== null);
  return [...new Set(found)].sort((a, b) => a - b);
}

/** The job of a neighbour if it has to end before `job` may run; else null. */
function goesFirst(turn: JobsInOrder, neighbour: UnitName, job: Job, relation: 'earlier' | 'later'): JobId | null {
  const id = turn.unit(neighbour)?.job ?? null;
  const other = id === null ? undefined : turn.job(id);
  if (other === undefined || other.ignoreOrder) return null;
  const isFirst = relation === 'earlier' ? firstOf(other.type, job.type) === 'before' : firstOf(job.type, other.type) === 'after';
  return isFirst ? other.id : null;
}

/** The stop half of a restart is over. */
export function turnIntoStart(turn: Turn, job: Job): void {
  turn.setJob({ ...job, type: 'start', state: 'waiting', blockedBy: null });
  turn.runQueue.add(job.id);
  // As a start it goes by other rules: who waited for the stop may go first now.
  wakeBlocked(turn, job);
}

function wakeBlocked(turn: Turn, job: Job): void {
  for (const kind of ['Before', 'After'] as const) {
    for (const name of neighbours(turn.graph, job.unit, kind)) {
      const id = turn.unit(name)?.job ?? null;
      if (id !== null && turn.job(id)?.blockedBy === job.id) turn.runQueue.add(id);
    }
  }
}

/**
 * Ends a job.
 *
 * @param propagate whether a failure is handed on to the jobs that needed this one
 */
export function finishJob(turn: Turn, id: JobId, result: JobResult, propagate: boolean): void {
  const work: { readonly id: JobId; readonly result: JobResult; readonly cause: Reason | null }[] = [{ id, result, cause: null }];
  for (const item of work) {
    const job = turn.job(item.id);
    if (job === undefined) continue;
    const unit = turn.require(job.unit);
    turn.removeJob(job.id);
    turn.setUnit({ ...unit, job: null, conditionToken: null, endReason: item.cause ?? unit.endReason });
    turn.emit({ kind: 'publish', change: { change: 'job-removed', job: job.id, unit: job.unit, type: job.type, result: item.result } });
    if (job.boot) {
      turn.bootJobsLeft -= 1;
      if (item.result === 'failed' || item.result === 'dependency' || item.result === 'timeout') turn.bootFailed = [...turn.bootFailed, job.unit];
    }
    answerWaiters(turn, job, item.result);
    logResult(turn, unit, job, item.result, item.cause);
    wakeBlocked(turn, job);
    turn.triggered.add(job.unit);
    if (!propagate) continue;
    for (const { other, kind } of failedBy(turn, job, item.result)) {
      const next = turn.unit(other)?.job ?? null;
      const needing = next === null ? undefined : turn.job(next);
      if (needing !== undefined && (needing.type === 'start' || needing.type === 'verify-active')) {
        work.push({ id: needing.id, result: 'dependency', cause: { reason: 'dependency-failed', on: job.unit, kind } });
      }
    }
    if (item.result === 'dependency' || item.result === 'timeout' || item.result === 'failed') turn.failedJobs.push({ job, result: item.result });
  }
}

/** Units whose start can no longer be what it should, and over which kind of dependency. */
function failedBy(turn: Turn, job: Job, result: JobResult): readonly Neighbour[] {
  const isStart = job.type === 'start' || job.type === 'verify-active';
  // A device that cannot be known is told of and passed over. BindsTo= still holds back what needs it, since it looks at the other's state.
  if (isStart && result !== 'done' && result !== 'unsupported') return neighboursBy(turn.graph, job.unit, 'propagate-start-failure');
  if (isStart && result === 'done' && !isActive(turn.require(job.unit).activeState)) {
    return neighboursBy(turn.graph, job.unit, 'propagate-inactive-start-as-failure');
  }
  return job.type === 'stop' && result !== 'done' ? neighboursBy(turn.graph, job.unit, 'propagate-stop-failure') : [];
}

function answerWaiters(turn: Turn, job: Job, result: JobResult): void {
  for (const waiter of job.waiters) {
    const request = turn.request(waiter);
    if (request === undefined) continue;
    const jobs = request.jobs.filter((each) => each !== job.id);
    const results = [...request.results, { job: job.id, unit: job.unit, type: job.type, result }];
    if (jobs.length > 0) turn.setRequest({ ...request, jobs, results });
    else {
      turn.removeRequest(waiter);
      turn.remember(request.key, { ok: true, jobs: results });
      turn.emit({ kind: 'reply', request: waiter, result: { ok: true, jobs: results } });
    }
  }
}

function logResult(turn: Turn, unit: Unit, job: Job, result: JobResult, cause: Reason | null): void {
  switch (result) {
    case 'dependency':
      turn.log('err', unit.name, cause?.reason === 'dependency-failed'
        ? `Dependency failed for ${unit.definition.description}: ${cause.on} (${cause.kind})` : `Dependency failed for ${unit.definition.description}`);
      return;
    case 'timeout':
      turn.log('err', unit.name, `Timed out: job ${unit.name}/${job.type}`);
      return;
    case 'unsupported':
      turn.log('notice', unit.name, `${unit.name} is not waited for: the devices of a container are its host's; what requires it goes on without it`);
      return;
    case 'assert':
      turn.log('err', unit.name, `Assertion failed for ${unit.definition.description}`);
      return;
    default:
  }
}

/** For cancel requests. False = there is no such job. */
export function cancelJob(turn: Turn, id: JobId, by: Reason): boolean {
  const job = turn.job(id);
  if (job === undefined) return false;
  finishJob(turn, id, 'canceled', true);
  noteCanceled(turn, job, by);
  return true;
}

