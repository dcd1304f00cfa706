/** The exit of the last process of a control group, which the host can tell from other exits: most stops and restarts are over with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pid } from '../../../src/base/brand.ts';
import { unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

class Manager extends OneUnitManager<'service'> {
  constructor(lines: string) {
    super('service', 'a.service', `[Service]\nExecStart=/bin/a\n${lines}`);
    this.ask('start');
    this.run();
  }

  /** The main process ends. */
  endMain(status: number, groupEmpty: boolean): void {
    const pid = this.unit().runtime.mainPid;
    assert.ok(pid !== null);
    this.feed({ event: 'exited', pid, code: 'exited', status, unitHint: this.name, groupEmpty });
  }

  /** A process that nobody knows ends, and nothing is left. */
  endStranger(): void {
    this.feed({ event: 'exited', pid: 77 as Pid, code: 'exited', status: 0, unitHint: this.name, groupEmpty: true });
  }

  get kinds(): readonly string[] {
    return this.effects.map((effect) => effect.kind);
  }
}

test('a stop is over with the exit of the last process: nothing is signalled or watched any more', () => {
  const manager = new Manager('');
  manager.ask('stop');
  assert.equal(manager.words, 'deactivating stop-sigterm success');
  manager.endMain(0, true);
  assert.equal(manager.words, 'inactive dead success');
  assert.deepEqual(manager.kinds.filter((kind) => kind.includes('control-group')), ['release-control-group']);
});

test('a stop waits for what the main process left behind, and is over with the exit of that', () => {
  const manager = new Manager('');
  manager.ask('stop');
  manager.endMain(0, false);
  assert.equal(manager.words, 'deactivating final-sigterm success');
  assert.ok(manager.kinds.includes('watch-control-group'));
  manager.endStranger();
  assert.equal(manager.words, 'inactive dead success');
});

test('a service that fails as the last of its group is down and on its way up again in one step', () => {
  const manager = new Manager('Restart=always\nRestartSec=1');
  manager.endMain(3, true);
  assert.equal(manager.words, 'activating auto-restart exit-code');
  assert.equal(manager.kinds.includes('kill-control-group'), false);
});

test('commands of the stop still run after the exit of the last process', () => {
  const manager = new Manager('ExecStopPost=/bin/clean-up');
  manager.ask('stop');
  manager.endMain(0, true);
  assert.equal(manager.words, 'deactivating stop-post success');
  assert.equal(manager.run(), '/bin/clean-up');
  manager.feed({ event: 'exited', pid: manager.unit().runtime.controlPid as Pid, code: 'exited', status: 0, unitHint: manager.name, groupEmpty: true });
  assert.equal(manager.words, 'inactive dead success');
});

test('a forking service whose processes all end is over, although none of them was known', () => {
  const manager = new OneUnitManager('service', 'a.service', '[Service]\nType=forking\nGuessMainPID=no\nExecStart=/bin/a');
  manager.ask('start');
  manager.run();
  manager.feed({ event: 'exited', pid: manager.unit().runtime.controlPid as Pid, code: 'exited', status: 0, unitHint: manager.name, groupEmpty: false });
  assert.equal(manager.words, 'active running success');
  manager.feed({ event: 'exited', pid: 77 as Pid, code: 'exited', status: 0, unitHint: manager.name, groupEmpty: true });
  assert.equal(manager.words, 'inactive dead success');
});

test('an exit that was the last one of a former process says nothing about one that is on its way', () => {
  const manager = new Manager('Restart=always\nRestartSec=0');
  manager.endMain(1, true);
  assert.equal(manager.words, 'activating start success');
  manager.endStranger();
  assert.equal(manager.words, 'activating start success');
  assert.equal(manager.unit().runtime.groupEmpty, false);
});

test('the last command of a socket ends its stop', () => {
  const manager = new OneUnitManager('socket', 'a.socket', '[Socket]\nListenStream=/run/a\nExecStopPost=/bin/clean-up', { more: [unitOf('a.service', '[Service]\nExecStart=/bin/a')] });
  manager.ask('start');
  manager.feed({ event: 'sockets-opened', unit: manager.name, token: manager.unit().runtime.openToken ?? 0, fds: ['listen:a.socket:0'] });
  assert.equal(manager.words, 'active listening success');
  manager.ask('stop');
  assert.equal(manager.run(), '/bin/clean-up');
  manager.feed({ event: 'exited', pid: manager.unit().runtime.controlPid as Pid, code: 'exited', status: 0, unitHint: manager.name, groupEmpty: true });
  assert.equal(manager.words, 'inactive dead success');
  assert.equal(manager.effects.some(({ kind }) => kind === 'kill-control-group'), false);
});

test('a scope is over with the exit of the last process in it', () => {
  const manager = new OneUnitManager('scope', 'a.scope', '[Scope]');
  manager.ask('start');
  assert.equal(manager.words, 'active running success');
  manager.feed({ event: 'exited', pid: 77 as Pid, code: 'exited', status: 0, unitHint: manager.name, groupEmpty: false });
  assert.equal(manager.words, 'active running success');
  manager.feed({ event: 'exited', pid: 78 as Pid, code: 'exited', status: 0, unitHint: manager.name, groupEmpty: true });
  assert.equal(manager.words, 'inactive dead success');
});
