/** Scope units through `step`: what follows when the kernel ends one of their processes for want of memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const NAME = 'work.scope';

class Manager extends OneUnitManager<'scope'> {
  constructor(lines = '') {
    super('scope', NAME, `[Scope]\nTimeoutStopSec=10\n${lines}`, {});
    this.ask('start');
  }

  oomKill(): void {
    this.feed({ event: 'oom-kill', unit: NAME as UnitName });
  }

  empty(): void {
    this.feed({ event: 'cgroup-empty', unit: NAME as UnitName });
  }
}

test('a scope of which the kernel ended a process for want of memory is stopped, and killed when it was stopping already', () => {
  const manager = new Manager();
  assert.equal(manager.words, 'active running success');
  manager.oomKill();
  assert.equal(manager.words, 'deactivating stop-sigterm oom-kill');
  manager.oomKill();
  assert.equal(manager.words, 'deactivating stop-sigkill oom-kill');
  manager.empty();
  assert.equal(manager.words, 'failed failed oom-kill');
});

test('with OOMPolicy=continue, which delegation makes the default, a scope goes on', () => {
  for (const lines of ['OOMPolicy=continue', 'Delegate=yes']) {
    const manager = new Manager(lines);
    manager.oomKill();
    assert.equal(manager.words, 'active running success');
    manager.empty();
    assert.equal(manager.words, 'inactive dead success');
  }
});

test('OOMPolicy=kill is for the kernel to carry out, of services and of scopes', () => {
  for (const [name, section] of [['a.service', 'Service'], ['a.scope', 'Scope']] as const) {
    for (const [policy, isGroup] of [['kill', true], ['stop', false], ['continue', false]] as const) {
      const unit = unitOf(name, `[${section}]\nExecStart=/bin/true\nOOMPolicy=${policy}\n`);
      assert.equal('cgroup' in unit && unit.cgroup.oomGroup, isGroup, `${name} ${policy}`);
    }
  }
});
