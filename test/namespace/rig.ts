/**
 * The rig: boots Heartwood as PID 1 of fresh namespaces (pid, mount, net, uts, ipc, cgroup), steers it and takes it down.
 *
 * The manager sees a root of its own: a writable overlay over a given root directory, with fresh /proc, /dev, /run and /tmp,
 * and the checkout mounted read-only at `CHECKOUT_INSIDE`. Nothing it or its services do can reach the machine: when the test
 * ends, or its process dies, the kernel ends the namespace with everything in it.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The checkout under test. */
export const CHECKOUT = dirname(dirname(import.meta.dirname));
/** Where the manager and its services find it. */
export const CHECKOUT_INSIDE = '/opt/heartwood';
export const NODE_INSIDE = '/opt/heartwood-node';
/** Where `RigOptions.units` are. */
export const UNITS_INSIDE = '/etc/heartwood/system';

/** What one test may print before the rest is dropped: a runaway service must not fill the memory of the test. */
const CONSOLE_BYTES_KEPT = 8 << 20;
/** From unshare to the manager's exec: a dozen mounts, slow only on a machine under heavy load. */
const SET_UP_LIMIT_MS = 20_000;
const POLL_MS = 10;
/** Killed processes leave their group within milliseconds; on a loaded machine later. */
const CGROUP_EMPTY_LIMIT_MS = 5000;

export interface RigOptions {
  /** Unit files by path relative to the unit directory, `a.service.d/x.conf` included; a value is the text, or a link target. */
  readonly units?: Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;
  /** More files, by absolute path inside. */
  readonly files?: Readonly<Record<string, { readonly text: string; readonly mode?: number }>>;
  /** Root directory under the overlay; default is the machine's own, in which the machine's own units are not looked at. */
  readonly root?: string;
  /** The manager's uid and gid; default 0. Any other has no capabilities. */
  readonly uid?: number;
  readonly readOnlyRoot?: boolean;
  /** `tmpfs`: a fresh /run, as on a machine. `root`: the one of the root directory, as in a container made from an image. */
  readonly run?: 'tmpfs' | 'root';
  /** `v2`: a writable cgroup v2 at /sys/fs/cgroup. `none`: no control groups. Default `v2` where the machine allows it. */
  readonly cgroup?: 'v2' | 'none';
  /** `rw`: as on a machine, whose devices are its manager's to know. Default `ro`, as in a container. */
  readonly sys?: 'ro' | 'rw';
  /** Options of `heartwood`, before `--`. The mode is `--container` unless one is given here. */
  readonly args?: readonly string[];
  /** `heartwood … -- CMD`. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Soft limit of open files for the manager. */
  readonly openFilesMax?: number;
  /** Size of the tmpfs under the overlay, /tmp and /run each; for tests that fill the disk. */
  readonly diskBytes?: number;
  /** Another manager in Heartwood's place, by its absolute path inside and its arguments; for comparisons. */
  readonly manager?: readonly string[];
}

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why namespaces cannot be made here, or null when they can. For `test(..., { skip })`. */
export function whyNoNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'needs root to make namespaces';
  const { status, error } = spawnSync('unshare', ['--pid', '--fork', '--mount', '--net', '--uts', '--ipc', 'true']);
  if (error !== undefined) return 'unshare is missing: sudo apt-get install util-linux';
  return status === 0 ? null : 'the kernel does not let us make namespaces';
}

/** A running (or ended) manager in its namespaces. */
export class Rig {
  /** The manager's pid as the test sees it. */
  readonly pid: number;
  readonly #unshare: ChildProcess;
  readonly #directory: string;
  readonly #cgroup: string | null;
  readonly #ended: Promise<Outcome>;
  #console = '';

