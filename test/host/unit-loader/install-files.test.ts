import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Params } from '../../../src/control/requests.ts';
import { UnitFiles } from '../../../src/host/unit-files/unit-files.ts';
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
  const unitFiles = new UnitFiles({ mode: 'system', loadPath, specifiers: MACHINE, root });
  type Change = Params<'change-unit-files'>;
  return {
    root,
    /** The lines with the root taken out. */
    run: (operation: Change['operation'], units: readonly string[], options: Partial<Change> = {}): readonly string[] => {
      const outcome = unitFiles.change({ operation, units, runtime: false, force: false, reload: false, presetMode: 'full', owner: '', ...options });
      assert.ok(outcome.ok);
      return [...outcome.value.lines, ...outcome.value.warnings, ...outcome.value.problems].map((line) => line.replaceAll(root, ''));
    },
    state: (name: string) => unitFiles.stateOf(name).state || null,
    list: () => unitFiles.list({ patterns: [], types: [], states: [] }).files.map(({ unit, state, preset }) => `${unit} ${state} ${preset}`),
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
  assert.deepEqual(root.run('unmask', ['a.service']), [], 'each directory has its own masks');
  assert.equal(root.run('unmask', ['a.service'], { runtime: true }).length, 1);
  assert.match(root.run('mask', ['own.service']).join(), /already exists/);
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
  assert.deepEqual(root.run('enable', ['plain.service']), []);
  assert.deepEqual(['plain.service', 'via.service', 'gen.service', 'nope.service'].map(root.state), ['static', 'indirect', 'generated', null]);
  assert.deepEqual(root.run('enable', ['nope.service']), ['Failed to enable unit, unit nope.service does not exist.']);
});

test('revert takes away what lies over a shipped unit, and nothing else', (t) => {
  const root = makeRoot(t, {
    [`${LIB}/a.service`]: SERVICE, '/etc/systemd/system/a.service': SERVICE, '/etc/systemd/system/a.service.d/50.conf': '[Unit]\nDescription=x\n',
    '/etc/systemd/system/own.service': SERVICE,
  });
  assert.deepEqual(root.run('revert', ['a.service', 'own.service']), [
    'Removed "/etc/systemd/system/a.service.d/50.conf".', 'Removed "/etc/systemd/system/a.service.d".', 'Removed "/etc/systemd/system/a.service".',
  ]);
  assert.equal(existsSync(`${root.root}/etc/systemd/system/own.service`), true);
});

test('add-wants and add-requires make one link, whatever [Install] says', (t) => {
  const root = makeRoot(t, { [`${LIB}/a.service`]: `${SERVICE}[Install]\nWantedBy=other.target\n`, [`${LIB}/t@.service`]: SERVICE });
  assert.deepEqual(root.run('add-wants', ['a.service'], { owner: 'multi-user.target' }), ['Created symlink /etc/systemd/system/multi-user.target.wants/a.service → /usr/lib/systemd/system/a.service.']);
  assert.deepEqual(root.run('add-requires', ['t@x.service'], { owner: 'multi-user.target', runtime: true }), ['Created symlink /run/systemd/system/multi-user.target.requires/t@x.service → /usr/lib/systemd/system/t@.service.']);
  assert.deepEqual(root.run('add-wants', ['a.service'], { owner: 'none.target' }), ['Failed to add dependency on unit, unit none.target does not exist.']);
});

test('preset-all goes on after a unit that cannot be understood, and preset-mode halves it', (t) => {
  const files = {
    [`${LIB}/a.service`]: `${SERVICE}[Install]\nWantedBy=multi-user.target\n`, [`${LIB}/b.service`]: `${SERVICE}[Install]\nWantedBy=multi-user.target\nAlias=wrong.socket\n`,
    '/usr/lib/systemd/system-preset/50.preset': 'enable *\n',
  };
  const root = makeRoot(t, files);
  assert.deepEqual(root.run('preset-all', [], { presetMode: 'disable-only' }), []);
  assert.deepEqual(root.run('preset-all', []).slice(0, 2), [
    'Created symlink /etc/systemd/system/multi-user.target.wants/a.service → /usr/lib/systemd/system/a.service.',
    'Created symlink /etc/systemd/system/multi-user.target.wants/b.service → /usr/lib/systemd/system/b.service.',
  ]);
});

test('the list names aliases, templates, masks and links that lead nowhere', (t) => {
  const root = makeRoot(t, { [`${LIB}/a.service`]: `${SERVICE}[Install]\nAlias=aka.service\n`, [`${LIB}/t@.service`]: SERVICE });
  root.run('enable', ['a.service']);
  root.run('mask', ['gone.service']);
  root.run('add-wants', ['t@x.service'], { owner: 'multi-user.target' });
  symlinkSync('/nowhere/z.service', `${root.root}/etc/systemd/system/z.service`);
  assert.deepEqual(root.list(), [
    'a.service enabled enabled', 'aka.service alias ', 'gone.service masked enabled', 't@.service indirect enabled', 'z.service bad enabled', 'multi-user.target static ',
  ]);
});
