/** A PID 1 whose root directory is that of a running system. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** A unit of the built-in load path of the rig's own root, which leaves a mark when it is started. */
const ALONE = '[Unit]\nDefaultDependencies=no\n';
const FILES = {
  '/etc/systemd/system/default.target': { text: `${ALONE}Wants=mark.service\n` },
  '/etc/systemd/system/mark.service': { text: `${ALONE}[Service]\nExecStart=/bin/touch /run/marked\n` },
};

function second(rig: Rig, unshareOptions: readonly string[], ...args: string[]): ReturnType<Rig['run']> {
  return rig.run(['timeout', '60', 'unshare', '--pid', '--fork', '--kill-child', '--mount', ...unshareOptions, 'heartwood', '--container', '--runtime-dir', '/run/second', ...args]);
}

test('a second PID 1 on the root directory of a running system does not boot its units, unless told to', { skip }, async () => {
  await withRig({ files: FILES }, async (rig) => {
    await rig.booted();
    const isMarked = async (): Promise<boolean> => (await rig.run(['test', '-e', '/run/marked'])).status === 0;
    for (const args of [[], ['--unit-path', '/run/more:']]) {
      const refused = await second(rig, ['--mount-proc'], ...args);
      assert.equal(refused.status, 2);
      assert.match(refused.stderr, /root directory of a system that runs already \(one \/proc is mounted over another\).*--unit-path DIR.*--shared-root/);
    }
    const withoutProc = await second(rig, []);
    assert.match(withoutProc.stderr, /\/proc is that of another PID 1/);
    assert.equal(await isMarked(), false);
    const meant = await second(rig, ['--mount-proc'], '--shared-root', '--exit-with', 'mark.service');
    assert.equal(meant.status, 0, meant.stderr);
    assert.equal(await isMarked(), true);
  });
});

test('a chosen unit path, and a root directory of its own, are not refused', { skip }, async () => {
  const units = {
    '/srv/units/default.target': { text: `${ALONE}Wants=end.service\n` },
    '/srv/units/end.service': { text: `${ALONE}[Service]\nExecStart=/bin/true\n` },
  };
  await withRig({ files: { ...FILES, ...units } }, async (rig) => {
    await rig.booted();
    const chosen = await second(rig, ['--mount-proc'], '--unit-path', '/srv/units', '--exit-with', 'end.service');
    assert.equal(chosen.status, 0, chosen.stderr);
    // As a container runtime does it: the old root goes away, and with it the old /proc.
    const own = await rig.run(['timeout', '60', 'unshare', '--pid', '--fork', '--kill-child', '--mount', 'sh', '-c', `
      mkdir -p /run/root && mount --rbind / /run/root && cd /run/root && umount -R proc && mount -t proc proc proc
      pivot_root . . && umount -l . && cd / && exec heartwood --container --runtime-dir /run/second --exit-with mark.service`]);
    assert.equal(own.status, 0, own.stderr);
  });
});
