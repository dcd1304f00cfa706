import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { UNIT_FILE_BYTES_MAX } from '../../../src/host/unit-loader/read-unit-file.ts';
import { edgesOf } from '../../core/unit-file/unit-rig.ts';
import { SERVICE, makeLoadTree } from './load-tree.ts';

function stateOf(unit: UnitDefinition | undefined): string {
  return unit === undefined ? 'absent' : unit.loadState;
}

test('a closure has everything that is referred to, stubs for what is not there, and slices without files', (t) => {
  const tree = makeLoadTree(t, {
    'lib/a.service': `[Unit]\nWants=b.service\nAfter=ghost.service\n${SERVICE}Slice=x-y.slice\n`,
    'lib/b.service': `[Unit]\nRequires=c.target\n${SERVICE}`,
    'lib/c.target': '',
    'lib/unrelated.service': SERVICE,
  });
  tree.write({ 'lib/c.target': '[Unit]\nDescription=C\n' });
  const units = tree.load('a.service');
  assert.deepEqual([...units].map(([name, unit]) => `${name} ${unit.loadState}`).sort(), [
    '-.slice loaded', 'a.service loaded', 'b.service loaded', 'basic.target not-found', 'c.target loaded', 'ghost.service not-found',
    'shutdown.target not-found', 'sysinit.target not-found', 'system.slice loaded', 'x-y.slice loaded', 'x.slice loaded',
  ]);
  assert.match(units.get('ghost.service')?.loadError ?? '', /no unit file ghost\.service/);
});

test('what is loaded already is not loaded again', (t) => {
  const tree = makeLoadTree(t, { 'lib/a.service': `[Unit]\nWants=b.service\n${SERVICE}`, 'lib/b.service': SERVICE });
  const first = tree.load('b.service');
  const units = tree.loader.loadClosure(['a.service' as UnitName], (name) => first.get(name));
  assert.deepEqual(units.map((unit) => unit.name), ['a.service']);
});

test('a name that had no file is read when it is asked for again and has one', (t) => {
  const tree = makeLoadTree(t);
  const before = tree.load('late.service');
  assert.equal(stateOf(before.get('late.service')), 'not-found');
  tree.write({ 'etc/late.service': SERVICE });
  const after = tree.loader.loadClosure(['late.service' as UnitName], (name) => before.get(name));
  assert.equal(stateOf(after.find((unit) => unit.name === 'late.service')), 'loaded');
  assert.equal(tree.loader.loadClosure(['late.service' as UnitName], (name) => after.find((unit) => unit.name === name)).length, 0);
});

test('the first directory wins, and drop-ins of all of them are merged by name', (t) => {
  const tree = makeLoadTree(t, {
    'etc/foo-bar.service': `[Unit]\nDescription=etc\n${SERVICE}`,
    'lib/foo-bar.service': `[Unit]\nDescription=lib\n${SERVICE}`,
    'lib/foo-bar.service.d/10.conf': '[Service]\nEnvironment=A=lib\n',
    'etc/foo-bar.service.d/10.conf': '[Service]\nEnvironment=A=etc\n',
    'lib/foo-.service.d/20.conf': '[Service]\nEnvironment=B=prefix\n',
    'lib/foo-bar.service.d/20.conf': '[Service]\nEnvironment=B=own\n',
    'lib/service.d/05.conf': '[Service]\nEnvironment=C=kind\n',
    'etc/service.d/30.conf': '-> /dev/null',
    'lib/service.d/30.conf': '[Service]\nEnvironment=D=masked\n',
    'lib/foo-bar.service.d/ignored.txt': 'x',
  });
  const unit = tree.load('foo-bar.service').get('foo-bar.service');
  assert.ok(unit?.kind === 'service');
  assert.equal(unit.description, 'etc');
  assert.deepEqual(unit.exec.environment, ['C=kind', 'A=etc', 'B=own']);
  assert.deepEqual(unit.dropInPaths.map((path) => path.slice(tree.root.length)), ['/lib/service.d/05.conf', '/etc/foo-bar.service.d/10.conf', '/lib/foo-bar.service.d/20.conf', '/etc/service.d/30.conf']);
});

test('instances come from their template, with its drop-ins and their own', (t) => {
  const tree = makeLoadTree(t, {
    'lib/foo@.service': '[Unit]\nDescription=%i of %p\n[Service]\nExecStart=/bin/echo %I\n',
    'lib/foo@special.service': `[Unit]\nDescription=own file\n${SERVICE}`,
    'lib/foo@.service.d/x.conf': '[Service]\nNice=1\n',
    'lib/foo@a.service.d/y.conf': '[Service]\nNice=2\n',
  });
  const units = tree.load('foo@a.service', 'foo@b-c.service', 'foo@special.service', 'bar@x.service');
  const nice = (name: string): number | null => {
    const unit = units.get(name);
    return unit?.kind === 'service' ? unit.exec.nice : null;
  };
  assert.equal(units.get('foo@a.service')?.description, 'a of foo');
  assert.deepEqual([nice('foo@a.service'), nice('foo@b-c.service'), nice('foo@special.service')], [2, 1, 1]);
  assert.equal(units.get('foo@special.service')?.description, 'own file');
  assert.equal(stateOf(units.get('bar@x.service')), 'not-found');
});

