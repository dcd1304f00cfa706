import { setTimeout as sleep } from 'node:timers/promises';
import { independentServices } from '../plan.ts';
import { NSEC_PER_MSEC, type Load } from './load.ts';

const SERVICES = 100;
const SETTLE_MS = 500;
/** The slowest measured took five seconds. */
const STOP_TIMEOUT_MS = 60_000;

/** An orderly end: everything stopped, PID 1 gone. */
export const STOP_LOAD: Load = {
  name: 'stop',
  title: `Shutdown with ${SERVICES} services`,
  explanation: 'From the request until PID 1 is gone; the services end at once when they are told to.',
  metrics: [{ key: 'gone', title: 'PID 1 gone', unit: 'ms', digits: 1, better: 'lower' }],
  rounds: { full: 5, quick: 2 },
  concurrent: false,
  measure: (arena) => arena.withContainer(independentServices(SERVICES), async (container) => {
    const { stop } = arena.contestant;
    if (stop === undefined) return {};
    await sleep(SETTLE_MS);
    const askedNsec = Number(process.hrtime.bigint());
    // A command is not waited for: it may not live to see its own exit.
    if (stop.kind === 'signal') process.kill(container.hostPid, stop.signal);
    else container.enterStreaming(stop.argv).stdout?.resume();
    const goneNsec = await container.waitUntilGone(STOP_TIMEOUT_MS);
    return { gone: [(goneNsec - askedNsec) / NSEC_PER_MSEC] };
  }),
};
