/**
 * What the boot needed and nothing after it needs again is given back, once.
 *
 * V8 forgets the compiled form of functions that were not used during several collections (it compiles them again if they ever are), and
 * empty pages go back to the kernel. After that, clean pages of Node's own text go back to the page cache: half of the resident
 * memory, and they come back by themselves when they are touched. Once only: an idle manager does not wake up.
 */
import type { NativeBinding } from '../native.ts';

/** When the dust of the boot has settled. */
const SETTLE_DELAY_MSEC = 3000;
/** A function is old for V8 after six collections; with a margin. */
const COLLECTIONS = 12;
/** A collection takes 5 ms with a hundred units; events are handled between them. */
const COLLECTION_PAUSE_MSEC = 20;

/** To be called once, when the boot is over. `gc` is there because the launcher passes --expose-gc; without it only pages are trimmed. */
export function settleMemory(native: NativeBinding): void {
  setTimeout(() => { collect(native, COLLECTIONS); }, SETTLE_DELAY_MSEC);
}

function collect(native: NativeBinding, left: number): void {
  const { gc } = globalThis;
  if (gc === undefined || left === 0) {
    native.trimMemory();
    return;
  }
  gc();
  setTimeout(() => { collect(native, left - 1); }, COLLECTION_PAUSE_MSEC);
}