test('a link to another name is an alias: one unit, all names, drop-ins of all names', (t) => {
  const tree = makeLoadTree(t, {
    'lib/real.service': SERVICE,
    'etc/nick.service': '-> ROOT/lib/real.service',
    'etc/nicknick.service': '-> nick.service',
    'etc/nick.service.d/a.conf': '[Unit]\nDescription=by nick\n',
    'lib/t@.service': SERVICE,
    'etc/s@.service': '-> ROOT/lib/t@.service',
    'lib/user.service': `[Unit]\nAfter=nick.service\n${SERVICE}`,
  });
  const units = tree.load('nicknick.service', 's@x.service', 'user.service');
  assert.deepEqual(units.get('nicknick.service')?.names, ['real.service', 'nick.service', 'nicknick.service']);
  assert.equal(units.get('real.service')?.description, 'by nick');
  assert.deepEqual(units.get('s@x.service')?.names, ['t@x.service', 's@x.service']);
  assert.equal(tree.loader.canonicalName('nicknick.service' as UnitName), 'real.service');
});

test('masks: a link to /dev/null, an empty file, and a link that leads there by detours', (t) => {
  const tree = makeLoadTree(t, {
    'lib/a.service': SERVICE, 'etc/a.service': '-> /dev/null',
    'etc/b.service': '',
    'other/null': '-> /dev/null', 'etc/c.service': '-> ROOT/other/null',
    'lib/d@.service': SERVICE, 'etc/d@x.service': '-> /dev/null',
  });
  const units = tree.load('a.service', 'b.service', 'c.service', 'd@x.service', 'd@y.service');
  for (const name of ['a.service', 'b.service', 'c.service', 'd@x.service']) {
    assert.equal(stateOf(units.get(name)), 'masked', name);
    assert.deepEqual(units.get(name)?.dependencies, []);
  }
  assert.equal(stateOf(units.get('d@y.service')), 'loaded');
});

test('links in .wants, .requires and .upholds are edges; a mask takes one back; names that are none are told', (t) => {
  const tree = makeLoadTree(t, {
    'lib/m.target': '[Unit]\nDescription=M\n',
    'lib/a.service': SERVICE, 'lib/b.service': SERVICE, 'lib/c@.service': SERVICE,
    'etc/m.target.wants/a.service': '-> ROOT/lib/a.service',
    'lib/m.target.wants/b.service': '-> ../b.service',
    'etc/m.target.wants/b.service': '-> /dev/null',
    'etc/m.target.requires/c@1.service': '-> ROOT/lib/c@.service',
    'lib/m.target.upholds/d.service': '-> ../gone.service',
    'etc/m.target.wants/README': 'x',
  });
  const unit = tree.load('m.target').get('m.target');
  assert.ok(unit !== undefined);
  assert.deepEqual(edgesOf(unit).filter((edge) => !edge.includes('shutdown')), [
    'After a.service', 'After c@1.service', 'Requires c@1.service', 'Upholds d.service', 'Wants a.service',
  ]);
  assert.deepEqual(unit.dependencies.find((each) => each.kind === 'Wants')?.origin, { file: `${tree.root}/etc/m.target.wants/a.service`, line: 0 });
  assert.match(unit.diagnostics.map((each) => each.message).join(), /README is not the name of a unit/);
});

test('what cannot be read is a unit in error with the reason, and waits for nobody', (t) => {
  const tree = makeLoadTree(t, { 'etc/loop-a.service': '-> loop-b.service', 'etc/loop-b.service': '-> loop-a.service', 'etc/self.service': '-> self.service', 'etc/out.service': '-> ROOT/other/out.service', 'other/out.service': '-> out.service', 'etc/type.service': '-> x.target', 'etc/dangling.service': '-> ROOT/other/nothing', 'etc/ok.service': SERVICE });
  mkdirSync(join(tree.root, 'etc/dir.service'));
  assert.equal(spawnSync('mkfifo', [join(tree.root, 'etc/fifo.service')]).status, 0);
  symlinkSync('/dev/zero', join(tree.root, 'etc/zero.service'));
  writeFileSync(join(tree.root, 'etc/huge.service'), Buffer.alloc(UNIT_FILE_BYTES_MAX + 1, '#'));
  mkdirSync(join(tree.root, 'etc/ok.service.d/dir.conf'), { recursive: true });
  const names = ['loop-a', 'self', 'out', 'type', 'dangling', 'dir', 'fifo', 'zero', 'huge', 'ok'].map((name) => `${name}.service`);
  const units = tree.load(...names);
  for (const [name, state, pattern] of [
    ['loop-a', 'error', /circle/], ['self', 'error', /itself/], ['out', 'error', /ELOOP/], ['type', 'error', /cannot be another name/],
    ['dangling', 'not-found', /does not exist/], ['dir', 'error', /a directory and not a regular file/], ['fifo', 'error', /a FIFO/], ['zero', 'error', /a device/], ['huge', 'error', /more than 16777216/],
  ] as const) {
    const unit = units.get(`${name}.service`);
    assert.equal(stateOf(unit), state, name);
    assert.match(unit?.loadError ?? '', pattern, name);
  }
  assert.equal(stateOf(units.get('ok.service')), 'loaded');
  assert.match(units.get('ok.service')?.diagnostics[0]?.message ?? '', /drop-in is ignored: .* a directory/);
});

