import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContainerError, type Container } from '../container.ts';
import type { StoredLines } from '../contestants/contestant.ts';
import { loggingService } from '../plan.ts';
import { LineTally } from './line-tally.ts';
import { NSEC_PER_MSEC, type Load } from './load.ts';

/** 50 MB: below what logd keeps of one unit before it drops the oldest, because dropped lines would count as lost. */
const LINES = { full: 500_000, quick: 200_000 };
const LINE_BYTES = 100;
const BYTES_PER_MB = 1e6;
const NSEC_PER_SEC = 1e9;
/** Loggers may hold a last block back for a moment before they write it. */
const SETTLE_MS = 1000;
/** The slowest writes 10 MB/s. */
const DRAIN_TIMEOUT_MS = 120_000;

/** What passes through the logger that a service's standard output is connected to. */
export const LOG_LOAD: Load = {
  name: 'log',
  title: 'Log',
  explanation: `${LINES.full} lines of 100 bytes, written 4 kB at a time to the service's standard output, until the logger has taken the last byte; stored on a tmpfs with a time for each line (supervisord and pm2 copy bytes and keep no times; Heartwood keeps one time for what one read found). Standard output of PID 1 is /dev/null, so that Heartwood has nobody to repeat the lines to. Lines are counted afterwards in what the logger stored.`,
  metrics: [
    { key: 'rate', title: 'taken', unit: 'MB/s', digits: 1, better: 'higher' },
    { key: 'cpu', title: "manager's and logger's CPU", unit: 'ms/MB', digits: 1, better: 'lower' },
    { key: 'lost', title: 'lines lost', unit: '', digits: 0, better: 'lower' },
  ],
  rounds: { full: 3, quick: 1 },
  concurrent: false,
  measure: (arena) => {
    const lines = arena.quick ? LINES.quick : LINES.full;
    return arena.withContainer(loggingService(lines), async (container) => {
      const events = await container.waitForEvents(2, DRAIN_TIMEOUT_MS);
      const startedNsec = events.find(({ event }) => event === 'start')?.nsec;
      const drainedNsec = events.find(({ event }) => event === 'drained')?.nsec;
      if (startedNsec === undefined || drainedNsec === undefined) throw new ContainerError('the service did not write both its events');
      await sleep(SETTLE_MS);
      const cpuMs = container.overheadActivity().cpuNsec / NSEC_PER_MSEC;
      const megabytes = (lines * LINE_BYTES) / BYTES_PER_MB;
      const tally = new LineTally(lines);
      for (const source of storedLines(container, arena.contestant.storedLines)) await tally.add(source);
      return {
        rate: [megabytes / ((drainedNsec - startedNsec) / NSEC_PER_SEC)],
        cpu: [cpuMs / megabytes],
        lost: [tally.missing],
      };
    });
  },
};

function* storedLines(container: Container, stored: StoredLines | undefined): Iterable<Readable> {
  if (stored === undefined) return;
  if (stored.kind === 'command') {
    const { stdout } = container.enterStreaming(stored.argv);
    if (stdout !== null) yield stdout;
    return;
  }
  const directory = join(container.workDirectory, stored.directory);
  for (const file of readdirSync(directory, { withFileTypes: true })) {
    if (file.isFile()) yield createReadStream(join(directory, file.name), { highWaterMark: 2 ** 20 });
  }
}
