/** Debian's daemontools, unpacked beside nothing of the machine: the original that our tools are compared with. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The archive has 60 kB. */
const DOWNLOAD_LIMIT_MS = 120_000;

export type Original = { readonly ok: true; readonly bin: string } | { readonly ok: false; readonly why: string };

/** Its programs, downloaded and unpacked now if they are not in the cache; or the reason why this machine has none. */
export function originalDaemontools(): Original {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? (process.getuid?.() === 0 ? '/var/cache' : join(homedir(), '.cache')), 'heartwood-test');
  const target = join(cache, `daemontools-${process.arch}`);
  const bin = join(target, 'usr/bin');
  if (existsSync(bin)) return { ok: true, bin };
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(`${target}.new-`);
  try {
    const options = { cwd: folder, encoding: 'utf8', timeout: DOWNLOAD_LIMIT_MS } as const;
    const download = spawnSync('apt-get', ['download', 'daemontools'], options);
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (archive === undefined) return { ok: false, why: `apt-get download daemontools: ${download.error?.message ?? download.stderr}` };
    const unpacked = spawnSync('dpkg-deb', ['--extract', archive, 'root'], options);
    if (unpacked.status !== 0) return { ok: false, why: `dpkg-deb: ${unpacked.error?.message ?? unpacked.stderr}` };
    if (!existsSync(bin)) renameSync(join(folder, 'root'), target);
    return { ok: true, bin };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
