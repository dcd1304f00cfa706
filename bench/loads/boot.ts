import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from '../arena.ts';
import { chainedServices, independentServices, type Plan } from '../plan.ts';
import type { LoadName } from './load-name.ts';
import { NSEC_PER_MSEC, type Load, type Samples } from './load.ts';

/** Processor time is read this long after the last start, so that what a manager does afterwards counts too. */
const SETTLE_MS = 1000;

async function measureBoot(arena: Arena, plan: Plan): Promise<Samples> {
  return arena.withContainer(plan, async (container) => {
    const starts = container.events().map(({ nsec }) => (nsec - container.startedNsec) / NSEC_PER_MSEC);
    await sleep(SETTLE_MS);
    const cpuMs = container.cpuMs();
    return { last: [Math.max(...starts)], first: [Math.min(...starts)], ...(cpuMs === null ? {} : { cpu: [cpuMs] }) };
  });
}

function boot(options: { name: LoadName; title: string; explanation: string; rounds: Load['rounds']; plan: Plan }): Load {
  return {
    ...options,
    metrics: [
      { key: 'last', title: 'last start', unit: 'ms', digits: 1, better: 'lower' },
      { key: 'first', title: 'first start', unit: 'ms', digits: 1, better: 'lower' },
      { key: 'cpu', title: 'CPU, all processes', unit: 'ms', digits: 0, better: 'lower' },
    ],
    concurrent: false,
    measure: (arena) => measureBoot(arena, options.plan),
  };
}

/** Boots of N services that have nothing to do with each other. */
export const BOOT_LOADS: readonly Load[] = ([
  ['boot-1', 1, { full: 7, quick: 3 }],
  ['boot-10', 10, { full: 7, quick: 3 }],
  ['boot-100', 100, { full: 7, quick: 3 }],
  ['boot-1000', 1000, { full: 5, quick: 1 }],
] as const).map(([name, count, rounds]) => boot({
  name,
  title: count === 1 ? 'Boot with one service' : `Boot with ${count} services`,
  explanation: 'From the execution of PID 1 until the first and the last service runs its first instruction.',
  rounds,
  plan: independentServices(count),
}));

/** A chain in which each service waits for the readiness of the one before. */
export const CHAIN_LOAD: Load = boot({
  name: 'chain',
  title: 'Chain of 100 services with readiness',
  explanation: 'Each service starts when the one before it has said that it is ready.',
  rounds: { full: 7, quick: 3 },
  plan: chainedServices(100),
});
