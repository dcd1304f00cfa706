import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load.ts';
import { LOGS_INSIDE, type Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { debianVersion } from './debian-version.ts';
import { writeScript } from './script.ts';

/** Where the supervise directories are linked; `sv` is given full paths. */
const SERVICES = `${CONFIG_INSIDE}/service`;

/** A stage of runit(8) as PID 1 leads to the next by its exit status; stage 3 stops what stage 2 started, as Debian's does. */
const STAGES: Readonly<Record<string, readonly string[]>> = {
  1: ['exit 0'],
  2: [`exec runsvdir -P ${SERVICES}`],
  3: [`sv force-stop ${SERVICES}/* >/dev/null 2>&1`, `sv exit ${SERVICES}/* >/dev/null 2>&1`, 'exit 0'],
  ctrlaltdel: ['exit 0'],
};

/** runit(8) as PID 1 with runsvdir(8), and svlogd(8) with readable time stamps for logged services. */
export const RUNIT: Contestant = {
  name: 'runit',
  packages: ['runit'],
  programs: ['/sbin/runit', '/usr/bin/runsvdir', '/usr/bin/sv', '/usr/bin/svlogd'],
  version: () => debianVersion('runit'),
  sitsOut: (load: LoadName) => (load === 'chain' ? 'has no readiness: `sv start` in a run script waits for the process alone' : null),
  prepare: (directory: string, plan: Plan): Launch => {
    const etc = join(directory, 'etc-runit');
    for (const [stage, lines] of Object.entries(STAGES)) writeScript(join(etc, stage), lines);
    writeFileSync(join(etc, 'stopit'), '', { mode: 0 });
    for (const service of plan.services) {
      const home = join(directory, 'service', service.name);
      writeScript(join(home, 'run'), [`exec ${service.argv.join(' ')}${plan.logged ? '' : ' >/dev/null'}`]);
      if (!plan.logged) continue;
      mkdirSync(join(directory, 'svlogd'));
      // One file as large as it must be: rotation would throw old lines away, and lost lines are counted.
      writeFileSync(join(directory, 'svlogd/config'), 's1000000000\nn10\n');
      writeScript(join(home, 'log/run'), [`mkdir -p ${LOGS_INSIDE}`, `cp ${CONFIG_INSIDE}/svlogd/config ${LOGS_INSIDE}/config`, `exec svlogd -tt ${LOGS_INSIDE}`]);
    }
    return { argv: ['/sbin/runit'], environment: PLAIN_ENVIRONMENT, binds: [{ from: etc, to: '/etc/runit' }] };
  },
  statusCommand: (service) => ['/usr/bin/sv', 'status', `${SERVICES}/${service}`],
  restartCommand: (service) => ['/usr/bin/sv', 'restart', `${SERVICES}/${service}`],
  // What runit-init(8) 0 does: allow the stop, then SIGCONT to PID 1.
  stop: { kind: 'command', argv: ['/bin/sh', '-c', 'chmod 100 /etc/runit/stopit; kill -CONT 1'] },
  storedLines: { kind: 'files', directory: 'log' },
};
