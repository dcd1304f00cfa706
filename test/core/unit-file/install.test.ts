import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameMatches } from '../../../src/core/unit-file/name-pattern.ts';
import { parsePresets, planInstall, type UnitFilesView } from '../../../src/core/unit-file/install.ts';
import { EMPTY_INSTALL } from '../../../src/core/unit-file/install-section.ts';

const EMPTY_VIEW: UnitFilesView = {
  directories: ['/etc/systemd/system', '/usr/lib/systemd/system'], configurationDirectory: '/etc/systemd/system', runtimeDirectory: '/run/systemd/system',
  generatorDirectory: null, links: [], find: () => null, exists: () => false, root: '',
};

test('a file in the way is not overwritten, a link only by force', () => {
  const file = { state: 'file', path: '/usr/lib/systemd/system/a.service', name: 'a.service', install: { ...EMPTY_INSTALL, alias: ['b.service'] } } as const;
  const view: UnitFilesView = { ...EMPTY_VIEW, find: () => file, exists: (path) => path === '/etc/systemd/system/b.service' };
  const refused = planInstall(view, 'enable', ['a.service'], { runtime: false, force: false });
  assert.deepEqual(refused.operations, []);
  assert.match(refused.problems.join(), /already exists/);
  const linked: UnitFilesView = { ...view, links: [{ directory: '/etc/systemd/system', owner: '', name: 'b.service', target: '/elsewhere/x.service' }] };
  assert.match(planInstall(linked, 'enable', ['a.service'], { runtime: false, force: false }).problems.join(), /a symlink to \/elsewhere/);
  assert.deepEqual(planInstall(linked, 'enable', ['a.service'], { runtime: false, force: true }).operations, [
    { kind: 'unlink', path: '/etc/systemd/system/b.service' }, { kind: 'symlink', path: '/etc/systemd/system/b.service', target: file.path },
  ]);
});

test('Also= in a circle ends, and a bad target or alias is refused', () => {
  const install = { ...EMPTY_INSTALL, also: ['a.service', 'b.service'], wantedBy: ['m.target'] };
  const view: UnitFilesView = { ...EMPTY_VIEW, find: (name) => ({ state: 'file', path: `/usr/lib/systemd/system/${name}`, name, install }) };
  assert.equal(planInstall(view, 'enable', ['a.service'], { runtime: false, force: false }).operations.length, 2);
  for (const bad of [{ ...EMPTY_INSTALL, wantedBy: ['../../x'] }, { ...EMPTY_INSTALL, alias: ['../../x.service'] }, { ...EMPTY_INSTALL, alias: ['a.socket'] }]) {
    const plan = planInstall({ ...view, find: (name) => ({ state: 'file', path: `/usr/lib/systemd/system/${name}`, name, install: bad }) }, 'enable', ['a.service'], { runtime: false, force: false });
    assert.deepEqual([plan.operations.length, plan.problems.length], [0, 1]);
  }
  assert.equal(planInstall(EMPTY_VIEW, 'mask', ['../x'], { runtime: false, force: false }).operations.length, 0);
});

test('preset files are read rule by rule', () => {
  assert.deepEqual(parsePresets('# c\nenable a*.service\n\n disable  *\nignore x.service\nenable t@.service one two\nbogus y\nenable'), [
    { action: 'enable', pattern: 'a*.service', instances: [] }, { action: 'disable', pattern: '*', instances: [] },
    { action: 'ignore', pattern: 'x.service', instances: [] }, { action: 'enable', pattern: 't@.service', instances: ['one', 'two'] },
  ]);
});

test('patterns', () => {
  for (const [name, pattern, matches] of [
    ['a.service', 'a.service', true], ['a.service', '*', true], ['a.service', '*.socket', false], ['abc', 'a?c', true], ['abc', '[!x]bc', true], ['abc', '[a-b]**c', true],
    ['a.c', 'a.c', true], ['abc', 'a.c', false], ['a+c', 'a+*', true], ['[', '[', true], ['abc', '[z-a]*', false],
  ] as const) assert.equal(nameMatches(name, pattern), matches, `${name} ${pattern}`);
});
