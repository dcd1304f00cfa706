/**
 * Boots the demo system: the manager as PID 1 of private namespaces, in the machine's own file tree with a fresh /proc,
 * /run and /var/log. Root makes the namespaces directly, an ordinary user inside a user namespace of his own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot, distDirectory } from '../set-up/checkout.mjs';
import { isRoot } from '../set-up/prerequisites.mjs';
import { SetUpError } from '../set-up/set-up-error.mjs';
import { demoPrefix, staleNames } from './stale-demos.mjs';

/** The namespace is dead when this begins; its last processes leave their groups within milliseconds. */
const GROUP_EMPTY_LIMIT_MS = 2000;
const GROUP_POLL_MS = 10;

const NAMESPACES = ['--pid', '--fork', '--kill-child', '--mount', '--uts', '--ipc'];

/**
 * @param {{ runtimeDirectory: string, showStatus: boolean, terminal: boolean }} options the runtime directory is seen from outside too, so the
 *   control socket can be used without entering anything; `terminal`: what is read from `console` is shown on one
 * @returns {{ ended: Promise<number>, stop: () => void, console: import('node:stream').Readable }} `ended` gives the exit
 *   status; `stop` takes the system down without asking it
 * @throws {SetUpError} when this machine does not allow namespaces
 */
export function bootDemo({ runtimeDirectory, showStatus, terminal }) {
  const namespaces = allowedNamespaces();
  const group = makeControlGroup();
  const cgroupNamespace = group === null ? [] : ['--cgroup'];
  const script = setUpScript({ runtimeDirectory, showStatus, ownsCgroup: group !== null });
  const enter = group === null ? '' : `echo $$ > "$DEMO_CGROUP/cgroup.procs" && `;
  const command = `${enter}exec setpriv --pdeathsig KILL unshare ${[...namespaces, ...cgroupNamespace].join(' ')} /bin/sh -c "$DEMO_SET_UP"`;
  const child = spawn('/bin/sh', ['-c', command], {
    // A session of its own: Ctrl-C at the prompt is the prompt's.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, TERM: process.env.TERM ?? 'dumb', DEMO_SET_UP: script, DEMO_CGROUP: group ?? '', ...(terminal ? { HEARTWOOD_CONSOLE_IS_TERMINAL: '1' } : {}) },
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', async (code) => {
      if (group !== null) await removeControlGroup(group);
      resolve(code ?? 1);
    });
  });
  return { ended, stop: () => child.kill('SIGKILL'), console: child.stdout };
}

function allowedNamespaces() {
  const direct = isRoot() ? NAMESPACES : ['--user', '--map-root-user', ...NAMESPACES];
  const { status, error } = spawnSync('unshare', [...direct, 'true'], { stdio: 'ignore' });
  if (error !== undefined) throw new SetUpError('missing unshare: sudo apt-get install util-linux');
  if (status === 0) return direct;
  throw new SetUpError(
    isRoot()
      ? 'the kernel does not let this root make namespaces (a container without CAP_SYS_ADMIN?): run it on the host, or with docker run --privileged'
      : 'the kernel does not let ordinary users make namespaces: sudo sysctl kernel.unprivileged_userns_clone=1, or run it as root',
  );
}

/** What PID 1 does before it becomes the manager. */
function setUpScript({ runtimeDirectory, showStatus, ownsCgroup }) {
  const units = `${join(checkoutRoot, 'units/demo')}:${join(checkoutRoot, 'units/system')}`;
  return [
    'set -e',
    'mount --make-rprivate /',
    'mount -t proc proc /proc',
    'mount -t tmpfs -o mode=0755 tmpfs /run',
    // The demo's logs are gone with it: nothing of it stays on the machine.
    'if [ -d /var/log ]; then mount -t tmpfs -o mode=0755 tmpfs /var/log; fi',
    ...(ownsCgroup ? ['mount -t cgroup2 cgroup2 /sys/fs/cgroup'] : []),
    'hostname shop 2>/dev/null || true',
    'mkdir /run/demo',
    `ln -s ${quote(process.execPath)} /run/demo/node`,
    `ln -s ${quote(join(distDirectory, 'native/heartwood-notify'))} /run/demo/notify`,
    `ln -s ${quote(join(checkoutRoot, 'units/demo/programs'))} /run/demo/programs`,
    'unset DEMO_SET_UP DEMO_CGROUP',
    `exec ${quote(join(checkoutRoot, 'bin/heartwood'))} --container --unit demo.target --unit-path ${quote(units)}`
      + ` --runtime-dir ${quote(runtimeDirectory)} --show-status ${showStatus ? 'yes' : 'no'}`,
  ].join('\n');
}

function quote(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A group of our own to be the root of the demo's hierarchy; null where cgroup v2 is not ours to write. */
function makeControlGroup() {
  const mount = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').find((line) => / - cgroup2 /.test(line))?.split(' ')[4];
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (mount === undefined || own === undefined || !isRoot()) return null;
  try {
    const parent = join(mount, own);
    for (const name of staleNames(parent)) removeEmptyGroups(join(parent, name));
    return mkdtempSync(join(parent, demoPrefix()));
  } catch {
    return null;
  }
}

/** Removes the group and what is below it, leaves first, once the kernel has let go of their last processes. */
async function removeControlGroup(path) {
  const deadline = performance.now() + GROUP_EMPTY_LIMIT_MS;
  while (!removeEmptyGroups(path) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, GROUP_POLL_MS));
}

/** @returns {boolean} whether the group is gone */
function removeEmptyGroups(path) {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeEmptyGroups(join(path, entry.name));
    rmdirSync(path);
    return true;
  } catch (error) {
    return error.code === 'ENOENT';
  }
}
