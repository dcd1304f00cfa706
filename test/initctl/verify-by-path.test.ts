import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { offlineAnswerer } from '../../src/initctl/client/offline.ts';

test('a file is verified by its path, an instance by that of its template with the words of the instance', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-verify-'));
  t.after(() => { rmSync(directory, { recursive: true }); });
  writeFileSync(join(directory, 'x@.service'), '[Service]\nExecStart=/bin/true\nWorkingDirectory=%I\n');
  const answer = await offlineAnswerer({ root: null, user: false }).request('verify', { units: ['x@-tmp.service', 'x@none.service', 'y@1.service'].map((name) => join(directory, name)) });
  assert(answer.ok);
  const { units } = answer.value;
  assert.deepEqual(units.map(({ load, diagnostics }) => [load, diagnostics.map(({ line }) => line)]), [['loaded', []], ['bad-setting', [3]], ['not-found', []]]);
  assert.match(units[2]?.loadError ?? '', /y@1\.service does not exist/);
});
