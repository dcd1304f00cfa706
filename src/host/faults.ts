/** Deaths on request, for drills and tests: each takes the way that the real mistake would take. */
import { unreachable } from '../base/assert.ts';
import type { Fault } from '../control/requests.ts';

/** Does not come back, or throws. To be called from the loop itself, so that nothing catches it. */
export function commitFault(how: Fault): void {
  switch (how) {
    case 'segv':
      process.kill(process.pid, 'SIGSEGV');
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
    default: return unreachable(how);
  }
}
