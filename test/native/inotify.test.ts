import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { native, ok } from './native-under-test.ts';

const [IN_MODIFY, IN_MOVED_TO, IN_CREATE, IN_IGNORED] = [0x2, 0x80, 0x100, 0x8000] as const;

test('changes below a watched directory are told with their names, and silence follows the removal of the watch', () => {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-inotify-'));
  const fd = ok(native.inotifyOpen());
  assert.deepEqual(native.inotifyRead(fd), []);
  const watch = ok(native.inotifyAdd(fd, directory, IN_CREATE | IN_MODIFY | IN_MOVED_TO));
  writeFileSync(join(directory, 'größe'), 'x');
  renameSync(join(directory, 'größe'), join(directory, 'b'));
  assert.deepEqual(ok(native.inotifyRead(fd)), [
    { watch, mask: IN_CREATE, name: 'größe' }, { watch, mask: IN_MODIFY, name: 'größe' }, { watch, mask: IN_MOVED_TO, name: 'b' },
  ]);
  ok(native.inotifyRemove(fd, watch));
  assert.deepEqual(ok(native.inotifyRead(fd)), [{ watch, mask: IN_IGNORED, name: '' }]);
  writeFileSync(join(directory, 'c'), '');
  assert.deepEqual(native.inotifyRead(fd), []);
  assert.equal(native.inotifyAdd(fd, join(directory, 'missing'), IN_CREATE), 'ENOENT');
  assert.equal(native.inotifyRemove(fd, watch), 'EINVAL');
  ok(native.close(fd));
  rmSync(directory, { recursive: true });
});

test('a thousand changes between two looks all arrive', () => {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-inotify-'));
  const fd = ok(native.inotifyOpen());
  ok(native.inotifyAdd(fd, directory, IN_CREATE));
  for (let index = 0; index < 1000; index++) writeFileSync(join(directory, `file-with-a-rather-long-name-${String(index)}`), '');
  const names = new Set<string>();
  for (;;) {
    const records = ok(native.inotifyRead(fd));
    if (records.length === 0) break;
    for (const { name } of records) names.add(name);
  }
  assert.equal(names.size, 1000);
  ok(native.close(fd));
  rmSync(directory, { recursive: true });
});
