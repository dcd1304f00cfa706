/** Properties of units that have a control group. */
import type { CgroupContext } from '../unit/definition.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { NOT_SET, numberOrNotSet, span, yesNo } from './value-text.ts';
import type { Usec } from '../../base/brand.ts';

export interface CgroupPropertyContext extends PropertyContext {
  readonly cgroup: CgroupContext;
}

type Row = PropertyRow<CgroupPropertyContext>;
type Limit = CgroupContext['memoryMax'];

/** @param unset what systemd shows when the unit does not say */
function limit(value: Limit, unset: string): string {
  if (value === null) return unset;
  return typeof value === 'object' ? `${String(value.percent)}%` : String(value);
}

export const CGROUP_ROWS: readonly Row[] = [
  ['Slice', ({ cgroup }) => cgroup.slice ?? ''],
  ['ControlGroup', ({ facts }) => facts.controlGroup],
  ['MemoryCurrent', ({ facts }) => numberOrNotSet(facts.memoryBytes)],
  ['CPUUsageNSec', ({ facts }) => (facts.cpuUsec === null ? NOT_SET : String(facts.cpuUsec * 1000))],
  ['TasksCurrent', ({ facts }) => numberOrNotSet(facts.tasks)],
  ['Delegate', ({ cgroup }) => yesNo(cgroup.delegate)],
  ['CPUWeight', ({ cgroup }) => numberOrNotSet(cgroup.cpuWeight)],
  ['CPUQuotaPerSecUSec', ({ cgroup }) => span(cgroup.cpuQuotaUsecPerSec as Usec | null)],
  ['IOWeight', ({ cgroup }) => numberOrNotSet(cgroup.ioWeight)],
  ['MemoryMin', ({ cgroup }) => limit(cgroup.memoryMin, '0')],
  ['MemoryLow', ({ cgroup }) => limit(cgroup.memoryLow, '0')],
  ['MemoryHigh', ({ cgroup }) => limit(cgroup.memoryHigh, 'infinity')],
  ['MemoryMax', ({ cgroup }) => limit(cgroup.memoryMax, 'infinity')],
  ['MemorySwapMax', ({ cgroup }) => limit(cgroup.memorySwapMax, 'infinity')],
  ['TasksMax', ({ cgroup }) => limit(cgroup.tasksMax, 'infinity')],
];
