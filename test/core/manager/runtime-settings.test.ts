/** Settings of the manager that are changed while it runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valuesOf } from '../../../src/base/persistent-map.ts';
import { UNCHANGED_SETTINGS } from '../../../src/core/manager/runtime-settings.ts';
import { deserialise, serialise } from '../../../src/core/manager/survival/serialise.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const NAME = 'watched.service';

class Manager extends OneUnitManager<'service'> {
  #request = 900;

  constructor(lines: string) {
    super('service', NAME, `[Unit]\nFailureAction=reboot\n[Service]\nExecStart=/bin/watched\n${lines}`, {});
  }

  change(change: { readonly serviceWatchdogs?: boolean; readonly logLevel?: string }): void {
    this.feed({ event: 'request', id: this.#request++ as never, key: null, caller: { uid: 0, gid: 0, pid: 1 }, request: { method: 'change-settings', change } });
  }
}

test('a watchdog that is not heeded is told of and begins again; one that is heeded ends the service', () => {
  const manager = new Manager('WatchdogSec=5');
  manager.ask('start');
  manager.run();
  manager.change({ serviceWatchdogs: false });
  manager.later(5);
  assert.equal(manager.words, 'active running success');
  assert.ok(manager.effects.some((effect) => effect.kind === 'log' && effect.message.includes('service-watchdogs is off')));
  manager.change({ serviceWatchdogs: true });
  manager.later(5);
  assert.equal(manager.words, 'deactivating stop-watchdog watchdog');
});

test('the action of a unit that fails is not carried out while watchdogs are off', () => {
  const isShuttingDown = (serviceWatchdogs: boolean): boolean => {
    const manager = new Manager('');
    manager.ask('start');
    manager.run();
    manager.change({ serviceWatchdogs });
    manager.exit(1);
    manager.feed({ event: 'cgroup-empty', unit: manager.name });
    assert.equal(manager.any(NAME).activeState, 'failed');
    return manager.state.shutdown !== null;
  };
  assert.ok(isShuttingDown(true));
  assert.ok(!isShuttingDown(false));
});

test('a change of the log is handed to the host, is remembered, and leaves what it does not name', () => {
  const manager = new Manager('');
  manager.change({ serviceWatchdogs: false });
  manager.change({ logLevel: 'debug' });
  assert.ok(manager.effects.some((effect) => effect.kind === 'adjust-log' && effect.level === 'debug' && effect.target === null));
  assert.deepEqual(manager.state.settings, { logLevel: 'debug', logTarget: null, serviceWatchdogs: false });
  const before = { ...JSON.parse(serialise(manager.state)) as Record<string, unknown> };
  delete before['settings'];
  const old = deserialise(JSON.stringify(before), valuesOf(manager.state.units).map(({ definition }) => definition));
  assert.ok(old.ok);
  assert.deepEqual(old.state.settings, UNCHANGED_SETTINGS, 'a snapshot of an engine that knew of none');
});
