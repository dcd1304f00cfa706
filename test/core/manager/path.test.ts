import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { missing, path, service, target, watching } from '../../../src/sim/definitions.ts';
import { SimulatedKernel, type SimulationOptions } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;

/** A manager with a job of one second under the path unit `p.path`. */
function withPath(overrides: Parameters<typeof path>[1], options: SimulationOptions = {}): SimulatedKernel {
  const kernel = new SimulatedKernel({ scripts: { '/bin/p.service': { exitAfterUsec: SECOND } }, ...options });
  kernel.boot([target('default.target', { Wants: ['p.path'] }), path('p.path', overrides), service('p.service', { type: 'oneshot', startLimitBurst: 3 })]);
  return kernel;
}

function spawns(kernel: SimulatedKernel): number {
  return kernel.history.filter((line) => line === 'spawn ExecStart p.service').length;
}

test('a unit is started when its path appears, and again as long as it is there', () => {
  const kernel = withPath({ watches: [watching('PathExists', '/spool/go')] });
  assert.equal(kernel.unit('p.path').runtime.state, 'waiting');
  kernel.writeFile('/spool/go');
  assert.equal(kernel.unit('p.path').runtime.state, 'running');
  kernel.run(1.5 * SECOND);
  assert.equal(spawns(kernel), 2);
  kernel.removeFile('/spool/go');
  kernel.run(10 * SECOND);
  assert.equal(spawns(kernel), 2);
  assert.equal(kernel.unit('p.path').runtime.state, 'waiting');
});

test('a path that is there when the watch begins counts for PathExists=, not for PathChanged=', () => {
  const there = new SimulatedKernel();
  there.files.set('/f', 1);
  there.boot([target('default.target', { Wants: ['p.path'] }), path('p.path', { watches: [watching('PathExists', '/f')] }), service('p.service')]);
  assert.equal(spawns(there), 1);
  const changed = new SimulatedKernel();
  changed.files.set('/f', 1);
  changed.boot([target('default.target', { Wants: ['p.path'] }), path('p.path', { watches: [watching('PathChanged', '/f')] }), service('p.service')]);
  assert.equal(spawns(changed), 0);
  changed.writeFile('/f');
  assert.equal(spawns(changed), 1);
});

test('what changes while the unit runs does not start it again', () => {
  const kernel = withPath({ watches: [watching('PathChanged', '/f')] });
  kernel.writeFile('/f');
  kernel.run(0.5 * SECOND);
  kernel.writeFile('/f');
  kernel.run(10 * SECOND);
  assert.equal(spawns(kernel), 1);
  kernel.writeFile('/f');
  kernel.run(10 * SECOND);
  assert.equal(spawns(kernel), 2);
});

test('its processes are told which path and which unit', () => {
  const kernel = withPath({ watches: [watching('PathExists', '/a'), watching('PathChanged', '/b')] });
  const told: string[][] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') told.push([...effect.extraEnvironment]); };
  kernel.writeFile('/b');
  assert.deepEqual(told, [['TRIGGER_UNIT=p.path', 'TRIGGER_PATH=/b']]);
});

test('a directory with something in it starts the unit until its start limit, and the path unit fails with it', () => {
  const kernel = withPath({ watches: [watching('DirectoryNotEmpty', '/spool')] }, { scripts: { '/bin/p.service': { exitAfterUsec: 1000 } } });
  kernel.writeFile('/spool/job');
  kernel.run(30 * SECOND);
  assert.equal(spawns(kernel), 3);
  const { runtime, activeState } = kernel.unit('p.path');
  assert.equal(activeState, 'failed');
  assert.equal(runtime.kind === 'path' && runtime.result, 'unit-start-limit-hit');
  kernel.request({ method: 'reset-failed', units: ['p.path' as UnitName] });
  assert.equal(kernel.unit('p.path').activeState, 'inactive');
});

test('more triggers than TriggerLimitBurst= end the watch', () => {
  const kernel = withPath({ watches: [watching('PathChanged', '/f')], triggerLimitBurst: 2 }, { scripts: { '/bin/p.service': { exitAfterUsec: 1000 } } });
  for (let i = 0; i < 3; i++) {
    kernel.writeFile('/f');
    kernel.run(10_000);
  }
  assert.equal(spawns(kernel), 2);
  const { runtime } = kernel.unit('p.path');
  assert.equal(runtime.kind === 'path' && runtime.result, 'trigger-limit-hit');
});

test('a unit that somebody else starts is not watched for until it is down', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/p.service': { exitAfterUsec: SECOND } } });
  kernel.boot([target('default.target', { Wants: ['p.path'] }), path('p.path', { watches: [watching('PathChanged', '/f')] }), service('p.service')]);
  kernel.enqueue('start', 'p.service');
  assert.equal(kernel.unit('p.path').runtime.state, 'running');
  kernel.run(2 * SECOND);
  assert.equal(kernel.unit('p.path').runtime.state, 'waiting');
});

