/** The addon and the executor under test, and the few things every test of them needs: a plain child, its output, its end. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import type { Errno, Fd, Pid, Signal } from '../../src/base/brand.ts';
import { loadNative } from '../../src/host/load-native.ts';
import type { Outcome, ProcessExit, SpawnResult, SpawnSpec } from '../../src/host/native.ts';

export const native = loadNative(join(import.meta.dirname, '../../src/host'));

/** Where the addon lies; programs built with it lie beside it. */
const productsDirectory = dirname(process.env['HEARTWOOD_ADDON'] ?? join(import.meta.dirname, '../../dist/native/heartwood.node'));
export const addonPath = join(productsDirectory, 'heartwood.node');
export const executorPath = process.env['HEARTWOOD_EXECUTOR'] ?? join(productsDirectory, 'unit-executor');

/** No child of these tests takes longer; one that does hangs. */
const CHILD_TIMEOUT_MSEC = 30_000;

export const isRoot = process.getuid?.() === 0;

/** What a Node under test needs of our own environment: where the addon is, and the sanitizer that it was built with. */
export const nodeEnvironment: readonly string[] = Object.entries(process.env)
  .filter(([name]) => /^(HEARTWOOD_(ADDON|EXECUTOR)|LD_PRELOAD|[A-Z]+SAN_OPTIONS|PATH)$/.test(name)).map(([name, value]) => `${name}=${String(value)}`);

/** The value, or a failed test when the call gave an errno. */
export function ok<T>(outcome: T | Errno): Exclude<T, Errno> {
  assert.ok(typeof outcome !== 'string', `the call succeeds, not ${String(outcome)}`);
  return outcome as Exclude<T, Errno>;
}

export const nullFd = ok(native.open('/dev/null', 2, 0));

/** A child that can do nothing special: no input, no output, the environment of a login. */
export function plainSpawn(argv: readonly string[], changes: Partial<SpawnSpec> = {}): SpawnSpec {
  return {
    path: argv[0] ?? '', argv, env: ['PATH=/usr/bin:/bin'], stdio: [nullFd, nullFd, nullFd], extraFds: [], cwd: '/', umask: 0o022,
    credentials: null, limits: [], nice: null, oomScoreAdjust: null, noNewPrivileges: false, ignoreSigpipe: false, newSession: true,
    cgroupFd: -1, pidEnvIndexes: [], controllingTty: -1, ...changes,
  };
}

export function started(result: SpawnResult): { readonly pid: Pid; readonly pidfd: Fd } {
  assert.ok('pid' in result, `the child starts: ${JSON.stringify(result)}`);
  return result;
}

/** Ends of children that were reaped while somebody waited for another one. */
const ends = new Map<number, ProcessExit>();

export async function exitOf(pid: number): Promise<ProcessExit> {
  const deadline = Date.now() + CHILD_TIMEOUT_MSEC;
  for (;;) {
    for (const end of native.reap(64)) ends.set(end.pid, end);
    const end = ends.get(pid);
    if (end !== undefined) {
      ends.delete(pid);
      return end;
    }
    assert.ok(Date.now() < deadline, `child ${String(pid)} ends in time`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Everything from a non-blocking fd until its end; closes it. */
export async function readToEnd(fd: Fd): Promise<Buffer> {
  const deadline = Date.now() + CHILD_TIMEOUT_MSEC;
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(64 * 1024);
    const bytes: Outcome<number> = native.read(fd, chunk);
    if (bytes === 0) break;
    if (typeof bytes === 'number') chunks.push(chunk.subarray(0, bytes));
    else assert.equal(bytes, 'EAGAIN');
    assert.ok(Date.now() < deadline, 'the output ends in time');
    if (typeof bytes !== 'number') await new Promise((resolve) => setTimeout(resolve, 1));
  }
  ok(native.close(fd));
  return Buffer.concat(chunks);
}

/** A pipe whose read end does not block. */
export function outputPipe(): readonly [read: Fd, write: Fd] {
  const [read, write] = ok(native.pipe(false));
  ok(native.setNonBlocking(read, true));
  return [read, write];
}

/** Runs a program to its end; its standard output and error come back as one text. */
export async function run(argv: readonly string[], changes: Partial<SpawnSpec> = {}): Promise<{ readonly exit: ProcessExit; readonly output: string }> {
  const [read, write] = outputPipe();
  const { pid, pidfd } = started(native.spawn(plainSpawn(argv, { stdio: [nullFd, write, write], ...changes })));
  ok(native.close(pidfd));
  ok(native.close(write));
  const output = (await readToEnd(read)).toString();
  return { exit: await exitOf(pid), output };
}

/** A memfd with the text in it, at its beginning again. */
export function memfdWith(content: string | Uint8Array): Fd {
  const fd = ok(native.memfd('test'));
  const bytes = Buffer.from(content);
  if (bytes.length > 0) assert.equal(native.write(fd, bytes), bytes.length);
  const reopened = ok(native.open(`/proc/self/fd/${String(fd)}`, 0, 0));
  ok(native.close(fd));
  return reopened;
}

export const signalNumber = (number: number): Signal => number as Signal;
