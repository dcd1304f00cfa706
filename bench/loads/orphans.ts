import { ContainerError } from '../container.ts';
import { independentServices } from '../plan.ts';
import { activityOf } from '../process-table.ts';
import { PROGRAMS_INSIDE } from '../programs.ts';
import { NSEC_PER_MSEC, type Load } from './load.ts';

const ORPHANS = { full: 20_000, quick: 5000 };
const NSEC_PER_SEC = 1e9;
const NSEC_PER_USEC = 1000;

/** How PID 1 keeps up with processes whose parents are gone. */
export const ORPHANS_LOAD: Load = {
  name: 'orphans',
  title: 'Orphans',
  explanation: `${ORPHANS.full} processes made as fast as possible, whose parents end at once. Making them bounds the rate; what differs is what PID 1 spends on each, and how many zombies are outstanding (looked at every 2 ms).`,
  metrics: [
    { key: 'rate', title: 'reaped per second', unit: '', digits: 0, better: 'higher' },
    { key: 'cpu', title: "PID 1's CPU each", unit: 'µs', digits: 1, better: 'lower' },
    { key: 'zombies', title: 'most zombies', unit: '', digits: 0, better: 'lower' },
    { key: 'left', title: 'last zombie gone after', unit: 'ms', digits: 1, better: 'lower' },
  ],
  rounds: { full: 5, quick: 2 },
  concurrent: false,
  measure: (arena) => arena.withContainer(independentServices(1), async (container) => {
    const count = arena.quick ? ORPHANS.quick : ORPHANS.full;
    const before = activityOf([container.hostPid]);
    const { stdout } = await container.enter([`${PROGRAMS_INSIDE}/orphans`, String(count)]);
    const after = activityOf([container.hostPid]);
    const [first = 0, last = 0, gone = 0, zombies = 0] = stdout.trim().split(' ').map(Number);
    if (gone === 0) throw new ContainerError(`${zombies} zombies, not reaped within a minute`);
    return {
      rate: [count / ((gone - first) / NSEC_PER_SEC)],
      cpu: [(after.cpuNsec - before.cpuNsec) / NSEC_PER_USEC / count],
      zombies: [zombies],
      left: [(gone - last) / NSEC_PER_MSEC],
    };
  }),
};
