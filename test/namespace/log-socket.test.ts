/** The log of a manager that was named by its socket: all of it comes from its own log daemon, whatever files the machine has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
/** More than logd collects for one question. */
const LINES = 25_000;

test('every line comes over the socket, and --grep looks there and not into the files of another manager', { skip, timeout: 60_000 }, async () => {
  await withRig({
    args: ['--unit', 'talker.service', '--runtime-dir', '/run/elsewhere'],
    units: { 'talker.service': `[Service]\nType=oneshot\nExecStart=/usr/bin/seq 1 ${String(LINES)}\n` },
    // What the machine's own manager would have: nothing of it may be shown.
    files: { '/run/heartwood/log.d/talker.service/trap': { text: '7777' } },
  }, async (rig) => {
    const log = (...args: string[]): ReturnType<typeof rig.run> => rig.run(['env', 'HEARTWOOD_SOCKET=/run/elsewhere/control', `${CHECKOUT_INSIDE}/bin/initctl`, 'log', 'talker', '-o', 'cat', ...args]);
    await rig.until(async () => (await log('-n', '2')).stdout.includes('Finished') || (await log('-n', '1', '--grep', `^${String(LINES)}$`)).stdout !== '', { what: 'the last line' });
    const { stdout, stderr } = await log();
    const numbers = stdout.split('\n').filter((line) => /^\d+$/.test(line)).map(Number);
    assert.equal(numbers.length, LINES);
    assert.ok(numbers.every((number, index) => number === index + 1));
    assert.equal(stderr, '');
    assert.deepEqual((await log('--grep', '^77+$')).stdout.split('\n').filter(Boolean), ['77', '777', '7777']);
    assert.deepEqual((await log('--grep', '^77+$', '-n', '2')).stdout.split('\n').filter(Boolean), ['777', '7777']);
    assert.deepEqual((await log('--grep', '^77+$', '--reverse', '--boot')).stdout.split('\n').filter(Boolean), ['7777', '777', '77']);
    assert.match((await log('-n', '20000')).stderr, /newest 10000 lines/);
  });
});
