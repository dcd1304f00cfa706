import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Fd, Pid } from '../../src/base/brand.ts';
import { addonPath, exitOf, isRoot, native, nodeEnvironment, nullFd, ok, outputPipe, plainSpawn, readToEnd, started } from './native-under-test.ts';

const SIGINT = 2;
const SIGHUP = 1;
const needsRoot = { skip: !isRoot && 'needs root' };
const products = dirname(addonPath);

interface Machine {
  /** unshare(1), which ends as process 1 of the name space did. */
  readonly pid: Pid;
  /** Process 1, by its number outside. */
  readonly init: number;
  readonly output: Fd;
}

/** Starts a program as process 1 of a PID name space. */
async function boot(argv: readonly string[], environment: readonly string[]): Promise<Machine> {
  const [output, write] = outputPipe();
  const unshare = ['/usr/bin/unshare', '--pid', '--fork', '--kill-child', '--mount-proc', ...argv];
  const { pid, pidfd } = started(native.spawn(plainSpawn(unshare, { env: environment, stdio: [nullFd, write, write] })));
  ok(native.close(write));
  ok(native.close(pidfd));
  for (let tries = 0; tries < 5000; tries++) {
    const init = Number(readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').trim());
    if (init > 0 && readFileSync(`/proc/${String(init)}/comm`, 'utf8').trim() === 'stage0') return { pid, init, output };
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return assert.fail('stage0 runs as process 1');
}

/** Waits until stage0 has said that it stays: from then on Ctrl-Alt-Del (SIGINT) counts. */
async function rebootBy(machine: Machine): Promise<string> {
  const blocksSigint = (): boolean => (BigInt(`0x${/^SigBlk:\s*(\w+)$/m.exec(readFileSync(`/proc/${String(machine.init)}/status`, 'utf8'))?.[1] ?? '0'}`) & 2n) !== 0n;
  for (let tries = 0; tries < 5000 && !blocksSigint(); tries++) await new Promise((resolve) => setTimeout(resolve, 1));
  ok(native.kill(machine.init, SIGINT));
  // reboot(2) in a PID name space: the parent sees process 1 killed by SIGHUP.
  const { code, status } = await exitOf(machine.pid);
  assert.deepEqual([code, status], ['killed', SIGHUP]);
  return (await readToEnd(machine.output)).toString();
}

test('the rescue program says why, stays, and reboots on Ctrl-Alt-Del', needsRoot, async () => {
  const machine = await boot([join(products, 'stage0'), '--rescue', 'the disk is empty'], ['HEARTWOOD_RESCUE=/init']);
  const output = await rebootBy(machine);
  assert.match(output, /the manager cannot go on: the disk is empty/);
  assert.match(output, /Ctrl-Alt-Del stops everything and reboots/);
});

test('a launcher that cannot start the manager as process 1 hands over to the rescue program', needsRoot, async () => {
  const base = mkdtempSync(join(tmpdir(), 'heartwood-stage0-'));
  mkdirSync(join(base, 'dist/native'), { recursive: true });
  copyFileSync(join(products, 'launcher'), join(base, 'dist/native/launcher'));
  const rescue = `HEARTWOOD_RESCUE=${join(products, 'stage0')}`;
  const machine = await boot([join(base, 'dist/native/launcher')], [...nodeEnvironment, rescue]);
  assert.match(await rebootBy(machine), /cannot go on: cannot find the manager .*heartwood\.cjs: No such file/);
  rmSync(base, { recursive: true });
});
