import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { BUILT_IN_DEFAULTS } from '../../../src/core/unit-file/unit-defaults.ts';
import { readUnitFile } from '../../../src/host/unit-loader/read-unit-file.ts';
import { createUnitLoader, type UnitLoader } from '../../../src/host/unit-loader/unit-loader.ts';
import { Dice } from '../../../src/sim/dice.ts';
import { MACHINE } from '../../core/unit-file/unit-rig.ts';
import { makeLoadTree, SERVICE, type LoadTree } from './load-tree.ts';

interface CountingLoader {
  readonly loader: UnitLoader;
  /** Names of the files that were opened since the last call, without their directories, sorted. */
  readonly takeReads: () => readonly string[];
}

function countingLoader(tree: LoadTree): CountingLoader {
  let reads: string[] = [];
  const loader = createUnitLoader({
    mode: 'system', hasDevices: false, directories: tree.directories, root: '', defaults: BUILT_IN_DEFAULTS, specifiers: MACHINE,
    readUnitFile: (path) => {
      reads.push(path.slice(tree.root.length + 1));
      return readUnitFile(path);
    },
  });
  return { loader, takeReads: () => { const taken = reads.sort(); reads = []; return taken; } };
}

/** Longer than a tick of any kernel's clock, so that what is changed from now on has other times. */
const TICK_MSEC = 12;

function awaitTick(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TICK_MSEC);
}

/** Lets files that were just written count as old ones. */
function letTimePass(context: TestContext): void {
  const later = Date.now() + 3_600_000;
  context.mock.method(Date, 'now', () => later);
}

const ALL = ['all.target' as UnitName];

function byName(units: readonly UnitDefinition[]): ReadonlyMap<string, UnitDefinition> {
  return new Map(units.map((unit) => [unit.name, unit]));
}

test('a reload of ten thousand unchanged units opens no file, and of one that changed only its own', (t) => {
  const COUNT = 10_000;
  const files: Record<string, string> = { 'lib/all.target': '[Unit]\nDescription=All\n' };
  for (let i = 0; i < COUNT; i++) {
    files[`lib/s${String(i)}.service`] = SERVICE;
    files[`lib/all.target.wants/s${String(i)}.service`] = `-> ../s${String(i)}.service`;
    if (i % 100 === 0) files[`etc/s${String(i)}.service.d/x.conf`] = '[Service]\nNice=1\n';
  }
  const tree = makeLoadTree(t, files);
  letTimePass(t);
  const { loader, takeReads } = countingLoader(tree);
  const loaded = loader.loadClosure(ALL, () => undefined);
  assert.equal(takeReads().length, 1 + COUNT + COUNT / 100, 'each file is opened once');
  const names = loaded.map((unit) => unit.name);
  const again = loader.reload(names);
  assert.deepEqual(takeReads(), []);
  assert.deepEqual(again.map((unit) => unit.name).sort(), [...names].sort());
  tree.write({ 'lib/s7.service': `${SERVICE}Nice=7\n` });
  const after = byName(loader.reload(names));
  assert.deepEqual(takeReads(), ['lib/s7.service']);
  assert.equal(after.get('s7.service')?.kind === 'service' && (after.get('s7.service') as Extract<UnitDefinition, { kind: 'service' }>).exec.nice, 7);
});

test('drop-ins, links and files of other units count: whoever they are for is read again', (t) => {
  const tree = makeLoadTree(t, { 'lib/all.target': '[Unit]\nWants=a.service b.service\n', 'lib/a.service': SERVICE, 'lib/b.service': SERVICE });
  letTimePass(t);
  const { loader, takeReads } = countingLoader(tree);
  loader.reload(ALL);
  takeReads();
  awaitTick();
  tree.write({ 'etc/a.service.d/x.conf': '[Service]\nNice=3\n' });
  loader.reload(ALL);
  assert.deepEqual(takeReads(), ['etc/a.service.d/x.conf', 'lib/a.service']);
  awaitTick();
  tree.write({ 'etc/a.service.d/x.conf': '[Service]\nNice=4\n' });
  loader.reload(ALL);
  assert.deepEqual(takeReads(), ['etc/a.service.d/x.conf', 'lib/a.service']);
  awaitTick();
  tree.write({ 'etc/all.target.wants/c.service': '-> /nowhere' });
  assert.ok(byName(loader.reload(ALL)).has('c.service'));
  assert.deepEqual(takeReads(), ['lib/all.target']);
  awaitTick();
  // A service belongs to the socket of its name as soon as there is one.
  tree.write({ 'lib/b.socket': '[Socket]\nListenStream=/run/b\n' });
  const b = byName(loader.reload([...ALL, 'b.socket' as UnitName])).get('b.service');
  assert.deepEqual(takeReads(), ['lib/b.service', 'lib/b.socket']);
  assert.deepEqual(b?.kind === 'service' && b.sockets, ['b.socket']);
});

