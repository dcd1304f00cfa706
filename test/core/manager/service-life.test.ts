import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName, Usec } from '../../../src/base/brand.ts';
import type { Request } from '../../../src/core/manager/event.ts';
import { explain } from '../../../src/core/manager/explain/why.ts';
import { command, device, missing, service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;

test('a oneshot that ends well leaves its target up and itself inactive', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/setup.service': { exitAfterUsec: 1000 } } });
  kernel.boot([
    target('default.target', { Requires: ['setup.service'], After: ['setup.service'] }),
    service('setup.service', { type: 'oneshot' }),
  ]);
  assert.equal(kernel.unit('default.target').activeState, 'inactive', 'the target waits for the oneshot');
  kernel.run(SECOND);
  assert.equal(kernel.unit('setup.service').activeState, 'inactive');
  assert.equal(kernel.unit('default.target').activeState, 'active');
  assert.equal(kernel.bootFinished, true);
});

test('a failing required unit fails the target with the reason', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/setup.service': { exitAfterUsec: 1000, exitStatus: 3 } } });
  kernel.boot([
    target('default.target', { Requires: ['setup.service'], After: ['setup.service'] }),
    service('setup.service', { type: 'oneshot' }),
  ]);
  kernel.run(SECOND);
  assert.equal(kernel.unit('setup.service').activeState, 'failed');
  const top = kernel.unit('default.target');
  assert.equal(top.activeState, 'inactive');
  assert.deepEqual(top.endReason, { reason: 'dependency-failed', on: 'setup.service', kind: 'RequiredBy' });
});

test('a missing unit that is only wanted does not hinder the boot', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['gone.service'], After: ['gone.service'] }), missing('gone.service')]);
  assert.equal(kernel.unit('default.target').activeState, 'active');
});

test('a chain of notify services starts in order, each after the one before is ready', () => {
  const names = Array.from({ length: 20 }, (_, i) => `n${String(i)}.service`);
  const scripts = Object.fromEntries(names.map((name) => [`/bin/${name}`, { readyAfterUsec: 5000 }]));
  const kernel = new SimulatedKernel({ scripts });
  kernel.boot([
    target('default.target', { Requires: names, After: names }),
    ...names.map((name, i) => service(name, {
      type: 'notify', notifyAccess: 'main', edges: i === 0 ? {} : { Requires: [names[i - 1] as string], After: [names[i - 1] as string] },
    })),
  ]);
  kernel.run(SECOND);
  assert.deepEqual(kernel.history.filter((line) => line.startsWith('running ')), names.map((name) => `running ${name}`));
  assert.equal(kernel.unit('default.target').activeState, 'active');
});

test('a killed service comes back after its pause and counts the restart', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['web.service'] }), service('web.service', { restart: 'always' })]);
  const before = kernel.unit('web.service').runtime;
  assert.equal(before.kind === 'service' && before.state, 'running');
  kernel.kill([...kernel.processes.keys()][0] as number, 9);
  assert.equal(kernel.unit('web.service').runtime.state, 'auto-restart');
  kernel.run(SECOND);
  const after = kernel.unit('web.service').runtime;
  assert.equal(after.state, 'running');
  assert.equal(after.kind === 'service' && after.restarts, 1);
});

test('a restart without a pause happens within the same step', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['web.service'] }), service('web.service', { restart: 'always', restartUsec: 0 as Usec })]);
  kernel.kill([...kernel.processes.keys()][0] as number, 9);
  assert.equal(kernel.unit('web.service').runtime.state, 'running');
});

test('a service that crashes at once runs into its start limit and stays failed', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/bad.service': { exitAfterUsec: 1000, exitStatus: 1 } } });
  kernel.boot([target('default.target', { Wants: ['bad.service'] }), service('bad.service', { restart: 'always' })]);
  kernel.run(60 * SECOND);
  const unit = kernel.unit('bad.service');
  assert.equal(unit.activeState, 'failed');
  assert.deepEqual(unit.endReason, { reason: 'start-limit' });
  assert.equal(kernel.history.filter((line) => line === 'spawn ExecStart bad.service').length, 5);
});

