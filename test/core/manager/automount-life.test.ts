/** Automount units through `step`: who goes to the place, who waits, and when it is unmounted again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MountPoint } from '../../../src/core/unit/mount.ts';
import { edgesOf, unitOf } from '../unit-file/unit-rig.ts';
import { OneUnitManager } from './one-unit-rig.ts';

const NAME = 'srv-data.automount';
const MOUNT = 'srv-data.mount';
const THERE: MountPoint = { where: '/srv/data', what: 'tmpfs', type: 'tmpfs', options: 'rw' };
const EHOSTDOWN = 112;
const ENODEV = 19;

class Manager extends OneUnitManager<'automount'> {
  constructor(lines = '', mountLines = '') {
    super('automount', NAME, `[Automount]\nWhere=/srv/data\n${lines}`, { more: [unitOf(MOUNT, `[Unit]\nDefaultDependencies=no\n${mountLines}[Mount]\nWhere=/srv/data\nWhat=tmpfs\nType=tmpfs`)] });
  }

  open(outcome: 'trapped' | 'no-autofs' | 'failed' = 'trapped'): void {
    this.ask('start');
    assert.ok(this.effects.some((effect) => effect.kind === 'open-automount' && effect.where === '/srv/data'));
    this.feed({ event: 'automount-opened', unit: this.name, token: this.unit().runtime.token, outcome, detail: 'the reason' });
  }

  go(waiting: number): void {
    this.feed({ event: 'automount-request', unit: this.name, waiting, pid: 77 });
  }

  mounted(isMounted: boolean): void {
    this.feed({ event: 'mount-table', mounts: isMounted ? [THERE] : [] });
  }

  /** Numbers of those who were answered, with the error. */
  get answers(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'answer-automount' ? effect.tokens.map((token) => `${String(token)}:${String(effect.errno)}`) : []));
  }
}

test('the first who goes there has it mounted, all who come meanwhile wait for the same, and later ones go on at once', () => {
  const manager = new Manager();
  manager.open();
  assert.equal(manager.words, 'active waiting success');
  manager.go(1);
  assert.equal(manager.run(), '/bin/mount tmpfs /srv/data -t tmpfs');
  assert.equal(manager.words, 'active running success');
  manager.go(2);
  assert.deepEqual(manager.answers, []);
  manager.mounted(true);
  manager.exit(0);
  assert.deepEqual(manager.answers, ['1:0', '2:0']);
  manager.go(3);
  assert.deepEqual(manager.answers, ['3:0']);
});

test('a mount that fails is an error for who waits, and the next one tries again', () => {
  const manager = new Manager();
  manager.open();
  manager.go(1);
  manager.run();
  manager.exit(32);
  assert.deepEqual(manager.answers, [`1:${String(ENODEV)}`]);
  assert.equal(manager.words, 'active waiting success');
  manager.go(2);
  manager.run();
  manager.mounted(true);
  manager.exit(0);
  assert.deepEqual(manager.answers, ['2:0']);
});

test('a mount that failed too often ends the automount', () => {
  const manager = new Manager('', 'StartLimitBurst=1\nStartLimitIntervalSec=1h\n');
  manager.open();
  manager.go(1);
  manager.run();
  manager.exit(32);
  manager.go(2);
  assert.ok(manager.answers.some((answer) => answer.startsWith('2:')));
  assert.equal(manager.words, 'failed failed mount-start-limit-hit');
});

test('a stop sends who waits away with an error and takes the autofs away', () => {
  const manager = new Manager();
  manager.open();
  manager.go(5);
  manager.ask('stop');
  assert.deepEqual(manager.answers, [`5:${String(EHOSTDOWN)}`]);
  assert.ok(manager.effects.some((effect) => effect.kind === 'close-automount'));
  assert.equal(manager.words, 'inactive dead success');
});

test('without autofs the file system is mounted at once, with a word about why, and the automount ends with it', () => {
  const manager = new Manager();
  manager.open('no-autofs');
  assert.ok(manager.effects.some((effect) => effect.kind === 'log' && effect.message.includes('the reason')));
  assert.equal(manager.run(), '/bin/mount tmpfs /srv/data -t tmpfs');
  manager.mounted(true);
  manager.exit(0);
  assert.equal(manager.words, 'active running success');
  manager.mounted(false);
  assert.equal(manager.words, 'inactive dead success');
  const broken = new Manager();
  broken.open('failed');
  assert.equal(broken.words, 'failed failed resources');
});

test('every TimeoutIdleSec= the host is asked to unmount what is unused, and the next who goes there has it mounted again', () => {
  const manager = new Manager('TimeoutIdleSec=30');
  manager.open();
  manager.later(60);
  manager.go(1);
  manager.run();
  manager.mounted(true);
  manager.exit(0);
  const asks = (): boolean => manager.effects.some((effect) => effect.kind === 'look-at-automount' && effect.where === '/srv/data');
  manager.later(29);
  assert.ok(!asks());
  manager.later(1);
  assert.ok(asks());
  manager.feed({ event: 'automount-used', unit: manager.name });
  manager.later(30);
  assert.ok(asks());
  manager.mounted(false);
  assert.equal(manager.words, 'active waiting success');
  manager.later(60);
  assert.ok(!asks());
  manager.go(2);
  assert.match(manager.run(), /mount/);
});

test('somebody who unmounts the autofs ends the unit', () => {
  const manager = new Manager();
  manager.open();
  manager.feed({ event: 'automount-gone', unit: manager.name });
  assert.equal(manager.words, 'failed failed unmounted');
});

test('an automount has the dependencies of systemd, and cannot be for the root', () => {
  const unit = unitOf(NAME, '[Automount]\nWhere=/srv/data');
  assert.deepEqual(edgesOf(unit), [
    'After local-fs-pre.target', 'Before local-fs.target', 'Before srv-data.mount', 'Before umount.target', 'Conflicts umount.target', 'Triggers srv-data.mount',
  ]);
  assert.equal(unit.description, NAME);
  assert.match(unitOf('-.automount', '[Automount]\nWhere=/').loadError ?? '', /root/);
});
