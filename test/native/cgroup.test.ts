import assert from 'node:assert/strict';
import { accessSync, constants, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { exitOf, native, ok, plainSpawn, run, started } from './native-under-test.ts';

/** Where a control group of version 2 is mounted and may be written, or null. */
function writableHierarchy(): string | null {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before, behind] = line.split(' - ');
    if (behind === undefined || !behind.startsWith('cgroup2 ')) continue;
    const place = before?.split(' ')[4] ?? '';
    try {
      accessSync(place, constants.W_OK);
      return place;
    } catch {
      continue;
    }
  }
  return null;
}

const hierarchy = writableHierarchy();
const group = `${hierarchy ?? ''}/heartwood-test-${String(process.pid)}`;
const withGroups = { skip: hierarchy === null && 'no writable cgroup2 hierarchy' };
if (hierarchy !== null) ok(native.makeDirectory(group, 0o755));
after(() => { if (hierarchy !== null) ok(native.removeDirectory(group)); });

test('a child is born inside its control group', withGroups, async () => {
  const cgroupFd = ok(native.openDirectory(group));
  const { output } = await run(['/bin/cat', '/proc/self/cgroup'], { cgroupFd });
  assert.match(output, new RegExp(`^0::.*/heartwood-test-${String(process.pid)}$`, 'm'));
  assert.match(native.readSmallFile(`${group}/cgroup.events`, 1000), /populated 0/);
  ok(native.close(cgroupFd));
});

test('everything in a group can be killed at once, and a new group of the same name can be used again', withGroups, async () => {
  for (let round = 0; round < 3; round++) {
    const cgroupFd = ok(native.openDirectory(group));
    const { pid, pidfd } = started(native.spawn(plainSpawn(['/bin/sh', '-c', 'sleep 100 & sleep 100 & sleep 100'], { cgroupFd })));
    ok(native.close(cgroupFd));
    ok(native.close(pidfd));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(native.kill(pid, 0), 0, 'it lives');
    assert.equal(native.removeDirectory(group), 'EBUSY');
    assert.equal(native.writeAttribute(`${group}/cgroup.kill`, '1'), 0);
    assert.deepEqual((({ code, status }) => [code, status])(await exitOf(pid)), ['killed', 9]);
    for (let tries = 0; tries < 1000 && native.removeDirectory(group) !== 0; tries++) await new Promise((resolve) => setTimeout(resolve, 1));
    // On some kernels a group that was killed once kills whatever is born into it: a fresh directory is needed.
    ok(native.makeDirectory(group, 0o755));
  }
});

test('a directory on a hierarchy of version 1 is joined by writing', async (context) => {
  const place = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').find((line) => / - cgroup /.test(line) && !/ ro,/.test(line))?.split(' ')[4];
  if (place === undefined || native.makeDirectory(`${place}/heartwood-test-v1-${String(process.pid)}`, 0o755) !== 0) {
    context.skip('no writable hierarchy of version 1');
    return;
  }
  const path = `${place}/heartwood-test-v1-${String(process.pid)}`;
  const cgroupFd = ok(native.openDirectory(path));
  const { output } = await run(['/bin/cat', '/proc/self/cgroup'], { cgroupFd });
  ok(native.close(cgroupFd));
  assert.match(output, new RegExp(`heartwood-test-v1-${String(process.pid)}$`, 'm'));
  for (let tries = 0; tries < 1000 && native.removeDirectory(path) !== 0; tries++) await new Promise((resolve) => setTimeout(resolve, 1));
});
