import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { explain } from '../../../src/core/manager/why.ts';
import { missing, service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;

function why(kernel: SimulatedKernel, name: string): { readonly kinds: readonly string[]; readonly text: string } {
  const answer = explain(kernel.state, name as UnitName);
  assert.ok(answer !== null);
  return { kinds: answer.chain.map((link) => `${link.unit} ${link.kind}`), text: answer.chain.map((link) => link.text).join('; ') };
}

test('the chain goes from a unit that was not started to the exit of the process that is to blame', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/db.service': { exitAfterUsec: 10, exitStatus: 3 } } });
  kernel.boot([
    target('default.target', { Requires: ['app.service'] }),
    service('app.service', { edges: { Requires: ['db.service'], After: ['db.service'] } }),
    service('db.service', { type: 'oneshot' }),
  ]);
  kernel.run(SECOND);
  const { kinds, text } = why(kernel, 'app.service');
  assert.deepEqual(kinds, ['app.service dependency-failed', 'db.service exit']);
  assert.match(text, /it has Requires=db\.service, and that failed; ExecStart=\/bin\/db\.service \(PID \d+\) exited with status 3/);
});

test('a unit nobody wants says so, and one whose start would be refused says why', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target'), service('idle.service'),
    service('a.service', { edges: { Requires: ['b.service'], After: ['b.service'] } }),
    service('b.service', { edges: { Requires: ['a.service'], After: ['a.service'] } }),
    service('c.service', { edges: { Requires: ['gone.service'] } }), missing('gone.service'),
  ]);
  assert.match(why(kernel, 'idle.service').text, /was never started: no loaded unit wants it/);
  assert.match(why(kernel, 'a.service').text, /cannot be started: Ordering cycle: .*\(\/sim\/unit:1\)/);
  assert.deepEqual(why(kernel, 'c.service').kinds, ['c.service refused', 'gone.service load']);
});

test('what runs names who wanted it, up to the boot', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['web.service'] }), service('web.service')]);
  assert.deepEqual(why(kernel, 'web.service').kinds, ['web.service dependency', 'default.target boot']);
});

test('a job that waits names the job it waits for', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/slow.service': { exitAfterUsec: 60 * SECOND } } });
  kernel.boot([
    target('default.target', { Wants: ['web.service'] }), service('slow.service', { type: 'oneshot' }),
    service('web.service', { edges: { Wants: ['slow.service'], After: ['slow.service'] } }),
  ]);
  assert.deepEqual(why(kernel, 'web.service').kinds.slice(0, 2), ['web.service job-waiting', 'slow.service job-running']);
});
