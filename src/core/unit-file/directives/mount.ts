import { Page } from './row.ts';

export const MOUNT_DIRECTIVES = new Page('systemd.mount(5)', ['Mount'], () => [
  ['What', 'text', '', 'honoured'],
  ['Where', 'path', '', 'honoured'],
  ['Type', 'text', '', 'honoured'],
  ['Options', 'text', '', 'honoured'],
  ['SloppyOptions', 'boolean', 'no', 'honoured'],
  ['LazyUnmount', 'boolean', 'no', 'honoured'],
  ['ReadWriteOnly', 'boolean', 'no', 'honoured'],
  ['ForceUnmount', 'boolean', 'no', 'honoured'],
  ['DirectoryMode', 'mode', '0755', 'honoured'],
  ['TimeoutSec', 'time-span', '1min 30s', 'honoured'],
]);

export const AUTOMOUNT_DIRECTIVES = new Page('systemd.automount(5)', ['Automount'], () => [
  ['Where', 'path', '', 'honoured'],
  ['ExtraOptions', 'text', '', 'honoured'],
  ['DirectoryMode', 'mode', '0755', 'honoured'],
  ['TimeoutIdleSec', 'time-span', '0', 'honoured'],
]);

export const SWAP_DIRECTIVES = new Page('systemd.swap(5)', ['Swap'], () => [
  ['What', 'path', '', 'honoured'],
  ['Priority', 'integer', '', 'honoured'],
  ['Options', 'text', '', 'honoured'],
  ['TimeoutSec', 'time-span', '1min 30s', 'honoured'],
]);
