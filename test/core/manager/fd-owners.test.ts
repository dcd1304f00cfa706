import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/manager/effect.ts';
import type { UnstampedEvent } from '../../../src/core/manager/event.ts';
import { fdsThatCameWith, fdsWithoutOwner } from '../../../src/core/manager/fd-owners.ts';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

const KNOWN = 'store:a.service:db:1';
const LATER = 'store:a.service:db:2';

/** A service with one fd in its store. */
function withStore(): { readonly kernel: SimulatedKernel; readonly spawn: Extract<Effect, { kind: 'spawn' }> } {
  const kernel = new SimulatedKernel();
  const spawns: Extract<Effect, { kind: 'spawn' }>[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') spawns.push(effect); };
  kernel.boot([target('default.target'), service('a.service', { notifyAccess: 'main', fileDescriptorStoreMax: 2 })]);
  kernel.enqueue('start', 'a.service');
  const pid = [...kernel.processes.keys()][0] as number;
  kernel.sockets.open.add(KNOWN);
  kernel.notify('a.service', pid, 'FDSTORE=1\nFDNAME=db', [KNOWN]);
  return { kernel, spawn: spawns[0] as Extract<Effect, { kind: 'spawn' }> };
}

test('a stored fd or a connection that no unit and no waiting event knows has no owner', () => {
  const { state } = withStore().kernel;
  const connection = 'connection:ssh.socket:4';
  assert.deepEqual(fdsWithoutOwner([KNOWN, LATER, connection], { state, queue: [], open: null }), [LATER, connection]);
  const peer = { source: '10.0.0.1', address: '10.0.0.1', port: '9' };
  const queue: readonly UnstampedEvent[] = [
    { event: 'notify', unit: 'a.service' as UnitName, pid: 100 as never, fields: [['FDSTORE', '1']], fds: [LATER] },
    { event: 'connection', unit: 'ssh.socket' as UnitName, key: connection, instance: '4', peer },
  ];
  assert.deepEqual(queue.flatMap(fdsThatCameWith), [LATER, connection]);
  assert.deepEqual(fdsWithoutOwner([KNOWN, LATER, connection], { state, queue, open: null }), []);
});

test('fds of other kinds have owners that the state does not know', () => {
  const { state } = withStore().kernel;
  assert.deepEqual(fdsWithoutOwner(['listen:a.socket:0', 'run-1.service.StandardInput'], { state, queue: [], open: null }), []);
});

test('an fd that a process is still to be started with is kept, though the store has lost it in the same batch', () => {
  const { kernel: { state }, spawn } = withStore();
  const effects: readonly Effect[] = [{ ...spawn, fds: [{ key: LATER, name: 'db', nonBlocking: null }] }];
  const open = { effects, from: 0, begun: false, answered: false, births: new Map() };
  assert.deepEqual(fdsWithoutOwner([LATER], { state, queue: [], open }), []);
  assert.deepEqual(fdsWithoutOwner([LATER], { state, queue: [], open: { ...open, begun: true, births: new Map([[0, 100 as never]]) } }), [LATER]);
});
