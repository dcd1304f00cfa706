/** The prompt on a real terminal: completion, answers, Ctrl-C, Ctrl-D. The terminal is made by script(1). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { completeLine } from '../../src/initctl/prompt-completion.ts';
import { splitLine } from '../../src/initctl/command-line-words.ts';
import { service, target } from '../../src/sim/definitions.ts';
import { endPoll, openControlRig, type ControlRig } from '../control/control-rig.ts';
import { hasScript, typeAt, type Conversation, type Turn } from './terminal-conversation.ts';

after(endPoll);

const CLIENT = join(import.meta.dirname, '../../dist/native/initctl');
const units = [target('default.target', { Wants: ['web.service'] }), service('web.service'), service('slow.service', { type: 'notify', notifyAccess: 'main' })];
const scripts = { '/bin/slow.service': { readyAfterUsec: 3_600_000_000 } };

function converse(rig: ControlRig, argv: string, turns: readonly Turn[]): Promise<Conversation> {
  return typeAt(`${CLIENT} ${argv}`, { HEARTWOOD_SOCKET: rig.socketPath }, turns);
}

test('verbs are answered, Tab completes units, Ctrl-C ends a waiting, Ctrl-D leaves', { skip: !hasScript && 'needs script(1)' }, async () => {
  const rig = openControlRig({ units, scripts });
  const { text, status } = await converse(rig, '', [
    ['heartwood> ', 'is-active web\r'],
    [/active[^-].*heartwood> /s, 'status we'],
    // Readline takes a Tab within a burst for pasted text.
    ['status we', '\t'],
    ['b.service ', '-n0\r'],
    ['Main PID: 100', 'start slow\r'],
    [/running: start slow\.service/, '\x03'],
    ['the jobs go on', 'dance\r'],
    ['no verb "dance"', '\x04'],
  ]);
  assert.equal(status, 0);
  assert.match(text, /web\.service/);
  assert.equal(rig.kernel.unit('slow.service').activeState, 'activating');
  assert.equal(rig.kernel.state.shutdown, null, 'leaving the prompt leaves the manager alone');
  rig.close();
});

test('on the console of a system of its own, Ctrl-D powers off', { skip: !hasScript && 'needs script(1)' }, async () => {
  const rig = openControlRig({ units, scripts });
  const ended = converse(rig, 'prompt --console', [['heartwood> ', '\x04']]);
  while (rig.kernel.state.shutdown === null) await new Promise((resolve) => setTimeout(resolve, 10));
  rig.server.stop();
  assert.equal((await ended).status, 0);
  assert.equal(rig.kernel.state.shutdown.goal, 'poweroff');
  rig.close();
});

test('completion knows verbs, options of the verb, and what the manager has', async () => {
  const answerer = { request: (method: string) => Promise.resolve({ ok: true, value: method === 'list-jobs' ? { jobs: [{ job: 12 }] } : { units: [{ unit: 'web.service' }, { unit: 'worker.service' }] } }) } as never;
  assert.deepEqual(await completeLine('rest', answerer), [['restart '], 'rest']);
  assert.deepEqual(await completeLine('is-', answerer), [['is-active', 'is-failed', 'is-enabled', 'is-system-running'], 'is-']);
  assert.deepEqual(await completeLine('restart w', answerer), [['web.service', 'worker.service'], 'w']);
  assert.deepEqual(await completeLine('cancel ', answerer), [['12 '], '']);
  assert.deepEqual(await completeLine('kill --kill-wh', answerer), [['--kill-whom='], '--kill-wh']);
});

test('a line is split into words as people expect it', () => {
  assert.deepEqual(splitLine('  start  a.service\tb '), ['start', 'a.service', 'b']);
  assert.deepEqual(splitLine(`set-environment 'A=x y' "B=\\"q\\"" C=\\ z ''`), ['set-environment', 'A=x y', 'B="q"', 'C= z', '']);
  assert.equal(splitLine("start 'a"), "a ' is not closed");
});
