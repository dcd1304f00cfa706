/** Resource control and the slice a unit lives in. Source: systemd.resource-control(5). */
import type { UnitName } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import type { CgroupContext, LimitValue } from '../unit/exec-context.ts';
import {
  APP_SLICE, SYSTEM_SLICE, escapeUnitText, isSliceName, nameInstance, namePrefix,
} from '../unit/unit-name.ts';
import {
  applyReaders, entriesFor, ignore, readScalar, type FieldReader, type Mutable, type SettingReader,
} from './setting-reader.ts';
import { parseBoolean, parseCpuWeight, parseMemory, parseMemoryCeiling, parsePercent, parseTasksMax, parseWeight, type Percent } from './value/number.ts';

/**
 * The slice of a unit whose file names none: instances share one slice per template, everything else is in the
 * manager's common slice.
 */
function defaultSlice(unit: UnitName, mode: 'system' | 'user'): UnitName {
  if (nameInstance(unit) === null) return mode === 'system' ? SYSTEM_SLICE : APP_SLICE;
  // The prefix may hold dashes, which between slices mean a level; they are escaped once more.
  const leaf = escapeUnitText(namePrefix(unit).replaceAll('/', '-'));
  return `${mode === 'system' ? 'system' : 'app'}-${leaf}.slice` as UnitName;
}

/** The slice that a unit of any kind but slice lives in: Slice=, else the default one. */
export function readSlice(reader: SettingReader, mode: 'system' | 'user'): UnitName {
  const parse = (text: string): Result<UnitName> => {
    const name = reader.expandName(text);
    if (!name.ok) return name;
    return isSliceName(name.value) ? ok(name.value) : problem(`'${name.value}' is not a slice`);
  };
  return readScalar(reader, 'Slice', parse, defaultSlice(reader.unit, mode));
}

function parseCpuQuota(text: string): Result<number> {
  const percent = parsePercent(text, true);
  if (percent === null) return problem(`'${text}' is not a percentage`);
  if (!percent.ok) return percent;
  // A per cent of a CPU is 10 ms of every second.
  return percent.value.percent > 0 ? ok(Math.round(percent.value.percent * 10_000)) : problem('the share of a CPU must be more than nothing');
}

/** Delegate= takes a boolean or a list of controllers; any list, even an empty one, delegates. */
function readDelegate(reader: SettingReader): boolean {
  let delegate = false;
  if (reader.kind !== 'service' && reader.kind !== 'scope') return delegate;
  for (const entry of entriesFor(reader, 'Delegate')) {
    const flag = parseBoolean(entry.value);
    delegate = flag.ok ? flag.value : true;
  }
  return delegate;
}

type Memory = LimitValue | Percent | null;

function readMemory(reader: SettingReader, name: string): Memory {
  return readScalar<Memory>(reader, name, parseMemory, null, 'resets');
}

function readCeiling(reader: SettingReader, name: string): Memory {
  return readScalar<Memory>(reader, name, parseMemoryCeiling, null, 'resets');
}

type CgroupReader = FieldReader<CgroupContext, CgroupContext['tasksMax']>;

/** MemoryLimit= is the name that MemoryMax= had; where both are set the new one counts. */
const readMemoryMax: CgroupReader = (cgroup, reader) => {
  cgroup.memoryMax = readCeiling(reader, 'MemoryMax') ?? readCeiling(reader, 'MemoryLimit');
};

const READERS: ReadonlyMap<string, CgroupReader> = new Map<string, CgroupReader>([
  ['Delegate', (cgroup, reader) => { cgroup.delegate = readDelegate(reader); }],
  ['TasksMax', (cgroup, reader, tasksMax) => { cgroup.tasksMax = readScalar(reader, 'TasksMax', parseTasksMax, tasksMax, 'resets'); }],
  ['MemoryMin', (cgroup, reader) => { cgroup.memoryMin = readMemory(reader, 'MemoryMin'); }],
  ['MemoryLow', (cgroup, reader) => { cgroup.memoryLow = readMemory(reader, 'MemoryLow'); }],
  ['MemoryHigh', (cgroup, reader) => { cgroup.memoryHigh = readCeiling(reader, 'MemoryHigh'); }],
  ['MemoryMax', readMemoryMax],
  ['MemoryLimit', readMemoryMax],
  ['MemorySwapMax', (cgroup, reader) => { cgroup.memorySwapMax = readMemory(reader, 'MemorySwapMax'); }],
  ['CPUWeight', (cgroup, reader) => { cgroup.cpuWeight = readScalar<number | null>(reader, 'CPUWeight', parseCpuWeight, null, 'resets'); }],
  ['CPUQuota', (cgroup, reader) => { cgroup.cpuQuotaUsecPerSec = readScalar<number | null>(reader, 'CPUQuota', parseCpuQuota, null, 'resets'); }],
  ['IOWeight', (cgroup, reader) => { cgroup.ioWeight = readScalar<number | null>(reader, 'IOWeight', parseWeight, null, 'resets'); }],
]);

/** @param tasksMax what holds without TasksMax=; null leaves the kernel's default, as for slices */
export function readCgroupContext(reader: SettingReader, slice: UnitName | null, tasksMax: CgroupContext['tasksMax']): CgroupContext {
  const cgroup: Mutable<CgroupContext> = {
    slice, delegate: false, tasksMax, memoryMin: null, memoryLow: null, memoryHigh: null, memoryMax: null, memorySwapMax: null, oomGroup: false,
    cpuWeight: null, cpuQuotaUsecPerSec: null, ioWeight: null, access: null,
  };
  if (reader.pages.has('systemd.resource-control(5)')) applyReaders(cgroup, READERS, reader, tasksMax);
  return cgroup;
}

/** Says that Slice= on a slice unit has no effect: its name says where it is. */
export function refuseSliceOfSlice(reader: SettingReader): void {
  for (const entry of entriesFor(reader, 'Slice')) {
    ignore(reader, entry, 'the name of a slice unit says which slice it is in');
  }
}
