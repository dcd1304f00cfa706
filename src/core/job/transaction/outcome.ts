/** What becomes of a request: the jobs that it implies, or the reason why it is refused. */
import type { UnitName } from '../../../base/brand.ts';
import type { JobType, Reason } from '../../manager/state.ts';
import type { CycleEdge } from './order-edge.ts';

export interface PlannedJob {
  readonly unit: UnitName;
  readonly type: JobType;
  readonly reason: Reason;
}

export type RefusalCode = 'no-such-unit' | 'unit-masked' | 'load-failed' | 'not-applicable' | 'transaction-refused' | 'transaction-destructive';

export interface Refusal {
  readonly code: RefusalCode;
  /** The unit at fault. */
  readonly unit: UnitName;
  readonly message: string;
  /** From the anchor to the unit at fault, both included. */
  readonly path: readonly UnitName[];
  readonly cycle: readonly CycleEdge[];
}

export interface Transaction {
  /** In the order in which they were pulled in, the anchor first. */
  readonly jobs: readonly PlannedJob[];
  /** Jobs that were left out although something wanted them, with the reason: to be logged. */
  readonly dropped: readonly Refusal[];
}

export type TransactionOutcome = { readonly ok: true; readonly transaction: Transaction } | { readonly ok: false; readonly refusal: Refusal };
