/** Lists as `systemctl show` of systemd 252 prints them (`npm run compare:show` with settings of this kind). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';
import { unitProperties } from '../../../src/core/property/unit-properties.ts';
import type { UnitFacts } from '../../../src/core/property/property-row.ts';
import { unitOf } from '../unit-file/unit-rig.ts';

const FACTS: UnitFacts = {
  fileState: '', preset: '', needsReload: false, memoryBytes: null, cpuUsec: null, tasks: null, ip: null, hasControlGroups: false, controlGroup: '', user: { uid: null, gid: null },
  machineMemoryBytes: 0, machineTasks: 0, inheritedLimits: {},
};

function propertiesOf(text: string, changes: { readonly mode?: 'system' | 'user'; readonly facts?: Partial<UnitFacts> } = {}): Readonly<Record<string, string>> {
  const kernel = new SimulatedKernel();
  const name = 'a.service';
  kernel.boot([target('default.target', { Wants: [name] }), unitOf(name, text), service('other.service')]);
  const { state } = kernel;
  const context = { state: { ...state, config: { ...state.config, mode: changes.mode ?? 'system' } }, unit: kernel.unit(name), facts: { ...FACTS, ...changes.facts }, now: { monotonicUsec: 0, realtimeUsec: 0 } as never, formatInstant: () => '' };
  return unitProperties(context, null);
}

test('words with spaces, quotes or backslashes are quoted where systemctl quotes them, and nowhere else', () => {
  const shown = propertiesOf([
    '[Unit]', 'Documentation=man:x(1) "http://a b" file:/x\\x20y https://ok/',
    '[Service]', 'ExecStart=/bin/true', 'RuntimeDirectory="a b" c', 'CacheDirectory=a:b c:d', 'UnsetEnvironment="A=b c" Q', 'TemporaryFileSystem="/a b:ro,mode=0700" /tmpx', 'SupplementaryGroups="audio" video',
  ].join('\n'));
  assert.equal(shown['Documentation'], '"man:x(1)" "http://a b" "file:/x\\\\x20y" https://ok/');
  assert.equal(shown['RuntimeDirectory'], '"a b" c');
  assert.equal(shown['CacheDirectorySymlink'], 'a:b\nc:d');
  assert.equal(shown['UnsetEnvironment'], '"A=b c" Q');
  assert.equal(shown['TemporaryFileSystem'], '/a b:ro,mode=0700 /tmpx');
  assert.equal(shown['SupplementaryGroups'], '"\\"audio\\"" video');
});

test('the keyring of a service is the session\'s in a user\'s manager unless it says otherwise', () => {
  const text = '[Service]\nExecStart=/bin/true\n';
  assert.equal(propertiesOf(text)['KeyringMode'], 'private');
  assert.equal(propertiesOf(text, { mode: 'user' })['KeyringMode'], 'inherit');
  assert.equal(propertiesOf(`${text}KeyringMode=shared\n`, { mode: 'user' })['KeyringMode'], 'shared');
});

test('the numbers of User= and Group= are shown as far as they are known', () => {
  const text = '[Service]\nExecStart=/bin/true\nUser=web\n';
  assert.deepEqual([propertiesOf(text)['UID'], propertiesOf(text)['GID']], ['[not set]', '[not set]']);
  const shown = propertiesOf(text, { facts: { user: { uid: 33, gid: 34 } } });
  assert.deepEqual([shown['UID'], shown['GID']], ['33', '34']);
});
