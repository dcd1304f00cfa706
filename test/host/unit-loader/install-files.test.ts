import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { planInstall, unitFileState, type InstallVerb } from '../../../src/core/unit-file/install.ts';
import { performInstall, presetDirectories, readPresets, readUnitFiles } from '../../../src/host/unit-loader/install-files.ts';
import { buildLoadPath } from '../../../src/host/unit-loader/load-path.ts';
import { MACHINE } from '../../core/unit-file/unit-rig.ts';

const SERVICE = '[Service]\nExecStart=/bin/true\n';
const LIB = '/usr/lib/systemd/system';

function makeRoot(context: TestContext, files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'heartwood-install-'));
  context.after(() => { rmSync(root, { recursive: true, force: true }); });
  for (const [path, text] of Object.entries({ [`${LIB}/multi-user.target`]: '[Unit]\nDescription=M\n', ...files })) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text);
  }
  const loadPath = buildLoadPath({ mode: 'system', unitPath: null, shippedUnits: null, generatorDirectory: '/run/heartwood/generator', environment: {} });
  const view = () => readUnitFiles(loadPath, MACHINE, root);
  return {
    root,
    /** Plans and performs; the lines with the root taken out. */
    run: (verb: InstallVerb, names: readonly string[], options: { readonly runtime?: boolean } = {}): readonly string[] => {
      const plan = planInstall(view(), verb, names, { runtime: options.runtime ?? false, force: false }, readPresets(presetDirectories('system', null), root));
      assert.equal(performInstall(plan, root), null);
      return [...plan.lines, ...plan.notes, ...plan.problems].map((line) => line.replaceAll(root, ''));
    },
    state: (name: string) => unitFileState(view(), name),
    linkAt: (path: string): string | null => (existsSync(dirname(root + path)) ? readlinkSync(root + path) : null),
  };
}

test('enable makes the links of [Install] and of Also=, once; disable takes them away with their directory', (t) => {
  const root = makeRoot(t, {
    [`${LIB}/a.service`]: `${SERVICE}[Install]\nWantedBy=multi-user.target\nAlias=aka.service\nAlso=b.socket\n`,
    [`${LIB}/b.socket`]: '[Socket]\nListenStream=1\n[Install]\nWantedBy=sockets.target\n',
    [`${LIB}/sockets.target`]: '[Unit]\nDescription=S\n',
  });
  assert.equal(root.state('a.service'), 'disabled');
  assert.deepEqual(root.run('enable', ['a.service']), [
    'Created symlink /etc/systemd/system/aka.service → /usr/lib/systemd/system/a.service.',
    'Created symlink /etc/systemd/system/multi-user.target.wants/a.service → /usr/lib/systemd/system/a.service.',
    'Created symlink /etc/systemd/system/sockets.target.wants/b.socket → /usr/lib/systemd/system/b.socket.',
  ]);
  assert.deepEqual(root.run('enable', ['a.service']), []);
  assert.deepEqual(['a.service', 'aka.service', 'b.socket'].map(root.state), ['enabled', 'alias', 'enabled']);
  assert.equal(root.linkAt('/etc/systemd/system/aka.service'), `${LIB}/a.service`);
  assert.deepEqual([...root.run('disable', ['a.service'])].sort(), [
    'Removed "/etc/systemd/system/aka.service".', 'Removed "/etc/systemd/system/multi-user.target.wants/a.service".', 'Removed "/etc/systemd/system/sockets.target.wants/b.socket".',
  ]);
  assert.equal(existsSync(`${root.root}/etc/systemd/system/multi-user.target.wants`), false);
  assert.equal(root.state('a.service'), 'disabled');
});

