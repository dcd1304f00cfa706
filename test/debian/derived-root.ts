/** Debian roots made from the one of `debian-root.ts` by commands inside it, kept in the cache beside it under a key of their recipe. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { debianRoot, type DebianRoot } from './debian-root.ts';
import { CHECKOUT_INSIDE } from '../namespace/rig.ts';

export interface RootRecipe {
  /** Part of the directory's name. */
  readonly name: string;
  /** Path of the file that holds the recipe: its text is the key. */
  readonly file: string;
  /** Run one after the other with the root as their root, with the network. */
  readonly commands: readonly (readonly string[])[];
}

/** What docs/debian.md tells to do. */
const LINKS: readonly (readonly [string, string])[] = [['usr/bin/systemctl', 'systemctl'], ['usr/sbin/init', 'heartwood']];

const COMMAND_LIMIT_MS = 10 * 60_000;

/** `apt-get install` with further words, as a command of a recipe. */
export function aptInstall(...words: readonly string[]): readonly string[] {
  return ['apt-get', 'install', '-y', '--no-install-recommends', ...words];
}

/** The root, made now if it is not in the cache; or the reason why this machine cannot make it. */
export function derivedRoot(recipe: RootRecipe): DebianRoot {
  const base = debianRoot();
  if (!base.ok) return base;
  const key = createHash('sha256').update(base.path).update(readFileSync(import.meta.filename)).update(readFileSync(recipe.file)).digest('hex').slice(0, 12);
  const path = join(dirname(base.path), `debian-${recipe.name}-${key}`);
  if (!existsSync(path)) {
    const why = build(base.path, path, recipe);
    if (why !== null) return { ok: false, why };
  }
  utimesSync(path, new Date(), new Date());
  return { ok: true, path };
}

function build(base: string, path: string, { commands }: RootRecipe): string | null {
  const root = mkdtempSync(`${path}.new-`);
  try {
    let failed = run('cp', ['-a', `${base}/.`, root]);
    lendNetwork(root);
    for (const command of commands) failed ??= run('chroot', [root, ...command]);
    if (failed !== null) return failed;
    for (const [link, program] of LINKS) {
      mkdirSync(dirname(join(root, link)), { recursive: true });
      rmSync(join(root, link), { force: true });
      symlinkSync(`${CHECKOUT_INSIDE}/bin/${program}`, join(root, link));
    }
    renameSync(root, path);
    return null;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Name servers, and the way through a proxy where apt has one. */
function lendNetwork(root: string): void {
  copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  const { stdout } = spawnSync('sh', ['-c', 'grep -liE "Acquire::[a-z]+::Proxy" /etc/apt/apt.conf.d/* 2>/dev/null'], { encoding: 'utf8' });
  for (const file of stdout.split('\n').filter((each) => each !== '')) copyFileSync(file, join(root, 'etc/apt/apt.conf.d', basename(file)));
}

function run(program: string, args: readonly string[]): string | null {
  const env = { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env, timeout: COMMAND_LIMIT_MS, maxBuffer: 64 << 20 });
  if (error !== undefined) return `${program}: ${error.message}`;
  return status === 0 ? null : `${program} ${args.join(' ')} ended with status ${String(status)}:\n${(stdout + stderr).slice(-2000)}`;
}
