/** Probes of services through `step`: what a start waits for, and what ends a service that does not answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLineQuestions } from '../../../src/core/manager/line-questions.ts';
import { describeProbes } from '../../../src/core/machine/service/probes.ts';
import { saysWhenReady } from '../../../src/core/unit/readiness.ts';
import { saidOf, serviceOf, unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const NAME = 'web.service';
const CLIENT = unitOf('client.service', `[Unit]\nDefaultDependencies=no\nRequires=${NAME}\nAfter=${NAME}\n[Service]\nExecStart=/bin/client`);

class Manager extends OneUnitManager<'service'> {
  constructor(lines: string) {
    super('service', NAME, `[Service]\nExecStart=/bin/web\n${lines}`, { more: [CLIENT] });
  }

  /** Answers the question that was asked last. */
  answer(holds: boolean, detail = 'as it is'): void {
    const asked = this.unit().runtime.probes.find(({ token }) => token !== null);
    assert.ok(asked?.token !== undefined && asked.token !== null, 'a question waits for its answer');
    this.feed({ event: 'probe-answer', unit: this.name, token: asked.token, holds, detail });
  }

  /** Kinds of the probes that were asked last. */
  get asked(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'probe' ? [`${effect.probe} ${effect.check.kind}`] : []));
  }

  /** The main process ends, and nothing else is left. */
  end(status: number): void {
    this.exit(status);
    this.feed({ event: 'cgroup-empty', unit: this.name });
  }

  get probes(): string {
    return describeProbes(this.unit().runtime);
  }
}

test('a service with a readiness probe is active at its first yes, and what is ordered after it waits for that', () => {
  const manager = new Manager('ReadinessProbe=tcp:8080');
  manager.ask('start', 'client.service');
  manager.run();
  assert.deepEqual(manager.asked, ['readiness connect']);
  assert.equal(manager.words, 'activating start success');
  manager.answer(false, 'ECONNREFUSED');
  assert.equal(manager.probes, 'readiness failing (1 in a row): ECONNREFUSED');
  manager.later(1);
  assert.deepEqual(manager.asked, ['readiness connect']);
  assert.equal(manager.any('client.service').activeState, 'inactive');
  manager.answer(true);
  assert.equal(manager.words, 'active running success');
  assert.equal(manager.run(), '/bin/client');
});

test('a readiness that is lost is told and shown, and changes nothing else', () => {
  const manager = new Manager('ReadinessProbe=unix:/run/web.sock\nReadinessProbeIntervalSec=2\nReadinessProbeFailures=2');
  manager.ask('start');
  manager.run();
  manager.answer(true);
  manager.later(2);
  manager.answer(false, 'ECONNREFUSED');
  manager.later(2);
  manager.answer(false, 'ECONNREFUSED');
  assert.ok(manager.effects.some((effect) => effect.kind === 'log' && effect.message.includes('not ready: ECONNREFUSED')));
  assert.equal(manager.words, 'active running success');
  assert.equal(manager.probes, 'readiness failed (2 in a row): ECONNREFUSED');
  manager.later(2);
  manager.answer(true);
  assert.ok(manager.effects.some((effect) => effect.kind === 'log' && effect.message.includes('ready again')));
});

test('a liveness probe that fails as often as it may ends the service as a watchdog does, and Restart= follows', () => {
  const manager = new Manager('LivenessProbe=http://127.0.0.1:8080/healthz\nLivenessProbeIntervalSec=5\nLivenessProbeFailures=2\nRestart=on-watchdog\nRestartSec=1');
  manager.ask('start');
  manager.run();
  assert.equal(manager.words, 'active running success');
  assert.deepEqual(manager.asked, []);
  manager.later(5);
  assert.deepEqual(manager.asked, ['liveness http']);
  manager.answer(false, 'status 500');
  manager.later(5);
  manager.answer(true);
  manager.later(5);
  manager.answer(false, 'status 503');
  assert.equal(manager.words, 'active running success');
  manager.later(5);
  manager.answer(false, 'status 503');
  assert.equal(manager.words, 'deactivating stop-sigterm watchdog');
  assert.ok(manager.effects.some((effect) => effect.kind === 'kill-process' && effect.signal === 15));
  manager.later(5);
  assert.deepEqual(manager.asked, [], 'a service on its way down is not asked');
  manager.end(0);
  assert.equal(manager.words, 'activating auto-restart watchdog');
  const { endReason } = manager.any(NAME);
  assert.equal(endReason?.reason === 'protocol' && endReason.detail, 'its liveness probe http://127.0.0.1:8080/healthz failed 2 times in a row: status 503');
});

