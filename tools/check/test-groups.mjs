/** Which tests there are, and how they may run: by the directory they are in. */
import { join, relative } from 'node:path';
import { availableParallelism } from 'node:os';
import { checkoutRoot } from '../set-up/checkout.mjs';
import { filesUnder } from '../set-up/fingerprint.mjs';

/**
 * Groups run one after the other; `concurrency` is files at a time, `timeoutMs` for one file, which
 * the runner takes for a test too: several times what the longest takes on a busy machine. `realTime`: what happens depends on a
 * kernel and on clocks, so that a machine which was busy with something else can make a test fail.
 * Directories not named here belong to the first group, so that a new one is never left out.
 */
const GROUPS = [
  { name: 'unit', directories: null, concurrency: availableParallelism(), timeoutMs: 400_000 },
  // Parts of the shell on the real kernel: processes, sockets, pipes, signals.
  { name: 'parts', directories: ['host', 'init', 'logd', 'native', 'tools'], concurrency: availableParallelism(), timeoutMs: 400_000, realTime: true },
  // Random worlds, for as long as their test says.
  { name: 'simulation', directories: ['simulation'], concurrency: 1, timeoutMs: 600_000 },
  // Each boots a manager of its own and measures real time: no more at once than there are processors.
  { name: 'namespace', directories: ['namespace'], concurrency: Math.max(1, Math.floor(availableParallelism() / 2)), timeoutMs: 600_000, realTime: true },
  // The commands of other managers and the gateway, which run managers of their own and measure real time.
  { name: 'seeds', directories: ['seeds', 'gateway'], concurrency: Math.max(1, Math.floor(availableParallelism() / 2)), timeoutMs: 600_000, realTime: true },
  // Building the root takes minutes on the first run of a machine.
  { name: 'debian', directories: ['debian'], concurrency: 1, timeoutMs: 1_200_000, realTime: true },
  { name: 'vm', directories: ['vm'], concurrency: 1, timeoutMs: 1_200_000, realTime: true },
];

/** @returns {{ name: string, files: string[], concurrency: number, timeoutMs: number, realTime: boolean }[]} files absolute and sorted */
export function testGroups() {
  const testRoot = join(checkoutRoot, 'test');
  const named = new Set(GROUPS.flatMap(({ directories }) => directories ?? []));
  const files = filesUnder(testRoot).filter((file) => file.endsWith('.test.ts')).sort();
  return GROUPS.map(({ name, directories, concurrency, timeoutMs, realTime = false }) => ({
    name,
    concurrency,
    timeoutMs,
    realTime,
    files: files.filter((file) => {
      const directory = relative(testRoot, file).split('/')[0] ?? '';
      return directories === null ? !named.has(directory) : directories.includes(directory);
    }),
  }));
}
