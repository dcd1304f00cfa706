import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '../container.ts';
import { EVENTS_INSIDE, independentServices } from '../plan.ts';
import { PROGRAMS_INSIDE } from '../programs.ts';
import type { Load } from './load.ts';

const SERVICES = 100;
const KILLS_EARLY = { full: 500, quick: 200 };
const KILLS_LATE = { full: 1500, quick: 400 };
/** With a hundred in turn every service lives for more than the second after which all contestants restart at once. */
const PAUSE_BETWEEN_KILLS_MS = 15;
/** Until the last restarts are over and memory that is given back late has been given back. */
const SETTLE_MS = 10_000;
const BYTES_PER_MIB = 2 ** 20;

/** Whether memory grows with what a manager has been through. */
export const CHURN_LOAD: Load = {
  name: 'churn',
  title: 'Memory after many restarts',
  explanation: `Private dirty memory of all processes but the services with ${SERVICES} services, after ${KILLS_EARLY.full} kills and restarts and after ${KILLS_EARLY.full + KILLS_LATE.full}. All contestants are up together.`,
  metrics: [
    { key: 'late', title: `private dirty after ${KILLS_EARLY.full + KILLS_LATE.full}`, unit: 'MiB', digits: 2, better: 'lower' },
    { key: 'early', title: `after ${KILLS_EARLY.full}`, unit: 'MiB', digits: 2, better: 'lower' },
    { key: 'growth', title: 'growth', unit: 'KiB', digits: 0, better: 'lower' },
  ],
  rounds: { full: 1, quick: 1 },
  concurrent: true,
  measure: (arena) => arena.withContainer(independentServices(SERVICES), async (container) => {
    await sleep(SETTLE_MS);
    const early = await dirtyAfter(container, arena.quick ? KILLS_EARLY.quick : KILLS_EARLY.full);
    const late = await dirtyAfter(container, arena.quick ? KILLS_LATE.quick : KILLS_LATE.full);
    return { late: [late / BYTES_PER_MIB], early: [early / BYTES_PER_MIB], growth: [(late - early) / 1024] };
  }),
};

async function dirtyAfter(container: Container, kills: number): Promise<number> {
  await container.enter([`${PROGRAMS_INSIDE}/killer`, EVENTS_INSIDE, 's', String(SERVICES), String(kills), String(PAUSE_BETWEEN_KILLS_MS)]);
  await sleep(SETTLE_MS);
  return container.overheadMemory().privateDirty;
}