test('starts by hand count only for a unit that another one names: systemd would have forgotten the others in between', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/alone.service': { exitAfterUsec: 1000 }, '/bin/named.service': { exitAfterUsec: 1000 } } });
  kernel.boot([target('default.target', { Wants: ['named.service'] }), service('named.service', { type: 'oneshot' }), service('alone.service', { type: 'oneshot' })]);
  kernel.run(SECOND);
  const result = (name: string): string => {
    const id = kernel.enqueue('start', name);
    kernel.run(SECOND / 2);
    const reply = kernel.replies.get(id);
    return reply?.ok === true ? (reply.jobs[0]?.result ?? '') : 'refused';
  };
  assert.deepEqual(Array.from({ length: 5 }, () => result('named.service')), ['done', 'done', 'done', 'done', 'failed']);
  assert.deepEqual(Array.from({ length: 7 }, () => result('alone.service')), Array.from({ length: 7 }, () => 'done'));
});

test('the restart delay grows to its maximum in the given number of steps', () => {
  const starts: number[] = [];
  const kernel = new SimulatedKernel({ scripts: { '/bin/bad.service': () => { starts.push(kernel.nowUsec); return { exitAfterUsec: 0, exitStatus: 1 }; } } });
  kernel.boot([target('default.target', { Wants: ['bad.service'] }), service('bad.service', {
    restart: 'always', startLimitBurst: 0, restartUsec: SECOND as Usec, restartSteps: 3, restartMaxDelayUsec: (8 * SECOND) as Usec,
  })]);
  kernel.run(40 * SECOND);
  const pauses = starts.slice(1, 6).map((at, i) => (at - (starts[i] as number)) / SECOND);
  assert.deepEqual(pauses, [1, 2, 4, 8, 8]);
});

test('a stop that TERM does not end is finished by KILL after the time-out, and the result says timeout', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/deaf.service': { ignoresTerm: true } } });
  kernel.boot([target('default.target', { Wants: ['deaf.service'] }), service('deaf.service', { timeoutStopUsec: (5 * SECOND) as Usec, restart: 'always' })]);
  const id = kernel.enqueue('stop', 'deaf.service');
  kernel.run(4 * SECOND);
  assert.equal(kernel.replies.has(id), false);
  kernel.run(2 * SECOND);
  const reply = kernel.replies.get(id);
  assert.equal(reply?.ok === true && reply.jobs[0]?.result, 'done');
  const { runtime } = kernel.unit('deaf.service');
  assert.equal(runtime.kind === 'service' && runtime.result, 'timeout');
  assert.equal(kernel.processes.size, 0);
  kernel.run(10 * SECOND);
  assert.equal(kernel.processes.size, 0, 'nothing restarts after a stop was asked for');
});

test('what a service forked does not outlive its stop', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/daemon.service': { exitAfterUsec: 10, forks: { forks: {}, ignoresTerm: true } } } });
  kernel.boot([target('default.target', { Wants: ['daemon.service'] }), service('daemon.service', { type: 'forking', timeoutStopUsec: SECOND as Usec })]);
  kernel.run(SECOND);
  assert.equal(kernel.unit('daemon.service').runtime.state, 'running');
  const { runtime } = kernel.unit('daemon.service');
  assert.notEqual(runtime.kind === 'service' && runtime.mainPid, null, 'the only process left is taken for the main one');
  kernel.enqueue('stop', 'daemon.service');
  kernel.run(5 * SECOND);
  assert.equal(kernel.processes.size, 0);
  assert.equal(kernel.unit('daemon.service').activeState, 'failed');
});

test('a watchdog that is not fed ends the service and Restart=on-watchdog brings it back', () => {
  let runs = 0;
  const kernel = new SimulatedKernel({
    scripts: { '/bin/w.service': () => { runs += 1; return { readyAfterUsec: 0, ...(runs === 1 ? {} : { pingsEveryUsec: SECOND / 2 }) }; } },
  });
  kernel.boot([target('default.target', { Wants: ['w.service'] }), service('w.service', {
    type: 'notify', notifyAccess: 'main', restart: 'on-watchdog', watchdogUsec: SECOND as Usec,
  })]);
  kernel.run(20 * SECOND);
  assert.equal(runs, 2);
  assert.equal(kernel.unit('w.service').runtime.state, 'running');
});

