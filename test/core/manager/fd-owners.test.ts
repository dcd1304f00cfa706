import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/manager/effect.ts';
import type { UnstampedEvent } from '../../../src/core/manager/event.ts';
import { fdsThatCameWith, fdsWithoutOwner } from '../../../src/core/manager/upkeep/fd-owners.ts';
import { service, socket, target } from '../../../src/sim/definitions.ts';
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
  assert.deepEqual(fdsWithoutOwner(['control', 'run-1.service.StandardInput'], { state, queue: [], open: null }), []);
});

test('a listening socket belongs to its unit from the event that brought it on, and to nobody when that was left out', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target'), socket('a.socket'), service('a.service')]);
  const brought: UnstampedEvent = { event: 'sockets-opened', unit: 'a.socket' as UnitName, token: 1, fds: ['listen:a.socket:0'] };
  const before = kernel.state;
  assert.deepEqual(fdsWithoutOwner(brought.fds, { state: before, queue: [brought], open: null }), []);
  assert.deepEqual(fdsWithoutOwner(brought.fds, { state: before, queue: [], open: null }), brought.fds);
  kernel.enqueue('start', 'a.socket');
  assert.deepEqual(fdsWithoutOwner(brought.fds, { state: kernel.state, queue: [], open: null }), []);
});

test('sockets that an effect still to be performed opens or closes are left to it', () => {
  const { state } = withStore().kernel;
  const definition = socket('a.socket');
  for (const effect of [
    { kind: 'open-sockets', unit: definition.name, token: 1, definition }, { kind: 'close-sockets', unit: definition.name, fds: ['listen:a.socket:0'], definition },
  ] as const) {
    assert.deepEqual(fdsWithoutOwner(['listen:a.socket:0'], { state, queue: [], open: { effects: [effect], from: 0, begun: true, answered: false, births: new Map() } }), []);
  }
});

test('an fd that a process is still to be started with is kept, though the store has lost it in the same batch', () => {
  const { kernel: { state }, spawn } = withStore();
  const effects: readonly Effect[] = [{ ...spawn, fds: [{ key: LATER, name: 'db', nonBlocking: null }] }];
  const open = { effects, from: 0, begun: false, answered: false, births: new Map() };
  assert.deepEqual(fdsWithoutOwner([LATER], { state, queue: [], open }), []);
  assert.deepEqual(fdsWithoutOwner([LATER], { state, queue: [], open: { ...open, begun: true, births: new Map([[0, 100 as never]]) } }), [LATER]);
});
