/**
 * V8 code caches, made by a real run of each program: functions that the run called are in it compiled, the rest is
 * compiled when first called. A cache that cannot be made costs some milliseconds at start and nothing else.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLES } from './bundles.mjs';
import { distDirectory } from './checkout.mjs';
import { isOnPath, isRoot } from './prerequisites.mjs';

/** A warm run that hangs must not hang the build. */
const WARM_RUN_LIMIT_MS = 20_000;

/**
 * What each program does in its warm run: its commonest life, in short. The manager runs one command as PID 1 of its own
 * namespace, or beside other processes where that is not allowed.
 */
const WARM_RUNS = {
  heartwood: (directory) => ['--container', '--runtime-dir', join(directory, 'run'), '--log-target', 'null', '--show-status', 'no', '--', '/bin/true'],
  logd: null,
  initctl: () => ['--help'],
};

/** @returns {Promise<string | null>} what was done, or null */
export async function recordCodeCaches() {
  const made = [];
  for (const { name } of BUNDLES) {
    const bundle = join(distDirectory, `${name}.cjs`);
    if (!existsSync(bundle) || WARM_RUNS[name] === null) continue;
    const cache = cachePath(name, bundle);
    if (existsSync(cache)) continue;
    removeOldCaches(name);
    if (runWarm(name, cache)) made.push(name);
    // An empty cache is no cache to the loader, and says to the next build that trying again is of no use.
    else writeFileSync(cache, '');
  }
  return made.length === 0 ? null : made.join(', ');
}

/** The loader looks for exactly this name. */
function cachePath(name, bundle) {
  const source = readFileSync(bundle, 'latin1');
  const mark = source.slice('// content '.length, source.indexOf('\n'));
  return join(distDirectory, `${name}.${mark}.${process.versions.v8}.cache`);
}

function removeOldCaches(name) {
  for (const file of readdirSync(distDirectory)) {
    if (file.startsWith(`${name}.`) && file.endsWith('.cache')) rmSync(join(distDirectory, file));
  }
}

function runWarm(name, cache) {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-warm-'));
  try {
    const program = name === 'heartwood' ? [join(distDirectory, 'native/launcher')] : [process.execPath, join(distDirectory, `${name}.js`)];
    const command = [...privateNamespaces(name), ...program, ...WARM_RUNS[name](directory)];
    const env = { PATH: process.env.PATH, HEARTWOOD_NODE: process.execPath, HEARTWOOD_RECORD_CODE_CACHE: cache };
    spawnSync(command[0], command.slice(1), { env, stdio: 'ignore', timeout: WARM_RUN_LIMIT_MS, killSignal: 'SIGKILL' });
    return existsSync(cache);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Only the manager's warm run needs them: its processes then end with it, whatever happens. */
function privateNamespaces(name) {
  if (name !== 'heartwood' || !isOnPath('unshare')) return [];
  const base = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const command = isRoot() ? base : [...base, '--user', '--map-root-user'];
  const allowed = spawnSync(command[0], [...command.slice(1), 'true'], { stdio: 'ignore' }).status === 0;
  return allowed ? command : [];
}
