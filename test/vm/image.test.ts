import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { checkoutRoot } from '../../initramfs/cache.ts';
import { compressArchive } from '../../initramfs/layer.ts';
import { writeNewcArchive } from '../../initramfs/newc-archive.ts';
import { nodeRuntime } from '../../initramfs/node-runtime.ts';
import { runtimeLayer } from '../../initramfs/runtime-layer.ts';
import { ADDON, systemLayer } from '../../initramfs/system-layer.ts';

const FETCH_LIMIT_MS = 5 * 60_000;

/** Copies a tree in reverse order, with other times and modes: all that a fresh clone could have different. */
function copyOtherwise(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(from).sort().reverse()) {
    if (name.startsWith('.build-lock')) continue;
    const source = join(from, name);
    const target = join(to, name);
    if (statSync(source).isDirectory()) {
      copyOtherwise(source, target);
      continue;
    }
    copyFileSync(source, target);
    utimesSync(target, 1, 1);
  }
}

test('the same programs and units give the same image, byte for byte', { timeout: FETCH_LIMIT_MS }, () => {
  const node = nodeRuntime(() => undefined);
  const here = join(checkoutRoot, 'dist');
  const unitsDirectory = join(checkoutRoot, 'units/system');
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-image-test-'));
  try {
    const elsewhere = join(directory, 'dist');
    copyOtherwise(here, elsewhere);
    const first = [runtimeLayer(node, [join(here, ADDON)]), systemLayer({ distDirectory: here, unitsDirectory })];
    const second = [runtimeLayer(node, [join(elsewhere, ADDON)]), systemLayer({ distDirectory: elsewhere, unitsDirectory })];
    for (const [index, name] of ['runtime', 'system'].entries()) {
      const one = compressArchive(writeNewcArchive(first[index]!), node);
      const other = compressArchive(writeNewcArchive(second[index]!), node);
      assert.ok(one.byteLength > 100_000, `the ${name} layer holds something`);
      assert.ok(one.equals(other), `two builds of the ${name} layer differ`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
