/** Lines that the manager waits for: wherever the line is when logd is asked, and whatever happens to logd, it is found once. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { linePattern } from '../../src/logd/line-pattern.ts';
import type { FromLogd } from '../../src/logd/protocol.ts';
import { LogdRig, put, shut } from './logd-rig.ts';

const RUN = '1'.repeat(32) as never;
const OTHER_RUN = '2'.repeat(32) as never;
const UNIT = 'web.service';

async function start(context: TestContext): Promise<LogdRig> {
  const rig = new LogdRig();
  context.after(() => rig.remove());
  rig.start();
  await rig.until((message) => message.type === 'ready');
  return rig;
}

function seek(rig: LogdRig, token: number, pattern: string, more: { readonly fromStart?: boolean; readonly name?: string } = {}): void {
  rig.send({ type: 'seek', unit: UNIT, name: 'readiness', token, invocationId: RUN, pattern, fromStart: true, ...more });
}

async function seen(rig: LogdRig, token: number): Promise<string> {
  const message = await rig.until((each): each is Extract<FromLogd, { type: 'seen' }> => each.type === 'seen' && each.token === token);
  assert.equal(message.unit, UNIT);
  return message.line;
}

const seenTokens = (rig: LogdRig): number[] => rig.messages.flatMap((each) => (each.type === 'seen' ? [each.token] : []));

test('a line counts that was stored before the question, comes after it, or comes in two halves around it', async (context) => {
  const rig = await start(context);
  seek(rig, 1, 'first of all');
  const { fd } = rig.open(UNIT, { invocationId: RUN });
  put(fd, 'this is the first of all lines\nlist');
  assert.equal(await seen(rig, 1), 'this is the first of all lines');
  await rig.flush();
  seek(rig, 2, 'first * lines');
  assert.equal(await seen(rig, 2), 'this is the first of all lines');
  seek(rig, 3, 'listening on *');
  await rig.flush();
  put(fd, 'ening on port 80\n');
  assert.equal(await seen(rig, 3), 'listening on port 80');
  assert.deepEqual(seenTokens(rig), [1, 2, 3], 'each is answered once');
});

test('lines of another invocation and, when only new ones are wanted, old lines do not count; a forgotten question is not answered', async (context) => {
  const rig = await start(context);
  const former = rig.open(UNIT, { invocationId: OTHER_RUN });
  const { fd } = rig.open(UNIT, { invocationId: RUN });
  put(former.fd, 'up\n');
  put(fd, 'tick old\n');
  await rig.flush();
  seek(rig, 1, 'up');
  seek(rig, 2, 'tick', { fromStart: false, name: 'liveness' });
  seek(rig, 3, 'tick new', { name: 'startup' });
  rig.send({ type: 'unseek', unit: UNIT, name: 'startup' });
  await rig.flush();
  put(fd, 'tick new\n');
  assert.equal(await seen(rig, 2), 'tick new');
  assert.deepEqual(seenTokens(rig), [2]);
  put(fd, 'up\n');
  assert.equal(await seen(rig, 1), 'up');
});

test('a line that was written while logd was dead is found by the next', async (context) => {
  const rig = await start(context);
  const { fd } = rig.open(UNIT, { invocationId: RUN });
  put(fd, 'hel');
  seek(rig, 1, 'hello');
  await rig.flush();
  await rig.kill();
  put(fd, 'lo\n');
  shut(fd);
  rig.start();
  seek(rig, 1, 'hello');
  assert.equal(await seen(rig, 1), 'hello');
});

test('the pieces of a pattern are found in their order, without regard to how often they nearly are', () => {
  assert.ok(linePattern('*ready*on *').test('now ready, on port 80'));
  assert.ok(!linePattern('on*ready').test('ready on'));
  assert.ok(linePattern('*').test(''));
  assert.ok(linePattern('.+(').test('a .+( b'));
  assert.ok(!linePattern(`${'a*'.repeat(200)}b`).test('a'.repeat(64 * 1024)));
});