test('a file that was written a moment before is read again: another change could leave the same times behind', (t) => {
  const tree = makeLoadTree(t, { 'lib/all.target': '[Unit]\nDescription=One\n' });
  const { loader, takeReads } = countingLoader(tree);
  loader.reload(ALL);
  tree.write({ 'lib/all.target': '[Unit]\nDescription=Two\n' });
  assert.equal(byName(loader.reload(ALL)).get('all.target')?.description, 'Two');
  assert.equal(takeReads().length, 2);
});

test('whether a unit changed on disk is told without opening its file when it did not', (t) => {
  const tree = makeLoadTree(t, { 'lib/all.target': '[Unit]\nDescription=One\n' });
  letTimePass(t);
  const { loader, takeReads } = countingLoader(tree);
  const [unit] = loader.reload(ALL) as [UnitDefinition];
  takeReads();
  assert.equal(loader.changedOnDisk(unit), false);
  assert.deepEqual(takeReads(), []);
  awaitTick();
  tree.write({ 'lib/all.target': '[Unit]\nDescription=Two\n' });
  assert.equal(loader.changedOnDisk(unit), true);
});

test('after any change of files a reload gives what a loader gives that knows nothing', (t) => {
  const LIVES = 15, CHANGES = 25;
  letTimePass(t);
  for (let seed = 1; seed <= LIVES; seed++) {
    const dice = new Dice(seed * 7919);
    const tree = makeLoadTree(t, { 'lib/all.target': '[Unit]\nWants=a.service b.service c@1.service d.socket\n' });
    const { loader } = countingLoader(tree);
    for (let i = 0; i < CHANGES; i++) {
      change(tree, dice);
      if (dice.chance(40)) continue;
      const fresh = countingLoader(tree).loader;
      assert.deepEqual(loader.reload(ALL), fresh.loadClosure(ALL, () => undefined), `seed ${String(seed)}, change ${String(i)}`);
      awaitTick();
    }
  }
});

/** A file, drop-in or link comes, changes, moves or goes. */
function change({ root }: LoadTree, dice: Dice): void {
  const name = dice.pick(['a.service', 'b.service', 'c@.service', 'd.socket', 'd.service', 'x.service', 'all.target'] as const);
  const directory = dice.pick(['etc', 'lib'] as const);
  const path = join(root, directory, dice.pick([name, `${name}.d/x.conf`, `${name}.d/y.conf`, 'service.d/z.conf', `${name}.wants/x.service`] as const));
  const remove = (): void => { rmSync(path, { force: true, recursive: true }); };
  mkdirSync(dirname(path), { recursive: true });
  switch (dice.below(6)) {
    case 0: remove(); return;
    case 1: remove(); symlinkSync(dice.pick(['/dev/null', `../${directory}/x.service`, 'b.service'] as const), path); return;
    case 2: if (existsSync(path)) renameSync(path, join(root, `aside${String(dice.below(1e6))}`)); return;
    default: remove(); writeFileSync(path, textFor(name, dice));
  }
}

function textFor(name: string, dice: Dice): string {
  const unit = `[Unit]\nDescription=${String(dice.below(9))}\nAfter=${dice.pick(['a.service', 'x.service', 'all.target'] as const)}\n`;
  if (name.endsWith('.socket')) return `${unit}[Socket]\nListenStream=/run/${String(dice.below(3))}\n`;
  if (name.endsWith('.target')) return `${unit}Wants=a.service b.service c@1.service d.socket\n`;
  return dice.chance(10) ? '' : `${unit}${dice.chance(90) ? SERVICE : '[Service]\n'}`;
}
