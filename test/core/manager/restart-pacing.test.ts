/** When a service that ended starts again: settings of our own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UnitName, Usec } from '../../../src/base/brand.ts';
import { explain } from '../../../src/core/manager/explain/why.ts';
import { PLAIN_PACING } from '../../../src/core/unit/restart-pacing.ts';
import type { ServiceUnit } from '../../../src/core/unit/service.ts';
import { service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';
import { unitOf } from '../unit-file/unit-rig.ts';

const SECOND = 1_000_000;
const NAME = 'web.service' as UnitName;

function starts(kernel: SimulatedKernel): number {
  return kernel.history.filter((line) => line === `spawn ExecStart ${NAME}`).length;
}

function stateOf(kernel: SimulatedKernel): string {
  return kernel.unit(NAME).runtime.state;
}

/** A service that ends again and again. */
function restartingFor(settings: Partial<ServiceUnit>, pacing: Partial<ServiceUnit['restartPacing']>, lifeUsec: () => number, exitStatus = 1): SimulatedKernel {
  const kernel = new SimulatedKernel({ scripts: { '/bin/web.service': () => ({ exitAfterUsec: lifeUsec(), exitStatus }) } });
  kernel.boot([target('default.target', { Wants: [NAME] }), service(NAME, { restart: 'always', startLimitBurst: 0, ...settings, restartPacing: { ...PLAIN_PACING, ...pacing } })]);
  return kernel;
}

/** Waits for the next end of the service and through the pause after it. @returns its length in whole seconds */
function pause(kernel: SimulatedKernel): number {
  while (stateOf(kernel) !== 'auto-restart') kernel.run(SECOND / 100);
  const run = kernel.unit(NAME).runtime;
  assert.ok(run.kind === 'service' && run.deadlineUsec !== null);
  const left = run.deadlineUsec - kernel.clock().monotonicUsec;
  kernel.run(left + 1);
  return Math.round(left / SECOND);
}

test('after a run as long as RestartResetSec= the growing pause begins anew', () => {
  let life = SECOND / 100;
  const kernel = new SimulatedKernel({ scripts: { '/bin/web.service': () => ({ exitAfterUsec: life, exitStatus: 1 }) } });
  kernel.boot([target('default.target', { Wants: [NAME] }), service(NAME, {
    restart: 'always', startLimitBurst: 0, restartUsec: SECOND as Usec, restartSteps: 3, restartMaxDelayUsec: (64 * SECOND) as Usec,
    restartPacing: { ...PLAIN_PACING, resetUsec: (10 * SECOND) as Usec },
  })]);
  assert.deepEqual([pause(kernel), pause(kernel), pause(kernel), pause(kernel)], [1, 4, 16, 64]);
  life = 11 * SECOND;
  pause(kernel);
  assert.deepEqual([pause(kernel), pause(kernel)], [1, 1]);
});

test('with RestartStepSec= each pause is longer by that step, up to RestartMaxDelaySec=, and a stable run begins anew', () => {
  let life = SECOND / 100;
  const kernel = restartingFor({ restartUsec: SECOND as Usec, restartMaxDelayUsec: (4 * SECOND) as Usec }, { stepUsec: SECOND as Usec, resetUsec: (10 * SECOND) as Usec }, () => life);
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => pause(kernel)), [1, 2, 3, 4, 4, 4]);
  life = 11 * SECOND;
  pause(kernel);
  assert.equal(pause(kernel), 1);
});

test('without a ceiling the pause of RestartStepSec= grows on', () => {
  const kernel = restartingFor({ restartUsec: 0 as Usec }, { stepUsec: (10 * SECOND) as Usec }, () => SECOND / 100);
  // The first one, of no length, is over before anybody can see it.
  assert.deepEqual([1, 2, 3, 4].map(() => pause(kernel)), [10, 20, 30, 40]);
});

test('after RestartLimit= restarts in a row a service fails, also when its last run ended well, and says why', () => {
  for (const exitStatus of [0, 1]) {
    const kernel = restartingFor({ restartUsec: SECOND as Usec }, { limit: 3 }, () => SECOND / 100, exitStatus);
    kernel.run(100 * SECOND);
    assert.equal(stateOf(kernel), 'failed');
    assert.equal(starts(kernel), 4, 'the first start and three restarts');
    const { runtime } = kernel.unit(NAME);
    assert.equal(runtime.kind === 'service' && runtime.result, exitStatus === 0 ? 'start-limit-hit' : 'exit-code');
    assert.match(explain(kernel.state, NAME)?.chain.map((link) => link.text).join('\n') ?? '', /was restarted 3 times in a row, and given up/);
    // A start by hand begins anew.
    kernel.enqueue('start', NAME);
    kernel.run(100 * SECOND);
    assert.equal(starts(kernel), 8);
  }
});

