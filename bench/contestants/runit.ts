import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import { LOGS_INSIDE, type Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { debianVersion } from './debian-version.ts';
import { writeScript } from './script.ts';

/** Where the supervise directories are linked; `sv` is given full paths. */
const SERVICES = `${CONFIG_INSIDE}/service`;

/** Any time that is not now. */
const LONG_AGO = new Date(0);

/** runsvdir(8) as PID 1, as containers use it, and svlogd(8) with readable time stamps for logged services. */
export const RUNIT: Contestant = {
  name: 'runit',
  packages: ['runit'],
  programs: ['/usr/bin/runsvdir', '/usr/bin/sv', '/usr/bin/svlogd'],
  version: () => debianVersion('runit'),
  sitsOut: (load: LoadName) => (load === 'chain' ? 'has no readiness: `sv start` in a run script waits for the process alone' : null),
  prepare: (directory: string, plan: Plan): Launch => {
    for (const service of plan.services) {
      const home = join(directory, 'service', service.name);
      writeScript(join(home, 'run'), [`exec ${service.argv.join(' ')}${plan.logged ? '' : ' >/dev/null'}`]);
      if (!plan.logged) continue;
      mkdirSync(join(directory, 'svlogd'));
      // One file as large as it must be: rotation would throw old lines away, and lost lines are counted.
      writeFileSync(join(directory, 'svlogd/config'), 's1000000000\nn10\n');
      writeScript(join(home, 'log/run'), [`mkdir -p ${LOGS_INSIDE}`, `cp ${CONFIG_INSIDE}/svlogd/config ${LOGS_INSIDE}/config`, `exec svlogd -tt ${LOGS_INSIDE}`]);
    }
    // runsvdir waits for a second when the directory has changed within the present one; an installed system's has not.
    utimesSync(join(directory, 'service'), LONG_AGO, LONG_AGO);
    return { argv: ['/usr/bin/runsvdir', '-P', SERVICES], environment: PLAIN_ENVIRONMENT, binds: [] };
  },
  statusCommand: (service) => ['/usr/bin/sv', 'status', `${SERVICES}/${service}`],
  restartCommand: (service) => ['/usr/bin/sv', 'restart', `${SERVICES}/${service}`],
  // What stage 3 of Debian's runit does, and the signal that ends runsvdir.
  stop: { kind: 'command', argv: ['/bin/sh', '-c', `sv force-stop ${SERVICES}/* >/dev/null; sv exit ${SERVICES}/* >/dev/null; kill -HUP 1`] },
  storedLines: { kind: 'files', directory: 'log' },
};
