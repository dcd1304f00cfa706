import { setTimeout as sleep } from 'node:timers/promises';
import { ContainerError } from '../container.ts';
import { independentServices } from '../plan.ts';
import { PROGRAMS_INSIDE } from '../programs.ts';
import type { LoadName } from './load-name.ts';
import { NSEC_PER_MSEC, type Load } from './load.ts';

const DEATHS = 8;
/** More than the half second after which work counts as progress, so that each death is the first in a row. */
const PAUSE_BETWEEN_DEATHS_MS = 900;
/** What a manager does for a second after a boot is not what is measured. */
const SETTLE_MS = 1500;

function dark(name: LoadName, services: number): Load {
  return {
    name,
    title: `Death of the engine with ${services} services`,
    explanation: `From kill(2) with SIGSEGV, sent to process 1, until a client that connected right afterwards has the answer to a control request; ${DEATHS} deaths a round. No service may end meanwhile.`,
    metrics: [
      { key: 'dark', title: 'until the answer', unit: 'ms', digits: 0, better: 'lower' },
      { key: 'disturbed', title: 'services that ended', unit: '', digits: 0, better: 'lower' },
    ],
    rounds: { full: 3, quick: 1 },
    concurrent: false,
    sitsOut: ({ controlSocket }) => (controlSocket === undefined ? 'has no engine that may die while its process lives' : null),
    measure: (arena) => arena.withContainer(independentServices(services), async (container) => {
      const before = container.events().length;
      await sleep(SETTLE_MS);
      const argv = [`${PROGRAMS_INSIDE}/dark-time`, arena.contestant.controlSocket ?? '', String(DEATHS), String(PAUSE_BETWEEN_DEATHS_MS)];
      const { stdout } = await container.enter(argv);
      const lines = stdout.trim().split('\n');
      if (lines.length !== DEATHS) throw new ContainerError(`${lines.length} of ${DEATHS} deaths were survived`);
      // A service that ended was started again, and has written a line of its own.
      await sleep(SETTLE_MS);
      return {
        dark: lines.map((line) => {
          const [killed = '', answered = ''] = line.split(' ');
          return (Number(answered) - Number(killed)) / NSEC_PER_MSEC;
        }),
        disturbed: [container.events().length - before],
      };
    }),
  };
}

/** How long nobody answers when the engine has died. */
export const DARK_LOADS: readonly Load[] = [dark('dark-100', 100), dark('dark-1000', 1000)];
