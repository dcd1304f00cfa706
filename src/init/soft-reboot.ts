/**
 * The end of a life that is followed by another one of the same process: user space begins anew, the kernel and what was to outlive it go on.
 * Source: systemd-soft-reboot.service(8).
 */
import { existsSync } from 'node:fs';
import { bequeath, type Legacy } from '../host/checkpoint/legacy.ts';
import type { ManagerLog } from '../host/engine.ts';
import type { NativeBinding } from '../host/native.ts';
import { managerCommand } from '../host/program-paths.ts';
import { MNT_DETACH, MS_BIND, MS_PRIVATE, MS_REC } from '../host/storage/mount-flags.ts';

/** A root that was prepared for the next life. */
const NEXT_ROOT = '/run/nextroot';

/** What the kernel shows, and /run without the next root in it. */
const CARRIED_OVER: readonly (readonly [path: string, flags: number])[] = [['/dev', MS_BIND | MS_REC], ['/proc', MS_BIND | MS_REC], ['/sys', MS_BIND | MS_REC], ['/run', MS_BIND]];

/** Does not return but when the manager cannot be executed; then why. */
export function beginAnew(native: NativeBinding, log: ManagerLog, legacy: Legacy): string {
  const command = managerCommand(process.argv.slice(2));
  if (process.pid === 1 && existsSync(NEXT_ROOT)) {
    const trouble = enterNextRoot(native, command.path);
    if (trouble !== '') log.write('err', '', `${NEXT_ROOT} does not become the root: ${trouble}`);
  }
  const environment = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const bequest = bequeath(native, legacy);
  if ('error' in bequest) log.write('err', '', `services and fds that are to outlive the soft-reboot are forgotten: ${bequest.error}`);
  const { variable, keep } = 'error' in bequest ? { variable: null, keep: [] } : bequest;
  native.guardEnd();
  // Sockets and files that have a place in the file system are taken away.
  process.emit('exit', 0);
  return native.reexec(command.path, command.argv, variable === null ? environment : [...environment, variable], keep);
}

/** @returns why it could not be, with nothing changed that matters; '' when it is done */
function enterNextRoot(native: NativeBinding, program: string): string {
  if (!existsSync(`${NEXT_ROOT}${program}`)) return `there is no ${program} in it`;
  // pivot_root(2) wants a mount, and none of the mounts that tell others of themselves.
  const steps: readonly (() => number | string)[] = [
    () => native.mount('none', '/', '', MS_PRIVATE | MS_REC, ''),
    () => native.mount(NEXT_ROOT, NEXT_ROOT, '', MS_BIND | MS_REC, ''),
    ...CARRIED_OVER.map(([path, flags]) => () => (existsSync(path) && existsSync(`${NEXT_ROOT}${path}`) ? native.mount(path, `${NEXT_ROOT}${path}`, '', flags, '') : 0)),
    () => {
      process.chdir(NEXT_ROOT);
      return native.pivotRoot('.', '.');
    },
    // The old root lies over the new one now.
    () => native.umount('.', MNT_DETACH),
  ];
  for (const step of steps) {
    const result = step();
    if (result !== 0) return String(result);
  }
  process.chdir('/');
  return '';
}
