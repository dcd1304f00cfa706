import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName, Usec } from '../../../src/base/brand.ts';
import { planJob } from '../../../src/core/manager/explain/plan.ts';
import { explain } from '../../../src/core/manager/explain/why.ts';
import { PLAIN_PACING } from '../../../src/core/unit/restart-pacing.ts';
import { command, missing, service, target } from '../../../src/sim/definitions.ts';
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

test('a start that is refused for a unit further on is followed there, need by need', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target'), service('a.service', { edges: { Requires: ['b.service'] } }), service('b.service', { edges: { BindsTo: ['gone.service'] } }), missing('gone.service'),
  ]);
  const { kinds, text } = why(kernel, 'a.service');
  assert.deepEqual(kinds, ['a.service refused', 'b.service refused', 'gone.service load']);
  assert.match(text, /it has Requires=b\.service; cannot be started: it has BindsTo=gone\.service; has no unit file/);
});

test('a refusal for opposite wishes names the two lines that are at odds', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target'), service('top.service', { edges: { Requires: ['one.service', 'two.service'] } }), service('one.service'),
    service('two.service', { edges: { Conflicts: ['one.service'] } }),
  ]);
  assert.match(why(kernel, 'top.service').text, /Unit one\.service would have to be started and stopped at once: start because top\.service has Requires=one\.service; stop because two\.service has Conflicts=one\.service, and top\.service has Requires=two\.service\./);
});

test('a start that was taken back, canceled or timed out tells by whom, or what it waited for', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/slow.service': { exitAfterUsec: 600 * SECOND } } });
  kernel.boot([
    target('default.target'), service('slow.service', { type: 'oneshot', timeoutStartUsec: null }),
    service('late.service', { edges: { Wants: ['slow.service'], After: ['slow.service'] } }),
    service('hasty.service', { edges: { Wants: ['slow.service'], After: ['slow.service'] }, jobTimeoutUsec: 2 * SECOND as Usec }),
  ]);
  kernel.enqueue('start', 'late.service');
  kernel.enqueue('start', 'hasty.service');
  kernel.run(5 * SECOND);
  assert.deepEqual(why(kernel, 'hasty.service').kinds, ['hasty.service timeout', 'slow.service job-running']);
  assert.match(why(kernel, 'hasty.service').text, /its job timed out after 2s \(JobTimeoutSec=\); is on its way: start \(start\): ExecStart=\/bin\/slow\.service \(PID \d+\) is running/);
  kernel.enqueue('stop', 'late.service');
  kernel.run(SECOND);
  assert.match(why(kernel, 'late.service').text, /was not started: its start job was canceled, because it is asked for by uid 0, PID \d+ \(stop\)/);
  const slow = kernel.unit('slow.service').job;
  assert.ok(slow !== null);
  kernel.request({ method: 'cancel', jobs: [slow] });
  kernel.run(SECOND);
  assert.match(why(kernel, 'slow.service').text, /is still on its way up \(start\): ExecStart=.* is running, though nothing waits for it any more/);
});

test('BindsTo= on a unit whose condition did not hold is told from the side of the one that has it', () => {
  const kernel = new SimulatedKernel({ conditions: { '/nowhere': false } });
  const condition = { kind: 'PathExists', parameter: '/nowhere', trigger: false, negate: false, origin: { file: '/sim/unit', line: 7 } } as const;
  kernel.boot([
    target('default.target', { Wants: ['bound.service'] }), service('base.service', { conditions: [condition] }),
    service('bound.service', { edges: { BindsTo: ['base.service'], After: ['base.service'] } }),
  ]);
  kernel.run(SECOND);
  assert.match(why(kernel, 'bound.service').text, /it has BindsTo=base\.service, and that failed; was skipped: ConditionPathExists=\/nowhere does not hold/);
});

test('a program that could not be run names the setting that is to blame', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/x.service': { spawnFails: { stage: 'chdir', errno: 'ENOENT' } }, '/bin/y.service': { spawnFails: { stage: 'user', errno: 'ESRCH' } } } });
  kernel.boot([target('default.target', { Wants: ['x.service', 'y.service'] }), service('x.service'), service('y.service')]);
  kernel.run(SECOND);
  assert.match(why(kernel, 'x.service').text, /could not be run: WorkingDirectory=.*: No such file or directory \(ENOENT\)/);
  assert.match(why(kernel, 'y.service').text, /could not be run: User=.*: there is no such user/);
});

test('a service between two tries says when the next one is, and why it is far away', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/bad.service': { exitAfterUsec: 10, exitStatus: 1 } } });
  kernel.boot([
    target('default.target', { Wants: ['bad.service'] }),
    service('bad.service', { restart: 'always', startLimitBurst: 2, restartPacing: { ...PLAIN_PACING, afterLimitUsec: 3600 * SECOND as Usec } }),
  ]);
  kernel.run(0.05 * SECOND);
  const nextTry = (): number => explain(kernel.state, 'bad.service' as UnitName)?.chain[0]?.nextTryUsec ?? 0;
  const first = nextTry();
  assert.match(why(kernel, 'bad.service').text, /^waits to be restarted; ExecStart=/);
  kernel.run(5 * SECOND);
  assert.ok(first > 0 && nextTry() - first > 3500 * SECOND);
  assert.match(why(kernel, 'bad.service').text, /^waits to be restarted longer than usual, for it was restarted too often \(RestartAfterLimitSec=\)/);
});

test('a service that does not get ready names the probe that fails and its last answer', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/web.service': {}, '/bin/check': { exitAfterUsec: 10, exitStatus: 1 } } });
  const probe = { kind: 'readiness', check: { kind: 'exec', command: command('/bin/check') }, text: 'exec:/bin/check', intervalUsec: SECOND as Usec, timeoutUsec: SECOND as Usec, failures: 0, successes: 1 } as const;
  kernel.boot([target('default.target', { Wants: ['web.service'] }), service('web.service', { probes: [probe] })]);
  kernel.run(5.5 * SECOND);
  assert.match(why(kernel, 'web.service').text, /its readiness probe exec:\/bin\/check has failed \d times in a row/);
});

test('a plan says of what is already so that nothing is done', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['web.service'] }), service('web.service'), service('down.service')]);
  kernel.run(SECOND);
  const text = (unit: string): string => {
    const plan = planJob(kernel.state, unit as UnitName, 'start', 'replace', { reason: 'boot' });
    return plan.ok ? plan.steps.map((step) => step.text).join() : '';
  };
  assert.match(text('web.service'), /it is already so, and nothing is done/);
  assert.doesNotMatch(text('down.service'), /already/);
});
