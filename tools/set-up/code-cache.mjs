/**
 * V8 code caches, made by a real run of each program: functions that the run called are in it compiled, the rest is
 * compiled when first called. A cache that cannot be made costs some milliseconds at start and nothing else.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLES } from './bundles.mjs';
import { distDirectory } from './checkout.mjs';
import { isOnPath, isRoot } from './prerequisites.mjs';

/** A warm run that hangs must not hang the build. */
const WARM_RUN_LIMIT_MS = 20_000;

/**
 * What each program does in its warm run: its commonest life, in short. The manager boots a few units as PID 1 of its own
 * namespace, or beside other processes where that is not allowed, answers a client and shuts down.
 */
const WARM_RUNS = {
  // Its commands start managers of their own; the usage is as far as it goes without one.
  front: () => ['front'],
  heartwood: (directory) => [
    '--container', '--runtime-dir', join(directory, 'run'), '--unit-path', writeWarmUnits(directory), '--unit', 'default.target',
    '--exit-with', 'asker.service', '--log-target', 'null', '--show-status', 'no',
  ],
  gateway: () => ['--openapi'],
  logd: null,
  simulate: null,
  script: (directory) => ['--check', writeWarmScript(directory)],
  initctl: () => ['--help'],
};

/** A service that tells when it is ready, another one that needs it, and a client. Nothing is logged: that would be kept on this machine. */
function writeWarmUnits(directory) {
  const units = join(directory, 'units');
  const native = join(distDirectory, 'native');
  const socket = join(directory, 'run/control');
  mkdirSync(join(units, 'default.target.wants'), { recursive: true });
  const write = (name, lines) => writeFileSync(join(units, name), [...lines, ''].join('\n'));
  write('default.target', ['[Unit]', 'Description=Warm', 'Requires=sysinit.target', 'After=sysinit.target']);
  for (const target of ['sysinit.target', 'basic.target', 'shutdown.target']) write(target, ['[Unit]', `Description=${target}`]);
  write('talker.service', [
    '[Unit]', 'Description=Tells when it is ready', 'ConditionPathExists=/',
    '[Service]', 'Type=notify', 'NotifyAccess=all', 'Restart=always', 'StandardOutput=null', 'Environment=WORD=ready',
    `ExecStart=/bin/sh -c '"${native}/heartwood-notify" READY=1; exec sleep 60'`, '[Install]', 'WantedBy=default.target',
  ]);
  write('plain.service', ['[Service]', 'ExecStart=/bin/sleep 60', 'StandardOutput=null']);
  write('asker.service', [
    '[Unit]', 'Description=Asks', 'Requires=talker.service', 'After=talker.service plain.service',
    '[Service]', 'Type=oneshot', 'StandardOutput=null', `Environment=HEARTWOOD_SOCKET=${socket}`,
    `ExecStart=-"${native}/initctl" status talker.service`, `ExecStart=-"${native}/initctl" restart plain.service`, `ExecStart=-"${native}/initctl" list`,
  ]);
  for (const name of ['talker.service', 'plain.service', 'asker.service']) symlinkSync(`../${name}`, join(units, 'default.target.wants', name));
  return units;
}

/** The interpreter for Lua is the longest part of what a script needs. */
function writeWarmScript(directory) {
  const file = join(directory, 'warm.lua');
  writeFileSync(file, 'while true do runIfUp { cmd "sleep 60" } end\n');
  return file;
}

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
