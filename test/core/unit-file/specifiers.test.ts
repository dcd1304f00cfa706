import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UnitName } from '../../../src/base/brand.ts';
import { EXPANSION_LENGTH_MAX, expandSpecifiers, specifierExpander } from '../../../src/core/unit-file/specifiers.ts';
import { MACHINE } from './unit-rig.ts';

const UNIT = { name: 'foo-bar@dev-sd\\x2da.service' as UnitName, fragmentPath: '/etc/systemd/system/foo-bar@.service' };

test('each specifier stands for what systemd.unit(5) says', () => {
  for (const [text, answer] of [
    ['%n', 'foo-bar@dev-sd\\x2da.service'], ['%N', 'foo-bar@dev-sd\\x2da'], ['%p', 'foo-bar'], ['%P', 'foo/bar'], ['%i', 'dev-sd\\x2da'], ['%I', 'dev/sd-a'],
    ['%j', 'bar'], ['%J', 'bar'], ['%f', '/dev/sd-a'], ['%y', '/etc/systemd/system/foo-bar@.service'], ['%Y', '/etc/systemd/system'],
    ['%a', 'x86-64'], ['%b', 'fedcba9876543210fedcba9876543210'], ['%m', '0123456789abcdef0123456789abcdef'], ['%H', 'box.example.org'], ['%l', 'box'], ['%q', 'box.example.org'],
    ['%v', '6.1.0'], ['%o', 'debian'], ['%w', '12'], ['%W', ''], ['%u', 'root'], ['%U', '0'], ['%g', 'root'], ['%G', '0'], ['%h', '/root'], ['%s', '/bin/sh'],
    ['%t', '/run'], ['%S', '/var/lib'], ['%C', '/var/cache'], ['%L', '/var/log'], ['%E', '/etc'], ['%D', '/usr/share'], ['%T', '/tmp'], ['%V', '/var/tmp'],
    ['%d', '/run/credentials/foo-bar@dev-sd\\x2da.service'], ['%%n', '%n'], ['100%', '100%'], ['%!%-% n', '%!%-% n'], ['a%pb%pc', 'afoo-barbfoo-barc'],
  ] as const) assert.deepEqual(expandSpecifiers(text, MACHINE, UNIT), { ok: true, value: answer }, text);
});

test('names know the specifiers that can be part of a name, and no others', () => {
  const { expand, expandName } = specifierExpander(MACHINE, UNIT);
  for (const text of ['%n', '%i-%p', '%j', '%H', '%u', '100%%']) assert.deepEqual(expandName(text), expand(text), text);
  for (const text of ['%I', '%P', '%f', '%t', '%h', '%c']) {
    assert.equal(expand(text).ok, true, text);
    assert.equal(expandName(text).ok, false, text);
  }
});

test('the old specifiers of control groups stand for what systemd knows while it reads the unit', () => {
  assert.deepEqual(expandSpecifiers('[%c|%r|%R]', MACHINE, UNIT), { ok: true, value: `[/${UNIT.name}||]` });
});

test('a letter or digit that is no specifier is a mistake, as in systemd', () => {
  assert.deepEqual(expandSpecifiers('100%z', MACHINE, UNIT), { ok: false, problem: '%z is not a specifier; a percent sign is written %%' });
  assert.equal(expandSpecifiers('%3', MACHINE, UNIT).ok, false);
});

test('a plain unit has an empty instance, and its path is that of its prefix', () => {
  const unit = { name: 'srv-data.mount' as UnitName, fragmentPath: null };
  assert.deepEqual(expandSpecifiers('[%i|%I|%f|%y]', MACHINE, unit), { ok: true, value: '[||/srv/data|]' });
});

test('what is not known here is a problem and not an empty text', () => {
  assert.deepEqual(expandSpecifiers('x%m', { ...MACHINE, machineId: null }, UNIT), { ok: false, problem: 'the specifier %m cannot be resolved: the machine id is not known' });
  assert.equal(expandSpecifiers('%I', MACHINE, { ...UNIT, name: 'a@b\\xzz.service' as UnitName }).ok, false);
});

test('expansion has a bound', () => {
  assert.equal(expandSpecifiers('%n'.repeat(EXPANSION_LENGTH_MAX / 10), MACHINE, UNIT).ok, false);
});

test('text without a per cent sign stays, and doubled ones survive', () => {
  fc.assert(fc.property(fc.string(), (text) => {
    assert.deepEqual(expandSpecifiers(text.replaceAll('%', '%%'), MACHINE, UNIT), { ok: true, value: text });
  }));
});
