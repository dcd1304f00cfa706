/** The virtual machine: QEMU's arguments, its serial lines, and how its end is told apart from a crash. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { VmError } from './vm-error.ts';

export interface MachineOptions {
  readonly kernel: string;
  readonly image: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Added to the kernel command line. */
  readonly kernelArguments: readonly string[];
}

/** A chunk that came over one of the guest's serial lines. */
export type Sink = (chunk: Buffer) => void;

export interface Lines {
  readonly console: Sink;
  readonly output: Sink;
  readonly errors: Sink;
  readonly report: Sink;
}

const QEMU = 'qemu-system-x86_64';
const QEMU_PACKAGE = 'qemu-system-x86';

/**
 * - panic=-1: a panic resets at once, and -no-reboot makes a reset the end of QEMU, so a dead guest never hangs the host.
 * - 8250.nr_uarts: Debian's kernel makes four serial ports unless told otherwise, and the card needs four more.
 * - rootfstype=ramfs: a tmpfs root may fill half of the memory and no more, which would double what the guest needs.
 */
const KERNEL_ARGUMENTS = ['console=ttyS0', 'panic=-1', 'rootfstype=ramfs', '8250.nr_uarts=8'];

/**
 * A serial card of four ports. Where it sits is said in `guest/run-command` too, which finds the ports by it: the names they
 * get depend on how many others there are.
 */
const CARD = 'pci-serial-4x,addr=0x10';
const CARD_LINES = ['output', 'errors', 'report', 'spare'] as const;

/** The console is this terminal; Ctrl-A X ends the machine. Returns when it has ended. */
export async function runOnTerminal(options: MachineOptions): Promise<void> {
  const child = startQemu([...machineArguments(options), '-serial', 'mon:stdio'], 'inherit');
  await ended(child);
}

/**
 * Runs the machine with its console and its card of serial ports connected to `lines`.
 *
 * @param limit aborts: the machine is killed
 * @throws VmError when QEMU fails; what the guest did is told by its lines alone
 */
export async function runConnected(options: MachineOptions, lines: Lines, limit: AbortSignal): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-vm-'));
  const servers: Server[] = [];
  try {
    const chardevs: string[] = [];
    const closed: Promise<void>[] = [];
    for (const name of ['console', ...CARD_LINES] as const) {
      const path = join(directory, name);
      const { server, done } = await listen(path, name === 'spare' ? () => undefined : lines[name]);
      servers.push(server);
      closed.push(done);
      chardevs.push('-chardev', `socket,id=${name},path=${path}`);
    }
    const ports = CARD_LINES.map((name, index) => `chardev${index + 1}=${name}`).join(',');
    const devices = ['-serial', 'chardev:console', '-device', `${CARD},${ports}`, '-monitor', 'none'];
    const child = startQemu([...machineArguments(options), ...chardevs, ...devices], ['ignore', 'ignore', 'pipe']);
    const kill = () => child.kill('SIGKILL');
    limit.addEventListener('abort', kill);
    try {
      await ended(child);
    } finally {
      limit.removeEventListener('abort', kill);
    }
    // QEMU is gone; what it wrote may still be on its way through the sockets.
    await Promise.all(closed);
  } finally {
    for (const server of servers) server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function machineArguments(options: MachineOptions): readonly string[] {
  return [
    '-accel', 'tcg',
    // rdrand, so that the kernel need not gather entropy before the first getrandom(2) returns.
    '-cpu', 'qemu64,+rdrand',
    '-smp', String(options.cpus),
    '-m', String(options.memoryMiB),
    '-nodefaults', '-no-user-config', '-no-reboot',
    '-display', 'none',
    '-kernel', options.kernel,
    '-initrd', options.image,
    '-append', [...KERNEL_ARGUMENTS, ...options.kernelArguments].join(' '),
  ];
}

function startQemu(args: readonly string[], stdio: 'inherit' | ['ignore', 'ignore', 'pipe']): ChildProcess {
  // A machine must not outlive whoever waits for it, however that one ends. setpriv is in util-linux, which Debian always has.
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', qemuPath(), ...args], { stdio });
}

/** @throws VmError with the command that installs it */
function qemuPath(): string {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, QEMU);
    if (existsSync(path)) return path;
  }
  throw new VmError(`missing ${QEMU}: sudo apt-get install --no-install-recommends ${QEMU_PACKAGE}`);
}

async function ended(child: ChildProcess): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (status !== null && status !== 0) throw new VmError(`${said.trimEnd()}\n${QEMU} failed (exit status ${status})`);
  if (signal !== null && signal !== 'SIGKILL') throw new VmError(`${QEMU} was ended by ${signal}`);
}

async function listen(path: string, sink: Sink): Promise<{ readonly server: Server; readonly done: Promise<void> }> {
  const server = createServer();
  const done = once(server, 'connection').then(async ([socket]) => {
    const stream = socket as NodeJS.ReadableStream;
    stream.on('data', sink);
    await once(stream, 'close');
  });
  server.listen(path);
  await once(server, 'listening');
  return { server, done };
}
