import { join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import { LOGS_INSIDE, type Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { debianVersion } from './debian-version.ts';
import { writeScript } from './script.ts';

const SERVICES = `${CONFIG_INSIDE}/service`;

/** daemontools with multilog: the ancestor, here for its logger. */
export const DAEMONTOOLS: Contestant = {
  name: 'daemontools',
  packages: ['daemontools'],
  programs: ['/usr/bin/svscan', '/usr/bin/multilog'],
  version: () => debianVersion('daemontools'),
  sitsOut: (load: LoadName) => (load === 'log' ? null : 'takes part in the log alone'),
  prepare: (directory: string, plan: Plan): Launch => {
    for (const service of plan.services) {
      const home = join(directory, 'service', service.name);
      writeScript(join(home, 'run'), [`exec ${service.argv.join(' ')}${plan.logged ? '' : ' >/dev/null'}`]);
      if (plan.logged) writeScript(join(home, 'log/run'), [`exec multilog t s16777215 n100 ${LOGS_INSIDE}`]);
    }
    return { argv: ['/usr/bin/svscan', SERVICES], environment: PLAIN_ENVIRONMENT, binds: [] };
  },
  storedLines: { kind: 'files', directory: 'log' },
};
