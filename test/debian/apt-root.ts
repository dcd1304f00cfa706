/**
 * The Debian root of `debian-root.ts` as its owner would set it up for Heartwood as PID 1, with the packages that the apt tests install
 * already downloaded: inside the namespaces there is no network.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { debianRoot, type DebianRoot } from './debian-root.ts';
import { CHECKOUT_INSIDE } from '../namespace/rig.ts';

/** Packages of the root, to be installed once more. */
export const INSTALLED = ['redis-server', 'nginx-light', 'cron', 'openssh-server', 'memcached', 'lighttpd', 'rsyslog'] as const;
/** Packages that are not in it yet. */
export const NEW = ['apache2', 'mosquitto', 'haproxy', 'dnsmasq'] as const;
/** haproxy's directory under /run is made by a line in tmpfiles.d. */
const TOOLS = ['systemd-standalone-tmpfiles'] as const;

/** What docs/debian.md tells to do. */
const LINKS: readonly (readonly [string, string])[] = [['usr/bin/systemctl', 'systemctl'], ['usr/sbin/init', 'heartwood']];

const DOWNLOAD_LIMIT_MS = 10 * 60_000;

/** The root, made now if it is not in the cache; or the reason why this machine cannot make it. */
export function aptRoot(): DebianRoot {
  const base = debianRoot();
  if (!base.ok) return base;
  const key = createHash('sha256').update(base.path).update(readFileSync(import.meta.filename)).digest('hex').slice(0, 12);
  const path = join(dirname(base.path), `debian-apt-${key}`);
  if (!existsSync(path)) {
    const why = build(base.path, path);
    if (why !== null) return { ok: false, why };
  }
  utimesSync(path, new Date(), new Date());
  return { ok: true, path };
}

function build(base: string, path: string): string | null {
  const root = mkdtempSync(`${path}.new-`);
  try {
    const failed = run('cp', ['-a', `${base}/.`, root]) ?? lendNetwork(root)
      ?? run('chroot', [root, 'apt-get', 'update'])
      ?? run('chroot', [root, 'apt-get', 'install', '-y', '--no-install-recommends', ...TOOLS])
      ?? run('chroot', [root, 'apt-get', 'install', '-y', '--no-install-recommends', '--download-only', ...NEW])
      ?? run('chroot', [root, 'apt-get', 'install', '-y', '--no-install-recommends', '--download-only', '--reinstall', ...INSTALLED]);
    if (failed !== null) return failed;
    for (const [link, program] of LINKS) symlinkSync(`${CHECKOUT_INSIDE}/bin/${program}`, join(root, link));
    renameSync(root, path);
    return null;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Name servers, and the way through a proxy where apt has one. */
function lendNetwork(root: string): null {
  copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  const { stdout } = spawnSync('sh', ['-c', 'grep -liE "Acquire::[a-z]+::Proxy" /etc/apt/apt.conf.d/* 2>/dev/null'], { encoding: 'utf8' });
  for (const file of stdout.split('\n').filter((each) => each !== '')) copyFileSync(file, join(root, 'etc/apt/apt.conf.d', basename(file)));
  return null;
}

function run(program: string, args: readonly string[]): string | null {
  const env = { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env, timeout: DOWNLOAD_LIMIT_MS, maxBuffer: 64 << 20 });
  if (error !== undefined) return `${program}: ${error.message}`;
  return status === 0 ? null : `${program} ${args.join(' ')} ended with status ${String(status)}:\n${(stdout + stderr).slice(-2000)}`;
}