test('a stable run in between keeps a service from its RestartLimit=', () => {
  let runs = 0;
  const kernel = restartingFor({ restartUsec: SECOND as Usec }, { limit: 3, resetUsec: (10 * SECOND) as Usec }, () => (runs++ % 3 === 2 ? 10 * SECOND : SECOND / 100));
  kernel.run(200 * SECOND);
  assert.equal(stateOf(kernel) === 'failed', false);
  assert.ok(starts(kernel) > 20);
});

test('with RestartAfterLimitSec= a service goes on for ever at its RestartLimit=', () => {
  const kernel = restartingFor({ restartUsec: SECOND as Usec }, { limit: 2, afterLimitUsec: (60 * SECOND) as Usec }, () => SECOND / 100);
  assert.deepEqual([1, 2, 3, 4].map(() => pause(kernel)), [1, 1, 60, 60]);
});

test('RestartStableDelaySec= is the pause after a stable run, RestartSec= that after a quick end', () => {
  let life = SECOND;
  const kernel = restartingFor({ restartUsec: (10 * SECOND) as Usec }, { resetUsec: (10 * SECOND) as Usec, stableDelayUsec: 0 as Usec }, () => life);
  assert.equal(pause(kernel), 10);
  life = 10 * SECOND;
  assert.equal(pause(kernel), 10);
  const before = starts(kernel);
  kernel.run(10 * SECOND);
  assert.equal(starts(kernel), before + 1, 'at once');
});

test('with RestartSpacingSec= two starts are so far apart, and no further', () => {
  let life = SECOND / 4;
  const kernel = restartingFor({ restartUsec: 0 as Usec }, { spacingUsec: SECOND as Usec }, () => life);
  kernel.run(10.5 * SECOND);
  assert.equal(starts(kernel), 11);
  life = 3 * SECOND;
  kernel.run(2 * SECOND);
  const before = starts(kernel);
  kernel.run(30 * SECOND);
  assert.equal(starts(kernel), before + 10);
});

test('an exit status of RestartPreventExitStatus= ends it, whatever the pace is', () => {
  const kernel = restartingFor({ restartUsec: SECOND as Usec, restartPreventExitStatus: { codes: [33], signals: [] } }, { stepUsec: SECOND as Usec }, () => SECOND / 100, 33);
  kernel.run(100 * SECOND);
  assert.equal(stateOf(kernel), 'failed');
  assert.equal(starts(kernel), 1);
});

test('RestartRandomizedDelaySec= makes pauses differ, within its bound', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/web.service': { exitAfterUsec: 1000, exitStatus: 1 } } });
  kernel.boot([target('default.target', { Wants: [NAME] }), service(NAME, {
    restart: 'always', startLimitBurst: 0, restartUsec: SECOND as Usec, restartPacing: { ...PLAIN_PACING, randomizedDelayUsec: (10 * SECOND) as Usec },
  })]);
  const pauses = new Set<number>();
  for (let i = 0; i < 20; i++) {
    kernel.run(1000);
    const run = kernel.unit(NAME).runtime;
    assert.ok(run.kind === 'service' && run.deadlineUsec !== null && run.state === 'auto-restart');
    const left = run.deadlineUsec - kernel.clock().monotonicUsec;
    assert.ok(left >= SECOND - 1000 && left < 11 * SECOND, String(left));
    pauses.add(left);
    kernel.run(left);
  }
  assert.ok(pauses.size > 10);
});

test('with RestartAfterLimitSec= the start limit means a slow retry, for ever', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/web.service': { exitAfterUsec: 1000, exitStatus: 1 } } });
  kernel.boot([target('default.target', { Wants: [NAME] }), service(NAME, {
    restart: 'always', startLimitBurst: 3, startLimitIntervalUsec: (10 * SECOND) as Usec, restartPacing: { ...PLAIN_PACING, afterLimitUsec: (60 * SECOND) as Usec },
  })]);
  kernel.run(30 * SECOND);
  assert.equal(stateOf(kernel), 'auto-restart');
  assert.equal(starts(kernel), 3);
  kernel.run(31 * SECOND);
  assert.equal(starts(kernel), 6);
  kernel.run(600 * SECOND);
  assert.equal(stateOf(kernel), 'auto-restart');
  assert.ok(starts(kernel) > 20);
});

