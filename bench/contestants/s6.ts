import { join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import { LOGS_INSIDE, type Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { debianVersion } from './debian-version.ts';
import { writeScript } from './script.ts';

const SERVICES = `${CONFIG_INSIDE}/service`;
/** More than any plan has; s6-svscan supervises 500 unless told. */
const SERVICES_MAX = 2000;

/** s6-svscan as PID 1, and s6-log with TAI64N stamps for logged services. */
export const S6: Contestant = {
  name: 's6',
  packages: ['s6'],
  programs: ['/usr/bin/s6-svscan', '/usr/bin/s6-svc', '/usr/bin/s6-svstat', '/usr/bin/s6-log'],
  version: () => debianVersion('s6'),
  sitsOut: (load: LoadName) => (load === 'chain' ? 'has no dependencies without s6-rc' : null),
  prepare: (directory: string, plan: Plan): Launch => {
    writeScript(join(directory, 'service/.s6-svscan/finish'), ['exit 0']);
    for (const service of plan.services) {
      const home = join(directory, 'service', service.name);
      writeScript(join(home, 'run'), [`exec ${service.argv.join(' ')}${plan.logged ? '' : ' >/dev/null'}`]);
      if (plan.logged) writeScript(join(home, 'log/run'), [`exec s6-log n20 s100000000 t ${LOGS_INSIDE}`]);
    }
    return { argv: ['/usr/bin/s6-svscan', '-c', String(SERVICES_MAX), SERVICES], environment: PLAIN_ENVIRONMENT, binds: [] };
  },
  statusCommand: (service) => ['/usr/bin/s6-svstat', `${SERVICES}/${service}`],
  restartCommand: (service) => ['/usr/bin/s6-svc', '-wr', '-r', `${SERVICES}/${service}`],
  stop: { kind: 'command', argv: ['/usr/bin/s6-svscanctl', '-t', SERVICES] },
  storedLines: { kind: 'files', directory: 'log' },
};
