/** Options that point at another manager than the one that would answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLine } from './verb-rig.ts';

test('another machine or container is refused with what to run instead, and nothing is asked', () => {
  const host = runLine('systemctl -H web1 stop nginx');
  assert.equal(host.exit, 1);
  assert.match(host.err, /--host is not supported: .*"ssh web1 systemctl/);
  assert.deepEqual(host.requests, []);
  const machine = runLine('initctl --machine=box restart nginx');
  assert.equal(machine.exit, 2);
  assert.match(machine.err, /inside box/);
});

test('--global is for verbs about unit files', () => {
  const { exit, err, requests } = runLine('systemctl --global restart nginx');
  assert.equal(exit, 1);
  assert.match(err, /--global is about unit files; restart asks one manager/);
  assert.deepEqual(requests, []);
});

test('whoami names the units of processes and fails for one without', () => {
  const answers = { 'unit-of': { units: [{ pid: 7, unit: 'a.service' }, { pid: 8, unit: null }] } };
  const { exit, out, err } = runLine('systemctl whoami 7 8', answers);
  assert.deepEqual([exit, out, err], [1, 'a.service\n', 'Process 8 belongs to no unit.\n']);
  assert.equal(runLine('initctl whoami seven').exit, 2);
});