test('a slow retry is made after RestartAfterLimitSec=, also where the interval of the start limit is longer', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/web.service': { exitAfterUsec: 1000, exitStatus: 1 } } });
  kernel.boot([target('default.target', { Wants: [NAME] }), service(NAME, {
    restart: 'always', startLimitBurst: 3, startLimitIntervalUsec: (1000 * SECOND) as Usec, restartPacing: { ...PLAIN_PACING, afterLimitUsec: (10 * SECOND) as Usec },
  })]);
  kernel.run(5 * SECOND);
  assert.equal(starts(kernel), 3);
  kernel.run(8 * SECOND);
  assert.equal(starts(kernel), 4);
  kernel.run(50 * SECOND);
  assert.ok(starts(kernel) >= 8 && starts(kernel) <= 10, String(starts(kernel)));
});

function withDatabase(pacing: Partial<ServiceUnit['restartPacing']>): SimulatedKernel {
  let isUp = true;
  const kernel: SimulatedKernel = new SimulatedKernel({ scripts: {
    // The database dies once and is away for a while; the other one cannot live without it.
    '/bin/db.service': (run) => (run === 1 ? { exitAfterUsec: SECOND, exitStatus: 1 } : {}),
    '/bin/web.service': () => {
      isUp = kernel.unit('db.service').activeState === 'active';
      return isUp ? {} : { exitAfterUsec: 1000, exitStatus: 1 };
    },
  } });
  kernel.boot([
    target('default.target', { Wants: [NAME, 'db.service'] }),
    service('db.service', { restart: 'always', restartUsec: (60 * SECOND) as Usec }),
    service(NAME, { restart: 'always', startLimitBurst: 3, startLimitIntervalUsec: (1000 * SECOND) as Usec, restartPacing: { ...PLAIN_PACING, ...pacing }, edges: { Requires: ['db.service'], After: ['db.service'] } }),
  ]);
  return kernel;
}

test('with RestartAwaitsNeeds= a service whose need is down waits for it, keeps its start limit and is back at once', () => {
  const kernel = withDatabase({ awaitsNeeds: true });
  kernel.run(1.5 * SECOND);
  assert.equal(kernel.unit('db.service').runtime.state, 'auto-restart');
  kernel.kill(kernel.processesOf(NAME)[0]?.pid ?? 0, 9);
  kernel.run(20 * SECOND);
  assert.equal(stateOf(kernel), 'auto-restart');
  const before = starts(kernel);
  const chain = explain(kernel.state, NAME)?.chain.map((link) => `${link.unit} ${link.text}`) ?? [];
  assert.match(chain.join('\n'), /^web\.service waits to be restarted until db\.service, which it needs, is up\n[^]*\ndb\.service waits to be restarted/);
  kernel.run(60 * SECOND);
  assert.equal(kernel.unit('db.service').activeState, 'active');
  assert.equal(stateOf(kernel), 'running');
  assert.equal(starts(kernel), before + 1);
  assert.equal(kernel.unit(NAME).startTimes.length, 1);
});

test('a service does not wait for what it requires and what is ordered after it: that one waits itself', () => {
  const kernel = new SimulatedKernel({ scripts: {
    [`/bin/${NAME}`]: (run) => (run === 2 ? { exitAfterUsec: SECOND, exitStatus: 1 } : { readyAfterUsec: 0 }), '/bin/db.service': (run) => (run === 1 ? { exitAfterUsec: 0, exitStatus: 1 } : {}),
  } });
  kernel.boot([
    target('default.target', { Wants: ['db.service'] }),
    service(NAME, { type: 'notify', notifyAccess: 'main', restart: 'on-failure', restartUsec: SECOND as Usec, restartPacing: { ...PLAIN_PACING, awaitsNeeds: true }, recorded: { RestartMode: 'direct' }, edges: { Requires: ['db.service'], Before: ['db.service'] } }),
    service('db.service', { edges: { Requires: [NAME], After: [NAME] } }),
  ]);
  kernel.run(SECOND);
  assert.equal(kernel.unit('db.service').activeState, 'failed');
  kernel.enqueue('stop', NAME);
  kernel.run(SECOND);
  kernel.enqueue('start', 'db.service');
  kernel.run(10 * SECOND);
  assert.equal(stateOf(kernel), 'running');
  assert.equal(kernel.unit('db.service').activeState, 'active');
});

test('a service that waits for its need can be stopped', () => {
  const kernel = withDatabase({ awaitsNeeds: true });
  kernel.run(1.5 * SECOND);
  kernel.kill(kernel.processesOf(NAME)[0]?.pid ?? 0, 9);
  kernel.run(5 * SECOND);
  kernel.enqueue('stop', NAME);
  kernel.run(100 * SECOND);
  assert.equal(stateOf(kernel), 'dead');
});