test('a link may give a unit another name of its own form, and an instance the name of a template\'s instance, and nothing else', (t) => {
  const tree = makeLoadTree(t, {
    'lib/plain.service': SERVICE, 'lib/t@.service': SERVICE, 'lib/t@x.service': SERVICE, 'etc/i@x.service': '-> ROOT/lib/plain.service', 'etc/p.service': '-> ROOT/lib/t@x.service',
    'etc/n@.service': '-> ROOT/lib/plain.service', 'etc/other.service': '-> ROOT/lib/plain.service', 'etc/one@y.service': '-> ROOT/lib/t@.service', 'etc/two@x.service': '-> ROOT/lib/t@x.service',
  });
  const states = (...names: readonly string[]): readonly string[] => names.map((name) => `${name} ${stateOf([...tree.load(name).values()].find((unit) => (unit.names as readonly string[]).includes(name)))}`);
  assert.deepEqual(states('i@x.service', 'p.service', 'n@z.service'), ['i@x.service error', 'p.service error', 'n@z.service error']);
  assert.deepEqual(states('other.service', 'one@y.service', 'two@x.service'), ['other.service loaded', 'one@y.service loaded', 'two@x.service loaded']);
});

test('a template that wants ever longer instances of itself ends', (t) => {
  const tree = makeLoadTree(t, { 'lib/x@.service': `[Unit]\nWants=x@%ia.service\n${SERVICE}` });
  const units = tree.load('x@1.service');
  assert.ok(units.size > 200 && units.size < 300);
});

test('scopes have no files, devices need none', (t) => {
  const tree = makeLoadTree(t, { 'lib/a.scope': '[Scope]\n' });
  const units = tree.load('a.scope', 'dev-sda1.device');
  assert.equal(stateOf(units.get('a.scope')), 'not-found');
  assert.equal(stateOf(units.get('dev-sda1.device')), 'loaded');
});

test('a change of the file or of a drop-in is seen; a touch is not one', (t) => {
  const tree = makeLoadTree(t, { 'lib/a.service': SERVICE, 'lib/b.service': SERVICE });
  const units = tree.load('a.service', 'b.service');
  const [a, b] = [units.get('a.service') as UnitDefinition, units.get('b.service') as UnitDefinition];
  tree.write({ 'lib/a.service': SERVICE });
  assert.equal(tree.loader.changedOnDisk(a), false);
  tree.write({ 'lib/a.service': `${SERVICE}Nice=1\n`, 'etc/b.service.d/x.conf': '[Service]\nNice=1\n' });
  assert.equal(tree.loader.changedOnDisk(a), true);
  assert.equal(tree.loader.changedOnDisk(b), true);
  rmSync(join(tree.root, 'lib/a.service'));
  assert.equal(tree.loader.changedOnDisk(a), true);
});

test('ten thousand units take ten times as long as a thousand, not a hundred times', (t) => {
  const timeOf = (count: number): number => {
    const files: Record<string, string> = { 'lib/all.target': '[Unit]\nDescription=All\n' };
    for (let i = 0; i < count; i += 1) {
      files[`lib/s${i}.service`] = `[Unit]\nDescription=Service ${i}\nAfter=s${i - 1}.service\n[Service]\nExecStart=/bin/sleep ${i}\nUser=nobody\n`;
      files[`lib/all.target.wants/s${i}.service`] = `-> ../s${i}.service`;
    }
    const tree = makeLoadTree(t, files);
    tree.load('all.target');
    const before = process.cpuUsage();
    assert.ok(tree.load('all.target').size > count);
    const used = process.cpuUsage(before);
    return used.user + used.system;
  };
  const small = timeOf(500);
  const large = timeOf(5000);
  assert.ok(large < small * 30, `${large} µs for 5000 units, ${small} µs for 500`);
});
