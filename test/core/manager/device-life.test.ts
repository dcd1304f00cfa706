/** Device units through `step`: there or not, as the host sees it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { edgesOf, unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const NAME = 'dev-ttyS7.device';
const READER = unitOf('reader.service', `[Unit]\nDefaultDependencies=no\nBindsTo=${NAME}\nAfter=${NAME}\n[Service]\nExecStart=/bin/reader`);

class Manager extends OneUnitManager<'device'> {
  constructor(isThere: boolean, file = '') {
    super('device', NAME, file, { more: [READER] });
    this.see(isThere);
  }

  see(isThere: boolean, error = ''): void {
    this.feed({ event: 'paths-observed', unit: this.name, token: this.unit().runtime.token, observations: [{ holds: isThere, stamp: '' }], changed: null, resumed: false, error });
  }
}

test('a device is watched from the moment it is loaded, and is plugged while it is there', () => {
  const manager = new Manager(false);
  assert.equal(manager.words, 'inactive dead');
  manager.see(true);
  assert.equal(manager.words, 'active plugged');
  manager.see(false, 'no more watches');
  assert.equal(manager.words, 'inactive dead');
  assert.ok(manager.effects.some((effect) => effect.kind === 'log' && effect.message.includes('no more watches')));
});

test('what is bound to a device waits for it, starts when it comes and stops when it goes', () => {
  const manager = new Manager(false);
  manager.ask('start', 'reader.service');
  assert.equal(manager.any('reader.service').activeState, 'inactive');
  manager.later(30);
  manager.see(true);
  assert.equal(manager.run(), '/bin/reader');
  assert.equal(manager.any('reader.service').activeState, 'active');
  manager.see(false);
  assert.equal(manager.any('reader.service').activeState, 'deactivating');
  assert.deepEqual(manager.any('reader.service').endReason, { reason: 'bound-unit-gone', on: NAME });
});

test('a device that does not come within 90 s fails what waits for it', () => {
  const manager = new Manager(false);
  manager.ask('start', 'reader.service');
  manager.later(89);
  assert.notEqual(manager.any('reader.service').job, null);
  manager.later(1);
  assert.equal(manager.any('reader.service').job, null);
  assert.deepEqual(manager.any('reader.service').endReason, { reason: 'dependency-failed', on: NAME as UnitName, kind: 'BoundBy' });
  const patient = new Manager(false, '[Unit]\nJobTimeoutSec=infinity');
  patient.ask('start', 'reader.service');
  patient.later(1000);
  assert.notEqual(patient.any('reader.service').job, null);
});

test('a stop of a device changes nothing', () => {
  const manager = new Manager(true);
  manager.ask('stop');
  assert.equal(manager.words, 'active plugged');
});

test('a mount needs the device it is of, and stops with it when a file speaks of the mount; bind mounts and the root have none', () => {
  const mount = (lines: string, name = 'mnt.mount', where = '/mnt'): readonly string[] => edgesOf(unitOf(name, `[Mount]\nWhere=${where}\n${lines}`)).filter((edge) => edge.includes('.device'));
  assert.deepEqual(mount('What=/dev/vdb'), ['After dev-vdb.device', 'Requires dev-vdb.device', 'StopPropagatedFrom dev-vdb.device']);
  assert.deepEqual(mount('What=/dev/vdb\nOptions=x-systemd.device-bound'), ['After dev-vdb.device', 'BindsTo dev-vdb.device']);
  assert.deepEqual(mount('What=/dev/vdb\nOptions=bind'), []);
  assert.deepEqual(mount('What=/dev/vdb', '-.mount', '/'), []);
  assert.deepEqual(mount('What=tmpfs'), []);
});
