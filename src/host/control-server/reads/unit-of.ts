/** `whoami`: the unit of a process, by the manager's own knowledge and else by its control group. */
import { readFileSync } from 'node:fs';
import type { Pid } from '../../../base/brand.ts';
import { getEntry } from '../../../base/persistent-map.ts';
import { isUnitName } from '../../../core/unit/unit-name.ts';
import type { Engine } from '../../engine.ts';
import type { Reader } from './context.ts';

export const readUnitOf: Reader<'unit-of'> = ({ engine, peer }, { pids }) => ({
  ok: true,
  value: { units: (pids.length === 0 ? [peer.pid] : pids).map((pid) => ({ pid, unit: unitOf(engine, pid) })) },
});

function unitOf(engine: Engine, pid: number): string | null {
  const state = engine.state();
  const known = getEntry(state.pids, pid as Pid);
  if (known !== undefined) return known;
  // A child of a service is not tracked one by one where there are control groups: the last part of its path that is a unit's.
  const parts = controlGroupOf(pid).split('/');
  return parts.findLast((part) => isUnitName(part) && !part.endsWith('.slice') && getEntry(state.units, part) !== undefined) ?? null;
}

/** '' for a process that is gone. */
function controlGroupOf(pid: number): string {
  try {
    return /^0::(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
