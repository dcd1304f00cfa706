/** Services of Type=dbus through `step`: they are up with their name on the bus, and go with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pid } from '../../../src/base/brand.ts';
import { describeProbes } from '../../../src/core/machine/service/probes.ts';
import { saysWhenReady } from '../../../src/core/unit/readiness.ts';
import { serviceOf, unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

/** Up before the service under test is started. */
const DBUS = unitOf('dbus.service', '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/dbus');
const DBUS_MAIN = 100 as Pid;
const MAIN = 101 as Pid;
const AWAIT = 'heartwood-bus-name await org.example.Clock';
const LOSE = 'heartwood-bus-name lose org.example.Clock';

class Clock extends OneUnitManager<'service'> {
  constructor(lines = '', hasBus = true) {
    super('service', 'clock.service', `[Service]\nType=dbus\nBusName=org.example.Clock\nExecStart=/bin/clock\n${lines}`, { more: [DBUS], context: { hasUnitFile: (name) => hasBus && name === 'dbus.socket' } });
    this.ask('start', 'dbus.service');
    this.run();
    this.ask('start');
    assert.equal(this.run(), '/bin/clock');
  }

  /** Its main process ends, and whatever is killed with it. */
  end(status: number): void {
    this.feed({ event: 'exited', pid: MAIN, code: 'exited', status, unitHint: this.name });
    this.feed({ event: 'cgroup-empty', unit: this.name });
  }

  /** The bus is stopped, or comes back. */
  stopBus(): void {
    this.ask('stop', 'dbus.service');
    this.feed({ event: 'exited', pid: DBUS_MAIN, code: 'killed', status: 15, unitHint: DBUS.name });
    this.feed({ event: 'cgroup-empty', unit: DBUS.name });
  }

  get killed(): readonly Pid[] {
    return this.effects.flatMap((effect) => (effect.kind === 'kill-process' && effect.signal === 9 ? [effect.pid] : []));
  }
}

test('a service of Type=dbus is up when its name has an owner, and stops when the name has lost it', () => {
  const clock = new Clock('Restart=on-failure');
  assert.equal(clock.words, 'activating start success');
  assert.equal(clock.run(), AWAIT);
  clock.exit(0);
  assert.equal(clock.words, 'active running success');
  assert.equal(describeProbes(clock.unit().runtime), 'bus-name ok');
  assert.equal(clock.run(), LOSE);
  clock.exit(0);
  assert.equal(clock.words, 'deactivating stop-sigterm success');
  assert.ok(clock.effects.some((effect) => effect.kind === 'log' && effect.message.includes('lost its name org.example.Clock')));
  clock.end(0);
  assert.equal(clock.words, 'inactive dead success');
});

test('a bus that does not answer yet is asked again, for as long as the start may take', () => {
  const clock = new Clock('TimeoutStartSec=5');
  clock.run();
  clock.exit(1);
  assert.match(describeProbes(clock.unit().runtime), /^bus-name failing \(1 in a row\)/);
  clock.later(1);
  assert.equal(clock.run(), AWAIT);
  clock.later(4);
  assert.equal(clock.words, 'deactivating stop-sigterm timeout');
  assert.deepEqual(clock.killed, [103 as Pid], 'nobody waits for the name any more');
});

test('a bus that was stopped is not started by the question whether the name is lost', () => {
  const clock = new Clock();
  clock.run();
  clock.exit(0);
  clock.run();
  clock.stopBus();
  // The program that watched the name sees the end of its connection.
  clock.feed({ event: 'exited', pid: 103 as Pid, code: 'exited', status: 1, unitHint: clock.name });
  clock.later(1);
  assert.ok(clock.effects.every(({ kind }) => kind !== 'spawn'));
  assert.equal(clock.words, 'active running success');
  clock.ask('start', 'dbus.service');
  clock.run();
  clock.later(1);
  assert.equal(clock.run(), LOSE);
});

test('a name that is asked about in a reload is not lost before that is over', () => {
  const clock = new Clock('ExecReload=/bin/reload');
  clock.run();
  clock.exit(0);
  clock.run();
  clock.ask('reload');
  const reload = clock.effects.find((effect) => effect.kind === 'spawn');
  assert.ok(reload !== undefined);
  clock.feed({ event: 'spawned', unit: clock.name, token: reload.token, pid: 200 as Pid, execDone: true });
  clock.exit(0);
  assert.equal(clock.words, 'reloading reload success');
  clock.feed({ event: 'exited', pid: 200 as Pid, code: 'exited', status: 0, unitHint: clock.name });
  clock.later(1);
  assert.equal(clock.run(), LOSE);
  clock.exit(0);
  assert.equal(clock.words, 'deactivating stop-sigterm success');
});

test('a main process that ends well without a name is no failure, as in systemd', () => {
  const clock = new Clock();
  clock.run();
  clock.end(0);
  assert.equal(clock.words, 'inactive dead success');
});

test('who stops waits for no bus, and the program that watched the name is ended', () => {
  const clock = new Clock();
  clock.run();
  clock.exit(0);
  clock.run();
  clock.ask('stop');
  assert.ok(clock.killed.includes(103 as Pid));
});

test('without a bus the service is up when it runs, and says that its name is not waited for', () => {
  const clock = new Clock('', false);
  assert.equal(clock.words, 'active running success');
  const { notEffective, probes } = serviceOf('Type=dbus\nBusName=org.example.Clock');
  assert.deepEqual(notEffective.map(({ directive, why }) => [directive, why]), [['BusName', 'no-bus']]);
  assert.deepEqual(probes, []);
});

test('Type=dbus is a way of saying when a service is ready', () => {
  assert.ok(saysWhenReady(serviceOf('Type=dbus\nBusName=org.example.Clock')));
});
