import { valuesOf } from '../../../base/persistent-map.ts';
import type { ProcessAnswer } from '../../../control/answers.ts';
import type { Reader } from './context.ts';
import { describeProcesses, groupPath, processCommand } from './process-facts.ts';

/** More than a person reads; each costs the manager a look into /proc. */
const PROCESSES_MAX = 1000;

export const readProcessGroups: Reader<'process-groups'> = ({ engine }) => {
  const groups = new Map<string, ProcessAnswer[]>([['/', [{ pid: process.pid, command: processCommand(engine, process.pid) ?? 'heartwood' }]]]);
  let room = PROCESSES_MAX;
  let truncated = false;
  for (const { name, activeState, definition } of valuesOf(engine.state().units)) {
    // What is in a slice belongs to the units in it.
    if (activeState === 'inactive' || definition.kind === 'slice') continue;
    const pids = engine.processesOf(name);
    if (pids.length === 0) continue;
    const own = groupPath(engine, name);
    for (const { pid, command, group } of describeProcesses(engine, pids, own, room)) {
      const path = `${own === '' ? `/${name}` : own}${group === '' ? '' : `/${group}`}`;
      const there = groups.get(path);
      if (there === undefined) groups.set(path, [{ pid, command }]);
      else there.push({ pid, command });
    }
    truncated ||= pids.length > room;
    room = Math.max(0, room - pids.length);
  }
  const byPath = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ok: true, value: { groups: byPath.map(([path, processes]) => ({ path, processes })), truncated } };
};
