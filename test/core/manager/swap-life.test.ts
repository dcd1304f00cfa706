/** Swap units through `step`: what swapon(8) and swapoff(8) are told, and what the kernel's table says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { SwapPoint } from '../../../src/core/unit/swap.ts';
import { buildSwapPoint } from '../../../src/core/unit-file/build-unit.ts';
import { parseSwaps } from '../../../src/host/storage/swap-table.ts';
import { CONTEXT, edgesOf, unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const NAME = 'dev-vdb.swap';
const FILE = '[Swap]\nWhat=/dev/vdb\nPriority=7\nOptions=discard,pri=3\nTimeoutSec=10';
const THERE: SwapPoint = { what: '/dev/vdb', priority: 7, links: [] };

class Manager extends OneUnitManager<'swap'> {
  constructor(file = FILE, swaps: readonly SwapPoint[] = []) {
    super('swap', NAME, file, { boot: { swaps }, context: { hasDevices: false } });
  }

  table(...swaps: readonly SwapPoint[]): void {
    this.feed({ event: 'swap-table', swaps });
  }
}

test('a start turns the swap on with its options, Priority= before pri=, and a stop turns it off', () => {
  const manager = new Manager();
  manager.ask('start');
  assert.equal(manager.run(), '/sbin/swapon --fixpgsz -o discard,pri=7 /dev/vdb');
  assert.equal(manager.words, 'activating activating success');
  manager.table(THERE);
  assert.equal(manager.words, 'active activating-done success');
  manager.exit(0);
  assert.equal(manager.words, 'active active success');
  manager.ask('stop');
  assert.equal(manager.run(), '/sbin/swapoff /dev/vdb');
  manager.table();
  manager.exit(0);
  assert.equal(manager.words, 'inactive dead success');
});

test('swapon(8) that fails and one that never ends are two results; swapoff(8) that fails leaves the swap on', () => {
  const failing = new Manager();
  failing.ask('start');
  failing.run();
  failing.exit(255);
  assert.equal(failing.words, 'failed failed exit-code');
  const hanging = new Manager();
  hanging.ask('start');
  hanging.run();
  hanging.later(10);
  assert.equal(hanging.words, 'deactivating deactivating-sigterm timeout');
  hanging.later(10);
  assert.equal(hanging.words, 'deactivating deactivating-sigkill timeout');
  hanging.exit(9);
  assert.equal(hanging.words, 'failed failed timeout');
  const busy = new Manager(FILE, [THERE]);
  assert.equal(busy.words, 'active active success');
  busy.ask('stop');
  busy.run();
  busy.exit(1);
  assert.equal(busy.words, 'active active exit-code');
});

test('swap that somebody else turns on is active, also over a link, and dead when it is turned off', () => {
  const manager = new Manager();
  manager.table({ what: '/dev/sdq', priority: -2, links: ['/dev/vdb'] });
  assert.equal(manager.words, 'active active success');
  assert.equal(manager.unit().runtime.found?.priority, -2);
  manager.table({ what: '/dev/sdq', priority: -2, links: [] });
  assert.equal(manager.words, 'inactive dead success');
});

test('a swap has the dependencies of systemd: its device where devices are known, else the mounts below its file', () => {
  const device = unitOf('dev-vdb.swap', '[Swap]\nWhat=/dev/vdb');
  assert.deepEqual(edgesOf(device), [
    'After dev-vdb.device', 'After system.slice', 'Before swap.target', 'Before umount.target', 'BindsTo dev-vdb.device', 'Conflicts umount.target',
    'InSlice system.slice', 'Requires system.slice',
  ]);
  assert.equal(device.description, '/dev/vdb');
  assert.ok(!edgesOf(unitOf('dev-vdb.swap', '[Swap]\nWhat=/dev/vdb', { hasDevices: false })).some((edge) => edge.includes('.device')));
  const file = unitOf('var-swap.swap', '[Swap]\nWhat=/var/swap', { hasUnitFile: (name) => name === 'var.mount' });
  assert.ok(edgesOf(file).includes('Requires var.mount'));
  assert.match(unitOf('a.swap', '[Swap]\nWhat=/var/swap').loadError ?? '', /must be var-swap\.swap/);
});

test('a line of the table becomes a unit whatever the name of its file, and the mark of a removed file is no part of it', () => {
  const text = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/srv/a\\040b%n (deleted)                file\t\t1020\t\t0\t\t-2\n/dev/zram0 partition 10 0 100\n';
  assert.deepEqual(parseSwaps(text.replace(' (deleted)', '\\040(deleted)')), [
    { what: '/srv/a b%n', priority: -2, links: [] }, { what: '/dev/zram0', priority: 100, links: [] },
  ]);
  const unit = buildSwapPoint('srv-a\\x20b\\x25n.swap' as UnitName, { what: '/srv/a b%n', priority: -2, links: [] }, CONTEXT);
  assert.ok(unit.kind === 'swap');
  assert.equal(unit.what, '/srv/a b%n');
  assert.equal(unit.loadState, 'loaded');
});
