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

test('a socket needs the service that it starts: the one it names, or a template for its connections', () => {
  const verdict = (name: string, text: string, ...services: readonly string[]): readonly string[] => verifyUnits([unitOf(name, text)], {
    find: (wanted) => (services.includes(wanted) ? unitOf(wanted, '[Service]\nExecStart=/bin/true') : undefined), isExecutable: () => true, exists: () => true,
  }).filter(({ message }) => message.includes('its service')).map(({ severity, line, message }) => `${severity} ${String(line)}: ${message}`);
  const talk = '[Socket]\nListenStream=/run/talk\n';
  assert.deepEqual(verdict('talk.socket', talk, 'talk.service'), []);
  assert.deepEqual(verdict('talk.socket', talk), ['error 0: talk.socket cannot be started: its service is talk.service, and there is no such unit.']);
  assert.deepEqual(verdict('talk.socket', `${talk}Service=other.service`), ['error 3: talk.socket cannot be started: its service is other.service, and there is no such unit.']);
  assert.deepEqual(verdict('talk.socket', `${talk}Accept=yes`, 'talk@connection.service'), []);
  assert.deepEqual(verdict('talk.socket', `${talk}Accept=yes`), ['error 0: talk.socket cannot be started: its service is talk@connection.service, and there is no such unit.']);
});

test('a slice with a part without a name is no slice', () => {
  assert.deepEqual(['a-b.slice', '-a.slice', 'a--b.slice', 'a-.slice', '-.slice'].map((name) => unitOf(name, '[Slice]').loadState), ['loaded', 'bad-setting', 'bad-setting', 'bad-setting', 'loaded']);
});

test('After= a service that does not say when it is ready is noted, whether or not the service is also wanted; what tells, or has a socket, is not', () => {
  const services: Readonly<Record<string, string>> = {
    'silent.service': '[Service]\nExecStart=/bin/true', 'telling.service': '[Service]\nType=notify\nExecStart=/bin/true', 'probed.service': '[Service]\nReadinessProbe=tcp:80\nExecStart=/bin/true',
    'socketed.service': '[Service]\nExecStart=/bin/true', 'socketed.socket': '[Socket]\nListenStream=/run/s',
  };
  const notes = verifyUnits([unitOf('a.service', '[Unit]\nAfter=telling.service silent.service\nAfter=probed.service socketed.service\n[Service]\nExecStart=/bin/true')], {
    find: (name) => (services[name] === undefined ? undefined : unitOf(name, services[name])), isExecutable: () => true, exists: () => true,
  }).filter(({ message }) => message.startsWith('After='));
  assert.deepEqual(notes.map(({ severity, line, column }) => [severity, line, column]), [['note', 2, 23]]);
  assert.match(notes[0]?.message ?? '', /^After=silent\.service waits for the start of its process only/);
});
