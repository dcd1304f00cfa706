/** What becomes of units of which the manager could not handle an event or effect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pid, UnitName } from '../../../src/base/brand.ts';
import type { Effect } from '../../../src/core/manager/effect.ts';
import { checkInvariants } from '../../../src/core/manager/invariants.ts';
import { stamped, type UnstampedEvent } from '../../../src/core/manager/event.ts';
import { initialState, step } from '../../../src/core/manager/step.ts';
import { getEntry } from '../../../src/base/persistent-map.ts';
import type { ManagerConfig, ManagerState, Unit } from '../../../src/core/manager/state.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { command, service, socket, target, timer } from '../../../src/sim/definitions.ts';

const NOW = { monotonicUsec: 5_000_000, realtimeUsec: 1_700_000_000_000_000 } as never;
const CONFIG = { mode: 'container', bootUnit: 'default.target', exitWith: null, defaultTimeoutStartUsec: 90e6, defaultTimeoutStopUsec: 90e6, defaultRestartUsec: 1e5 } as unknown as ManagerConfig;

/** A manager whose effects nobody performs: it waits for every answer until the test gives one. */
class Unanswered {
  state: ManagerState = initialState(CONFIG, NOW);
  effects: readonly Effect[] = [];

  constructor(...definitions: readonly UnitDefinition[]) {
    this.tell({ event: 'boot', randomSeed: 1, definitions: [target('default.target'), ...definitions] });
  }

  tell(event: UnstampedEvent): void {
    [this.state, this.effects] = step(this.state, stamped(event, NOW));
    checkInvariants(this.state);
  }

  start(unit: string): void {
    this.tell({ event: 'request', id: 1 as never, key: null, caller: { uid: 0, gid: 0, pid: 1 }, request: { method: 'enqueue', type: 'start', units: [unit as UnitName], mode: 'replace', wait: true, verb: 'start' } });
  }

  leaveOut(unit: string, what: string, goneProcess: number | null = null): void {
    this.tell({ event: 'event-left-out', unit: unit as UnitName, what, goneProcess: goneProcess as Pid | null });
  }

  unit(name: string): Unit {
    return getEntry(this.state.units, name as UnitName) as Unit;
  }
}

function reasonText(unit: Unit): string {
  return unit.endReason?.reason === 'protocol' ? unit.endReason.detail : JSON.stringify(unit.endReason);
}

test('a start whose conditions will never be answered fails, and says why', () => {
  const condition = { kind: 'ConditionPathExists', parameter: '/yes', trigger: false, negate: false, origin: { file: '/a', line: 1 } } as never;
  const manager = new Unanswered(service('a.service', { conditions: [condition] }));
  manager.start('a.service');
  manager.leaveOut('a.service', 'conditions-tested');
  assert.equal(manager.state.jobs.size, 0, 'the job is over');
  assert.match(reasonText(manager.unit('a.service')), /failed at "conditions-tested"/);
});

test('a socket unit whose sockets were opened in an event that was left out fails, and does not wait for its time-out', () => {
  const manager = new Unanswered(socket('a.socket'), service('a.service'));
  manager.start('a.socket');
  assert.equal(manager.unit('a.socket').runtime.state, 'start-chown');
  manager.leaveOut('a.socket', 'sockets-opened');
  assert.equal(manager.unit('a.socket').activeState, 'failed');
  assert.equal(manager.state.jobs.size, 0);
  assert.match(reasonText(manager.unit('a.socket')), /"sockets-opened"/);
});

test('a socket unit whose command has ended unheard goes on without it, as after a failure', () => {
  const manager = new Unanswered(socket('a.socket', { execStartPre: [command('/bin/pre')] }), service('a.service'));
  manager.start('a.socket');
  manager.tell({ event: 'spawned', unit: 'a.socket' as UnitName, token: 1, pid: 100 as Pid, execDone: true });
  manager.leaveOut('a.socket', 'exited', 100);
  const { runtime } = manager.unit('a.socket');
  assert.ok(runtime.kind === 'socket' && runtime.controlPid === null && runtime.result === 'resources');
  manager.tell({ event: 'cgroup-empty', unit: 'a.socket' as UnitName });
  assert.equal(manager.unit('a.socket').activeState, 'failed');
});

test('a socket unit to which a spawn was answered unheard kills what may run, and fails', () => {
  const manager = new Unanswered(socket('a.socket', { execStartPre: [command('/bin/pre')] }), service('a.service'));
  manager.start('a.socket');
  manager.leaveOut('a.socket', 'spawned');
  assert.ok(manager.effects.some((effect) => effect.kind === 'kill-control-group' && effect.signal === 9));
  manager.tell({ event: 'cgroup-empty', unit: 'a.socket' as UnitName });
  assert.equal(manager.unit('a.socket').activeState, 'failed');
});

test('a connection whose instance was loaded in an event that was left out is closed', () => {
  const manager = new Unanswered(socket('a.socket', { accept: true }));
  manager.start('a.socket');
  manager.tell({ event: 'sockets-opened', unit: 'a.socket' as UnitName, token: 1, fds: ['listen:a.socket:0'] });
  manager.tell({ event: 'connection', unit: 'a.socket' as UnitName, key: 'connection:a.socket:1', instance: '1-x', peer: { source: 'x', address: 'x', port: '1' } });
  manager.leaveOut('a.socket', 'instance-loaded');
  const { runtime } = manager.unit('a.socket');
  assert.ok(runtime.kind === 'socket' && runtime.connections.length === 0 && runtime.fds.length === 0);
  assert.ok(manager.effects.some((effect) => effect.kind === 'close-fds' && effect.names.includes('connection:a.socket:1')));
});

test('a timer whose stamp will never be read fails', () => {
  const manager = new Unanswered(timer('a.timer', { persistent: true }), service('a.service'));
  manager.start('a.timer');
  manager.leaveOut('a.timer', 'timer-stamp');
  assert.equal(manager.unit('a.timer').activeState, 'failed');
  assert.equal(manager.state.jobs.size, 0);
});
