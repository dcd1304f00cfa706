import { PARSED, page } from './row.ts';

export const MOUNT_DIRECTIVES = page('systemd.mount(5)', ['Mount'], [
  ['What', 'text', '', PARSED],
  ['Where', 'path', '', PARSED],
  ['Type', 'text', '', PARSED],
  ['Options', 'text', '', PARSED],
  ['SloppyOptions', 'boolean', 'no', PARSED],
  ['LazyUnmount', 'boolean', 'no', PARSED],
  ['ReadWriteOnly', 'boolean', 'no', PARSED],
  ['ForceUnmount', 'boolean', 'no', PARSED],
  ['DirectoryMode', 'mode', '0755', PARSED],
  ['TimeoutSec', 'time-span', '1min 30s', PARSED],
]);

export const AUTOMOUNT_DIRECTIVES = page('systemd.automount(5)', ['Automount'], [
  ['Where', 'path', '', PARSED],
  ['ExtraOptions', 'text', '', PARSED],
  ['DirectoryMode', 'mode', '0755', PARSED],
  ['TimeoutIdleSec', 'time-span', '0', PARSED],
]);

export const SWAP_DIRECTIVES = page('systemd.swap(5)', ['Swap'], [
  ['What', 'path', '', PARSED],
  ['Priority', 'integer', '', PARSED],
  ['Options', 'text', '', PARSED],
  ['TimeoutSec', 'time-span', '1min 30s', PARSED],
]);