test('a condition that does not hold skips the unit without failing what wants it', () => {
  const kernel = new SimulatedKernel({ conditions: { '/nowhere': false } });
  kernel.boot([
    target('default.target', { Requires: ['c.service'], After: ['c.service'] }),
    service('c.service', { conditions: [{ kind: 'PathExists', trigger: false, negate: false, parameter: '/nowhere', origin: { file: 'x', line: 1 } }] }),
  ]);
  assert.equal(kernel.unit('c.service').activeState, 'inactive');
  assert.deepEqual(kernel.unit('c.service').endReason, { reason: 'condition', index: 0 });
  assert.equal(kernel.unit('default.target').activeState, 'active');
});

test('a program that cannot be executed fails its unit with stage and errno', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/x.service': { spawnFails: { stage: 'exec', errno: 'ENOENT' } } } });
  kernel.boot([target('default.target', { Wants: ['x.service'] }), service('x.service')]);
  const unit = kernel.unit('x.service');
  assert.equal(unit.activeState, 'failed');
  assert.deepEqual(unit.endReason, { reason: 'spawn-failed', role: 'ExecStart' });
  assert.deepEqual(unit.runtime.kind === 'service' && unit.runtime.spawnFailure, { stage: 'exec', errno: 'ENOENT', subject: '/bin/x.service', role: 'ExecStart' });
});

test('stop order is the reverse of start order', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/b.service': { termTakesUsec: 1000 } } });
  kernel.boot([
    target('default.target', { Wants: ['a.service', 'b.service'] }),
    service('a.service'), service('b.service', { edges: { Requires: ['a.service'], After: ['a.service'] } }),
  ]);
  kernel.signal('SIGTERM');
  kernel.run(SECOND);
  const down = kernel.history.filter((line) => line.startsWith('dead ') && line.endsWith('.service'));
  assert.deepEqual(down, ['dead b.service', 'dead a.service']);
  assert.deepEqual(kernel.finished, { kind: 'finish', goal: 'exit', exitStatus: 0, rebootArgument: '' });
});

test('a second signal hurries the shutdown', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/deaf.service': { ignoresTerm: true } } });
  kernel.boot([target('default.target', { Wants: ['deaf.service'] }), service('deaf.service')]);
  kernel.signal('SIGTERM');
  kernel.run(SECOND);
  assert.equal(kernel.finished, null);
  kernel.signal('SIGTERM');
  kernel.run(1);
  assert.notEqual(kernel.finished, null);
});

test('restarting a unit restarts what requires it', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Wants: ['db.service', 'app.service'] }),
    service('db.service'), service('app.service', { edges: { Requires: ['db.service'], After: ['db.service'] } }),
  ]);
  const id = kernel.enqueue('restart', 'db.service');
  kernel.run(SECOND);
  assert.equal(kernel.replies.get(id)?.ok, true);
  assert.equal(kernel.history.filter((line) => line === 'spawn ExecStart app.service').length, 2);
  assert.equal(kernel.unit('app.service').runtime.state, 'running');
});

test('the manager ends with the status of the unit it was told to end with', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/main.service': { exitAfterUsec: 10, exitStatus: 42 } }, config: { exitWith: 'main.service' as UnitName } });
  kernel.boot([target('default.target', { Wants: ['main.service', 'side.service'] }), service('main.service'), service('side.service')]);
  kernel.run(SECOND);
  assert.deepEqual(kernel.finished, { kind: 'finish', goal: 'exit', exitStatus: 42, rebootArgument: '' });
});

test('a start that wants units which are ordered in a circle goes on without one of them, and the log and why say so', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target'), service('app.service', { edges: { Wants: ['a.service', 'b.service'] } }),
    service('a.service', { edges: { After: ['b.service'] } }), service('b.service', { edges: { After: ['a.service'] } }),
  ]);
  const id = kernel.enqueue('start', 'app.service');
  kernel.run(SECOND);
  assert.equal(kernel.replies.get(id)?.ok, true);
  assert.deepEqual(['app', 'a', 'b'].map((name) => kernel.unit(`${name}.service`).activeState), ['active', 'active', 'inactive']);
  assert.match(kernel.logs.join('\n'), /b\.service\/start is left out to break it: app\.service\/start does not need it/);
  assert.match(explain(kernel.state, 'b.service' as UnitName)?.chain[0]?.text ?? '', /^was left out by app\.service, which wants it but does not need it: Ordering cycle: .*\(\/sim\/unit:1\)/);
});

