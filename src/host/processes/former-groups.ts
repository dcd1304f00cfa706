/**
 * Processes of units in the manager's control groups that this manager did not start: their manager was killed, or lost its memory.
 */
import { readdirSync } from 'node:fs';
import type { Pid, UnitName } from '../../base/brand.ts';
import type { NativeBinding } from '../native.ts';
import { MANAGER_LEAF, parseOwnGroup } from './cgroup-root.ts';
import { readProcess } from './process-table.ts';

/** Slices nest by their names; a name has 255 bytes at most. */
const DEPTH_MAX = 32;
const PROCS_BYTES_MAX = 1 << 20;

export interface FormerUnit {
  readonly unit: UnitName;
  /** Of its group and all below, ascending. */
  readonly pids: readonly Pid[];
  /** The one process whose parent is not of the unit; null when there are several. */
  readonly mainPid: Pid | null;
  /** Absolute path of the group. */
  readonly path: string;
}

function subgroups(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}

function processesBelow(native: NativeBinding, path: string, depth: number): readonly Pid[] {
  const own = native.readSmallFile(`${path}/cgroup.procs`, PROCS_BYTES_MAX).split('\n').map(Number).filter((pid) => pid > 0) as Pid[];
  return depth === 0 ? own : [...own, ...subgroups(path).flatMap((name) => processesBelow(native, `${path}/${name}`, depth - 1))];
}

/** A manager that lives and has the same root: two may run side by side, as from one shell. What it started is its own. */
function isOfLivingManager(native: NativeBinding, parent: number): boolean {
  if (parent === process.pid || parent <= 0) return false;
  // On a machine whose tools look for that name, process 1 is called systemd.
  if (!['heartwood', 'systemd'].includes(native.readSmallFile(`/proc/${String(parent)}/comm`, 64).trim())) return false;
  const withoutLeaf = (group: string | null): string | null => group?.replace(new RegExp(`/${MANAGER_LEAF}$`), '') ?? null;
  const groupOf = (pid: number | 'self'): string | null => withoutLeaf(parseOwnGroup(native.readSmallFile(`/proc/${String(pid)}/cgroup`, 65_536)));
  return groupOf(parent) === groupOf('self');
}

/** @param root the manager's own group. Units of other managers and empty groups are not among them */
export function findFormerUnits(native: NativeBinding, root: string): readonly FormerUnit[] {
  const found: FormerUnit[] = [];
  const walk = (path: string, depth: number): void => {
    for (const name of subgroups(path)) {
      const below = `${path}/${name}`;
      if (name.endsWith('.slice')) {
        if (depth > 0) walk(below, depth - 1);
        continue;
      }
      if (name === MANAGER_LEAF || !/\.(service|socket|mount|swap|scope)$/.test(name)) continue;
      const entries = processesBelow(native, below, DEPTH_MAX).flatMap((pid) => readProcess(native, pid) ?? []).filter(({ state }) => state !== 'Z' && state !== 'X');
      const pids = entries.map(({ pid }) => pid).sort((a, b) => a - b);
      const roots = entries.filter(({ parent }) => !pids.includes(parent as Pid));
      if (roots.length === 0 || roots.some(({ parent }) => isOfLivingManager(native, parent))) continue;
      found.push({ unit: name as UnitName, pids, mainPid: roots.length === 1 ? (roots[0]?.pid ?? null) : null, path: below });
    }
  };
  walk(root, DEPTH_MAX);
  return found;
}