test('the settings are read from [Service]', () => {
  const unit = unitOf('a.service', '[Service]\nExecStart=/bin/true\nRestartRandomizedDelaySec=2s\nRestartStepSec=3s\nRestartStableDelaySec=0\nRestartSpacingSec=1s\nRestartLimit=7\nRestartResetSec=1min\nRestartAfterLimitSec=5min\nRestartAwaitsNeeds=yes\n');
  assert.deepEqual(unit.kind === 'service' && unit.restartPacing, {
    stepUsec: 3 * SECOND, stableDelayUsec: 0, spacingUsec: SECOND, limit: 7, randomizedDelayUsec: 2 * SECOND, resetUsec: 60 * SECOND, afterLimitUsec: 300 * SECOND, awaitsNeeds: true,
  });
});

test('JobTimeoutSec= goes on counting when JobRunningTimeoutSec= is longer', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', {}), service('slow.service', {
    type: 'notify', notifyAccess: 'main', timeoutStartUsec: null, jobTimeoutUsec: (5 * SECOND) as Usec, jobRunningTimeoutUsec: (50 * SECOND) as Usec,
  })]);
  const request = kernel.enqueue('start', 'slow.service');
  kernel.run(6 * SECOND);
  const reply = kernel.replies.get(request);
  assert.equal(reply?.ok === true && reply.jobs[0]?.result, 'timeout');
});

test('in any graph of needs whose members die and take each other along, all are up again, and none has used up its start limit', () => {
  const COUNT = 6;
  const names = Array.from({ length: COUNT }, (_, index) => `u${String(index)}.service` as UnitName);
  const sketch = fc.record({
    needs: fc.array(fc.tuple(fc.nat(COUNT - 1), fc.nat(COUNT - 1)).filter(([from, to]) => from > to), { maxLength: 10 }),
    // A direct restart takes nobody along: then it is the hold alone that starts who waits.
    direct: fc.array(fc.boolean(), { minLength: COUNT, maxLength: COUNT }),
    pauses: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: COUNT, maxLength: COUNT }),
    deaths: fc.array(fc.record({ unit: fc.nat(COUNT - 1), afterUsec: fc.integer({ min: 1, max: 20 * SECOND }), alone: fc.boolean() }), { minLength: 1, maxLength: 5 }),
  });
  let held = 0;
  fc.assert(fc.property(sketch, ({ needs, direct, pauses, deaths }) => {
    const needsOf = (index: number): UnitName[] => [...new Set(needs.flatMap(([from, to]) => (from === index ? [names[to] as UnitName] : [])))];
    // Without what it needs none of them lives long.
    const scripts = Object.fromEntries(names.map((name, index) => [`/bin/${name}`, () => (
      needsOf(index).every((need) => kernel.unit(need).activeState === 'active') ? {} : { exitAfterUsec: 1000, exitStatus: 1 })]));
    const kernel: SimulatedKernel = new SimulatedKernel({ scripts });
    kernel.boot([target('default.target', { Wants: names }), ...names.map((name, index) => service(name, {
      restart: 'always', restartUsec: ((pauses[index] as number) * SECOND) as Usec, startLimitBurst: 1 + deaths.length * COUNT, startLimitIntervalUsec: (10_000 * SECOND) as Usec,
      restartPacing: { ...PLAIN_PACING, awaitsNeeds: true }, recorded: direct[index] === true ? { RestartMode: 'direct' } : {}, edges: { Requires: needsOf(index), After: needsOf(index) },
    }))]);
    kernel.run(SECOND);
    for (const { unit, afterUsec, alone } of deaths) {
      kernel.run(afterUsec);
      const gone = new Set<number>([unit]);
      if (!alone) for (const index of names.keys()) if (needsOf(index).some((need) => gone.has(names.indexOf(need)))) gone.add(index);
      for (const index of gone) for (const { pid } of kernel.processesOf(names[index] as UnitName)) kernel.kill(pid, 9);
    }
    for (let rest = 0; rest < 60; rest++) {
      kernel.run(5 * SECOND);
      if (names.some((name) => { const { runtime } = kernel.unit(name); return runtime.kind === 'service' && runtime.state === 'auto-restart' && runtime.deadlineUsec === null; })) held += 1;
    }
    for (const name of names) assert.equal(kernel.unit(name).runtime.state, 'running', name);
  }), { numRuns: 150 });
  assert.ok(held > 20, 'in many of them somebody waited for a need');
});
