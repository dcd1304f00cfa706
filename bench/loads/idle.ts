import { setTimeout as sleep } from 'node:timers/promises';
import { independentServices } from '../plan.ts';
import { NSEC_PER_MSEC, type Load } from './load.ts';

const SERVICES = 100;
/** Enough for the slowest to finish starting and for garbage to be collected. */
const SETTLE_MS = { full: 15_000, quick: 8000 };
const IDLE_MS = { full: 60_000, quick: 15_000 };
const MSEC_PER_MINUTE = 60_000;
const BYTES_PER_MIB = 2 ** 20;

/** What a manager costs while nothing happens. */
export const IDLE_LOAD: Load = {
  name: 'idle',
  title: `Idle with ${SERVICES} services`,
  explanation: 'All processes but the services: what they keep in memory, and what they do in a minute in which nothing happens. All contestants are up together. Private dirty memory is what nobody shares and cannot be dropped; per-service supervisors count their shared pages again in RSS.',
  metrics: [
    { key: 'dirty', title: 'private dirty', unit: 'MiB', digits: 1, better: 'lower' },
    { key: 'pss', title: 'PSS', unit: 'MiB', digits: 1, better: 'lower' },
    { key: 'rss', title: 'RSS', unit: 'MiB', digits: 1, better: 'lower' },
    { key: 'wakeups', title: 'context switches per minute', unit: '', digits: 0, better: 'lower' },
    { key: 'cpu', title: 'CPU per minute', unit: 'ms', digits: 1, better: 'lower' },
    { key: 'processes', title: 'processes', unit: '', digits: 0, better: 'lower' },
  ],
  rounds: { full: 1, quick: 1 },
  concurrent: true,
  measure: (arena) => arena.withContainer(independentServices(SERVICES), async (container) => {
    const idleMs = arena.quick ? IDLE_MS.quick : IDLE_MS.full;
    await sleep(arena.quick ? SETTLE_MS.quick : SETTLE_MS.full);
    const before = container.overheadActivity();
    await sleep(idleMs);
    const after = container.overheadActivity();
    const memory = container.overheadMemory();
    const perMinute = MSEC_PER_MINUTE / idleMs;
    return {
      dirty: [memory.privateDirty / BYTES_PER_MIB],
      pss: [memory.pss / BYTES_PER_MIB],
      rss: [memory.rss / BYTES_PER_MIB],
      wakeups: [(after.contextSwitches - before.contextSwitches) * perMinute],
      cpu: [((after.cpuNsec - before.cpuNsec) / NSEC_PER_MSEC) * perMinute],
      processes: [container.overheadPids().length],
    };
  }),
};
