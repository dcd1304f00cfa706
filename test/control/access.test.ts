import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAccessRule, refuseAccess, type AccessPolicy, type AccessRule } from '../../src/control/access.ts';
import { accessVerb, METHOD_KINDS } from '../../src/control/requests.ts';

function rule(effect: 'allow' | 'deny', source: string): AccessRule {
  const parsed = parseAccessRule(effect, source);
  assert.ok(typeof parsed !== 'string', source);
  return parsed;
}

const policy: AccessPolicy = {
  ownUid: 500,
  rules: [
    rule('allow', 'uid:1000 start,stop,restart app-*.service'),
    rule('deny', 'uid:1000 stop app-database.service'),
    rule('allow', 'gid:33 * nginx.service,web-*.service'),
    rule('allow', '* reset-failed demo.service'),
    rule('allow', 'uid:1001 poweroff *'),
    rule('allow', 'uid:1002 * *'),
  ],
};
const ask = (uid: number, gid: number, verb: string, units: readonly string[], wholeManager = false): string | null =>
  refuseAccess(policy, { uid, gid, verb, units, wholeManager });

test('root and the own user may do everything, a stranger nothing', () => {
  assert.equal(ask(0, 0, 'stop', ['a.service']), null);
  assert.equal(ask(500, 500, 'poweroff', [], true), null);
  assert.equal(ask(9, 9, 'stop', ['a.service']), 'user 9 may not stop a.service');
});

test('a rule grants its verbs on its units, and every unit of a request must be granted', () => {
  assert.equal(ask(1000, 1, 'start', ['app-web.service', 'app-database.service']), null);
  assert.equal(ask(1000, 1, 'start', ['app-web.service', 'ssh.service']), 'user 1000 may not start ssh.service');
  assert.equal(ask(1000, 1, 'kill', ['app-web.service']), 'user 1000 may not kill app-web.service');
  assert.equal(ask(77, 33, 'reload', ['nginx.service']), null);
  assert.equal(ask(77, 34, 'reset-failed', ['demo.service']), null);
});

test('a deny wins over every allow', () => {
  assert.equal(ask(1000, 1, 'stop', ['app-database.service']), 'user 1000 may not stop app-database.service');
});

test('a verb about the whole manager is granted by name only', () => {
  assert.equal(ask(1001, 1, 'poweroff', [], true), null);
  assert.equal(ask(1001, 1, 'reboot', [], true), 'user 1001 may not reboot');
  assert.equal(ask(1002, 1, 'poweroff', [], true), 'user 1002 may not poweroff');
});

test('"all units" is never covered by a pattern', () => {
  assert.equal(ask(1002, 1, 'reset-failed', []), 'user 1002 may not reset-failed all units');
});

test('a wrong rule is refused with the reason', () => {
  for (const [source, expected] of [
    ['uid:1 start', 'expected WHO VERBS UNITS'], ['root start *', '"root" is none of'], ['uid:1 start, *', 'an empty verb'], ['uid:1 start a,,b', 'an empty unit pattern'],
  ] as const) {
    const parsed = parseAccessRule('allow', source);
    assert.ok(typeof parsed === 'string' && parsed.includes(expected), source);
  }
});

test('a request is known to the rules by what a person would call it', () => {
  assert.equal(accessVerb('enqueue', { type: 'restart', units: [], mode: 'replace', wait: true, expect: null }), 'restart');
  assert.equal(accessVerb('enqueue', { type: 'start', units: [], mode: 'isolate', wait: true, expect: null }), 'isolate', 'who may start a unit may not stop all others with it');
  assert.equal(accessVerb('enqueue', { type: 'start', units: [], mode: 'flush', wait: true, expect: null }), 'cancel');
  assert.equal(accessVerb('shutdown', { goal: 'reboot', exitStatus: 0, force: false }), 'reboot');
  assert.equal(accessVerb('kill', { units: [], whom: 'all', signal: 15, value: null }), 'kill');
  assert.equal(METHOD_KINDS.shutdown, 'manage');
});