test('a start-up probe comes first, may fail the start, and is not asked again once it was right', () => {
  const manager = new Manager('StartupProbe=file:/run/up\nReadinessProbe=tcp:127.0.0.1:80\nStartupProbeFailures=3\nStartupProbeSuccesses=2');
  manager.ask('start');
  manager.run();
  assert.deepEqual(manager.asked, ['startup file']);
  manager.answer(false);
  manager.later(1);
  manager.answer(true);
  assert.equal(manager.words, 'activating start success');
  manager.later(1);
  manager.answer(true);
  assert.deepEqual(manager.asked, ['readiness connect']);
  manager.answer(true);
  assert.equal(manager.words, 'active running success');
  manager.later(3600);
  assert.ok(!manager.asked.includes('startup file'));
  const broken = new Manager('StartupProbe=file:/run/up\nStartupProbeFailures=2');
  broken.ask('start');
  broken.run();
  broken.answer(false, 'there is no /run/up');
  broken.later(1);
  broken.answer(false, 'there is no /run/up');
  assert.equal(broken.words, 'deactivating stop-sigterm protocol');
});

test('a start that never proves itself ends with TimeoutStartSec=, and a main process that ends before is no success', () => {
  const slow = new Manager('ReadinessProbe=tcp:80\nTimeoutStartSec=5');
  slow.ask('start');
  slow.run();
  slow.answer(false);
  slow.later(5);
  assert.equal(slow.words, 'deactivating stop-sigterm timeout');
  const quick = new Manager('ReadinessProbe=tcp:80');
  quick.ask('start');
  quick.run();
  quick.end(0);
  assert.equal(quick.words, 'failed failed protocol');
});

test('the command of a probe is a process of the service, and is killed when its time is over or the service stops', () => {
  const manager = new Manager('ReadinessProbe=exec:/bin/check --fast\nReadinessProbeTimeoutSec=2');
  manager.ask('start');
  manager.run();
  const spawned = manager.effects.find((effect) => effect.kind === 'spawn');
  assert.ok(spawned?.role === 'ExecProbe' && spawned.extraEnvironment.includes('PROBE=readiness') && spawned.extraEnvironment.includes('MAINPID=100'));
  manager.feed({ event: 'spawned', unit: manager.name, token: spawned.token, pid: 500 as never, execDone: true });
  assert.equal(manager.unit().runtime.mainPid, 100);
  manager.later(2);
  assert.ok(manager.effects.some((effect) => effect.kind === 'kill-process' && effect.pid === 500 as never && effect.signal === 9));
  assert.equal(manager.probes, 'readiness failing (1 in a row): no answer within 2 s');
  manager.feed({ event: 'exited', pid: 500 as never, code: 'killed', status: 9, unitHint: manager.name });
  manager.later(1);
  const again = manager.effects.find((effect) => effect.kind === 'spawn');
  assert.ok(again !== undefined);
  manager.feed({ event: 'spawned', unit: manager.name, token: again.token, pid: 501 as never, execDone: true });
  manager.feed({ event: 'exited', pid: 501 as never, code: 'exited', status: 0, unitHint: manager.name });
  assert.equal(manager.words, 'active running success');
});

test('an answer that was lost with an engine counts as a no, and one that comes too late as nothing', () => {
  const manager = new Manager('LivenessProbe=tcp:80\nLivenessProbeIntervalSec=1\nLivenessProbeTimeoutSec=1\nLivenessProbeFailures=2');
  manager.ask('start');
  manager.run();
  manager.later(1);
  const token = manager.unit().runtime.probes[0]?.token ?? 0;
  manager.later(2);
  assert.equal(manager.probes, 'liveness failing (1 in a row): no answer within 1 s');
  manager.feed({ event: 'probe-answer', unit: manager.name, token, holds: true, detail: '' });
  assert.equal(manager.probes, 'liveness failing (1 in a row): no answer within 1 s');
});

