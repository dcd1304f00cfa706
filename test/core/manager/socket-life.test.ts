import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, service, socket, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel, type SimulationOptions } from '../../../src/sim/kernel.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import type { SocketRuntime, ServiceRuntime } from '../../../src/core/manager/state.ts';

const SECOND = 1_000_000;

function booted(definitions: readonly UnitDefinition[], options: SimulationOptions = {}): SimulatedKernel {
  // Every step goes through a snapshot: what a socket knows survives a death of the manager.
  const kernel = new SimulatedKernel({ restoreEvery: 1, ...options });
  kernel.boot([target('default.target'), ...definitions]);
  kernel.run(SECOND);
  return kernel;
}

function socketOf(kernel: SimulatedKernel, name: string): SocketRuntime {
  const { runtime } = kernel.unit(name);
  assert.ok(runtime.kind === 'socket');
  return runtime;
}

function serviceOf(kernel: SimulatedKernel, name: string): ServiceRuntime {
  return kernel.unit(name).runtime as ServiceRuntime;
}

test('traffic starts the service, which is given the socket; when it ends the manager listens again', () => {
  const kernel = booted([socket('a.socket'), service('a.service')]);
  kernel.enqueue('start', 'a.socket');
  assert.equal(socketOf(kernel, 'a.socket').state, 'listening');
  kernel.arrive('a.socket');
  assert.equal(socketOf(kernel, 'a.socket').state, 'running');
  assert.equal(serviceOf(kernel, 'a.service').state, 'running');
  assert.equal(kernel.unit('a.service').startReason?.reason, 'triggered');
  kernel.enqueue('stop', 'a.service');
  kernel.run(SECOND);
  assert.equal(socketOf(kernel, 'a.socket').state, 'listening');
  assert.ok(kernel.sockets.open.has('listen:a.socket:0'), 'the socket stayed open all the time');
  kernel.enqueue('stop', 'a.socket');
  assert.equal(socketOf(kernel, 'a.socket').state, 'dead');
  assert.equal(kernel.sockets.open.size, 0);
});

test('a restart of the service leaves the socket with it; only its end gives the socket back', () => {
  const kernel = booted([socket('a.socket'), service('a.service')]);
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket');
  kernel.history.length = 0;
  kernel.enqueue('restart', 'a.service');
  kernel.run(SECOND);
  assert.equal(serviceOf(kernel, 'a.service').state, 'running');
  assert.equal(socketOf(kernel, 'a.socket').state, 'running');
  assert.ok(!kernel.history.includes('listening a.socket'), kernel.history.join(', '));
});

