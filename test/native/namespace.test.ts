import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ProcessExit } from '../../src/host/native.ts';
import { isRoot, nodeEnvironment, run } from './native-under-test.ts';

const needsRoot = { skip: !isRoot && 'needs root' };
const checkout = join(import.meta.dirname, '../..');

async function probe(task: string, argument?: string): Promise<{ readonly exit: ProcessExit; readonly output: string; readonly directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-namespace-'));
  const argv = [
    '/usr/bin/unshare', '--mount', '--uts', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private',
    process.execPath, '--import', 'tsx', join(import.meta.dirname, 'namespace-probe.ts'), task, argument ?? directory,
  ];
  const { exit, output } = await run(argv, { cwd: checkout, env: nodeEnvironment });
  rmSync(directory, { recursive: true, force: true });
  return { exit, output, directory };
}

async function resultsOf(task: string): Promise<unknown> {
  const { output } = await probe(task);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

test('file systems are mounted and unmounted', needsRoot, async () => {
  assert.deepEqual(await resultsOf('mount'), [0, ['inner'], 0, [], 'EINVAL', 'ENODEV', 'ENOENT']);
});

test('the root can be exchanged and narrowed', needsRoot, async () => {
  assert.deepEqual(await resultsOf('root'), [0, 0, ['old', 'only-here'], 0, []]);
});

test('the host name is set, and the loopback interface comes up with its address', needsRoot, async () => {
  assert.deepEqual(await resultsOf('host'), [0, 'heartwood-test', 'EINVAL', 0, true, true, 0]);
});

test('killAll reaches everybody but process 1', needsRoot, async () => {
  const results = await resultsOf('kill-all') as unknown[];
  assert.deepEqual(results.slice(0, 3), [1, 0, true]);
});

test('reboot ends the name space as a reboot or as a halt', needsRoot, async () => {
  // reboot(2): the parent of process 1 sees SIGHUP for a restart and SIGINT for the others; unshare ends the same way.
  const restarted = (await probe('reboot', 'restart')).exit;
  assert.deepEqual([restarted.code, restarted.status], ['killed', 1]);
  const off = (await probe('reboot', 'power-off')).exit;
  assert.deepEqual([off.code, off.status], ['killed', 2]);
});
