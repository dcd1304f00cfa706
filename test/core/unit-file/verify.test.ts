import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { buildUnusable } from '../../../src/core/unit-file/build-unit.ts';
import { verifyUnits } from '../../../src/core/unit-file/verify.ts';
import { CONTEXT, unitOf } from './unit-rig.ts';

const GHOST = buildUnusable(
  { name: 'ghost.service' as UnitName, names: ['ghost.service' as UnitName], fragment: null, dropIns: [], links: [], sourceHash: '' },
  CONTEXT, { loadState: 'not-found', loadError: 'There is no unit file ghost.service in the load path.', fragmentPath: null },
);

function verify(text: string): readonly string[] {
  const unit = unitOf('a.service', text);
  return verifyUnits([unit], {
    find: (name) => (name === 'ghost.service' ? GHOST : name === 'haunted.service' ? unitOf(name, '[Unit]\nRequires=ghost.service\n[Service]\nExecStart=/bin/true') : name === 'sysinit.target' || name === 'system.slice' ? unitOf(name, '') : undefined),
    isExecutable: (path) => path === '/bin/true' || path === 'sh',
    exists: () => false,
  }).map(({ severity, line, message }) => `${severity} ${line}: ${message}`);
}

test('a sound unit has nothing to say', () => {
  assert.deepEqual(verify('[Service]\nExecStart=/bin/true\nExecReload=sh -c :'), []);
});

test('missing programs, units and files are named with their line', () => {
  assert.deepEqual(verify('[Unit]\nRequires=ghost.service\nWants=absent.service\nAfter=ghost.service\n[Service]\nExecStart=/bin/nothing\nExecStop=-/bin/none\nEnvironmentFile=/etc/gone\nEnvironmentFile=-/etc/may-be-gone'), [
    'error 2: a.service cannot be started: Requires=ghost.service, and there is no such unit.',
    'note 3: Wants=absent.service, and there is no such unit.',
    'error 6: /bin/nothing is not an executable file here.',
    'note 7: /bin/none is not an executable file here.',
    'warning 8: EnvironmentFile=/etc/gone does not exist; without it the service does not start.',
  ]);
});

test('what makes a unit unusable is said once', () => {
  assert.equal(verify('[Service]\nExecStart=/bin/true\nUser=a:b').length, 1);
  assert.deepEqual(verify('[Service]\nType=simple'), ['error 0: The unit cannot be used: The service has no ExecStart=, ExecStop=, or SuccessAction=.']);
});

test('a unit whose needs have needs that are not there cannot be started', () => {
  assert.deepEqual(verify('[Unit]\nBindsTo=haunted.service\n[Service]\nExecStart=/bin/true'), [
    'error 2: a.service cannot be started: BindsTo=haunted.service, which has Requires=ghost.service, and there is no such unit.',
  ]);
});
