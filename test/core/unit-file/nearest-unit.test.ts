/** Which unit is meant by a name that no unit has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestUnit } from '../../../src/core/unit-file/nearest-unit.ts';

const KNOWN = ['nginx.service', 'ssh.service', 'ssh.socket', 'getty@.service', 'backup.timer', 'cron.service', 'system-getty.slice', 'web.service'];

const meant = (name: string): string | null => nearestUnit(name, KNOWN);

test('a slip of the pen leads to the unit, whatever its kind has in common with others', () => {
  assert.equal(meant('ngin.service'), 'nginx.service');
  assert.equal(meant('NGINX.service'), 'nginx.service');
  assert.equal(meant('cornd.service'), null, 'two slips are too many for a short name');
  assert.equal(meant('corn.service'), 'cron.service');
  assert.equal(meant('lvm.service'), null, 'what is like web.service is only its kind');
});

test('a name that exists as another kind is meant when none of its own kind is near', () => {
  assert.equal(meant('backup.service'), 'backup.timer');
  assert.equal(meant('ssh.sockt'), null, 'that is no name of a unit');
  assert.equal(meant('sshd.socket'), 'ssh.socket');
});

test('an instance is found by its template, and keeps its instance', () => {
  assert.equal(meant('gety@tty1.service'), 'getty@tty1.service');
  assert.equal(meant('nginx@a.service'), null);
});

test('the nearest of thousands is found in the time of a keystroke', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `worker-of-the-farm-${String(index * 7919)}.service`);
  const startedMsec = performance.now();
  assert.equal(nearestUnit('worker-of-the-fram-79190.service', many), 'worker-of-the-farm-79190.service');
  assert.ok(performance.now() - startedMsec < 2000);
});
