import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameMatches } from '../../../src/core/unit-file/name-pattern.ts';
import type { UnitFileView } from '../../../src/core/unit-file/install/install-context.ts';
import { initScriptOf, isInitScriptEnabled, planInitScript } from '../../../src/core/unit-file/install/init-script-links.ts';
import { planInstall } from '../../../src/core/unit-file/install/install-verbs.ts';
import { parsePresets } from '../../../src/core/unit-file/install/preset.ts';
import { unitFileState } from '../../../src/core/unit-file/install/unit-file-state.ts';
import type { TreeEntry } from '../../../src/core/unit-file/install/unit-file-tree.ts';
import { installReader } from '../../../src/host/unit-loader/install-files.ts';
import { MACHINE } from './unit-rig.ts';

const LIB = '/usr/lib/systemd/system';
const ETC = '/etc/systemd/system';
const OPTIONS = { runtime: false, force: false, presets: [], presetMode: 'full', owner: '' } as const;

/** A tree of texts; `-> x` is a link. */
function viewOf(files: Readonly<Record<string, string>>): UnitFileView {
  const paths = Object.keys(files);
  return {
    tree: {
      entryAt: (path): TreeEntry | null => {
        const text = files[path];
        if (text === undefined) return paths.some((each) => each.startsWith(`${path}/`)) ? { kind: 'directory' } : null;
        return text.startsWith('-> ') ? { kind: 'link', target: text.slice(3) } : { kind: 'file', isEmpty: text === '' };
      },
      list: (directory) => [...new Set(paths.filter((path) => path.startsWith(`${directory}/`)).map((path) => path.slice(directory.length + 1).split('/')[0] as string))],
      read: (path) => files[path] ?? null,
    },
    places: { directories: [ETC, LIB], configurationDirectory: ETC, runtimeDirectory: '/run/systemd/system', controlDirectories: [], generatorDirectories: [], transientDirectories: [], root: '' },
    readInstall: installReader(MACHINE),
  };
}

test('a file in the way is not overwritten, a link only by force', () => {
  const unit = '[Install]\nAlias=b.service\n';
  const refused = planInstall(viewOf({ [`${LIB}/a.service`]: unit, [`${ETC}/b.service`]: '[Unit]' }), 'enable', ['a.service'], OPTIONS);
  assert.deepEqual(refused.operations, []);
  assert.match(refused.problems.join(), /already exists/);
  const linked = viewOf({ [`${LIB}/a.service`]: unit, [`${ETC}/b.service`]: '-> /elsewhere/x.service' });
  assert.match(planInstall(linked, 'enable', ['a.service'], OPTIONS).problems.join(), /already exists and is a symlink to \/elsewhere\/x\.service\.$/);
  assert.deepEqual(planInstall(linked, 'enable', ['a.service'], { ...OPTIONS, force: true }).operations, [
    { kind: 'unlink', path: `${ETC}/b.service` }, { kind: 'symlink', path: `${ETC}/b.service`, target: `${LIB}/a.service` },
  ]);
});

test('what cannot be done is said in the words of a manager, or of systemctl that works on a root by itself', () => {
  const ours = viewOf({ [`${LIB}/a.service`]: '[Service]' });
  const below = { ...ours, places: { ...ours.places, root: '/mnt' } };
  assert.deepEqual(planInstall(ours, 'enable', ['none.service'], OPTIONS).problems, ['Failed to enable unit: Unit file none.service does not exist.']);
  assert.deepEqual(planInstall(below, 'enable', ['none.service'], OPTIONS).problems, ['Failed to enable unit, unit none.service does not exist.']);
  assert.deepEqual(planInstall(ours, 'reenable', ['none.service'], OPTIONS).problems, ['Failed to reenable unit: Unit file none.service does not exist.']);
  assert.deepEqual(planInstall(ours, 'add-wants', ['none.service'], { ...OPTIONS, owner: 'a.service' }).problems, ['Failed to add dependency: Unit file none.service does not exist.']);
});