  private constructor(unshare: ChildProcess, pid: number, directory: string, cgroup: string | null) {
    this.#unshare = unshare;
    this.pid = pid;
    this.#directory = directory;
    this.#cgroup = cgroup;
    const keep = (chunk: string): void => {
      if (this.#console.length < CONSOLE_BYTES_KEPT) this.#console += chunk;
    };
    unshare.stdout?.setEncoding('utf8').on('data', keep);
    unshare.stderr?.setEncoding('utf8').on('data', keep);
    this.#ended = new Promise((resolve) => {
      unshare.on('close', (status, signal) => resolve({ status, signal, stdout: this.#console, stderr: '' }));
    });
  }

  /** Boots a manager. It has been executed when this returns; use `booted` to wait for the end of its boot. */
  static async boot(options: RigOptions = {}): Promise<Rig> {
    const directory = mkdtempSync(join(tmpdir(), 'heartwood-rig-'));
    const cgroup = options.cgroup === 'none' ? null : makeCgroup();
    if (options.cgroup === 'v2' && cgroup === null) throw new Error('no writable cgroup v2 on this machine');
    writeInputs(directory, options);
    writeFileSync(join(directory, 'set-up.sh'), setUpScript(directory, options, cgroup !== null));
    const enter = cgroup === null ? '' : `echo $$ > ${quote(join(cgroup, 'cgroup.procs'))} && `;
    const namespaces = ['--pid', '--fork', '--kill-child', '--mount', '--net', '--uts', '--ipc', '--cgroup'];
    const command = `${enter}exec setpriv --pdeathsig KILL unshare ${namespaces.join(' ')} /bin/sh ${quote(join(directory, 'set-up.sh'))}`;
    const unshare = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, detached: true });
    try {
      const pid = await managerPid(unshare, directory, options.manager?.[0]);
      return new Rig(unshare, pid, directory, cgroup);
    } catch (error) {
      await cleanUp(directory, cgroup);
      throw error;
    }
  }

  /** Everything the manager and, through it, its services wrote to the console so far. */
  get console(): string {
    return this.#console;
  }

  /** Ends when the manager has: its exit status, as unshare hands it on. */
  get ended(): Promise<Outcome> {
    return this.#ended;
  }

  /** A path inside, as the test can open it. */
  path(inside: string): string {
    return `/proc/${String(this.pid)}/root${inside}`;
  }

  /** Runs a program inside all of the manager's namespaces as root, or as another uid. */
  run(command: readonly string[], { uid = 0, input = '', timeoutMs = 60_000 }: { uid?: number; input?: string; timeoutMs?: number } = {}): Promise<Outcome> {
    const enter = ['--target', String(this.pid), '--all', '--root=' + `/proc/${String(this.pid)}/root`, '--wdns=/', '--'];
    const asUid = uid === 0 ? [] : ['setpriv', `--reuid=${String(uid)}`, `--regid=${String(uid)}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
    const env = { PATH: `${CHECKOUT_INSIDE}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HEARTWOOD_NODE: `${NODE_INSIDE}/node`, LC_ALL: 'C.UTF-8' };
    return runToEnd('nsenter', [...enter, ...asUid, ...command], env, input, timeoutMs);
  }

  /** `initctl ARGS…` inside. */
  initctl(...args: string[]): Promise<Outcome> {
    return this.run([`${CHECKOUT_INSIDE}/bin/initctl`, ...args]);
  }

  /** A script for Node inside, as an ES module; what it prints is in `stdout`. */
  node(script: string): Promise<Outcome> {
    return this.run([`${NODE_INSIDE}/node`, '--input-type=module', '--eval', script]);
  }

  /** A property as `initctl show` prints it. */
  async property(unit: string, name: string): Promise<string> {
    const { stdout } = await this.initctl('show', '--property', name, '--value', unit);
    return stdout.trimEnd();
  }

  /** Waits until the boot transaction is over. Returns what `is-system-running` said. */
  async booted(limitMs = 30_000): Promise<string> {
    let state = '';
    await this.until(async () => {
      state = (await this.initctl('is-system-running')).stdout.trim();
      return state === 'running' || state === 'degraded';
    }, { limitMs, what: 'the boot to end' });
    return state;
  }

