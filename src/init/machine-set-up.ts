/**
 * What PID 1 of a machine does before the first unit: the kernel's file systems, host name, machine id, loopback, and the key
 * combination. Each step that finds its work done leaves it alone; none can stop the boot.
 */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import type { NativeBinding } from '../host/native.ts';
import { MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REMOUNT, MS_STRICTATIME } from '../host/storage/mount-flags.ts';

interface ApiMount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: number;
  readonly data: string;
}

/** In order. Those of systemd that services expect. */
const API_MOUNTS: readonly ApiMount[] = [
  { source: 'proc', target: '/proc', type: 'proc', flags: MS_NOSUID | MS_NOEXEC | MS_NODEV, data: '' },
  { source: 'sysfs', target: '/sys', type: 'sysfs', flags: MS_NOSUID | MS_NOEXEC | MS_NODEV, data: '' },
  { source: 'devtmpfs', target: '/dev', type: 'devtmpfs', flags: MS_NOSUID | MS_STRICTATIME, data: 'mode=0755' },
  { source: 'devpts', target: '/dev/pts', type: 'devpts', flags: MS_NOSUID | MS_NOEXEC, data: 'mode=0620,gid=5,ptmxmode=0666' },
  { source: 'tmpfs', target: '/dev/shm', type: 'tmpfs', flags: MS_NOSUID | MS_NODEV | MS_STRICTATIME, data: 'mode=01777' },
  { source: 'tmpfs', target: '/run', type: 'tmpfs', flags: MS_NOSUID | MS_NODEV | MS_STRICTATIME, data: 'mode=0755,size=20%' },
  { source: 'cgroup2', target: '/sys/fs/cgroup', type: 'cgroup2', flags: MS_NOSUID | MS_NOEXEC | MS_NODEV, data: '' },
  { source: 'securityfs', target: '/sys/kernel/security', type: 'securityfs', flags: MS_NOSUID | MS_NOEXEC | MS_NODEV, data: '' },
  { source: 'tmpfs', target: '/tmp', type: 'tmpfs', flags: MS_NOSUID | MS_NODEV | MS_STRICTATIME, data: 'mode=01777,size=50%' },
];
/** A machine may well live without these. */
const OPTIONAL_TARGETS = new Set(['/sys/kernel/security']);

/** What was not possible, for the log that exists only later. */
export type Complaints = string[];

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function mountedTargets(): ReadonlySet<string> {
  return new Set((readText('/proc/self/mountinfo') ?? '').split('\n').map((line) => line.split(' ')[4] ?? ''));
}

function isMounted(target: string): boolean {
  return mountedTargets().has(target);
}

/** /tmp is mounted only when the root cannot be written: a machine's own /tmp holds what its owner put there. */
function isWanted(mount: ApiMount): boolean {
  if (isMounted(mount.target)) return false;
  if (mount.target !== '/tmp') return true;
  try {
    const probe = '/tmp/.heartwood-probe';
    closeSync(openSync(probe, 'w'));
    unlinkSync(probe);
    return false;
  } catch {
    return true;
  }
}

export function mountApiFileSystems(native: NativeBinding, complaints: Complaints): void {
  for (const mount of API_MOUNTS) {
    if (!isWanted(mount)) continue;
    try {
      mkdirSync(mount.target, { recursive: true });
    } catch {
      // A read-only root has the directory or it has not; mount(2) will tell.
    }
    const result = native.mount(mount.source, mount.target, mount.type, mount.flags, mount.data);
    if (result !== 0 && !OPTIONAL_TARGETS.has(mount.target)) complaints.push(`${mount.target} could not be mounted: ${result}`);
  }
  for (const [link, target] of [['/dev/fd', '/proc/self/fd'], ['/dev/stdin', 'fd/0'], ['/dev/stdout', 'fd/1'], ['/dev/stderr', 'fd/2']] as const) {
    try {
      symlinkSync(target, link);
    } catch {
      // It is there.
    }
  }
}

/** `systemd.hostname=`, else /etc/hostname, else what the kernel has, else "localhost". */
export function setHostname(native: NativeBinding, wished: string | null, complaints: Complaints): void {
  const configured = wished ?? (readText('/etc/hostname') ?? '').split('\n').map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('#'));
  const current = (readText('/proc/sys/kernel/hostname') ?? '').trim();
  const name = configured ?? (current === '' || current === '(none)' ? 'localhost' : current);
  if (name === current) return;
  const result = native.setHostname(name);
  if (result !== 0) complaints.push(`the host name could not be set to "${name}": ${result}`);
}

/** machine-id(5): made once, written where it stays, else for this boot only. Returns the id. */
export function ensureMachineId(native: NativeBinding, complaints: Complaints): string | null {
  const current = (readText('/etc/machine-id') ?? '').trim();
  if (/^[0-9a-f]{32}$/.test(current)) return current;
  const id = randomId();
  if (id === null) return null;
  try {
    writeFileSync('/etc/machine-id', `${id}\n`, { mode: 0o444 });
    return id;
  } catch {
    // A read-only root: a file of this boot is laid over the empty one, where there is one.
  }
  try {
    writeFileSync('/run/machine-id', `${id}\n`, { mode: 0o444 });
  } catch {
    complaints.push('there is no machine id, and no place to keep one');
    return null;
  }
  if (native.mount('/run/machine-id', '/etc/machine-id', '', MS_BIND, '') === 0) native.mount('none', '/etc/machine-id', '', MS_BIND | MS_REMOUNT | MS_RDONLY, '');
  return id;
}

/** A random UUID (version 4) without dashes, as machine-id(5) wants it. */
export function randomId(): string | null {
  const bytes = Buffer.alloc(16);
  try {
    const fd = openSync('/dev/urandom', 'r');
    readSync(fd, bytes, 0, bytes.length, null);
    closeSync(fd);
  } catch {
    return null;
  }
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString('hex');
}

/** ctrl-alt-del becomes SIGINT to PID 1 instead of an immediate reset. */
export function takeOverKeyCombination(native: NativeBinding): void {
  native.reboot('cad-off', null);
}

/** Variables every service gets: systemd's own for the system manager. */
export function systemEnvironment(fromKernel: readonly string[]): readonly string[] {
  const locale = (readText('/etc/locale.conf') ?? readText('/etc/default/locale') ?? '').split('\n')
    .map((line) => /^\s*(LANG|LANGUAGE|LC_[A-Z]+)=["']?([^"']*)["']?\s*$/.exec(line))
    .flatMap((match) => (match === null || match[2] === '' ? [] : [`${match[1] ?? ''}=${match[2] ?? ''}`]));
  return ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...locale, ...fromKernel];
}
