import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from '../container.ts';
import { writeUnits } from '../contestants/unit-directory.ts';
import { independentServices } from '../plan.ts';
import { NSEC_PER_MSEC, type Load } from './load.ts';

const SERVICES = 1000;
const NSEC_PER_USEC = 1000;
const PROGRAM = join(import.meta.dirname, '../checkpoint-cost.ts');
/** Of native/launcher, as far as they decide how fast the manager's code runs. */
const LAUNCHER_FLAGS = ['--v8-pool-size=0', '--max-semi-space-size=4', '--no-memory-reducer', '--expose-gc', '--no-opt', '--no-sparkplug'];

/** What it costs that the engine may die at any instruction. */
export const CHECKPOINT_LOAD: Load = {
  name: 'checkpoint',
  title: `Checkpointing with ${SERVICES} services`,
  explanation: `What is written down while ${SERVICES} services boot, and while each is killed and restarted in turn: time spent in the journal and in snapshots, in a process of its own in which nothing is waited for; and the boot's part of that as a share of a whole boot of the contestant.`,
  metrics: [
    { key: 'boot-event', title: 'an event of the boot', unit: 'µs', digits: 1, better: 'lower' },
    { key: 'restart-event', title: 'an event of a restart', unit: 'µs', digits: 1, better: 'lower' },
    { key: 'boot', title: 'in the whole boot', unit: 'ms', digits: 1, better: 'lower' },
    { key: 'share', title: 'share of the boot', unit: '%', digits: 1, better: 'lower' },
  ],
  rounds: { full: 5, quick: 1 },
  concurrent: false,
  sitsOut: ({ controlSocket }) => (controlSocket === undefined ? 'writes nothing down' : null),
  measure: async (arena) => {
    const [boot, restarts] = measureJournal();
    const startedLast = (container: Container): number => Math.max(...container.events().map(({ nsec }) => nsec - container.startedNsec));
    const bootMs = await arena.withContainer(independentServices(SERVICES), (container) => Promise.resolve(startedLast(container) / NSEC_PER_MSEC));
    return {
      'boot-event': [boot.nsec / NSEC_PER_USEC / boot.events],
      'restart-event': [restarts.nsec / NSEC_PER_USEC / restarts.events],
      boot: [boot.nsec / NSEC_PER_MSEC],
      share: [(boot.nsec / NSEC_PER_MSEC / bootMs) * 100],
    };
  },
};

interface Cost {
  readonly events: number;
  readonly nsec: number;
}

function measureJournal(): readonly [Cost, Cost] {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-bench-units-'));
  try {
    writeUnits(directory, independentServices(SERVICES), { journal: false });
    const lines = execFileSync(process.execPath, [...LAUNCHER_FLAGS, '--import', 'tsx', PROGRAM, directory, String(SERVICES)], { encoding: 'utf8' }).trim().split('\n');
    const costs = lines.map((line) => {
      const [events = '', nsec = ''] = line.split(' ');
      return { events: Number(events), nsec: Number(nsec) };
    });
    const [boot, restarts] = costs;
    if (boot === undefined || restarts === undefined) throw new Error(`checkpoint-cost printed ${lines.length} lines`);
    return [boot, restarts];
  } finally {
    rmSync(directory, { recursive: true });
  }
}
