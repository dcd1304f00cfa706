/**
 * A transaction: all jobs that one request implies, made consistent or refused with the reason. Nothing happens while it is built.
 *
 * The phases stand in files of their own. Their work lists are explicit: a chain of ten thousand units must not overflow a stack.
 * Behaviour: systemd.unit(5) for the kinds, systemctl(1) `--job-mode=`; an order cycle of jobs that are needed is refused, see docs/differences.md.
 */
import { assert } from '../../../base/assert.ts';
import { collect } from './collect.ts';
import { Drafts, type Draft } from './drafts.ts';
import { removeImpossible } from './impossible.ts';
import { checkInstalled, leaveOutDisturbing } from './installed-jobs.ts';
import type { PlannedJob, TransactionOutcome } from './outcome.ts';
import { reduce } from './reduce.ts';
import type { Anchor, TransactionView } from './request.ts';

/** Builds the transaction of one anchor job. Pure; `view` is only read. */
export function buildTransaction(view: TransactionView, anchor: Anchor): TransactionOutcome {
  const drafts = new Drafts(view, anchor);
  collect(drafts);
  const impossible = removeImpossible(drafts);
  if (impossible !== null) return { ok: false, refusal: impossible };
  if (anchor.mode === 'fail') leaveOutDisturbing(drafts);
  const refusal = reduce(drafts) ?? checkInstalled(drafts);
  if (refusal !== null) return { ok: false, refusal };
  return { ok: true, transaction: { jobs: plannedJobs(drafts), dropped: drafts.dropped } };
}

function plannedJobs(drafts: Drafts): PlannedJob[] {
  const jobs: PlannedJob[] = [];
  for (const [unit, ofUnit] of drafts.byUnit()) {
    const type = drafts.typeOf(unit);
    assert(type !== null, 'a reduced transaction has no conflicting jobs');
    jobs.push({ unit, type, reason: (ofUnit[0] as Draft).reason });
  }
  return jobs;
}
