import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, PayloadEvent } from '../container.ts';
import { EVENTS_INSIDE, independentServices } from '../plan.ts';
import { PROGRAMS_INSIDE } from '../programs.ts';
import { NSEC_PER_MSEC, type Load } from './load.ts';

const SERVICES = 10;
const KILLS = 30;
/** Several managers delay a restart when the service lived for less than a second; with ten in turn each lives for longer. */
const PAUSE_BETWEEN_KILLS_MS = 150;
const LIVED_LONG_ENOUGH_MS = 1500;

/** How long a service killed with SIGKILL is away. */
export const RESTART_LOAD: Load = {
  name: 'restart',
  title: 'Restart after kill -9',
  explanation: `From kill(2) until the new process runs its first instruction; ${KILLS} kills a round, restart delay set to zero where there is one, every service up for more than a second before.`,
  metrics: [{ key: 'latency', title: 'latency', unit: 'ms', digits: 2, better: 'lower' }],
  rounds: { full: 3, quick: 1 },
  concurrent: false,
  measure: (arena) => arena.withContainer(independentServices(SERVICES), async (container) => {
    await sleep(LIVED_LONG_ENOUGH_MS);
    const kills = await kill(container);
    await sleep(LIVED_LONG_ENOUGH_MS); // some wait for a second before they restart the last one
    const events = container.events();
    return { latency: kills.map((kill) => latencyMs(kill, events)).filter((latency) => latency !== null) };
  }),
};

interface Kill {
  readonly name: string;
  readonly nsec: number;
}

async function kill(container: Container): Promise<Kill[]> {
  const argv = [`${PROGRAMS_INSIDE}/killer`, EVENTS_INSIDE, 's', String(SERVICES), String(KILLS), String(PAUSE_BETWEEN_KILLS_MS)];
  const { stdout } = await container.enter(argv);
  return stdout.trim().split('\n').map((line) => {
    const [name = '', nsec = ''] = line.split(' ');
    return { name, nsec: Number(nsec) };
  });
}

function latencyMs(kill: Kill, events: readonly PayloadEvent[]): number | null {
  const started = events.find(({ name, nsec }) => name === kill.name && nsec > kill.nsec);
  return started === undefined ? null : (started.nsec - kill.nsec) / NSEC_PER_MSEC;
}