test('revert takes drop-ins of people and of set-property away, file by file', () => {
  const control = '/etc/systemd/system.control';
  const view = viewOf({ [`${LIB}/a.service`]: '[Service]', [`${ETC}/a.service.d/1.conf`]: '[Unit]', [`${ETC}/a.service.d/2.conf`]: '[Unit]', [`${control}/a.service.d/50-CPUWeight.conf`]: '[Service]' });
  const places = { ...view.places, directories: [control, ...view.places.directories], controlDirectories: [control] };
  assert.deepEqual(planInstall({ ...view, places }, 'revert', ['a.service'], OPTIONS).lines, [
    `Removed "${control}/a.service.d/50-CPUWeight.conf".`, `Removed "${control}/a.service.d".`,
    `Removed "${ETC}/a.service.d/1.conf".`, `Removed "${ETC}/a.service.d/2.conf".`, `Removed "${ETC}/a.service.d".`,
  ]);
});

test('Also= in a circle ends, and a bad target or alias is refused', () => {
  const install = '[Install]\nAlso=a.service b.service\nWantedBy=m.target\n';
  assert.equal(planInstall(viewOf({ [`${LIB}/a.service`]: install, [`${LIB}/b.service`]: install }), 'enable', ['a.service'], OPTIONS).operations.length, 2);
  for (const bad of ['WantedBy=../../x', 'Alias=../../x.service', 'Alias=a.socket']) {
    const plan = planInstall(viewOf({ [`${LIB}/a.service`]: `[Install]\n${bad}\n` }), 'enable', ['a.service'], OPTIONS);
    assert.deepEqual([plan.operations.length, plan.problems.length, plan.failed], [0, 1, true], bad);
  }
  assert.equal(planInstall(viewOf({}), 'mask', ['../x'], OPTIONS).operations.length, 0);
});

test('one word that can be no unit keeps unmask from taking anything away', () => {
  const view = viewOf({ [`${ETC}/a.service`]: '-> /dev/null' });
  const refused = planInstall(view, 'unmask', ['a.service', '/opt/b.service'], OPTIONS);
  assert.deepEqual([refused.operations, refused.failed], [[], true]);
  assert.match(refused.problems.join(), /Invalid argument/);
  assert.deepEqual(planInstall(view, 'unmask', ['a.service'], OPTIONS).operations, [{ kind: 'unlink', path: `${ETC}/a.service` }]);
});

test('a unit that was enabled when it was masked is enabled when it is unmasked', () => {
  const view = viewOf({ [`${LIB}/a.service`]: '[Install]\nWantedBy=m.target\n', [`${ETC}/a.service`]: '-> /dev/null', [`${ETC}/m.target.wants/a.service`]: `-> ${LIB}/a.service` });
  assert.deepEqual(planInstall(view, 'unmask', ['a.service'], OPTIONS).operations, [{ kind: 'unlink', path: `${ETC}/a.service` }]);
});

test('one unit that is missing keeps preset from changing the others, and not preset-all', () => {
  const view = viewOf({ [`${LIB}/a.service`]: '[Install]\nWantedBy=m.target\n', [`${ETC}/b.service`]: '-> /nowhere/b.service' });
  const refused = planInstall(view, 'preset', ['a.service', 'none.service'], OPTIONS);
  assert.deepEqual([refused.operations, refused.failed], [[], true]);
  const all = planInstall(view, 'preset-all', [], OPTIONS);
  assert.deepEqual([all.operations.length, all.problems.length, all.failed], [1, 1, false]);
});

test('a file without [Install] that is enabled by its path is linked, and nothing pulls it in', () => {
  const plan = planInstall(viewOf({ '/opt/a.service': '[Service]\n' }), 'enable', ['/opt/a.service'], OPTIONS);
  assert.deepEqual(plan.operations, [{ kind: 'symlink', path: `${ETC}/a.service`, target: '/opt/a.service' }]);
  assert.equal(plan.hasInstallRules, false);
  assert.equal(planInstall(viewOf({ '/opt/a.service': '[Install]\nWantedBy=m.target\n' }), 'enable', ['/opt/a.service'], OPTIONS).hasInstallRules, true);
});

