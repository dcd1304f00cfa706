import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadRandomSeed, saveRandomSeed } from '../../src/init/random-seed.ts';

const root = mkdtempSync(join(tmpdir(), 'heartwood-seed-'));
after(() => { rmSync(root, { recursive: true }); });

test('what a shutdown saves is stirred in by the next boot, and is new each time', () => {
  const pool = join(root, 'pool');
  const path = join(root, 'var/lib/heartwood/random-seed');
  saveRandomSeed(root);
  const first = readFileSync(path);
  assert.equal(first.length, 512);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  loadRandomSeed(root, pool);
  assert.deepEqual(readFileSync(pool), first, 'byte for byte: it is no text');
  saveRandomSeed(root);
  assert.notDeepEqual(readFileSync(path), first);
});

test("systemd's own seed is kept up where there is one", () => {
  const theirs = join(root, 'var/lib/systemd/random-seed');
  mkdirSync(join(root, 'var/lib/systemd'));
  writeFileSync(theirs, 'old');
  rmSync(join(root, 'var/lib/heartwood'), { recursive: true });
  saveRandomSeed(root);
  assert.equal(readFileSync(theirs).length, 512);
  assert.ok(!existsSync(join(root, 'var/lib/heartwood')));
});
