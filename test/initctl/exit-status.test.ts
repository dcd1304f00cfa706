/** Exit statuses: the LSB's numbers, and systemctl's where it differs. Scripts and health checks depend on each of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, runLine, type Answers } from './verb-rig.ts';

const NOTHING = { jobs: [], refused: [] };
const shown = (...states: readonly (readonly [string, string])[]): Answers => ({
  show: { units: states.map(([load, active], i) => ({ unit: `u${String(i)}.service`, properties: { LoadState: load, ActiveState: active } })) },
});
const job = (result: string): Answers => ({
  enqueue: { jobs: [{ job: 1, unit: 'a.service', type: 'start', result }], refused: [] },
  why: { unit: 'a.service', load: 'loaded', active: 'failed', sub: 'failed', nowUsec: 0, links: [{ unit: 'a.service', code: 'exit', text: 'exited with status 1', origin: '/etc/a.service:3', pid: 7, atUsec: 0 }] },
});
const refused = (name: string): Answers => ({ enqueue: { jobs: [], refused: [{ unit: 'a.service', name, message: 'No.' }] } });
const manager = (state: string, failedUnits: readonly string[] = []): Answers => ({ manager: { state, failedUnits } });
const enabled = (...states: readonly string[]): Answers => ({ 'is-enabled': { units: states.map((state) => ({ unit: 'a.service', state })) } });

const masked = { unit: 'a.service', load: 'masked', loadError: 'Unit a.service is masked.', diagnostics: [], notEffective: [] };

const cases: readonly (readonly [string, Answers, number])[] = [
  ['initctl is-active a', shown(['loaded', 'active']), 0],
  ['initctl is-active a', shown(['loaded', 'reloading']), 0],
  ['initctl is-active a b', shown(['loaded', 'inactive'], ['loaded', 'active']), 0],
  ['initctl is-active a', shown(['loaded', 'activating']), 3],
  ['initctl is-active a', shown(['loaded', 'failed']), 3],
  ['initctl is-active a', shown(['not-found', 'inactive']), 4],
  ['initctl is-active a b', shown(['not-found', 'inactive'], ['loaded', 'inactive']), 3],
  ['initctl is-failed a', shown(['loaded', 'failed']), 0],
  ['initctl is-failed a', shown(['loaded', 'active']), 1],
  ['initctl is-failed', manager('degraded', ['a.service']), 0],
  ['initctl is-failed', manager('running'), 1],
  ['initctl is-enabled a', enabled('enabled'), 0],
  ['initctl is-enabled a', enabled('static'), 0],
  ['initctl is-enabled a', enabled('disabled'), 1],
  ['initctl is-enabled a', enabled('masked'), 1],
  ['initctl is-enabled a b', enabled('disabled', 'enabled'), 0],
  ['initctl is-enabled a b', enabled('enabled', ''), 1],
  ['initctl is-system-running', manager('running'), 0],
  ['initctl is-system-running', manager('degraded'), 1],
  ['initctl is-system-running', manager('starting'), 1],
  ['initctl start a', job('done'), 0],
  ['initctl start a', job('skipped'), 0],
  ['initctl start a --no-block', job('queued'), 0],
  ['initctl start a', job('failed'), 1],
  ['initctl start a', job('timeout'), 1],
  ['initctl start a', job('dependency'), 1],
  ['initctl start a', job('canceled'), 1],
  ['initctl start a', refused('no-such-unit'), 5],
  ['initctl start a', refused('load-failed'), 6],
  ['initctl start a', refused('unit-masked'), 1],
  ['initctl start a', refused('refused-manually'), 4],
  ['initctl reload a', refused('not-applicable'), 3],
  ['initctl start a', { enqueue: refusal('access-denied', 'No.') }, 4],
  ['initctl start a', { enqueue: refusal('shutting-down', 'No.') }, 1],
  ['initctl stop a', { enqueue: NOTHING, show: { units: [] } }, 0],
  ['initctl kill a', { kill: refusal('no-process', 'No.') }, 7],
  ['initctl kill a', { kill: refusal('no-such-unit', 'No.') }, 5],
  ['initctl kill a', { kill: {} }, 0],
  ['initctl status a', { status: { units: [], missing: ['a.service'], meant: {} } }, 4],
  ['initctl start', {}, 2],
  ['initctl kill a -s NONSENSE', {}, 2],
  ['initctl cancel x', {}, 2],
  ['initctl isolate a b', {}, 2],
  ['initctl plan dance a', {}, 2],
  ['initctl exit 300', {}, 2],
  ['initctl daemon-reload a', {}, 2],
  ['systemctl daemon-reload a', {}, 1],
  ['initctl dance', {}, 2],
  ['initctl start a --dance', {}, 2],
  ['systemctl dance', {}, 1],
  ['systemctl start a --dance', {}, 1],
  ['systemctl -H elsewhere stop a', {}, 1],
  ['initctl --dry-run reboot', {}, 2],
  ['systemctl start', {}, 1],
  ['systemctl enable', {}, 1],
  ['initctl list --type=wat', {}, 2],
  ['initctl list --state=wat', {}, 2],
  ['systemctl list-units --type=wat', {}, 1],
  // To systemctl any word is a state.
  ['systemctl list-units --state=active,wat', { 'list-units': { nowUsec: 0, units: [] } }, 0],
  ['systemctl list-unit-files nothing', { 'list-unit-files': { files: [] } }, 1],
  ['initctl list-unit-files nothing', { 'list-unit-files': { files: [] } }, 0],
  ['systemctl list-units --output=nonsense', {}, 1],
  ['systemctl --type= ', {}, 1],
  ['systemctl isolate a b', {}, 1],
  ['systemctl kill a -s NONSENSE', {}, 1],
  ['systemctl cancel x', {}, 1],
  ['systemctl set-environment x', {}, 1],
  ['systemctl start a', refused('load-failed'), 1],
  ['systemctl start a', refused('no-such-unit'), 5],
  ['systemctl start a', refused('transaction-destructive'), 4],
  ['initctl start a', refused('transaction-destructive'), 1],
  ['systemctl reload a', refused('not-applicable'), 3],
  ['systemctl kill a', { kill: refusal('no-process', 'No.') }, 0],
  ['systemctl kill a --kill-whom=main', { kill: refusal('no-process', 'No.') }, 1],
  ['systemctl kill a --kill-whom=all-fail', { kill: refusal('no-process', 'No.') }, 1],
  ['systemctl reset-failed a', { 'reset-failed': refusal('no-such-unit', 'No.') }, 1],
  ['initctl list-unit-files --state=running', {}, 2],
  ['initctl list --type=help', {}, 0],
  ['initctl verify a', { verify: { units: [masked] } }, 1],
  ['initctl verify', { verify: { units: [masked] } }, 0],
  ['initctl version', { manager: refusal('internal-error', 'No manager.') }, 0],
  ['initctl help start', {}, 0],
  ['initctl help a.service', shown(['loaded', 'active']), 0],
  ['systemctl help a', shown(['not-found', 'inactive']), 1],
  ['initctl help dance', {}, 2],
  ['initctl start --help', {}, 0],
];

for (const [line, answers, exit] of cases) {
  const answer = JSON.stringify(Object.values(answers)[0] ?? 'nothing asked');
  test(`${line} ends with ${String(exit)} when the answer is ${answer.length > 90 ? `${answer.slice(0, 90)}…` : answer}`, () => {
    assert.equal(runLine(line, answers).exit, exit);
  });
}

/** Gives one answer after the other, the last one for ever. */
function inTurn(...answers: readonly unknown[]): () => unknown {
  let turn = 0;
  return () => answers[Math.min(turn++, answers.length - 1)];
}

test('--wait looks until the boot is over, or the started unit has ended', () => {
  const booting = inTurn({ state: 'initializing', failedUnits: [] }, { state: 'starting', failedUnits: [] }, { state: 'running', failedUnits: [] });
  const waited = runLine('systemctl is-system-running --wait', { manager: booting });
  assert.deepEqual({ exit: waited.exit, out: waited.out, asked: waited.requests.length }, { exit: 0, out: 'running\n', asked: 3 });
  const state = (active: string): unknown => ({ units: [{ unit: 'a.service', properties: { ActiveState: active } }] });
  const started = runLine('systemctl start --wait a', { ...job('done'), show: inTurn(state('active'), state('deactivating'), state('failed')) });
  assert.deepEqual({ exit: started.exit, asked: started.requests.length }, { exit: 1, asked: 4 });
  assert.equal(runLine('systemctl start --wait a', { ...job('done'), show: state('inactive') }).exit, 0);
});
