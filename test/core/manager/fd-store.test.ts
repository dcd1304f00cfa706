import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName, Usec } from '../../../src/base/brand.ts';
import { isPolledStoredFd, isStoredFd, storedName, storeKey, storingUnit } from '../../../src/core/machine/service/fd-store.ts';
import type { ServiceUnit } from '../../../src/core/unit/service.ts';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;
const KEY = 'store:a.service:db:1';

/** A service that gave one fd into its store, died, and waits for its automatic restart. */
function waitingForRestart(preserve: ServiceUnit['fileDescriptorStorePreserve']): { readonly kernel: SimulatedKernel; readonly given: string[]; readonly stored: () => readonly string[] } {
  const kernel = new SimulatedKernel();
  const given: string[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') given.push(...effect.fds.map(({ key }) => key)); };
  kernel.boot([target('default.target'), service('a.service', { restart: 'always', restartUsec: (10 * SECOND) as Usec, notifyAccess: 'main', fileDescriptorStoreMax: 2, fileDescriptorStorePreserve: preserve })]);
  kernel.enqueue('start', 'a.service');
  const pid = [...kernel.processes.keys()][0] as number;
  kernel.sockets.open.add(KEY);
  kernel.notify('a.service', pid, 'FDSTORE=1\nFDNAME=db', [KEY]);
  kernel.kill(pid, 9);
  kernel.run(SECOND);
  assert.equal(kernel.unit('a.service').runtime.state, 'auto-restart');
  const stored = (): readonly string[] => { const { runtime } = kernel.unit('a.service'); return runtime.kind === 'service' ? runtime.fdStore : []; };
  return { kernel, given, stored };
}

test('an automatic restart gets its stored fds back', () => {
  const { kernel, given } = waitingForRestart('no');
  kernel.run(20 * SECOND);
  assert.deepEqual(given, [KEY]);
});

test('a stop between two automatic restarts keeps a store that is to be preserved, for the next start', () => {
  const { kernel, given, stored } = waitingForRestart('yes');
  kernel.enqueue('stop', 'a.service');
  assert.deepEqual(stored(), [KEY]);
  kernel.enqueue('start', 'a.service');
  assert.deepEqual(given, [KEY]);
});

test('a stop between two automatic restarts closes any other store', () => {
  for (const preserve of ['no', 'restart'] as const) {
    const { kernel, stored } = waitingForRestart(preserve);
    kernel.enqueue('stop', 'a.service');
    assert.deepEqual(stored(), []);
    assert.ok(!kernel.sockets.open.has(KEY));
  }
});

test('fds that come for a unit that is no more are closed', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target')]);
  kernel.sockets.open.add(KEY);
  kernel.notify('gone.service', 100, 'FDSTORE=1\nFDNAME=db', [KEY]);
  assert.ok(!kernel.sockets.open.has(KEY));
});

test('a stored fd that hangs up leaves the store and is closed; one that is not the service\'s any more means nothing', () => {
  const { kernel, stored, given } = waitingForRestart('no');
  kernel.hangUp('store:a.service:db:9');
  assert.deepEqual(stored(), [KEY]);
  kernel.hangUp(KEY);
  assert.deepEqual(stored(), []);
  assert.ok(!kernel.sockets.open.has(KEY));
  kernel.run(20 * SECOND);
  assert.deepEqual(given, []);
});

test('a stored fd says by its name whose it is, what it is called, and whether it may hang up', () => {
  const key = { unit: 'a:b@c.service' as UnitName, name: 'db', number: 7 };
  for (const isPolled of [true, false]) {
    const name = storeKey({ ...key, isPolled });
    assert.deepEqual([storingUnit(name), storedName(name), isStoredFd(name), isPolledStoredFd(name)], [key.unit, key.name, true, isPolled]);
  }
  assert.ok(!isStoredFd('listen:a.socket:0'));
});
