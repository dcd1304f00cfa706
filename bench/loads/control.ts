import { setTimeout as sleep } from 'node:timers/promises';
import { ContainerError, type Container } from '../container.ts';
import { independentServices } from '../plan.ts';
import { PROGRAMS_INSIDE } from '../programs.ts';
import { NSEC_PER_MSEC, type Load } from './load.ts';

const SERVICES = 10;
const STATUS_RUNS = 20;
const RESTART_RUNS = 6;
const PAUSE_BETWEEN_STATUS_MS = 20;
/** More than the second for which several managers hold a restart back after the one before. */
const PAUSE_BETWEEN_RESTARTS_MS = 1100;

/** What a shell script pays for one command. */
export const CONTROL_LOAD: Load = {
  name: 'control',
  title: 'Control commands',
  explanation: `The whole command, from before its process is made until its exit was seen: ${STATUS_RUNS} times the status of one service a round, ${RESTART_RUNS} times a restart, and from the restart's beginning until the new process runs.`,
  metrics: [
    { key: 'status', title: 'status', unit: 'ms', digits: 2, better: 'lower' },
    { key: 'restart', title: 'restart', unit: 'ms', digits: 2, better: 'lower' },
    { key: 'started', title: 'new process runs', unit: 'ms', digits: 2, better: 'lower' },
  ],
  rounds: { full: 3, quick: 1 },
  concurrent: false,
  measure: (arena) => arena.withContainer(independentServices(SERVICES), async (container) => {
    const { statusCommand, restartCommand } = arena.contestant;
    await sleep(PAUSE_BETWEEN_RESTARTS_MS);
    const statuses = statusCommand === undefined ? [] : await time(container, STATUS_RUNS, PAUSE_BETWEEN_STATUS_MS, statusCommand('s1'));
    const restarts = restartCommand === undefined ? [] : await time(container, RESTART_RUNS, PAUSE_BETWEEN_RESTARTS_MS, restartCommand('s2'));
    await sleep(PAUSE_BETWEEN_RESTARTS_MS);
    const events = container.events();
    return {
      status: statuses.map(durationMs),
      restart: restarts.map(durationMs),
      started: restarts.flatMap(({ before }) => {
        const started = events.find(({ name, nsec }) => name === 's2' && nsec > before);
        return started === undefined ? [] : [(started.nsec - before) / NSEC_PER_MSEC];
      }),
    };
  }),
};

interface Run {
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly before: number;
  readonly after: number;
}

function durationMs({ before, after }: Run): number {
  return (after - before) / NSEC_PER_MSEC;
}

async function time(container: Container, count: number, pauseMs: number, argv: readonly string[]): Promise<Run[]> {
  const { stdout } = await container.enter([`${PROGRAMS_INSIDE}/stopwatch`, String(count), String(pauseMs), '--', ...argv]);
  return stdout.trim().split('\n').map((line) => {
    const [before = '', after = '', status = ''] = line.split(' ');
    if (status !== '0') throw new ContainerError(`${argv.join(' ')} ended with status ${status}`);
    return { before: Number(before), after: Number(after) };
  });
}
