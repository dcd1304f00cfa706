import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'ini';
import { ACCESS_RULES_MAX } from '../../src/control/limits.ts';
import { BUILT_IN_DEFAULTS } from '../../src/core/unit-file/unit-defaults.ts';
import { configurationFiles, mergeConfiguration, type ManagerConfiguration } from '../../src/host/manager-configuration.ts';

function merged(...texts: readonly string[]): ManagerConfiguration {
  return mergeConfiguration(texts.map((text, index) => ({ path: `${String(index)}.conf`, content: parse(text) })), BUILT_IN_DEFAULTS);
}

test('files are read from systemd to our own, each before its drop-ins by name', () => {
  const list = (directory: string): readonly string[] => (directory === '/etc/heartwood/user.conf.d' ? ['b.conf', 'note.txt', 'a.conf'] : []);
  const files = configurationFiles('user', '/home/me/.config', list);
  assert.equal(files[0], '/usr/lib/systemd/user.conf');
  assert.deepEqual(files.filter((file) => file.startsWith('/etc/heartwood')), ['/etc/heartwood/user.conf', '/etc/heartwood/user.conf.d/a.conf', '/etc/heartwood/user.conf.d/b.conf']);
  assert.equal(files.at(-1), '/home/me/.config/heartwood/user.conf');
});

test('later values win, access rules add up, keys of systemd that mean nothing here are passed over', () => {
  const { defaults, accessRules, environment, complaints } = merged(
    '[Manager]\nDefaultTimeoutStopSec=9s\nCrashShell=yes\nDefaultEnvironment=A=1 "B=two words"\n[Access]\nAllow[]=uid:1 start *\n',
    '[Manager]\nDefaultTimeoutStopSec=8s\n[Access]\nDeny[]=uid:1 start b.service\n',
  );
  assert.equal(defaults.timeoutStopUsec, 8_000_000);
  assert.deepEqual(accessRules.map(({ effect }) => effect), ['allow', 'deny']);
  assert.deepEqual(environment, ['A=1', 'B=two words']);
  assert.deepEqual(complaints, []);
});

// A LogLevel= that is none once ended PID 1 of a container with "wrong usage".
test('a value that means nothing is complained about by file and key, and changes nothing', () => {
  const { defaults, logLevel, showStatus, complaints } = merged('[Manager]\nLogLevel=loud\nShowStatus=perhaps\nDefaultStartLimitBurst=x\nDefaultStandardOutput=paper\n[Access]\nMaybe=uid:1 start a\nAllow[]=bob start a\n');
  assert.equal(logLevel, null);
  assert.equal(showStatus, null);
  assert.deepEqual(defaults, BUILT_IN_DEFAULTS);
  assert.equal(complaints.length, 6);
  for (const word of ['LogLevel', 'ShowStatus', 'DefaultStartLimitBurst', 'DefaultStandardOutput', 'Maybe', 'bob']) assert.ok(complaints.some((text) => text.startsWith('0.conf: ') && text.includes(word)), word);
});

test('a good level and every word of ShowStatus= are taken', () => {
  assert.equal(merged('[Manager]\nLogLevel=debug\n').logLevel, 'debug');
  assert.equal(merged('[Manager]\nShowStatus=no\n').showStatus, 'no');
  assert.equal(merged('[Manager]\nShowStatus=error\n').showStatus, 'auto');
});

test('there is a bound on access rules', () => {
  const { accessRules, complaints } = merged(`[Access]\n${'Allow[]=uid:1 start a.service\n'.repeat(ACCESS_RULES_MAX + 2)}`);
  assert.equal(accessRules.length, ACCESS_RULES_MAX);
  assert.equal(complaints.length, 2);
});

test('the ceiling of the engine\'s memory is a size, infinity for none, and not less than the engine needs', () => {
  assert.equal(merged('').engineMemoryMax, 512 * 2 ** 20);
  assert.equal(merged('[Manager]\nEngineMemoryMax=1G\n').engineMemoryMax, 2 ** 30);
  assert.equal(merged('[Manager]\nEngineMemoryMax=infinity\n').engineMemoryMax, null);
  const low = merged('[Manager]\nEngineMemoryMax=10M\n');
  assert.equal(low.engineMemoryMax, 512 * 2 ** 20);
  assert.match(low.complaints[0] ?? '', /0\.conf: EngineMemoryMax=: 10M is less than the engine needs to live/);
});
