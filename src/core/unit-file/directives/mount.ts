import { HONOURED, page } from './row.ts';

export const MOUNT_DIRECTIVES = page('systemd.mount(5)', ['Mount'], [
  ['What', 'text', '', HONOURED],
  ['Where', 'path', '', HONOURED],
  ['Type', 'text', '', HONOURED],
  ['Options', 'text', '', HONOURED],
  ['SloppyOptions', 'boolean', 'no', HONOURED],
  ['LazyUnmount', 'boolean', 'no', HONOURED],
  ['ReadWriteOnly', 'boolean', 'no', HONOURED],
  ['ForceUnmount', 'boolean', 'no', HONOURED],
  ['DirectoryMode', 'mode', '0755', HONOURED],
  ['TimeoutSec', 'time-span', '1min 30s', HONOURED],
]);

export const AUTOMOUNT_DIRECTIVES = page('systemd.automount(5)', ['Automount'], [
  ['Where', 'path', '', HONOURED],
  ['ExtraOptions', 'text', '', HONOURED],
  ['DirectoryMode', 'mode', '0755', HONOURED],
  ['TimeoutIdleSec', 'time-span', '0', HONOURED],
]);

export const SWAP_DIRECTIVES = page('systemd.swap(5)', ['Swap'], [
  ['What', 'path', '', HONOURED],
  ['Priority', 'integer', '', HONOURED],
  ['Options', 'text', '', HONOURED],
  ['TimeoutSec', 'time-span', '1min 30s', HONOURED],
]);
