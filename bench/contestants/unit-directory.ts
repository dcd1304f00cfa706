import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../plan.ts';

/** Where Debian keeps the units that systemd ships. */
const STOCK_UNITS = '/lib/systemd/system';

/** The targets a boot and a shutdown pass through, and the services that end a shutdown. */
const NEEDED_UNITS = [
  'basic.target', 'sysinit.target', 'local-fs-pre.target', 'local-fs.target', 'swap.target', 'sockets.target', 'timers.target',
  'paths.target', 'slices.target', 'shutdown.target', 'umount.target', 'final.target', 'poweroff.target', 'halt.target',
  'reboot.target', 'exit.target', 'systemd-poweroff.service', 'systemd-halt.service', 'systemd-reboot.service',
  'systemd-exit.service',
];

/** What the journal needs on top. */
const JOURNAL_UNITS = ['systemd-journald.service', 'systemd-journald.socket', 'systemd-journald-dev-log.socket'];

/**
 * Writes a plan as unit files, the same for every contestant that reads them: stock targets, and services with the
 * default dependencies that a packaged daemon has.
 * @param directory becomes the only entry of the unit load path
 */
export function writeUnits(directory: string, plan: Plan, options: { readonly journal: boolean }): void {
  const wants = join(directory, 'default.target.wants');
  mkdirSync(wants, { recursive: true });
  for (const name of NEEDED_UNITS) copyStockUnit(directory, name);
  writeFileSync(join(directory, 'default.target'), ['[Unit]', 'Requires=basic.target', 'After=basic.target', 'AllowIsolate=yes', ''].join('\n'));
  for (const service of plan.services) {
    const name = `${service.name}.service`;
    const ordering = service.after === null ? [] : [`Requires=${service.after}.service`, `After=${service.after}.service`];
    const command = [...service.argv, ...(service.tellsReady ? ['notify'] : [])].join(' ');
    writeFileSync(join(directory, name), [
      '[Unit]', ...ordering, 'StartLimitIntervalSec=0',
      '[Service]', `Type=${service.tellsReady ? 'notify' : 'simple'}`, `ExecStart=${command}`,
      'Restart=always', 'RestartSec=0', ...(plan.logged || options.journal ? [] : ['StandardOutput=null']), '',
    ].join('\n'));
    symlinkSync(`../${name}`, join(wants, name));
  }
  if (!options.journal) return;
  const sockets = join(directory, 'sockets.target.wants');
  const early = join(directory, 'sysinit.target.wants');
  mkdirSync(sockets);
  mkdirSync(early);
  for (const name of JOURNAL_UNITS) {
    copyStockUnit(directory, name);
    symlinkSync(`../${name}`, join(name.endsWith('.socket') ? sockets : early, name));
  }
}

function copyStockUnit(directory: string, name: string): void {
  const stock = join(STOCK_UNITS, name);
  if (existsSync(stock)) copyFileSync(stock, join(directory, name));
}