test('what is no probe is refused with its line and what to write, and a service with one says when it is ready', () => {
  const said = (lines: string): string => saidOf(unitOf(NAME, `[Service]\nExecStart=/bin/web\n${lines}`)).join('\n');
  assert.match(said('ReadinessProbe=/bin/check'), /warning 3: .*begins with none of exec:, tcp:, unix:, http:\/\/, file: and log:/);
  assert.match(said('ReadinessProbe=log: '), /log:Listening on port/);
  assert.match(said('StandardOutput=null\nReadinessProbe=log:up'), /does not go to the log/);
  assert.equal(said('StandardOutput=null\nStandardError=journal\nReadinessProbe=log:up'), '');
  assert.match(said('ReadinessProbe=tcp:example.org:80'), /names are not looked up/);
  assert.match(said('LivenessProbe=http:example'), /http:\/\/127\.0\.0\.1:8080\/healthz/);
  assert.match(said('LivenessProbe=tcp:80\nLivenessProbeIntervalSec=1ms'), /shorter than 100 ms/);
  assert.match(said('Type=oneshot\nReadinessProbe=tcp:80'), /Type=oneshot/);
  assert.equal(said('ReadinessProbe=http://[::1]:80\nLivenessProbe=unix:@abstract\nStartupProbe=exec:-/bin/check $X'), '');
  assert.deepEqual(serviceOf('ReadinessProbe=tcp:80\nReadinessProbe=').probes, []);
  assert.ok(saysWhenReady(serviceOf('ReadinessProbe=tcp:80')));
  assert.ok(!saysWhenReady(serviceOf('LivenessProbe=tcp:80')));
});

test('a start waits for a line of the log, is asked for it again without counting that as a no, and never after it came', () => {
  const manager = new Manager('ReadinessProbe=log:ready on *\nReadinessProbeFailures=1\nReadinessProbeTimeoutSec=1');
  manager.ask('start', 'client.service');
  manager.run();
  assert.deepEqual(manager.asked, ['readiness log']);
  assert.equal(manager.probes, 'readiness asked');
  const first = manager.unit().runtime.probes[0]?.token;
  manager.later(31);
  assert.deepEqual(manager.asked, ['readiness log'], 'the question may be lost, or its unit file have another');
  assert.notEqual(manager.unit().runtime.probes[0]?.token, first);
  assert.equal(manager.words, 'activating start success');
  manager.answer(true, 'ready on 80');
  assert.equal(manager.words, 'active running success');
  assert.equal(manager.probes, 'readiness ok');
  manager.later(3600);
  assert.deepEqual(manager.asked, []);
});

test('whoever waits for a line is told when the service goes down, and a heartbeat that is not heard is no life', () => {
  const waiting = new Manager('StartupProbe=log:up\nTimeoutStartSec=5');
  waiting.ask('start');
  waiting.run();
  waiting.later(5);
  assert.equal(waiting.words, 'deactivating stop-sigterm timeout');
  assert.ok(waiting.effects.some((effect) => effect.kind === 'forget-probe' && effect.probe === 'startup'));
  const manager = new Manager('LivenessProbe=log:tick\nLivenessProbeIntervalSec=5\nLivenessProbeTimeoutSec=2\nLivenessProbeFailures=2');
  manager.ask('start');
  manager.run();
  manager.later(5);
  assert.deepEqual(manager.asked, ['liveness log']);
  manager.answer(true, 'tick 1');
  manager.later(5);
  manager.later(2);
  assert.equal(manager.probes, 'liveness failing (1 in a row): no answer within 2 s');
  manager.later(5);
  manager.later(2);
  assert.equal(manager.words, 'deactivating stop-sigterm watchdog');
  assert.ok(manager.effects.some((effect) => effect.kind === 'forget-probe'));
});

test('lines that are waited for are asked for again by what the state says alone', () => {
  const manager = new Manager('ReadinessProbe=log:up\nLivenessProbe=tcp:80');
  assert.deepEqual(openLineQuestions(manager.state), []);
  manager.ask('start');
  manager.run();
  const asked = manager.effects.find((effect) => effect.kind === 'probe');
  assert.deepEqual(openLineQuestions(manager.state), [asked]);
  manager.answer(true);
  assert.deepEqual(openLineQuestions(manager.state), []);
});
