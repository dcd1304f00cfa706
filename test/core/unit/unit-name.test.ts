import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UnitName } from '../../../src/base/brand.ts';
import {
  escapeUnitPath, escapeUnitText, isSliceName, isUnitName, mangleUnitName, nameInstance, namePrefix, nameWithoutSuffix, parentSlice,
  slicePath, templateOf, unescapeUnitPath, unescapeUnitText, unitNameForm, unitNameFromPath, withInstance, withKind,
} from '../../../src/core/unit/unit-name.ts';

type Case = readonly [what: string, input: string, output: string | null];
const cases = readFileSync(new URL('escape-cases.jsonl', import.meta.url), 'utf8')
  .split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => JSON.parse(line) as Case);

function answer(what: string, input: string): string | null {
  switch (what) {
    case 'escape': return escapeUnitText(input);
    case 'mangle': return mangleUnitName(input);
    default: {
      const result = what === 'escape-path' ? escapeUnitPath(input) : what === 'unescape' ? unescapeUnitText(input) : unescapeUnitPath(input);
      return result.ok ? result.value : null;
    }
  }
}

test('names are escaped, unescaped and mangled as systemd-escape does', () => {
  assert.ok(cases.length > 35);
  for (const [what, input, output] of cases) assert.equal(answer(what, input), output, `${what} '${input}'`);
});

test('valid names are told by form', () => {
  for (const [name, form] of [
    ['a.service', 'plain'], ['a@.service', 'template'], ['a@b.service', 'instance'], ['a@b@c.service', 'instance'], ['-.slice', 'plain'],
    ['a.b.service', 'plain'], ['dev-disk-by\\x2duuid.device', 'plain'],
    ['a', null], ['.service', null], ['@.service', null], ['@x.service', null], ['a.unknown', null], ['a b.service', null], ['ä.service', null],
    ['a/b.service', null], ['a.service@x', null], ['', null], [`${'x'.repeat(248)}.service`, null], [`${'x'.repeat(247)}.service`, 'plain'],
  ] as const) assert.equal(unitNameForm(name), form, name);
});

test('a name comes apart into prefix, instance and template', () => {
  assert.equal(namePrefix('getty@tty1.service'), 'getty');
  assert.equal(nameInstance('getty@tty1.service'), 'tty1');
  assert.equal(nameInstance('a@b@c.service'), 'b@c');
  assert.equal(nameInstance('getty@.service'), '');
  assert.equal(nameInstance('cron.service'), null);
  assert.equal(templateOf('getty@tty1.service'), 'getty@.service');
  assert.equal(templateOf('cron.service'), null);
  assert.equal(withInstance('getty@.service', 'tty2'), 'getty@tty2.service');
  assert.equal(withInstance('getty@.service', 'a b'), null);
  assert.equal(withInstance('getty@.service', ''), null);
  assert.equal(nameWithoutSuffix('a.b.service'), 'a.b');
  assert.equal(withKind('a@b.timer', 'service'), 'a@b.service');
});

test('slices lie in each other by their dashes', () => {
  assert.equal(parentSlice('a-b-c.slice' as UnitName), 'a-b.slice');
  assert.equal(parentSlice('a.slice' as UnitName), '-.slice');
  assert.equal(parentSlice('-.slice' as UnitName), null);
  assert.equal(slicePath('system-getty.slice' as UnitName), '/system/getty');
  for (const bad of ['a--b.slice', '-a.slice', 'a-.slice', 'a@b.slice', 'a.service']) assert.equal(isSliceName(bad), false, bad);
});

test('any text survives escaping, and what comes out is a valid prefix', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (text) => {
    const escaped = escapeUnitText(text);
    assert.deepEqual(unescapeUnitText(escaped), { ok: true, value: text });
    assert.ok(escaped.length > 240 || isUnitName(`${escaped}.service`), escaped);
  }));
});

test('a path survives its unit name', () => {
  const part = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }).filter((text) => !text.includes('/') && text !== '.' && text !== '..');
  fc.assert(fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
    const path = `/${parts.join('/')}`;
    const name = unitNameFromPath(path, 'mount');
    assert.ok(name !== null);
    assert.deepEqual(unescapeUnitPath(nameWithoutSuffix(name)), { ok: true, value: path });
  }));
});

test('unescaping never throws', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    unescapeUnitText(text);
    unescapeUnitPath(text);
    mangleUnitName(text);
  }));
});
