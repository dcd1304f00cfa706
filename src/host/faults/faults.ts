/** Deaths on request, for drills and tests: each takes the way that the real mistake would take. */
import { unreachable } from '../../base/assert.ts';
import type { Fault } from '../../control/requests.ts';
import type { NativeBinding } from '../native.ts';

/** Deaths by a signal, by its number: the ones that can wait at a place. */
export const FAULT_SIGNALS: Readonly<Partial<Record<Fault, number>>> & Readonly<Record<'segv' | 'bus' | 'fpe' | 'ill', number>> = { segv: 11, bus: 7, fpe: 8, ill: 4, abort: 6 };

const LEAK_BYTES = 4 << 20;
const LEAK_PAUSE_MSEC = 20;
const leaked: Buffer[] = [];

/** Memory that grows while the manager works on, as it does in the field: the ceiling has to notice. */
function leak(): void {
  leaked.push(Buffer.alloc(LEAK_BYTES, 1));
  setTimeout(leak, LEAK_PAUSE_MSEC);
}

/** Does not come back, or throws. To be called from the loop itself, so that nothing catches it. */
export function commitFault(native: NativeBinding, how: Fault): void {
  switch (how) {
    case 'segv': case 'bus': case 'fpe': case 'ill':
      process.kill(process.pid, FAULT_SIGNALS[how]);
      return;
    case 'abort': return process.abort();
    case 'exit': return process.exit(3);
    case 'throw': throw new Error('a fault was asked for');
    case 'reject':
      void Promise.reject(new Error('a fault was asked for'));
      return;
    case 'loop':
      for (;;);
    case 'out-of-memory': {
      const hoard: string[][] = [];
      for (;;) hoard.push(Array.from({ length: 100_000 }, (_, index) => String(index)));
    }
    case 'leak':
      leak();
      return;
    case 'recursion': {
      const deeper = (depth: number): number => deeper(depth + 1) + 1;
      deeper(0);
      return;
    }
    case 'native-loop':
      native.commitFault('loop');
      return;
    case 'native-recursion':
      native.commitFault('recursion');
      return;
    default: return unreachable(how);
  }
}
