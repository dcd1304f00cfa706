import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import type { Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { writeUnits } from './unit-directory.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** SIGTERM: an orderly stop in a container. */
const SIGNAL_TERM = 15;

/**
 * Heartwood from this checkout, reading the very unit files that systemd reads. With its logger, services write to
 * `logd`; without it, to /dev/null, as under the contestants that have no logger of their own.
 */
function heartwood(options: { readonly name: string; readonly logd: boolean }): Contestant {
  return {
    name: options.name,
    packages: [],
    programs: [join(PROJECT, 'bin/heartwood'), join(PROJECT, 'bin/initctl')],
    version: () => (JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string }).version,
    sitsOut: (load: LoadName) => (load === 'log' && !options.logd ? 'keeps no log without its logd' : null),
    prepare: (directory: string, plan: Plan): Launch => {
      writeUnits(join(directory, 'units'), { ...plan, logged: options.logd }, { journal: false });
      return {
        argv: [join(PROJECT, 'bin/heartwood'), '--container', '--unit-path', `${CONFIG_INSIDE}/units`, '--unit', 'default.target', '--show-status', 'no', '--log-target', 'null'],
        environment: { ...PLAIN_ENVIRONMENT, HEARTWOOD_NODE: process.execPath },
        binds: [{ from: PROJECT, to: PROJECT }],
      };
    },
    statusCommand: (service) => [join(PROJECT, 'bin/initctl'), 'status', `${service}.service`],
    restartCommand: (service) => [join(PROJECT, 'bin/initctl'), 'restart', `${service}.service`],
    controlSocket: '/run/heartwood/control',
    stop: { kind: 'signal', signal: SIGNAL_TERM },
    ...(options.logd ? { storedLines: { kind: 'command', argv: [join(PROJECT, 'bin/initctl'), 'log', '-o', 'cat', 's0.service'] } as const } : {}),
  };
}

export const HEARTWOOD = heartwood({ name: 'heartwood', logd: false });
export const HEARTWOOD_WITH_LOGD = heartwood({ name: 'heartwood+logd', logd: true });
