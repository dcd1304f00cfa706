import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMethod, METHOD_KINDS, PARAMS, type Method } from '../../src/control/requests.ts';
import { flag, integer, list, oneOf, optional, shape, text } from '../../src/control/schema.ts';

const sample = shape({ name: text(8), count: optional(integer(0, 10), 3), tags: optional(list(text(4), 2), []), on: optional(flag, false), way: optional(oneOf(['in', 'out']), 'in') });

test('what is left out has its default, what is given is kept', () => {
  assert.deepEqual(sample({ name: 'a' }, 'params'), { ok: true, value: { name: 'a', count: 3, tags: [], on: false, way: 'in' } });
  assert.deepEqual(sample({ name: 'a', count: 0, tags: ['x'], on: true, way: 'out' }, 'params'), { ok: true, value: { name: 'a', count: 0, tags: ['x'], on: true, way: 'out' } });
});

test('each way to be wrong is told with the place', () => {
  const wrong = (value: unknown): string => {
    const checked = sample(value, 'params');
    return checked.ok ? 'nothing is wrong' : checked.message;
  };
  assert.equal(wrong({}), 'params.name is missing');
  assert.equal(wrong([]), 'params must be an object');
  assert.equal(wrong(null), 'params must be an object');
  assert.equal(wrong({ name: 'a', extra: 1 }), 'params has an unknown field "extra"');
  assert.equal(wrong({ name: 'much too long' }), 'params.name must be at most 8 characters long');
  assert.equal(wrong({ name: 'a\0b' }), 'params.name must be free of NUL characters');
  assert.equal(wrong({ name: 'a', count: 1.5 }), 'params.count must be a whole number from 0 to 10');
  assert.equal(wrong({ name: 'a', tags: ['x', 'y', 'z'] }), 'params.tags must be at most 2 items long');
  assert.equal(wrong({ name: 'a', tags: ['x', 7] }), 'params.tags[1] must be a string');
  assert.equal(wrong({ name: 'a', way: 'up' }), 'params.way must be one of in, out');
});

test('fields of the prototype are neither given nor allowed', () => {
  assert.equal(sample(JSON.parse('{"name":"a","__proto__":{"count":1}}'), 'params').ok, false);
  assert.equal(isMethod('constructor'), false);
  assert.equal(isMethod('toString'), false);
});

test('no value makes a validator throw, and what passes once passes again unchanged', () => {
  const methods = Object.keys(PARAMS) as Method[];
  fc.assert(fc.property(fc.constantFrom(...methods), fc.jsonValue(), (method, value) => {
    const checked = PARAMS[method](value, 'params');
    if (!checked.ok) {
      assert.match(checked.message, /^params/);
      return;
    }
    assert.deepEqual(PARAMS[method](checked.value, 'params'), checked);
  }), { numRuns: 2000 });
});

test('every method has a kind, and every changing one is told apart from reading', () => {
  assert.deepEqual(Object.keys(METHOD_KINDS).sort(), Object.keys(PARAMS).sort());
});