test('disable leaves a link that leads elsewhere, though an alias that is taken away has its name', () => {
  const view = viewOf({
    [`${LIB}/a.service`]: '[Service]\n', [`${ETC}/al.service`]: '-> /usr/lib/systemd/system/a.service',
    [`${ETC}/m.target.wants/al.service`]: '-> /elsewhere/x.service', [`${ETC}/n.target.wants/al.service`]: '-> ../al.service',
  });
  assert.deepEqual(planInstall(view, 'disable', ['a.service'], OPTIONS).operations.map(({ path }) => path).sort(), [`${ETC}/al.service`, `${ETC}/n.target.wants/al.service`]);
});

test('what wants another name enables no unit by where its link leads, and the name of an instance none by itself', () => {
  const wanted = { [`${LIB}/a.service`]: '[Install]\nWantedBy=m.target\n' };
  assert.equal(unitFileState(viewOf({ ...wanted, [`${ETC}/n.target.wants/al.service`]: '-> /usr/lib/systemd/system/a.service' }), 'a.service')?.state, 'disabled');
  assert.equal(unitFileState(viewOf({ ...wanted, [`${ETC}/n.target.wants/a.service`]: '-> /usr/lib/systemd/system/a.service' }), 'a.service')?.state, 'enabled');
  assert.equal(unitFileState(viewOf({ ...wanted, [`${ETC}/al.service`]: '-> /usr/lib/systemd/system/a.service' }), 'a.service')?.state, 'indirect');
  const template = { [`${LIB}/t@.service`]: '[Install]\nWantedBy=m.target\n', [`${LIB}/b@x.service`]: '[Service]\n' };
  assert.equal(unitFileState(viewOf({ ...template, [`${ETC}/t@x.service`]: '-> /usr/lib/systemd/system/b@x.service' }), 't@.service')?.state, 'disabled');
  assert.equal(unitFileState(viewOf({ ...template, [`${ETC}/m.target.wants/t@x.service`]: '-> /usr/lib/systemd/system/t@.service' }), 't@.service')?.state, 'indirect');
});

test('links in a circle end every verb and are no unit file', () => {
  const view = viewOf({ [`${ETC}/a.service`]: '-> b.service', [`${ETC}/b.service`]: '-> a.service' });
  assert.equal(unitFileState(view, 'a.service'), null);
  for (const verb of ['enable', 'disable', 'preset', 'unmask', 'revert'] as const) assert.ok(planInstall(view, verb, ['a.service'], OPTIONS).operations.length <= 2, verb);
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

test('an init script without a unit file is enabled and disabled by its links in the runlevels of its header', () => {
  const script = '#!/bin/sh\n### BEGIN INIT INFO\n# Default-Start:  2 3\n# Default-Stop:\t0\n### END INIT INFO\n';
  const fresh = viewOf({ '/etc/init.d/old': script, '/etc/init.d/new': script, [`${LIB}/new.service`]: '[Service]' });
  assert.deepEqual(['old.service', 'new.service', 'none.service', 'old.socket'].map((unit) => initScriptOf(fresh, unit)), ['old', null, null, null]);
  const to = (path: string) => ({ kind: 'symlink', path, target: '../init.d/old' });
  assert.deepEqual(planInitScript(fresh, 'old', true), [to('/etc/rc2.d/S01old'), to('/etc/rc3.d/S01old'), to('/etc/rc0.d/K01old')]);
  const enabled = viewOf({ '/etc/init.d/old': script, '/etc/rc2.d/S07old': '-> ../init.d/old', '/etc/rc3.d/S07old': '-> ../init.d/old', '/etc/rc5.d/S07old': '-> ../init.d/old', '/etc/rc0.d/K01old': '-> ../init.d/old', '/etc/rc2.d/S01older': '-> ../init.d/older' });
  assert.deepEqual(planInitScript(enabled, 'old', true), []);
  assert.deepEqual(planInitScript(enabled, 'old', false), [
    { kind: 'unlink', path: '/etc/rc2.d/S07old' }, to('/etc/rc2.d/K01old'), { kind: 'unlink', path: '/etc/rc3.d/S07old' }, to('/etc/rc3.d/K01old'),
  ]);
  assert.deepEqual([isInitScriptEnabled(enabled, 'old'), isInitScriptEnabled(fresh, 'old')], [true, false]);
  assert.equal(planInitScript(viewOf({ '/etc/init.d/old': '' }), 'old', true).length, 4, 'without a header it is started as usual');
});
