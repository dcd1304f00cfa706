import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrivateTmp } from '../../src/host/spawn/private-tmp.ts';
import { TreeRemoval } from '../../src/host/spawn/tree-removal.ts';
import type { NativeBinding } from '../../src/host/native.ts';
import type { UnitName } from '../../src/base/brand.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'heartwood-trees-'));
  t.after(() => { rmSync(path, { recursive: true, force: true }); });
  return path;
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!holds()) {
    assert.ok(Date.now() < end, 'it comes true');
    await sleep(5);
  }
}

/** Makes `count` files in directories of ten, and a link to what must stay. */
function plant(path: string, count: number, link: string): void {
  for (let n = 0; n < count; n++) {
    if (n % 10 === 0) mkdirSync(`${path}/${String(n)}/deep/er`, { recursive: true });
    writeFileSync(`${path}/${String(n - (n % 10))}/deep/er/${String(n)}`, '');
  }
  symlinkSync(link, `${path}/link`);
}

test('a tree is out of the way at once, and goes slice by slice with others having their turn; where links lead is left alone', async (t) => {
  const holder = folder(t);
  const kept = folder(t);
  writeFileSync(`${kept}/file`, '');
  plant(`${holder}/a`, 2000, kept);
  const removal = new TreeRemoval(holder);
  removal.remove(`${holder}/a`);
  assert.equal(existsSync(`${holder}/a`), false);
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (readdirSync(holder).length > 0) setImmediate(count);
  };
  setImmediate(count);
  mkdirSync(`${holder}/a`);
  removal.remove(`${holder}/a`);
  await until(() => readdirSync(holder).length === 0);
  assert.ok(turns > 10, `others had ${String(turns)} turns`);
  assert.deepEqual(readdirSync(kept), ['file']);
});

test('what a manager that died has not removed is removed by the next', async (t) => {
  const holder = folder(t);
  plant(`${holder}/.gone-7`, 30, '/nowhere');
  const removal = new TreeRemoval(holder);
  mkdirSync(`${holder}/b`);
  removal.remove(`${holder}/b`);
  await until(() => readdirSync(holder).length === 0);
});

/** Directories are all it makes. */
const native = { makeDirectory: (path: string) => { mkdirSync(path, { recursive: true }); return 0; } } as unknown as NativeBinding;

test('a unit whose link to a shared private /tmp leads nowhere gets a directory of its own', (t) => {
  const runtimeDirectory = folder(t);
  mkdirSync(`${runtimeDirectory}/private-tmp`);
  symlinkSync('gone.service', `${runtimeDirectory}/private-tmp/a.service`);
  const path = new PrivateTmp({ native, runtimeDirectory }).prepare('a.service' as UnitName, ['gone.service' as UnitName]);
  writeFileSync(`${path}/file`, '');
  assert.deepEqual(readdirSync(`${runtimeDirectory}/private-tmp/a.service`), ['file']);
});

test('a private /tmp is removed with its unit, and a link to it alone', async (t) => {
  const runtimeDirectory = folder(t);
  const places = new PrivateTmp({ native, runtimeDirectory });
  const [a, b] = ['a.service', 'b.service'] as UnitName[] as [UnitName, UnitName];
  writeFileSync(`${places.prepare(a, [])}/file`, '');
  assert.deepEqual(readdirSync(places.prepare(b, [a])), ['file']);
  places.release(b);
  assert.deepEqual(readdirSync(`${runtimeDirectory}/private-tmp`), ['a.service']);
  places.release(a);
  await until(() => readdirSync(`${runtimeDirectory}/private-tmp`).length === 0);
});
