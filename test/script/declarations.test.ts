import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const CHECKOUT = join(import.meta.dirname, '../..');

test('the declarations name exactly the functions that scripts can import', () => {
  const text = readFileSync(join(CHECKOUT, 'src/script/heartwood.d.ts'), 'utf8');
  const declared = new Set([...text.matchAll(/export (?:function|class) (\w+)/g)].map((match) => match[1]));
  const directory = mkdtempSync(join(tmpdir(), 'script-'));
  try {
    writeFileSync(join(directory, 'a.js'), "import * as all from 'heartwood';\nconsole.log(Object.keys(all).filter((name) => name !== 'default').join(' '));\n");
    const { stdout, stderr } = spawnSync(join(CHECKOUT, 'bin/heartwood-script'), [join(directory, 'a.js')], { encoding: 'utf8', timeout: 20_000 });
    assert.deepEqual((stdout + stderr).trim().split(' ').sort(), [...declared].sort());
  } finally {
    rmSync(directory, { recursive: true });
  }
});
