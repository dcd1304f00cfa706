/** Finds and loads the addon. The only place that does. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NativeBinding } from './native.ts';

/** How many directories above this file are searched for the checkout: the source lies two below, a bundle one. */
const ANCESTORS_MAX = 4;

/**
 * The addon the program's loader has loaded (tools/set-up/loader.cjs), else `heartwood.node`: from `$HEARTWOOD_ADDON` when it is set, else beside the running bundle (`native/heartwood.node`), else from
 * the checkout's `dist/native`.
 *
 * @param startDirectory directory of the running file; the bundle's own by default
 * @throws Error with one line that says where was looked, when there is no addon or it cannot be loaded
 */
export function loadNative(startDirectory: string = import.meta.dirname): NativeBinding {
  const { heartwoodAddon } = globalThis as { heartwoodAddon?: NativeBinding };
  if (heartwoodAddon !== undefined) return heartwoodAddon;
  const path = findAddon(startDirectory);
  try {
    // What `require` does with a .node file, without loading `node:module` first, which takes a millisecond.
    const addon: { exports: unknown } = { exports: {} };
    process.dlopen(addon, path);
    return addon.exports as NativeBinding;
  } catch (error) {
    throw new Error(`the addon ${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function findAddon(startDirectory: string): string {
  const chosen = process.env['HEARTWOOD_ADDON'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const looked: string[] = [];
  for (const candidate of candidates(startDirectory)) {
    if (existsSync(candidate)) return candidate;
    looked.push(candidate);
  }
  throw new Error(`the addon is not built: none of ${looked.join(', ')} exists (in a checkout, run: node tools/build.mjs)`);
}

/** A generator, so that an installed bundle asks for one file only. */
function* candidates(startDirectory: string): Generator<string> {
  yield join(startDirectory, 'native/heartwood.node');
  for (let directory = startDirectory, level = 0; level < ANCESTORS_MAX; directory = dirname(directory), level++) {
    if (isCheckout(directory)) yield join(directory, 'dist/native/heartwood.node');
  }
}

function isCheckout(directory: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { name?: unknown }).name === 'heartwood';
  } catch {
    return false;
  }
}
