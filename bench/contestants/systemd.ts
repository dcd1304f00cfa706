import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import type { Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { debianVersion } from './debian-version.ts';
import { writeUnits } from './unit-directory.ts';

/** SIGRTMIN+4 as the kernel numbers it: "power off" to systemd. Source: systemd(1), signals. */
const SIGNAL_POWEROFF = 34 + 4;

/**
 * systemd as real PID 1 of a container: stock targets, no generators, its own log switched off. With the journal it
 * runs as Debian ships it, without it at its lightest.
 */
function systemd(options: { readonly name: string; readonly journal: boolean }): Contestant {
  return {
    name: options.name,
    packages: ['systemd'],
    programs: ['/lib/systemd/systemd', '/bin/systemctl'],
    version: () => debianVersion('systemd'),
    sitsOut: (load: LoadName) => {
      if (load === 'log' && !options.journal) return 'keeps no log without its journal';
      return null;
    },
    prepare: (directory: string, plan: Plan): Launch => {
      writeUnits(join(directory, 'units'), plan, { journal: options.journal });
      mkdirSync(join(directory, 'nothing'));
      // Volatile, unlimited and not rate-limited: what is measured is its speed, not its manners.
      writeFileSync(join(directory, 'journald.conf'), '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nRuntimeMaxUse=8G\nRuntimeKeepFree=1M\nRuntimeMaxFileSize=1G\n');
      return {
        argv: ['/lib/systemd/systemd', '--system', '--unit=default.target', '--log-target=null', '--show-status=no'],
        environment: { ...PLAIN_ENVIRONMENT, SYSTEMD_UNIT_PATH: `${CONFIG_INSIDE}/units` },
        binds: [
          { from: join(directory, 'nothing'), to: '/lib/systemd/system-generators' },
          { from: join(directory, 'journald.conf'), to: '/etc/systemd/journald.conf' },
        ],
      };
    },
    statusCommand: (service) => ['/bin/systemctl', 'status', `${service}.service`],
    restartCommand: (service) => ['/bin/systemctl', 'restart', `${service}.service`],
    stop: { kind: 'signal', signal: SIGNAL_POWEROFF },
    ...(options.journal ? { storedLines: { kind: 'command', argv: ['/bin/journalctl', '--no-pager', '-o', 'cat', '-u', 's0.service'] } as const } : {}),
  };
}

export const SYSTEMD = systemd({ name: 'systemd', journal: false });
export const SYSTEMD_WITH_JOURNAL = systemd({ name: 'systemd+journald', journal: true });