  /** Polls until the condition holds. The error has the console in it, since that is where the reason stands. */
  async until(holds: () => boolean | Promise<boolean>, { limitMs = 20_000, what = 'a condition' }: { limitMs?: number; what?: string } = {}): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`waited ${String(limitMs)} ms for ${what}; the console says:\n${this.#console.slice(-4000)}`);
      if (this.#unshare.exitCode !== null) throw new Error(`the manager ended while the test waited for ${what}:\n${this.#console.slice(-4000)}`);
      await sleep(POLL_MS);
    }
  }

  /** Sends a signal to the manager. */
  signal(signal: NodeJS.Signals | number): void {
    process.kill(this.pid, signal);
  }

  /** Processes inside but for the manager: pid as the test sees it, and command line. */
  processes(): { readonly pid: number; readonly command: string }[] {
    const namespace = pidNamespace(this.pid);
    if (namespace === null) return [];
    return readdirSync('/proc').flatMap((name) => {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === this.pid || pidNamespace(pid) !== namespace) return [];
      const command = commandLine(pid);
      return command === null ? [] : [{ pid, command }];
    });
  }

  /** Takes everything down, in whatever state it is. Safe to call twice. */
  async destroy(): Promise<void> {
    if (this.#unshare.exitCode === null && this.#unshare.signalCode === null) {
      // First itself: a manager that lost its parent-death signal would live on, and hold the pipes that are waited for.
      process.kill(this.pid, 'SIGKILL');
      this.#unshare.kill('SIGKILL');
    }
    await this.#ended;
    await cleanUp(this.#directory, this.#cgroup);
  }
}

async function cleanUp(directory: string, cgroup: string | null): Promise<void> {
  if (cgroup !== null) await removeCgroup(cgroup);
  rmSync(directory, { recursive: true, force: true });
}

/** Boots, hands the rig to the body and takes it down whatever happens. */
export async function withRig<T>(options: RigOptions, body: (rig: Rig) => Promise<T>): Promise<T> {
  const rig = await Rig.boot(options);
  try {
    return await body(rig);
  } finally {
    await rig.destroy();
  }
}

// --- inputs

