/**
 * Files that come within the same tick of the file system's clock as the index of the load path was made: the directory's time does not
 * tell of them. Kernels since 6.13 have finer times; here the time is set back by hand to what an older one would have left.
 */
import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { isStampOf, stampOf } from '../../../src/host/unit-loader/unit-index.ts';
import { makeLoadTree, SERVICE } from './load-tree.ts';

test('what comes in the tick in which its directory was indexed is seen by the next reload', (context) => {
  const tree = makeLoadTree(context, { 'etc/a.service': SERVICE });
  const [etc] = tree.directories;
  // A time without a fraction is one of whole seconds, on a file system that has nothing finer; being ahead of the clock leaves the test time.
  const second = new Date(Math.ceil(Date.now() / 1000) * 1000);
  utimesSync(etc, second, second);
  const name = 'b.service' as UnitName;
  const load = (): string | undefined => tree.loader.reload([name])[0]?.loadState;
  assert.equal(load(), 'not-found');
  tree.write({ 'etc/b.service': SERVICE });
  utimesSync(etc, second, second);
  assert.equal(load(), 'loaded');
});

test('a directory has a stamp when it has not changed for a tick: some milliseconds, or seconds where nothing finer is kept', (context) => {
  const { directories: [etc] } = makeLoadTree(context);
  const fine = 1_700_000_000_123;
  utimesSync(etc, fine / 1000, fine / 1000);
  assert.equal(stampOf([etc], '', fine + 5), null);
  const settled = stampOf([etc], '', fine + 100);
  assert.ok(settled !== null && isStampOf(settled, [etc], ''));
  assert.equal(stampOf([etc], '', fine - 60_000), settled, 'a clock that was set back leaves no directory without a stamp for ever');
  const whole = 1_700_000_000_000;
  utimesSync(etc, whole / 1000, whole / 1000);
  assert.equal(stampOf([etc], '', whole + 1500), null);
  assert.notEqual(stampOf([etc], '', whole + 2500), null);
  assert.ok(!isStampOf(null, [etc], ''));
});

test('a directory that has not changed for long is not read again', (context) => {
  const tree = makeLoadTree(context, { 'etc/a.service': SERVICE });
  const longAgo = new Date(Date.now() - 60_000);
  for (const directory of tree.directories) utimesSync(directory, longAgo, longAgo);
  const first = tree.loader.index();
  assert.equal(tree.loader.index(), first);
});
