import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import { LOGS_INSIDE, type Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { debianVersion } from './debian-version.ts';

const CONFIG = `${CONFIG_INSIDE}/supervisord.conf`;
const SIGNAL_TERM = 15;

/** supervisord in the foreground, without waiting to call a program started. */
export const SUPERVISORD: Contestant = {
  name: 'supervisord',
  packages: ['supervisor'],
  programs: ['/usr/bin/supervisord', '/usr/bin/supervisorctl'],
  version: () => debianVersion('supervisor'),
  sitsOut: (load: LoadName) => {
    if (load === 'chain') return 'has no dependencies';
    if (load === 'orphans') return 'reaps 100 in a second: most would be left after a minute';
    return null;
  },
  prepare: (directory: string, plan: Plan): Launch => {
    mkdirSync(join(directory, '../log'), { recursive: true });
    const output = plan.logged ? `${LOGS_INSIDE}/current` : 'NONE';
    const programs = plan.services.flatMap((service) => [
      `[program:${service.name}]`, `command=${service.argv.join(' ')}`, 'autorestart=true', 'startsecs=0', 'startretries=100000',
      `stdout_logfile=${output}`, 'stdout_logfile_maxbytes=0', 'stderr_logfile=NONE',
    ]);
    writeFileSync(join(directory, 'supervisord.conf'), [
      '[supervisord]', 'nodaemon=true', 'logfile=/dev/null', 'logfile_maxbytes=0', 'pidfile=/run/supervisord.pid', 'minfds=8192',
      '[unix_http_server]', 'file=/run/supervisor.sock',
      '[rpcinterface:supervisor]', 'supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface',
      '[supervisorctl]', 'serverurl=unix:///run/supervisor.sock', ...programs, '',
    ].join('\n'));
    return { argv: ['/usr/bin/supervisord', '-n', '-u', 'root', '-c', CONFIG], environment: PLAIN_ENVIRONMENT, binds: [] };
  },
  statusCommand: (service) => ['/usr/bin/supervisorctl', '-c', CONFIG, 'status', service],
  restartCommand: (service) => ['/usr/bin/supervisorctl', '-c', CONFIG, 'restart', service],
  stop: { kind: 'signal', signal: SIGNAL_TERM },
  storedLines: { kind: 'files', directory: 'log' },
};