test('a service started by hand takes the listening socket too', () => {
  const kernel = booted([socket('a.socket'), service('a.service')]);
  kernel.enqueue('start', 'a.socket');
  const spawned: string[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') spawned.push(...effect.fds.map(({ key, name }) => `${key} as ${name}`)); };
  kernel.enqueue('start', 'a.service');
  assert.deepEqual(spawned, ['listen:a.socket:0 as a.socket']);
  assert.equal(socketOf(kernel, 'a.socket').state, 'running');
});

test('several sockets of several units go to one service, named as they want to be', () => {
  const kernel = booted([
    socket('a.socket'), socket('admin.socket', { service: 'a.service' as never, fileDescriptorName: 'admin' }), service('a.service', { execStartPre: [command('/bin/pre')] }),
  ], { scripts: { '/bin/pre': { exitAfterUsec: 0 } } });
  const spawned: string[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') spawned.push(`${effect.role}: ${effect.fds.map(({ name }) => name).join(' ')}`); };
  kernel.enqueue('start', 'a.socket', 'admin.socket');
  kernel.arrive('admin.socket');
  kernel.run(SECOND);
  assert.deepEqual(spawned, ['ExecStartPre: ', 'ExecStart: a.socket admin']);
  assert.equal(socketOf(kernel, 'a.socket').state, 'running');
});

test('an address that is taken fails the socket, and the reason says which one', () => {
  const kernel = booted([socket('a.socket'), service('a.service')], { takenAddresses: ['/run/a.socket'] });
  kernel.enqueue('start', 'a.socket');
  const unit = kernel.unit('a.socket');
  assert.equal(unit.activeState, 'failed');
  assert.equal(socketOf(kernel, 'a.socket').result, 'resources');
  assert.deepEqual(unit.endReason, { reason: 'not-listening', what: '/run/a.socket', errno: 'EADDRINUSE' });
  assert.match(kernel.logs.join('\n'), /Failed to listen on \/run\/a\.socket: Address already in use/);
});

test('a socket is not started while its service runs without it', () => {
  const kernel = booted([socket('a.socket'), service('a.service')]);
  kernel.enqueue('start', 'a.service');
  const request = kernel.enqueue('start', 'a.socket');
  const reply = kernel.replies.get(request);
  assert.equal(reply?.ok === true && reply.jobs[0]?.result, 'failed');
  assert.equal(kernel.unit('a.socket').activeState, 'inactive');
});

test('a service that leaves what waits is started again until the trigger limit fails the socket', () => {
  const idle = service('a.service', { startLimitBurst: 0, type: 'oneshot' });
  const kernel = booted([socket('a.socket', { triggerLimit: { intervalUsec: (10 * SECOND) as never, burst: 4 } }), idle], {
    scripts: { '/bin/a.service': { leavesSockets: true, exitAfterUsec: 1000 } },
  });
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket');
  kernel.run(SECOND);
  assert.equal(socketOf(kernel, 'a.socket').result, 'trigger-limit-hit');
  assert.equal(kernel.unit('a.socket').activeState, 'failed');
  assert.equal(kernel.history.filter((each) => each === 'spawn ExecStart a.service').length, 4);
  kernel.enqueue('start', 'a.socket');
  assert.equal(socketOf(kernel, 'a.socket').state, 'listening');
});

test('with a poll limit the manager looks away instead, and comes back', () => {
  const idle = service('a.service', { startLimitBurst: 0, type: 'oneshot' });
  const kernel = booted([socket('a.socket', { pollLimit: { intervalUsec: SECOND as never, burst: 3 }, triggerLimit: { intervalUsec: 0 as never, burst: 0 } }), idle], {
    scripts: { '/bin/a.service': { leavesSockets: true, exitAfterUsec: 1000 } },
  });
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket');
  kernel.run(SECOND / 2);
  const early = kernel.history.filter((each) => each === 'spawn ExecStart a.service').length;
  assert.equal(early, 3);
  assert.equal(socketOf(kernel, 'a.socket').state, 'listening');
  kernel.run(SECOND);
  assert.ok(kernel.history.filter((each) => each === 'spawn ExecStart a.service').length > early);
});

test('a service at its start limit fails the socket, which would start it for ever', () => {
  const kernel = booted([socket('a.socket'), service('a.service')], { scripts: { '/bin/a.service': { leavesSockets: true, exitAfterUsec: 1000, exitStatus: 1 } } });
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket');
  kernel.run(SECOND);
  assert.equal(socketOf(kernel, 'a.socket').result, 'service-start-limit-hit');
  assert.deepEqual(kernel.unit('a.socket').endReason, { reason: 'service-start-limit', of: 'a.service' });
  assert.equal(kernel.sockets.open.size, 0);
});

test('the commands of a socket run around its opening and closing, in order', () => {
  const commands = { execStartPre: [command('/bin/pre')], execStartPost: [command('/bin/post')], execStopPre: [command('/bin/stop-pre')], execStopPost: [command('/bin/stop-post')] };
  const quick = { exitAfterUsec: 1000 };
  const kernel = booted([socket('a.socket', commands), service('a.service')], {
    scripts: { '/bin/pre': quick, '/bin/post': quick, '/bin/stop-pre': quick, '/bin/stop-post': quick },
  });
  kernel.history.length = 0;
  kernel.enqueue('start', 'a.socket');
  kernel.run(SECOND);
  kernel.enqueue('stop', 'a.socket');
  kernel.run(SECOND);
  const own = kernel.history.filter((each) => each.endsWith(' a.socket')).map((each) => each.slice(0, -' a.socket'.length));
  assert.deepEqual(own, [
    'spawn ExecStartPre', 'start-pre', 'start-chown', 'spawn ExecStartPost', 'start-post', 'listening',
    'spawn ExecStopPre', 'stop-pre', 'spawn ExecStopPost', 'stop-post', 'dead',
  ]);
});

test('a command that hangs times out, is killed, and fails the socket', () => {
  const kernel = booted([socket('a.socket', { execStartPre: [command('/bin/pre')] }), service('a.service')], { scripts: { '/bin/pre': { ignoresTerm: true } } });
  kernel.enqueue('start', 'a.socket');
  kernel.run(181 * SECOND);
  assert.equal(kernel.unit('a.socket').activeState, 'failed');
  assert.equal(socketOf(kernel, 'a.socket').result, 'timeout');
  assert.equal(kernel.processes.size, 0);
});

test('a command that fails keeps the socket from opening', () => {
  const kernel = booted([socket('a.socket', { execStartPre: [command('/bin/pre')] }), service('a.service')], { scripts: { '/bin/pre': { exitAfterUsec: 0, exitStatus: 3 } } });
  kernel.enqueue('start', 'a.socket');
  kernel.run(SECOND);
  assert.equal(socketOf(kernel, 'a.socket').result, 'exit-code');
  assert.deepEqual(kernel.unit('a.socket').endReason, { reason: 'exit', role: 'ExecStartPre' });
});

test('flushed sockets forget what came while the service was ending', () => {
  const kernel = booted([socket('a.socket', { flushPending: true }), service('a.service')], { scripts: { '/bin/a.service': { leavesSockets: true } } });
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket');
  kernel.enqueue('stop', 'a.service');
  kernel.run(SECOND);
  assert.equal(socketOf(kernel, 'a.socket').state, 'listening');
  assert.equal(serviceOf(kernel, 'a.service').state, 'dead');
});

test('with Accept=yes every connection has an instance, which goes when it ends', () => {
  const kernel = booted([socket('a.socket', { accept: true })], { instances: (name) => service(name, { execStart: [command('/bin/one')] }) });
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket', '10.0.0.1');
  kernel.arrive('a.socket', '10.0.0.2');
  const { connections, accepted, state } = socketOf(kernel, 'a.socket');
  assert.equal(state, 'listening');
  assert.equal(accepted, 2);
  assert.deepEqual(connections.map((each) => each.service), ['a@0-10.0.0.9:1-10.0.0.1:1.service', 'a@1-10.0.0.9:1-10.0.0.2:2.service']);
  assert.equal(kernel.sockets.open.size, 3);
  const [first] = [...kernel.processes.values()];
  kernel.kill(first?.pid ?? 0, 15);
  kernel.run(SECOND);
  assert.equal(socketOf(kernel, 'a.socket').connections.length, 1);
  assert.equal(kernel.sockets.open.size, 2, 'the connection was closed');
  assert.throws(() => kernel.unit('a@0-10.0.0.9:1-10.0.0.1:1.service'), 'the instance is forgotten');
});

test('connections beyond the limits are turned away, and counted', () => {
  const kernel = booted([socket('a.socket', { accept: true, maxConnections: 3, maxConnectionsPerSource: 2 })], { instances: (name) => service(name, { execStart: [command('/bin/one')] }) });
  kernel.enqueue('start', 'a.socket');
  for (const source of ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.3']) kernel.arrive('a.socket', source);
  const { connections, refused } = socketOf(kernel, 'a.socket');
  assert.deepEqual(connections.map(({ peer }) => peer.source), ['10.0.0.1', '10.0.0.1', '10.0.0.2']);
  assert.equal(refused, 2);
  assert.equal(kernel.sockets.open.size, 4);
});

test('the service of a connection is told who is there, and is given that connection alone', () => {
  const told: unknown[] = [];
  const kernel = booted([socket('a.socket', { accept: true })], { instances: (name) => service(name) });
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') told.push(effect.fds.map(({ key, name }) => [key, name]), effect.extraEnvironment.filter((each) => each.startsWith('REMOTE_'))); };
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket', '10.0.0.7');
  assert.deepEqual(told, [[['connection:a.socket:1', 'connection']], ['REMOTE_ADDR=10.0.0.7', 'REMOTE_PORT=1']]);
});

test('a connection whose service has no template closes the connection and fails the socket', () => {
  const kernel = booted([socket('a.socket', { accept: true })]);
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket');
  assert.equal(socketOf(kernel, 'a.socket').result, 'resources');
  assert.equal(kernel.sockets.open.size, 0);
});

test('stopping the socket leaves the services of its connections alone', () => {
  const kernel = booted([socket('a.socket', { accept: true })], { instances: (name) => service(name, { execStart: [command('/bin/one')] }) });
  kernel.enqueue('start', 'a.socket');
  kernel.arrive('a.socket');
  kernel.enqueue('stop', 'a.socket');
  kernel.run(SECOND);
  assert.equal(kernel.unit('a.socket').activeState, 'inactive');
  assert.equal(kernel.processes.size, 1);
  assert.equal(kernel.sockets.open.size, 1);
});
