/** Properties of units that have a control group. */
import type { CgroupContext } from '../unit/exec-context.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { NOT_SET, numberOrNotSet, span, yesNo } from './value-text.ts';
import type { Usec } from '../../base/brand.ts';

export interface CgroupPropertyContext extends PropertyContext {
  readonly cgroup: CgroupContext;
}

type Row = PropertyRow<CgroupPropertyContext>;
type Limit = CgroupContext['memoryMax'];

const PAGE_BYTES = 4096;

/** @param unset what systemd shows when the unit does not say */
function memory(value: Limit, unset: string, { facts }: CgroupPropertyContext): string {
  if (value === null) return unset;
  if (typeof value !== 'object') return String(value);
  const pages = Math.floor(facts.machineMemoryBytes / PAGE_BYTES);
  return String(Math.floor(pages * value.percent / 100) * PAGE_BYTES);
}

function tasks(value: Limit, { facts }: CgroupPropertyContext): string {
  if (value === null) return 'infinity';
  return String(typeof value === 'object' ? Math.floor(facts.machineTasks * value.percent / 100) : value);
}

/** A number that only a unit with IPAccounting= has. */
function counted(value: number | undefined): string {
  return value === undefined ? '[no data]' : String(value);
}

/** A default for the units of a slice, which is recorded only. */
function recordedMemory(context: CgroupPropertyContext, property: string): string | null {
  const text = context.unit.definition.recorded[property];
  return text?.endsWith('%') === true ? memory({ percent: Number(text.slice(0, -1)) }, '0', context) : null;
}

/** Whether what is in effect as MemoryMax= is what MemoryLimit= says. */
function isOldLimit({ cgroup, unit }: CgroupPropertyContext): boolean {
  const { recorded, entries } = unit.definition;
  const limit = cgroup.memoryMax;
  return limit !== null && typeof limit !== 'object' && recorded['MemoryLimit'] === String(limit) && !entries.some(({ key }) => key === 'MemoryMax');
}

export const CGROUP_ROWS: readonly Row[] = [
  ['DefaultMemoryLow', (context) => recordedMemory(context, 'DefaultMemoryLow')],
  ['DefaultMemoryMin', (context) => recordedMemory(context, 'DefaultMemoryMin')],
  ['ControlGroupId', ({ facts }) => (facts.controlGroup === '' ? '0' : null)],
  ['Slice', ({ cgroup }) => cgroup.slice ?? ''],
  ['ControlGroup', ({ facts }) => facts.controlGroup],
  ['MemoryCurrent', ({ facts }) => numberOrNotSet(facts.memoryBytes)],
  ['CPUUsageNSec', ({ facts }) => (facts.cpuUsec === null ? NOT_SET : String(facts.cpuUsec * 1000))],
  ['TasksCurrent', ({ facts }) => numberOrNotSet(facts.tasks)],
  ['Delegate', ({ cgroup }) => yesNo(cgroup.delegate)],
  ['CPUWeight', ({ cgroup }) => (cgroup.cpuWeight === 0 ? 'idle' : numberOrNotSet(cgroup.cpuWeight))],
  ['CPUQuotaPerSecUSec', ({ cgroup }) => span(cgroup.cpuQuotaUsecPerSec as Usec | null)],
  ['IOWeight', ({ cgroup }) => numberOrNotSet(cgroup.ioWeight)],
  ['MemoryMin', (context) => memory(context.cgroup.memoryMin, '0', context)],
  ['MemoryLow', (context) => memory(context.cgroup.memoryLow, '0', context)],
  ['MemoryHigh', (context) => memory(context.cgroup.memoryHigh, 'infinity', context)],
  // MemoryLimit= alone has the same effect, and a property of its own.
  ['MemoryMax', (context) => memory(isOldLimit(context) ? null : context.cgroup.memoryMax, 'infinity', context)],
  ['MemorySwapMax', (context) => memory(context.cgroup.memorySwapMax, 'infinity', context)],
  ['TasksMax', (context) => tasks(context.cgroup.tasksMax, context)],
  // With what other settings imply; null leaves the default.
  ['DevicePolicy', ({ cgroup }) => cgroup.access?.devicePolicy ?? null],
  ['DeviceAllow', ({ cgroup }) => cgroup.access?.deviceAllow.map(({ device, rights }) => `${device} ${rights}`).join('\n') ?? null],
  ['IPIngressBytes', ({ facts }) => counted(facts.ip?.ingressBytes)],
  ['IPIngressPackets', ({ facts }) => counted(facts.ip?.ingressPackets)],
  ['IPEgressBytes', ({ facts }) => counted(facts.ip?.egressBytes)],
  ['IPEgressPackets', ({ facts }) => counted(facts.ip?.egressPackets)],
];
