/** Who tries credentials is slowed down, and that costs little. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FailureBrake } from '../../src/gateway/callers/failure-brake.ts';
import { BRAKE_ADDRESSES_MAX, BRAKE_FREE_FAILURES, BRAKE_MEMORY_MSEC, BRAKE_PAUSE_MAX_MSEC } from '../../src/gateway/limits.ts';
import { bearer, TOKENS, withHouse } from './house.ts';

test('the first wrong ones cost nothing, each further one twice the pause of the one before, up to a bound', () => {
  let now = 0;
  const brake = new FailureBrake(() => now);
  const pauses: number[] = [];
  for (let i = 0; i < BRAKE_FREE_FAILURES + 8; i++) {
    brake.onWrong('10.0.0.1');
    const pause = brake.pauseMsec('10.0.0.1');
    if (pause > 0) pauses.push(pause);
    now += pause;
    assert.equal(brake.pauseMsec('10.0.0.1'), 0);
  }
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
  assert.equal(Math.max(...pauses), BRAKE_PAUSE_MAX_MSEC);
  now += BRAKE_MEMORY_MSEC + 1;
  brake.onWrong('10.0.0.1');
  assert.equal(brake.pauseMsec('10.0.0.1'), 0);
});

test('other addresses are not slowed down, but those of one IPv6 network are one', () => {
  const brake = new FailureBrake(() => 0);
  for (let i = 0; i < BRAKE_FREE_FAILURES; i++) brake.onWrong(`2001:db8:1:2::${(i + 1).toString(16)}`);
  assert.ok(brake.pauseMsec('2001:db8:1:2:aaaa:bbbb:cccc:dddd') > 0);
  for (const other of ['2001:db8:1:3::1', '10.0.0.1', '::1', undefined]) assert.equal(brake.pauseMsec(other), 0, String(other));
  for (let i = 0; i < BRAKE_FREE_FAILURES; i++) brake.onWrong('::ffff:10.0.0.7');
  assert.ok(brake.pauseMsec('10.0.0.7') > 0);
  assert.equal(brake.pauseMsec('::ffff:10.0.0.8'), 0);
});

test('whatever addresses come, so many are remembered and no more, the newest among them', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 3_000 }), (addresses) => {
    const brake = new FailureBrake(() => 0);
    for (const address of addresses) brake.onWrong(address);
    assert.ok(brake.size <= BRAKE_ADDRESSES_MAX);
  }), { numRuns: 30 });
  const brake = new FailureBrake(() => 0);
  for (let i = 0; i < BRAKE_FREE_FAILURES; i++) brake.onWrong('10.9.9.9');
  for (let i = 0; i < BRAKE_ADDRESSES_MAX - 1; i++) brake.onWrong(`10.0.${String(i >> 8)}.${String(i & 255)}`);
  assert.ok(brake.pauseMsec('10.9.9.9') > 0);
  brake.onWrong('10.1.0.0');
  assert.equal(brake.pauseMsec('10.9.9.9'), 0);
});

test('the gateway answers 429 to whoever tried too often, also when he is right then, and anonymous callers go on', { timeout: 200_000 }, async () => {
  await withHouse({ configuration: TOKENS }, async (house) => {
    const ask = (token: string): ReturnType<typeof house.ask> => house.ask('/api/v1/units', { headers: bearer(token) });
    assert.equal((await ask('reader')).status, 200);
    for (let i = 0; i < BRAKE_FREE_FAILURES; i++) assert.equal((await ask(`guess${String(i)}`)).status, 401);
    // The pause is a second at first, and a slow machine may let it pass: the next guess makes a longer one.
    let refused = await ask('reader');
    for (let i = 0; refused.status === 200 && i < 5; i++) {
      await ask('guess');
      refused = await ask('reader');
    }
    assert.equal(refused.status, 429);
    assert.match(String(refused.headers['retry-after']), /^[1-9]\d?$/);
    assert.equal((await house.ask('/api/v1/units')).status, 200);
    assert.match(house.stage.read('out'), /wrong credentials from 127\.0\.0\.1 \(10\)/);
    const deadline = Date.now() + 100_000;
    while ((await ask('reader')).status === 429 && Date.now() < deadline) await new Promise((resolve) => { setTimeout(resolve, 300); });
    assert.equal((await ask('reader')).status, 200);
  });
});
