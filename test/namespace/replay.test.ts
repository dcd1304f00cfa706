/** The record that a manager leaves of the life before its death. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const UNITS = { 'default.target': '[Unit]\nWants=a.service\n', 'a.service': '[Service]\nExecStart=/bin/sleep 1000\n', 'b.service': '[Service]\nExecStart=/bin/sleep 1000\n' };

test('after a death initctl replay takes the same steps again and finds nothing wrong; few records are kept, for the own user', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS, args: [], env: { HEARTWOOD_FAULTS: '1' } }, async (rig) => {
    assert.equal(await rig.booted(), 'running');
    const records = async (): Promise<readonly string[]> => (await rig.run(['sh', '-c', 'ls /run/heartwood/lives/*.life 2>/dev/null'])).stdout.split('\n').filter((line) => line !== '');
    assert.equal((await rig.initctl('fault', 'segv', 'at', 'in-step', '0')).status, 0);
    assert.equal((await rig.initctl('start', 'b.service')).status, 0);
    await rig.until(async () => (await records()).length === 1, { what: 'the record' });
    const [file] = await records();
    assert.equal((await rig.run(['stat', '-c', '%a', file as string])).stdout.trim(), '600');
    const replay = await rig.initctl('replay', '--json', file as string);
    assert.equal(replay.status, 0, replay.stderr);
    const answer = JSON.parse(replay.stdout) as { readonly end: { readonly signal: number; readonly position: { readonly stepping: number } }; readonly timeline: readonly { readonly text: string }[]; readonly steps: number };
    assert.equal(answer.end.signal, 11);
    assert.ok(answer.steps > 0, 'there are steps to take');
    assert.ok(answer.timeline.some(({ text }) => text.includes(', of which the manager died')), replay.stdout);
    for (let round = 0; round < 5; round++) {
      const before = await records();
      assert.equal((await rig.initctl('daemon-reexec')).status, 0);
      await rig.until(async () => (await records()).at(-1) !== before.at(-1), { what: 'the next record' });
    }
    assert.equal((await records()).length, 4);
  });
});