function writeInputs(directory: string, { units = {}, files = {} }: RigOptions): void {
  mkdirSync(join(directory, 'units'));
  for (const [name, content] of Object.entries(units)) {
    const path = join(directory, 'units', name);
    mkdirSync(dirname(path), { recursive: true });
    if (typeof content === 'object' && 'link' in content) spawnSync('ln', ['-s', content.link, path]);
    else writeFileSync(path, content);
  }
  for (const [name, { text, mode = 0o644 }] of Object.entries(files)) {
    const path = join(directory, 'files', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The script that is PID 1 until it executes the manager. */
function setUpScript(directory: string, options: RigOptions, cgroup: boolean): string {
  const size = options.diskBytes === undefined ? '' : `,size=${String(options.diskBytes)}`;
  const root = `${directory}/root`;
  const lines = [
    'set -e',
    'mount --make-rprivate /',
    `mkdir ${directory}/disk ${root}`,
    `mount -t tmpfs -o mode=0755${size} tmpfs ${directory}/disk`,
    `mkdir ${directory}/disk/upper ${directory}/disk/work`,
    `mount -t overlay overlay -o lowerdir=${options.root ?? '/'},upperdir=${directory}/disk/upper,workdir=${directory}/disk/work ${root}`,
    `mkdir -p ${root}${CHECKOUT_INSIDE} ${root}${NODE_INSIDE} ${root}${UNITS_INSIDE} ${root}/usr/lib/heartwood`,
    `mount --bind ${quote(CHECKOUT)} ${root}${CHECKOUT_INSIDE}`,
    `mount -o remount,bind,ro ${root}${CHECKOUT_INSIDE}`,
    `touch ${root}${NODE_INSIDE}/node`,
    `mount --bind ${quote(process.execPath)} ${root}${NODE_INSIDE}/node`,
    `cp -a ${directory}/units/. ${root}${UNITS_INSIDE}/`,
    existsSync(join(directory, 'files')) ? `cp -a ${directory}/files/. ${root}/` : '',
    `ln -sfn ${CHECKOUT_INSIDE}/units/system ${root}/usr/lib/heartwood/system`,
    `ln -sfn ${CHECKOUT_INSIDE}/units/user ${root}/usr/lib/heartwood/user`,
    `mount -t proc proc ${root}/proc`,
    `mount -t sysfs -o ${options.sys ?? 'ro'} sysfs ${root}/sys`,
    // A mount point must exist in sysfs whatever the kernel's options, so control groups get a tmpfs of their own when it does not.
    cgroup ? `mount -t cgroup2 cgroup2 ${root}/sys/fs/cgroup` : `mount -t tmpfs -o ro tmpfs ${root}/sys/fs/cgroup`,
    `mount -t tmpfs -o mode=0755 tmpfs ${root}/dev`,
    `for node in 'null 3' 'zero 5' 'full 7' 'random 8' 'urandom 9'; do mknod -m 666 ${root}/dev/\${node% *} c 1 \${node#* }; done`,
    `mknod -m 666 ${root}/dev/tty c 5 0`,
    `mkdir ${root}/dev/pts ${root}/dev/shm`,
    `mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts ${root}/dev/pts`,
    `mount -t tmpfs -o mode=1777 tmpfs ${root}/dev/shm`,
    `ln -s pts/ptmx ${root}/dev/ptmx`,
    `ln -s /proc/self/fd ${root}/dev/fd`,
    `ln -s /proc/self/fd/0 ${root}/dev/stdin; ln -s /proc/self/fd/1 ${root}/dev/stdout; ln -s /proc/self/fd/2 ${root}/dev/stderr`,
    `mount -t tmpfs -o mode=1777${size} tmpfs ${root}/tmp`,
    options.run === 'root' ? '' : `mount -t tmpfs -o mode=0755${size}${options.uid === undefined ? '' : `,uid=${String(options.uid)}`} tmpfs ${root}/run`,
    // The logs of the machine are not the rig's; a root that was asked for has its own.
    options.root === undefined ? `mount -t tmpfs -o mode=0755${size}${options.uid === undefined ? '' : `,uid=${String(options.uid)}`} tmpfs ${root}/var/log` : '',
    // What a container runtime does before it starts PID 1.
    `hostname rig`,
    `${quote(process.execPath)} -e ${quote(`require(${JSON.stringify(join(CHECKOUT, 'dist/native/heartwood.node'))}).loopbackUp()`)}`,
    `echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start`,
    options.readOnlyRoot === true ? `mount -o remount,ro ${root}` : '',
    `cd ${root}`,
    // pivot_root with both arguments the same stacks the old root on the new one; it is then taken off.
    'pivot_root . .',
    'umount -l .',
    `cd /`,
    options.openFilesMax === undefined ? '' : `ulimit -n ${String(options.openFilesMax)}`,
    `exec ${managerCommand(options).map(quote).join(' ')}`,
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function managerCommand(options: RigOptions): string[] {
  const { uid = 0, args = [], command, env = {} } = options;
  // The kernel forgets the parent-death signal (unshare's --kill-child) with a change of user, so it is set again.
  const credentials = uid === 0 ? [] : ['setpriv', `--reuid=${String(uid)}`, `--regid=${String(uid)}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all', '--pdeathsig=KILL'];
  const fixedEnv = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HEARTWOOD_NODE: `${NODE_INSIDE}/node`, container: 'rig', ...env };
  const mode = args.some((arg) => ['--system', '--container', '--user'].includes(arg)) ? [] : ['--container'];
  // With the machine's own root its units must not be started; a root that was asked for is taken as it is.
  const unitPath = options.root !== undefined || args.includes('--unit-path') ? [] : ['--unit-path', `${UNITS_INSIDE}:${CHECKOUT_INSIDE}/units/system`];
  if (options.manager !== undefined) return ['env', '-i', ...Object.entries(fixedEnv).map(([name, value]) => `${name}=${value}`), ...options.manager];
  return [
    'env', '-i', ...Object.entries(fixedEnv).map(([name, value]) => `${name}=${value}`), ...credentials,
    `${CHECKOUT_INSIDE}/bin/heartwood`, ...mode, ...unitPath, ...args, ...(command === undefined ? [] : ['--', ...command]),
  ];
}

// --- processes

/** unshare's only child is PID 1 inside; it has become the manager once its executable is no shell any more. */
async function managerPid(unshare: ChildProcess, directory: string, program = 'bin/heartwood'): Promise<number> {
  const parent = unshare.pid;
  if (parent === undefined) throw new Error('unshare could not be started');
  let output = '';
  const keep = (chunk: Buffer): void => void (output += chunk.toString());
  unshare.stderr?.on('data', keep);
  unshare.stdout?.on('data', keep);
  try {
    const deadline = performance.now() + SET_UP_LIMIT_MS;
    while (performance.now() < deadline) {
      if (unshare.exitCode !== null) throw new Error(`the namespaces could not be set up in ${directory}:\n${output}`);
      const child = readText(`/proc/${String(parent)}/task/${String(parent)}/children`)?.trim();
      if (child !== undefined && child !== '' && !child.includes(' ')) {
        const command = commandLine(Number(child)) ?? '';
        if (command.includes(program) || command.includes('dist/heartwood')) return Number(child);
      }
      await sleep(POLL_MS);
    }
    unshare.kill('SIGKILL');
    throw new Error(`setting up the namespaces took more than ${String(SET_UP_LIMIT_MS)} ms:\n${output}`);
  } finally {
    unshare.stderr?.off('data', keep);
    unshare.stdout?.off('data', keep);
  }
}

function runToEnd(program: string, args: readonly string[], env: NodeJS.ProcessEnv, input: string, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (stderr += chunk));
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
    // nsenter's own child may outlive it when its time is up, and would keep the pipes open.
    child.on('exit', (status, signal) => {
      if (signal === 'SIGKILL') resolve({ status, signal, stdout, stderr: `${stderr}\n(no end after ${String(timeoutMs)} ms)` });
    });
    // A program that does not read its input closes the pipe: no error of the test.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function commandLine(pid: number): string | null {
  return readText(`/proc/${String(pid)}/cmdline`)?.replaceAll('\0', ' ').trimEnd() ?? null;
}

function pidNamespace(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/pid`);
  } catch {
    return null;
  }
}

// --- control groups

/** A fresh group under the machine's cgroup v2 hierarchy, which becomes the root of the rig's view; null when there is none. */
function makeCgroup(): string | null {
  const mount = (readText('/proc/self/mountinfo') ?? '').split('\n').find((line) => / - cgroup2 /.test(line))?.split(' ')[4];
  if (mount === undefined) return null;
  const own = /^0::(.*)$/m.exec(readText('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  try {
    return mkdtempSync(join(mount, own, 'heartwood-rig-'));
  } catch {
    return null;
  }
}

/** Kills what is left in a group and its sub-groups, and removes them from the leaves up once the kernel has let go. */
async function removeCgroup(path: string): Promise<void> {
  const deadline = performance.now() + CGROUP_EMPTY_LIMIT_MS;
  // Kernels before 5.14 have no such file; there the namespace has died with its init.
  if (existsSync(join(path, 'cgroup.kill'))) writeFileSync(join(path, 'cgroup.kill'), '1');
  while (!removeEmptyGroups(path) && performance.now() < deadline) await sleep(POLL_MS);
}

/** Returns whether the group is gone. */
function removeEmptyGroups(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeEmptyGroups(join(path, entry.name));
    rmdirSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
