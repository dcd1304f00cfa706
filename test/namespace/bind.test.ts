import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'apart.service': '[Service]\nPrivateMounts=yes\nExecStart=/bin/sleep 7561\n',
  'together.service': '[Service]\nExecStart=/bin/sleep 7562\n',
  'rooted.service': '[Service]\nRootDirectory=/srv/root\nBindReadOnlyPaths=/bin /lib -/lib64 /usr\nExecStart=/bin/sleep 7563\n',
};
const FILES = { '/srv/data/file': { text: 'from the machine\n' }, '/srv/other': { text: 'one file\n' }, '/srv/root/empty/here': { text: '' } };

/** A command among the mounts of the unit's main process. */
async function inside(rig: Rig, unit: string, script: string): Promise<string> {
  const pid = await rig.property(unit, 'MainPID');
  const { stdout, stderr } = await rig.run(['nsenter', '-t', pid, '-m', '-r', '-w', '--', '/bin/sh', '-c', script]);
  return (stdout + stderr).trim();
}

test('bind mounts a directory or a file into a service that runs, where only that service sees it', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'apart.service', 'rooted.service');
    const missing = await rig.initctl('bind', 'apart', '/srv/data', '/var/new/place');
    assert.deepEqual([missing.status, missing.stderr], [1, 'Failed to bind mount: /var/new/place in the service: ENOENT\n']);
    const bound = await rig.initctl('bind', '--mkdir', 'apart', '/srv/data', '/var/new/place');
    assert.deepEqual([bound.status, bound.stdout, bound.stderr], [0, '', '']);
    assert.equal(await inside(rig, 'apart.service', 'cat /var/new/place/file && echo changed >/var/new/place/file && cat /var/new/place/file'), 'from the machine\nchanged');
    assert.equal((await rig.run(['/bin/sh', '-c', 'ls /var/new/place; cat /srv/data/file'])).stdout, 'changed\n', 'the place is made where the file system is shared, the mount is not');
    assert.equal((await rig.initctl('bind', '--read-only', '--mkdir', 'apart', '/srv/other', '/var/new/one')).status, 0);
    assert.match(await inside(rig, 'apart.service', 'cat /var/new/one; echo x >/var/new/one'), /^one file\n.*Read-only file system$/);
    // The paths are those of the service, below its own root.
    assert.equal((await rig.initctl('bind', 'rooted', '/srv/data', '/empty')).status, 0);
    assert.equal(await inside(rig, 'rooted.service', 'cat /empty/file'), 'changed');
    await rig.initctl('restart', 'apart.service');
    assert.equal(await inside(rig, 'apart.service', 'ls /var/new/place'), '', 'gone with the process');
  });
});

test('bind refuses what it cannot do, and says why', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'apart.service', 'together.service');
    const refusals: readonly (readonly [words: readonly string[], status: number, said: RegExp])[] = [
      [['together', '/srv/data', '/mnt'], 3, /together\.service has no mount name space of its own: with PrivateMounts=yes it has one\./],
      [['rooted', '/srv/data', '/mnt'], 7, /rooted\.service has no main process\./],
      [['nowhere', '/srv/data', '/mnt'], 5, /Unit nowhere\.service could not be found\./],
      [['default.target', '/srv/data', '/mnt'], 3, /only a service/],
      [['apart', 'srv/data', '/mnt'], 1, /"srv\/data" is not an absolute path/],
      [['apart', '/srv/../etc', '/mnt'], 1, /"\/srv\/\.\.\/etc" is not an absolute path without/],
      [['apart', '/srv/none', '/mnt'], 1, /^Failed to bind mount: \/srv\/none: ENOENT$/m],
      [['apart', '/srv/data', '/etc/passwd'], 1, /\/etc\/passwd in the service: ENOTDIR/],
      [['apart', '/srv/other', '/mnt'], 1, /\/mnt in the service: EISDIR/],
    ];
    for (const [words, status, said] of refusals) {
      const answer = await rig.initctl('bind', ...words);
      assert.equal(answer.status, status, answer.stderr);
      assert.match(answer.stderr, said);
    }
    const stranger = await rig.run(['/opt/heartwood/bin/initctl', 'bind', 'apart', '/srv/data', '/mnt'], { uid: 1000 });
    assert.deepEqual([stranger.status, await inside(rig, 'apart.service', 'test -e /mnt/file && echo bound')], [4, '']);
  });
});
