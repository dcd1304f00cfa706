/** What a transaction is built from: the job that was asked for, and what it needs to know of the manager. */
import type { JobId, UnitName } from '../../../base/brand.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Job, JobType, Reason, Unit } from '../../manager/state.ts';
import type { JobMode } from '../../unit/unit-common.ts';

/** What a transaction needs to know of the manager. */
export interface TransactionView {
  readonly graph: Graph;
  /**
   * The units' ordering has no cycle; then neither has that of any jobs: stops go before starts, starts run in the units' order and stops
   * against it.
   */
  readonly orderIsAcyclic: boolean;
  unit(name: UnitName): Unit | undefined;
  job(id: JobId): Job | undefined;
  units(): Iterable<Unit>;
}

/** The job that was asked for. */
export interface Anchor {
  readonly unit: UnitName;
  readonly type: JobType;
  readonly mode: JobMode;
  readonly reason: Reason;
  /** It is the boot: what is left out of it is an error, for nobody looks at the answer. */
  readonly boot: boolean;
}