test('a stopped path unit hears of nothing', () => {
  const kernel = withPath({ watches: [watching('PathExists', '/f')] });
  kernel.enqueue('stop', 'p.path');
  kernel.writeFile('/f');
  assert.equal(spawns(kernel), 0);
});

test('a path unit without a unit to start cannot be started', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target'), path('p.path', { watches: [watching('PathExists', '/f')] }), missing('p.service')]);
  const reply = kernel.replies.get(kernel.enqueue('start', 'p.path'));
  assert.equal(reply?.ok === true && reply.jobs[0]?.result, 'failed');
});

test('a change that happened while one manager took over from another is seen by its stamp', () => {
  const kernel = new SimulatedKernel();
  kernel.files.set('/f', 1);
  kernel.boot([target('default.target', { Wants: ['p.path'] }), path('p.path', { watches: [watching('PathModified', '/f')] }), service('p.service')]);
  // Something else moves: from now on changes count.
  kernel.writeFile('/other');
  const { runtime } = kernel.unit('p.path');
  const token = runtime.kind === 'path' ? runtime.token : 0;
  const resume = (stamp: string): void => {
    kernel.feed({
      event: 'paths-observed', unit: 'p.path' as UnitName, token, observations: [{ holds: true, stamp }], changed: null, resumed: true, error: '',
      monotonicUsec: kernel.nowUsec as never, realtimeUsec: 1 as never,
    });
  };
  resume('1');
  assert.equal(spawns(kernel), 0);
  resume('2');
  assert.equal(spawns(kernel), 1);
});

test('a path unit lives the same life when the manager dies after every step', () => {
  const lives = [{}, { restoreEvery: 1 }].map((options) => {
    const kernel = withPath({ watches: [watching('PathChanged', '/f'), watching('DirectoryNotEmpty', '/d')] }, { scripts: { '/bin/p.service': { exitAfterUsec: SECOND } }, ...options });
    kernel.writeFile('/f');
    kernel.run(5 * SECOND);
    kernel.writeFile('/d/x');
    kernel.run(2 * SECOND);
    kernel.removeFile('/d/x');
    kernel.run(5 * SECOND);
    return kernel.history;
  });
  assert.deepEqual(lives[1], lives[0]);
});

/** A daemon that is up, under a path unit that restarts it. */
function withRestarter(overrides: Parameters<typeof path>[1], options: SimulationOptions = {}): SimulatedKernel {
  const kernel = new SimulatedKernel(options);
  kernel.files.set('/etc/p.conf', 1);
  kernel.boot([target('default.target', { Wants: ['p.path', 'p.service'] }), path('p.path', { triggerJob: 'restart', ...overrides }), service('p.service')]);
  return kernel;
}

test('with TriggerJob=restart every change restarts the unit, which was up all the time', () => {
  const kernel = withRestarter({ watches: [watching('PathModified', '/etc/p.conf')] }, { restoreEvery: 1 });
  assert.equal(spawns(kernel), 1);
  for (const times of [2, 3]) {
    kernel.writeFile('/etc/p.conf');
    kernel.run(SECOND);
    assert.equal(spawns(kernel), times);
    assert.equal(kernel.unit('p.service').activeState, 'active');
    assert.equal(kernel.unit('p.path').runtime.state, 'waiting');
  }
});

test('with TriggerJob=restart a path that is there counts once, when it appears', () => {
  const kernel = withRestarter({ watches: [watching('PathExists', '/etc/p.conf'), watching('PathExists', '/run/again')] });
  assert.equal(spawns(kernel), 1);
  kernel.writeFile('/run/again');
  kernel.run(10 * SECOND);
  assert.equal(spawns(kernel), 2);
  kernel.removeFile('/run/again');
  kernel.run(SECOND);
  assert.equal(spawns(kernel), 2);
  kernel.writeFile('/run/again');
  kernel.run(SECOND);
  assert.equal(spawns(kernel), 3);
});

test('TriggerJob=stop and TriggerJob=try-restart leave a unit alone that is down', () => {
  const kernel = withRestarter({ triggerJob: 'try-restart', watches: [watching('PathChanged', '/etc/p.conf')] });
  kernel.enqueue('stop', 'p.service');
  kernel.writeFile('/etc/p.conf');
  kernel.run(SECOND);
  assert.equal(spawns(kernel), 1);
  assert.equal(kernel.unit('p.path').runtime.state, 'waiting');
  kernel.enqueue('start', 'p.service');
  kernel.writeFile('/etc/p.conf');
  kernel.run(SECOND);
  assert.equal(spawns(kernel), 3);
});
