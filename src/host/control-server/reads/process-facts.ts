/** What /proc and the control group say about a unit's processes, for `status` and `show`. Never blocks; a process that is gone is left out. */
import { readFileSync } from 'node:fs';
import type { UnitName } from '../../../base/brand.ts';
import type { ProcessAnswer } from '../../../control/answers.ts';
import type { Unit } from '../../../core/manager/state.ts';
import type { IpCounts } from '../../../core/property/property-row.ts';
import type { Engine } from '../../engine.ts';
import { readIpCounts } from '../../processes/ip-counts.ts';

/** A command line is shown to at most this many bytes. */
const COMMAND_BYTES_MAX = 4096;
const ATTRIBUTE_BYTES_MAX = 4096;

/** A small file's text; null when there is none. */
function readText(engine: Engine, path: string, max: number): string | null {
  const text = engine.native.readSmallFile(path, max);
  return /^E[A-Z0-9]+$/.test(text) ? null : text;
}

/** The name the kernel knows the process by. */
export function processName(engine: Engine, pid: number): string | null {
  return readText(engine, `/proc/${String(pid)}/comm`, 64)?.trimEnd() ?? null;
}

/** The command line, or the name in brackets for a process without one. null when it is gone. */
export function processCommand(engine: Engine, pid: number): string | null {
  let bytes: Buffer;
  try {
    // Not through readSmallFile: a command line may be of any length, and its beginning is enough.
    bytes = readFileSync(`/proc/${String(pid)}/cmdline`);
  } catch {
    return null;
  }
  const text = bytes.subarray(0, COMMAND_BYTES_MAX).toString('utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
  if (text !== '') return text;
  const name = processName(engine, pid);
  return name === null ? null : `[${name}]`;
}

/** Path of the process's group below the unit's own, '' when it is in it directly. */
function subgroupOf(engine: Engine, pid: number, unitGroup: string): string {
  if (unitGroup === '') return '';
  const line = readText(engine, `/proc/${String(pid)}/cgroup`, ATTRIBUTE_BYTES_MAX)?.split('\n').find((candidate) => candidate.startsWith('0::'));
  const at = line?.indexOf(unitGroup) ?? -1;
  return line === undefined || at === -1 ? '' : line.slice(at + unitGroup.length).replace(/^\//, '');
}

/** @param pids ascending @param max how many are looked at */
export function describeProcesses(engine: Engine, pids: readonly number[], unitGroup: string, max: number): readonly (ProcessAnswer & { readonly group: string })[] {
  const found: (ProcessAnswer & { readonly group: string })[] = [];
  for (const pid of pids.slice(0, max)) {
    const command = processCommand(engine, pid);
    if (command !== null) found.push({ pid, command, group: subgroupOf(engine, pid, unitGroup) });
  }
  return found;
}

export interface GroupUse {
  readonly tasks: number | null;
  readonly tasksMax: number | null;
  readonly memoryBytes: number | null;
  readonly cpuUsec: number | null;
  readonly ip: IpCounts | null;
}

/** Of a unit that has no control group. */
export const NO_USE: GroupUse = { tasks: null, tasksMax: null, memoryBytes: null, cpuUsec: null, ip: null };

/** What the kernel counts for a unit's control group, as far as its controllers are there. */
export function groupUse(engine: Engine, { name, definition }: Unit): GroupUse {
  const directory = engine.controlGroupOf(name);
  if (directory === null) return NO_USE;
  const number = (file: string): number | null => {
    const text = readText(engine, `${directory}/${file}`, ATTRIBUTE_BYTES_MAX)?.trim();
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
  };
  const usage = readText(engine, `${directory}/cpu.stat`, ATTRIBUTE_BYTES_MAX)?.match(/^usage_usec (\d+)$/m)?.[1];
  return {
    tasks: number('pids.current'),
    tasksMax: number('pids.max'),
    memoryBytes: number('memory.current'),
    cpuUsec: usage === undefined ? null : Number(usage),
    ip: 'cgroup' in definition && definition.cgroup.access?.ipAccounting === true ? readIpCounts(engine.native, directory) : null,
  };
}

/** The unit's control group as a path below the manager's own, `/system.slice/nginx.service`; '' when it has none. */
export function groupPath(engine: Engine, unit: UnitName): string {
  const directory = engine.controlGroupOf(unit);
  const root = engine.facts.cgroupRoot;
  if (directory === null || root === null || !directory.startsWith(root)) return '';
  return directory.slice(root.length);
}
