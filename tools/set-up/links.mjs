/** The names people call: links in bin/ to the built programs. */
import { existsSync, mkdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from './checkout.mjs';

/** Tools of daemontools that are one native program. */
const DAEMONTOOLS = [
  'envdir', 'envuidgid', 'fghack', 'multilog', 'pgrphack', 'readproctitle', 'setlock', 'setuidgid', 'softlimit', 'svc', 'svok', 'svstat',
  'tai64n', 'tai64nlocal',
];

/** Commands of other managers that are programs for Node. */
const FRONTS = ['heartwood-script', 'minisv', 'onconnect', 'pmtr', 'sema', 'supervise', 'svscan', 'svscanboot', 'update-service', 'zdaemon'];

/** Relative, so that a checkout can be moved. The client answers to `systemctl` with that program's grammar. */
const LINKS = [
  { name: 'heartwood', target: '../dist/native/launcher' },
  { name: 'initctl', target: '../dist/native/initctl' },
  { name: 'systemctl', target: '../dist/native/initctl' },
  ...DAEMONTOOLS.map((name) => ({ name, target: '../dist/native/daemontools' })),
  { name: 'heartwood-bus-name', target: '../dist/native/heartwood-bus-name' },
  { name: 'heartwood-terminal', target: '../dist/native/heartwood-terminal' },
  { name: 'heartwood-gateway', target: '../dist/native/front' },
  ...FRONTS.map((name) => ({ name, target: '../dist/native/front' })),
];

/** @returns {Promise<string | null>} what was done, or null */
export async function linkPrograms() {
  const directory = join(checkoutRoot, 'bin');
  const stale = LINKS.filter(({ name, target }) => existsSync(join(directory, target)) && currentTarget(join(directory, name)) !== target);
  if (stale.length === 0) return null;
  mkdirSync(directory, { recursive: true });
  for (const { name, target } of stale) {
    const temporary = join(directory, `.${name}.new`);
    symlinkSync(target, temporary);
    renameSync(temporary, join(directory, name));
  }
  return stale.map(({ name }) => `bin/${name}`).join(', ');
}

function currentTarget(path) {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