test('a cycle of units that need each other is refused with its whole path, also at boot', () => {
  const a = service('a.service', { edges: { Requires: ['b.service'], After: ['b.service'] } });
  const b = service('b.service', { edges: { Requires: ['a.service'], After: ['a.service'] } });
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['a.service', 'ok.service'] }), a, b, service('ok.service')]);
  assert.equal(kernel.unit('ok.service').activeState, 'active', 'an uninvolved unit comes up');
  assert.equal(kernel.unit('a.service').activeState, 'inactive');
  assert.match(kernel.logs.join('\n'), /Ordering cycle: .*a\.service After=b\.service \(\/sim\/unit:1\)/);
  const id = kernel.enqueue('start', 'a.service');
  const reply = kernel.replies.get(id);
  assert.match(reply?.ok === false ? reply.message : 'not refused', /Ordering cycle/);
  const links = explain(kernel.state, 'a.service' as UnitName)?.chain.map((link) => link.text) ?? [];
  assert.equal(links.length, 1);
  assert.match(links[0] ?? '', /^cannot be started: Ordering cycle.*a\.service After=b\.service \(\/sim\/unit:1\)/, 'why names the cycle instead of going round in it');
});

test('a unit that does not exist is said to be missing by every verb', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target'), missing('gone.service')]);
  for (const request of [
    { method: 'reset-failed', units: ['gone.service'] }, { method: 'kill', units: ['gone.service'], whom: 'all', signal: 15, value: null },
    { method: 'enqueue', type: 'start', units: ['gone.service'], mode: 'isolate', wait: true, verb: 'isolate' },
  ] as unknown as Request[]) {
    const reply = kernel.replies.get(kernel.request(request));
    assert.equal(reply?.ok === false ? reply.code : 'done', 'no-such-unit', request.method);
  }
});

test('conflicting units replace each other', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['a.service'] }), service('a.service'), service('b.service', { edges: { Conflicts: ['a.service'], After: ['a.service'] } })]);
  kernel.enqueue('start', 'b.service');
  kernel.run(SECOND);
  assert.equal(kernel.unit('a.service').activeState, 'inactive');
  assert.equal(kernel.unit('b.service').activeState, 'active');
});

test('ExecStop and ExecStopPost run in their turn, and ExecStopPost also after a failed start', () => {
  const done = { exitAfterUsec: 10 };
  const kernel = new SimulatedKernel({ scripts: { '/bin/stop': done, '/bin/post': done, '/bin/pre': { exitAfterUsec: 10, exitStatus: 1 } } });
  kernel.boot([
    target('default.target', { Wants: ['a.service', 'b.service'] }),
    service('a.service', { execStop: [command('/bin/stop')], execStopPost: [command('/bin/post')] }),
    service('b.service', { execStartPre: [command('/bin/pre')], execStopPost: [command('/bin/post')] }),
  ]);
  kernel.run(SECOND);
  kernel.enqueue('stop', 'a.service');
  kernel.run(SECOND);
  assert.deepEqual(kernel.history.filter((line) => line.startsWith('spawn')), [
    'spawn ExecStart a.service', 'spawn ExecStartPre b.service', 'spawn ExecStopPost b.service', 'spawn ExecStop a.service', 'spawn ExecStopPost a.service',
  ]);
  assert.equal(kernel.unit('b.service').activeState, 'failed');
  assert.equal(kernel.unit('a.service').activeState, 'inactive');
});

test('a default dependency on a target that no file defines does not keep a service down', () => {
  const kernel = new SimulatedKernel();
  const sysinit = { kind: 'Requires' as const, other: 'sysinit.target' as UnitName, origin: 'default' as const };
  kernel.boot([target('default.target', { Wants: ['a.service'] }), { ...service('a.service'), dependencies: [sysinit] }, missing('sysinit.target')]);
  assert.equal(kernel.unit('a.service').activeState, 'active');
});

test('a service that needs a device in a container is started without it, and that is said', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Wants: ['log.service'] }), device('log.device', '/dev/log', false),
    service('log.service', { edges: { Requires: ['log.device'], After: ['log.device'] } }),
  ]);
  assert.equal(kernel.unit('log.service').activeState, 'active');
  assert.match(kernel.logs.join('\n'), /log\.device is not waited for: the devices of a container are its host's/);
});
