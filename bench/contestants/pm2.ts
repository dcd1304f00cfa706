import { readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import { LOGS_INSIDE, type Plan } from '../plan.ts';
import { CONFIG_INSIDE, PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';

/** The version measured; pinned, so that two runs compare. */
export const PM2_VERSION = '7.0.4';

/** pm2 is installed here and not into the project, which does not need it. */
export const PM2_DIRECTORY = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'heartwood-bench', `pm2-${PM2_VERSION}`);

const PACKAGE = join(PM2_DIRECTORY, 'node_modules/pm2');
const HOME = { PM2_HOME: '/bench/pm2' };
const SIGNAL_TERM = 15;

/** pm2-runtime, pm2's mode for containers. */
export const PM2: Contestant = {
  name: 'pm2',
  packages: [],
  programs: [join(PACKAGE, 'bin/pm2-runtime'), join(PACKAGE, 'bin/pm2')],
  version: () => (JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string }).version,
  sitsOut: (load: LoadName) => {
    if (load === 'chain') return 'has no dependencies';
    if (load === 'orphans') return 'reaps only what it started itself';
    return null;
  },
  prepare: (directory: string, plan: Plan): Launch => {
    const apps = plan.services.map((service) => ({
      name: service.name,
      script: service.argv[0],
      args: service.argv.slice(1),
      interpreter: 'none',
      exec_mode: 'fork',
      autorestart: true,
      out_file: plan.logged ? `${LOGS_INSIDE}/current` : '/dev/null',
      error_file: '/dev/null',
    }));
    writeFileSync(join(directory, 'apps.json'), JSON.stringify({ apps }));
    return {
      argv: [process.execPath, join(PACKAGE, 'bin/pm2-runtime'), 'start', `${CONFIG_INSIDE}/apps.json`],
      environment: { ...PLAIN_ENVIRONMENT, ...HOME, PM2_DISCRETE_MODE: 'true' },
      binds: [{ from: PM2_DIRECTORY, to: PM2_DIRECTORY }, { from: dirname(process.execPath), to: dirname(process.execPath) }],
    };
  },
  commandEnvironment: HOME,
  statusCommand: (service) => [process.execPath, join(PACKAGE, 'bin/pm2'), 'describe', service],
  restartCommand: (service) => [process.execPath, join(PACKAGE, 'bin/pm2'), 'restart', service],
  stop: { kind: 'signal', signal: SIGNAL_TERM },
  storedLines: { kind: 'files', directory: 'log' },
};
