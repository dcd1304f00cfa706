import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { UnitListAnswer } from '../../src/control/answers.ts';
import { service, target } from '../../src/sim/definitions.ts';
import { endPoll, openControlRig, runCli } from './control-rig.ts';

after(endPoll);

const SECOND = 1_000_000;
const units = [
  target('default.target', { Wants: ['web.service'], After: ['web.service'] }),
  service('web.service', { description: 'A web server' }),
  service('idle.service'),
];

test('a client says hello, reads the list of units and starts one of them', async () => {
  const rig = openControlRig({ units });
  const client = await (await rig.client()).hello();
  const listed = await client.result<UnitListAnswer>('list-units', {});
  assert.deepEqual(listed.units.map((unit) => [unit.unit, unit.active, unit.sub]), [['web.service', 'active', 'running'], ['default.target', 'active', 'active']]);
  const answer = await client.result<{ jobs: { unit: string; result: string }[] }>('enqueue', { type: 'start', units: ['idle'] });
  assert.deepEqual(answer.jobs.map(({ unit, result }) => [unit, result]), [['idle.service', 'done']]);
  assert.equal(rig.kernel.unit('idle.service').activeState, 'active');
  rig.close();
});

test('the command line of a client runs in the manager', async () => {
  const rig = openControlRig({ units });
  const client = await (await rig.client()).hello();
  assert.deepEqual(await runCli(client, ['is-active', 'web', 'idle']), { exit: 0, out: 'active\ninactive\n', err: '' });
  assert.deepEqual(await runCli(client, ['is-active', 'idle']), { exit: 3, out: 'inactive\n', err: '' });
  assert.deepEqual(await runCli(client, ['is-active', 'nothing']), { exit: 4, out: 'inactive\n', err: '' });
  assert.deepEqual(await runCli(client, ['start', 'nothing'], { program: 'systemctl' }), { exit: 5, out: '', err: 'Failed to start nothing.service: Unit nothing.service not found.\n' });
  assert.deepEqual(await runCli(client, ['start', 'idel'], { program: 'systemctl' }), { exit: 5, out: '', err: 'Failed to start idel.service: Unit idel.service not found. Did you mean idle.service?\n' });
  assert.deepEqual(await runCli(client, ['status', 'wbe'], { program: 'systemctl' }), { exit: 4, out: '', err: 'Unit wbe.service could not be found. Did you mean web.service?\n' });
  assert.match((await runCli(client, ['cat', 'wbe'])).err, /Did you mean web\.service\?/);
  const status = await runCli(client, ['status', 'web', '-n0']);
  assert.equal(status.exit, 0);
  assert.match(status.out, /^● web\.service - A web server\n {5}Loaded: loaded \(\/sim\/web\.service\)\n {5}Active: active \(running\) since /);
  rig.run(SECOND);
  rig.close();
});

test('a unit that is forgotten while another one of the same request is read is answered as it is on disk', async () => {
  const onDisk = [service('old.service', { description: 'Known' }), service('new.service', { description: 'New' })];
  const rig = openControlRig({ units, onDisk });
  const client = await (await rig.client()).hello();
  assert.equal((await runCli(client, ['show', '-P', 'Description', 'old'])).out, 'Known\n');
  // It is known when the other one is read, and forgotten before what was read has arrived.
  const loadUnits = rig.engine.loadUnits.bind(rig.engine);
  let loads = 0;
  (rig.engine as { loadUnits: typeof loadUnits }).loadUnits = (names) => {
    const outcome = loadUnits(names);
    loads += 1;
    if (loads === 1) rig.run(6 * SECOND);
    return outcome;
  };
  assert.equal((await runCli(client, ['show', '-P', 'Description', 'old', 'new'])).out, 'Known\n\nNew\n');
  assert.equal(loads, 2);
  rig.close();
});
