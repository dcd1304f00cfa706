/** Mount units through `step`: what the kernel's table says decides, whatever mount(8) and umount(8) claim. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { MountPoint } from '../../../src/core/unit/mount.ts';
import { buildMountPoint } from '../../../src/core/unit-file/build-unit.ts';
import { CONTEXT, edgesOf, saidOf, unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const NAME = 'mnt-data.mount' as UnitName;
const FILE = '[Mount]\nWhere=/mnt/data\nWhat=tmpfs\nType=tmpfs\nOptions=size=1M,nofail\nTimeoutSec=10';
const THERE: MountPoint = { where: '/mnt/data', what: 'tmpfs', type: 'tmpfs', options: 'rw,size=1024k' };

class Manager extends OneUnitManager<'mount'> {
  constructor(file = FILE, mounts: readonly MountPoint[] = []) {
    super('mount', NAME, file, { boot: { mounts } });
  }

  table(...mounts: readonly MountPoint[]): void {
    this.feed({ event: 'mount-table', mounts });
  }
}

test('a start mounts, the table says so, and a stop unmounts', () => {
  const manager = new Manager();
  manager.ask('start');
  assert.equal(manager.run(), '/bin/mount tmpfs /mnt/data -t tmpfs -o size=1M');
  assert.equal(manager.words, 'activating mounting success');
  manager.table(THERE);
  assert.equal(manager.words, 'activating mounting-done success');
  manager.exit(0);
  assert.equal(manager.words, 'active mounted success');
  manager.ask('stop');
  assert.equal(manager.run(), '/bin/umount /mnt/data -c');
  manager.table();
  manager.exit(0);
  assert.equal(manager.words, 'inactive dead success');
});

test('the end of a command that was killed is waited for a second at least, however short TimeoutSec= is', () => {
  const manager = new Manager(FILE.replace('TimeoutSec=10', 'TimeoutSec=100ms'));
  manager.ask('start');
  manager.run();
  manager.later(0.1);
  manager.later(0.1);
  assert.equal(manager.words, 'deactivating unmounting-sigkill timeout');
  manager.later(0.5);
  assert.equal(manager.words, 'deactivating unmounting-sigkill timeout');
  manager.later(0.5);
  assert.equal(manager.words, 'failed failed timeout');
});

test('a mount(8) that fails, that says it succeeded and did nothing, and that never ends are three results', () => {
  const failing = new Manager();
  failing.ask('start');
  failing.run();
  failing.exit(32);
  assert.equal(failing.words, 'failed failed exit-code');
  const lying = new Manager();
  lying.ask('start');
  lying.run();
  lying.exit(0);
  assert.equal(lying.words, 'failed failed protocol');
  const hanging = new Manager();
  hanging.ask('start');
  hanging.run();
  hanging.later(10);
  assert.equal(hanging.words, 'deactivating unmounting-sigterm timeout');
  hanging.later(10);
  assert.equal(hanging.words, 'deactivating unmounting-sigkill timeout');
  hanging.exit(1);
  assert.equal(hanging.words, 'failed failed timeout');
});

test('what others mount and unmount is followed', () => {
  const manager = new Manager();
  manager.table(THERE);
  assert.equal(manager.words, 'active mounted success');
  manager.ask('start');
  assert.equal(manager.effects.some(({ kind }) => kind === 'spawn'), false, 'it is there already');
  manager.table();
  assert.equal(manager.words, 'inactive dead success');
  assert.equal(new Manager(FILE, [THERE]).words, 'active mounted success', 'and so is what was there before the manager');
});

test('mounts stacked on one place are unmounted one by one, but not for ever', () => {
  const manager = new Manager(FILE, [THERE]);
  manager.ask('stop');
  manager.run();
  manager.exit(0);
  assert.equal(manager.words, 'deactivating unmounting success');
  assert.equal(manager.run(), '/bin/umount /mnt/data -c');
  manager.table();
  manager.exit(0);
  assert.equal(manager.words, 'inactive dead success');
  const endless = new Manager(FILE, [THERE]);
  endless.ask('stop');
  for (let round = 0; round <= 32; round++) {
    endless.run();
    endless.exit(0);
  }
  assert.equal(endless.words, 'active mounted success');
});

test('an umount(8) that fails leaves the mount active, unless somebody else was quicker', () => {
  const busy = new Manager(FILE, [THERE]);
  busy.ask('stop');
  busy.run();
  busy.exit(32);
  assert.equal(busy.words, 'active mounted exit-code');
  const gone = new Manager(FILE, [THERE]);
  gone.ask('stop');
  gone.run();
  gone.table();
  gone.exit(32);
  assert.equal(gone.words, 'inactive dead success');
});

test('a reload remounts with the options, and its failure is no failure of the mount', () => {
  const manager = new Manager(FILE, [THERE]);
  manager.ask('reload');
  assert.equal(manager.run(), '/bin/mount tmpfs /mnt/data -t tmpfs -o remount,size=1M');
  assert.equal(manager.words, 'reloading remounting success');
  manager.exit(32);
  assert.equal(manager.words, 'active mounted success');
  assert.equal(manager.unit().runtime.reloadResult, 'exit-code');
});

test('flags of the file become options of mount(8) and umount(8)', () => {
  const manager = new Manager(`${FILE}\nSloppyOptions=yes\nReadWriteOnly=yes\nLazyUnmount=yes\nForceUnmount=yes`);
  manager.ask('start');
  assert.equal(manager.run(), '/bin/mount tmpfs /mnt/data -s -w -t tmpfs -o size=1M');
  manager.table(THERE);
  manager.exit(0);
  manager.ask('stop');
  assert.equal(manager.run(), '/bin/umount /mnt/data -c -l -f');
});

test('a unit file must agree with its name, say what to mount, and not be about the kernel\'s own file systems', () => {
  const error = (name: string, lines: string): string => unitOf(name, `[Mount]\n${lines}`).loadError ?? '';
  assert.match(error('a.mount', 'Where=/b\nWhat=x'), /must be b\.mount/);
  assert.match(error('a.mount', 'Where=/a'), /What= is missing/);
  assert.match(error('proc.mount', 'What=proc\nWhere=/proc'), /for which there can be no mount unit/);
  const good = unitOf('srv-my\\x2dfiles.mount', '[Mount]\nWhat=/dev/x');
  assert.ok(good.kind === 'mount');
  assert.deepEqual([good.where, good.loadState, saidOf(good)], ['/srv/my-files', 'loaded', []], 'the name says where');
});

test('local and network mounts stand before their targets, end before umount.target, and need what they bind', () => {
  const context = { hasUnitFile: (name: string) => name === 'srv.mount' };
  assert.deepEqual(edgesOf(unitOf('srv-a.mount', '[Mount]\nWhat=/srv/b\nWhere=/srv/a\nOptions=bind', context)), [
    'After -.slice', 'After local-fs-pre.target', 'After srv.mount', 'After system.slice', 'Before local-fs.target', 'Before umount.target',
    'Conflicts umount.target', 'InSlice system.slice', 'Requires srv.mount', 'Requires system.slice',
  ].filter((edge) => edge !== 'After -.slice'));
  const remote = edgesOf(unitOf('net.mount', '[Mount]\nWhat=server:/x\nType=nfs4\nOptions=nofail'));
  for (const edge of ['After remote-fs-pre.target', 'After network-online.target', 'Wants network-online.target', 'After network.target']) assert.ok(remote.includes(edge), edge);
  assert.ok(!remote.includes('Before remote-fs.target'), 'nofail: nobody waits for it');
});

test('a line of the table is a unit without a file; it ends with the manager only where the manager made it', () => {
  const mount: MountPoint = { where: '/mnt/100%', what: '/dev/a b', type: 'ext4', options: 'rw' };
  const ours = buildMountPoint('mnt-100\\x25.mount' as UnitName, mount, true, CONTEXT);
  assert.ok(ours.kind === 'mount');
  assert.deepEqual([ours.loadState, ours.where, ours.what, ours.fragmentPath, ours.diagnostics], ['loaded', '/mnt/100%', '/dev/a b', null, []]);
  assert.ok(edgesOf(ours).includes('Conflicts umount.target'));
  assert.ok(!edgesOf(buildMountPoint('mnt.mount' as UnitName, { ...mount, where: '/mnt' }, false, CONTEXT)).includes('Conflicts umount.target'));
  const root = buildMountPoint('-.mount' as UnitName, { ...mount, where: '/' }, true, CONTEXT);
  assert.deepEqual([root.refuseManualStop, root.description, edgesOf(root).includes('Conflicts umount.target')], [true, 'Root Mount', false]);
});
