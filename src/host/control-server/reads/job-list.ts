import { getEntry, valuesOf } from '../../../base/persistent-map.ts';
import { matchesGlob } from '../../../control/glob.ts';
import { blockersOf, type JobsInOrder } from '../../../core/manager/jobs.ts';
import type { Reader } from './context.ts';
import { jobAnswer } from './unit-words.ts';

export const readJobList: Reader<'list-jobs'> = ({ engine }, params) => {
  const state = engine.state();
  const now = engine.now();
  const order: JobsInOrder = { graph: state.graph, unit: (name) => getEntry(state.units, name), job: (id) => getEntry(state.jobs, id) };
  const jobs = valuesOf(state.jobs)
    .filter((job) => params.units.length === 0 || params.units.some((pattern) => matchesGlob(pattern, job.unit)))
    .sort((a, b) => a.id - b.id)
    .map((job) => (params.order ? { ...jobAnswer(state, job, now), waitsForJobs: blockersOf(order, job) } : jobAnswer(state, job, now)));
  return { ok: true, value: { nowUsec: now.realtimeUsec, jobs } };
};
