import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ERROR_CODES, errorName } from '../../src/control/error-codes.ts';
import { decodeMessage, encodeError, encodeRequest, encodeResult } from '../../src/control/message.ts';

test('what is encoded is decoded to the same, on one line', () => {
  fc.assert(fc.property(fc.oneof(fc.nat(), fc.string({ minLength: 1, maxLength: 64 })), fc.jsonValue(), (id, value) => {
    const request = encodeRequest(id, 'do', value);
    assert.equal(request.indexOf('\n'), request.length - 1);
    const same: unknown = JSON.parse(JSON.stringify(value));
    assert.deepEqual(decodeMessage(request.trimEnd()), { kind: 'request', id, method: 'do', params: same ?? {} });
    assert.deepEqual(decodeMessage(encodeResult(id, value).trimEnd()), { kind: 'result', id, result: same });
  }));
});

test('an error carries its number, its sentence and its unit', () => {
  assert.deepEqual(decodeMessage(encodeError(3, { name: 'no-such-unit', message: 'No.', unit: 'a.service' })), {
    kind: 'error', id: 3, code: ERROR_CODES['no-such-unit'], message: 'No.', unit: 'a.service',
  });
});

test('no line makes decoding throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
    assert.ok(['request', 'result', 'error', 'malformed'].includes(decodeMessage(line).kind));
  }));
});

test('what is no message is told apart: not JSON, no object, wrong version, wrong id, nothing asked', () => {
  const failure = (line: string): string => {
    const message = decodeMessage(line);
    return message.kind === 'malformed' ? `${message.failure.name}: ${message.failure.message}` : message.kind;
  };
  assert.match(failure('{'), /^parse-error/);
  assert.match(failure('[1]'), /object/);
  assert.match(failure('{"method":"a"}'), /"jsonrpc" must be "2.0"/);
  assert.match(failure('{"jsonrpc":"2.0","id":{},"method":"a"}'), /"id" must be/);
  assert.match(failure('{"jsonrpc":"2.0","id":1}'), /"method" is missing/);
});

test('every error code is a number of its own', () => {
  const codes = Object.values(ERROR_CODES);
  assert.equal(new Set(codes).size, codes.length);
  for (const [name, code] of Object.entries(ERROR_CODES)) assert.equal(errorName(code), name);
});
