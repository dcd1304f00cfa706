import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import type { Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { debianVersion } from './debian-version.ts';

const DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin', '/usr/local/sbin'];
const SOCKET = '/run/dinit.sock';
const SIGNAL_TERM = 15;
const READY_FD = 3;

function find(program: string): string {
  return DIRECTORIES.map((directory) => join(directory, program)).find((path) => existsSync(path)) ?? join('/usr/sbin', program);
}

/** dinit as PID 1 of a container, where the distribution has it (Debian 13 and later). */
export const DINIT: Contestant = {
  name: 'dinit',
  packages: ['dinit'],
  programs: [find('dinit'), find('dinitctl')],
  version: () => debianVersion('dinit'),
  sitsOut: (load: LoadName) => (load === 'log' ? 'services write their files themselves' : null),
  prepare: (directory: string, plan: Plan): Launch => {
    const services = join(directory, 'dinit.d');
    mkdirSync(services);
    writeFileSync(join(services, 'boot'), ['type = internal', ...plan.services.map(({ name }) => `waits-for: ${name}`), ''].join('\n'));
    for (const service of plan.services) {
      const ready = service.tellsReady ? ['fd', String(READY_FD)] : [];
      writeFileSync(join(services, service.name), [
        'type = process', `command = ${[...service.argv, ...ready].join(' ')}`, 'restart = true', 'smooth-recovery = true',
        'restart-delay = 0', 'restart-limit-count = 0',
        ...(service.tellsReady ? [`ready-notification = pipefd:${READY_FD}`] : []),
        ...(service.after === null ? [] : [`depends-on: ${service.after}`]), '',
      ].join('\n'));
    }
    return {
      argv: [find('dinit'), '--container', '--services-dir', `${CONFIG_INSIDE}/dinit.d`, '--socket-path', SOCKET, '--quiet', 'boot'],
      environment: PLAIN_ENVIRONMENT,
      binds: [],
    };
  },
  statusCommand: (service) => [find('dinitctl'), '--socket-path', SOCKET, 'status', service],
  restartCommand: (service) => [find('dinitctl'), '--socket-path', SOCKET, 'restart', '--force', service],
  stop: { kind: 'signal', signal: SIGNAL_TERM },
};