test('templates are enabled by their default instance or the one that is named', (t) => {
  const root = makeRoot(t, {
    [`${LIB}/t@.service`]: `${SERVICE}[Install]\nDefaultInstance=one\nWantedBy=multi-user.target\n`,
    [`${LIB}/u@.service`]: `${SERVICE}[Install]\nWantedBy=multi-user.target\n`,
  });
  assert.deepEqual(root.run('enable', ['t@.service', 't@two.service']), [
    'Created symlink /etc/systemd/system/multi-user.target.wants/t@one.service → /usr/lib/systemd/system/t@.service.',
    'Created symlink /etc/systemd/system/multi-user.target.wants/t@two.service → /usr/lib/systemd/system/t@.service.',
  ]);
  assert.deepEqual(['t@.service', 't@one.service', 't@two.service', 't@three.service', 'u@.service'].map(root.state), ['enabled', 'enabled', 'enabled', 'disabled', 'disabled']);
  assert.deepEqual(root.run('enable', ['u@.service']), ['Failed to enable u@.service, destination unit multi-user.target is a non-template unit.']);
  assert.deepEqual(root.run('disable', ['t@two.service']), ['Removed "/etc/systemd/system/multi-user.target.wants/t@two.service".']);
  assert.equal(root.state('t@one.service'), 'enabled');
  assert.equal(root.run('disable', ['t@.service']).length, 1);
});

test('masks, for good and until the next boot', (t) => {
  const root = makeRoot(t, { [`${LIB}/a.service`]: SERVICE, '/etc/systemd/system/own.service': SERVICE });
  assert.deepEqual(root.run('mask', ['a.service']), ['Created symlink /etc/systemd/system/a.service → /dev/null.']);
  assert.deepEqual(root.run('mask', ['a.service']), []);
  assert.equal(root.state('a.service'), 'masked');
  assert.deepEqual(root.run('enable', ['a.service']), ['Failed to enable unit, unit /etc/systemd/system/a.service is masked.']);
  assert.deepEqual(root.run('disable', ['a.service']), ['Unit /etc/systemd/system/a.service is masked, ignoring.']);
  assert.deepEqual(root.run('unmask', ['a.service']), ['Removed "/etc/systemd/system/a.service".']);
  assert.equal(root.state('a.service'), 'static');
  root.run('mask', ['a.service'], { runtime: true });
  assert.equal(root.state('a.service'), 'masked-runtime');
  assert.equal(root.run('unmask', ['a.service']).length, 1);
  assert.match(root.run('mask', ['own.service']).join(), /already exists/);
  assert.match(root.run('mask', ['new.service']).join(), /does not exist, proceeding anyway/);
});

test('a unit file elsewhere is linked, then enabled; disable takes both away', (t) => {
  const root = makeRoot(t, { '/opt/l.service': `${SERVICE}[Install]\nWantedBy=multi-user.target\n` });
  root.run('link', ['/opt/l.service']);
  assert.equal(root.state('l.service'), 'linked');
  assert.deepEqual(root.run('enable', ['/opt/l.service']), ['Created symlink /etc/systemd/system/multi-user.target.wants/l.service → /opt/l.service.']);
  assert.equal(root.state('l.service'), 'enabled');
  assert.equal(root.run('disable', ['l.service']).length, 2);
  assert.equal(root.state('l.service'), null);
});

test('presets decide by the first rule that matches; without a rule a unit is enabled', (t) => {
  const root = makeRoot(t, {
    [`${LIB}/a.service`]: `${SERVICE}[Install]\nWantedBy=multi-user.target\n`,
    [`${LIB}/b.service`]: `${SERVICE}[Install]\nWantedBy=multi-user.target\n`,
    [`${LIB}/t@.service`]: `${SERVICE}[Install]\nWantedBy=multi-user.target\n`,
    '/usr/lib/systemd/system-preset/50.preset': 'enable a.service\nenable t@.service x y\ndisable *\n',
    '/etc/systemd/system-preset/50.preset': 'disable a.service\nenable t@.service x y\nenable b*\ndisable *\n',
  });
  assert.deepEqual(root.run('preset', ['a.service', 'b.service', 't@.service']).map((line) => /[^/]+ →|".*"/.exec(line)?.[0]), ['b.service →', 't@x.service →', 't@y.service →']);
});

test('what has no [Install] section says so, and states tell the rest apart', (t) => {
  const root = makeRoot(t, {
    [`${LIB}/plain.service`]: SERVICE, [`${LIB}/via.service`]: `${SERVICE}[Install]\nAlso=a.service\n`, '/run/heartwood/generator/gen.service': SERVICE,
  });
  assert.match(root.run('enable', ['plain.service']).join(), /Nothing was enabled/);
  assert.deepEqual(['plain.service', 'via.service', 'gen.service', 'nope.service'].map(root.state), ['static', 'indirect', 'generated', null]);
  assert.deepEqual(root.run('enable', ['nope.service']), ['Failed to enable unit, unit nope.service does not exist.']);
});
