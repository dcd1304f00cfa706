/**
 * A Debian root directory with real daemons in it, made by debootstrap from the mirror this machine's apt uses.
 *
 * It is made once and kept in the cache directory under a key of everything that decides its content; tests lay a writable
 * overlay over it and never change it. Units are enabled by the packages' own maintainer scripts; nothing is started.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The daemons under test, then what their clients and the tests need inside the root. */
const PACKAGES = [
  'redis-server', 'nginx-light', 'cron', 'openssh-server', 'memcached', 'lighttpd', 'rsyslog', 'dbus', 'avahi-daemon',
  'bsdutils', 'procps', 'util-linux', 'libstdc++6', 'lsb-base',
] as const;
/** Came along as the first alternative of a dependency that lsb-base fulfils as well; a container image has no other manager. */
const REMOVED = ['systemd-sysv', 'systemd'] as const;

/** lighttpd and nginx both come with port 80; configuration files are the administrator's, so one of them is moved. */
export const LIGHTTPD_PORT = 8081;

/** The first build downloads some 100 MB and unpacks 300 MB. */
const BUILD_LIMIT_MS = 20 * 60_000;
/** Roots of older keys that nobody used for this long are removed. */
const UNUSED_ROOT_KEPT_MS = 14 * 24 * 3600_000;

export type DebianRoot = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string };

/** The root, made now if it is not in the cache; or the reason why this machine cannot make it. */
export function debianRoot(): DebianRoot {
  if (process.getuid?.() !== 0) return { ok: false, why: 'making a Debian root needs root' };
  const mirror = aptMirror();
  if (mirror === null) return { ok: false, why: 'apt knows no mirror of Debian; run apt-get update' };
  if (!isExecutable('/usr/sbin/debootstrap')) return { ok: false, why: 'debootstrap is missing: sudo apt-get install debootstrap' };
  const cache = join(process.env['XDG_CACHE_HOME'] ?? (process.getuid() === 0 ? '/var/cache' : join(homedir(), '.cache')), 'heartwood-test');
  const path = join(cache, `debian-${cacheKey(mirror.suite)}`);
  if (!isDirectory(path)) {
    const why = build(path, mirror);
    if (why !== null) return { ok: false, why };
  }
  utimesSync(path, new Date(), new Date());
  removeUnused(cache, path);
  return { ok: true, path };
}

/** This file is the recipe, so it is part of the key. */
function cacheKey(suite: string): string {
  return createHash('sha256').update(suite).update(process.arch).update(readFileSync(import.meta.filename)).digest('hex').slice(0, 12);
}

interface Mirror { readonly suite: string; readonly uri: string }

/** The newest release's main archive among the machine's own apt sources, as apt itself resolved them. */
function aptMirror(): Mirror | null {
  const format = '$(ORIGIN)\t$(CODENAME)\t$(COMPONENT)\t$(REPO_URI)';
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], { encoding: 'utf8' });
  for (const line of stdout.split('\n')) {
    const [origin, suite, component, uri] = line.split('\t');
    // The updates and security archives hold only what changed; their names have a dash.
    if (origin === 'Debian' && component === 'main' && suite !== undefined && uri !== undefined && !suite.includes('-')) return { suite, uri };
  }
  return null;
}

/** @returns null, or why it failed */
function build(path: string, { suite, uri }: Mirror): string | null {
  mkdirSync(dirname(path), { recursive: true });
  const root = mkdtempSync(`${path}.new-`);
  try {
    const packages = PACKAGES.join(',');
    const failed =
      // Unpacked first and configured second, so that the policy below is there before any maintainer script runs.
      run('debootstrap', ['--foreign', '--variant=minbase', `--include=${packages}`, suite, root, uri])
      ?? prepare(root)
      ?? run('chroot', [root, '/debootstrap/debootstrap', '--second-stage'])
      ?? run('chroot', [root, 'dpkg', '--purge', '--force-depends', ...REMOVED])
      ?? finish(root);
    if (failed !== null) return failed;
    chmodSync(root, 0o755);
    if (isDirectory(path)) return null;
    renameSync(root, path);
    return null;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function prepare(root: string): null {
  mkdirSync(join(root, 'usr/sbin'), { recursive: true });
  // invoke-rc.d asks this program; 101 is "not allowed".
  writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return null;
}

function finish(root: string): null {
  const lighttpd = join(root, 'etc/lighttpd/lighttpd.conf');
  writeFileSync(lighttpd, readFileSync(lighttpd, 'utf8').replace(/^(server\.port\s*=\s*)80$/m, `$1${String(LIGHTTPD_PORT)}`));
  rmSync(join(root, 'var/cache/apt/archives'), { recursive: true, force: true });
  rmSync(join(root, 'usr/sbin/policy-rc.d'), { force: true });
  return null;
}

function run(program: string, args: readonly string[]): string | null {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env, timeout: BUILD_LIMIT_MS, maxBuffer: 64 << 20 });
  if (error !== undefined) return `${program}: ${error.message}`;
  return status === 0 ? null : `${program} ended with status ${String(status)}:\n${(stdout + stderr).slice(-2000)}`;
}

function removeUnused(cache: string, current: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (path !== current && name.startsWith('debian-') && Date.now() - statSync(path).mtimeMs > UNUSED_ROOT_KEPT_MS) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
