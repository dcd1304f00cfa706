/** Counts what happens within an interval that begins with the first happening, as systemd's rate limits do. */
import { addUsec } from '../../../base/time.ts';
import type { MonotonicUsec } from '../../../base/brand.ts';
import type { RateCount } from '../../manager/state.ts';
import type { RateLimit } from '../../unit/socket.ts';

/** One more happening: the count with it, and whether it is still within the limit. */
export function countUp(limit: RateLimit, former: RateCount, nowUsec: MonotonicUsec): readonly [RateCount, boolean] {
  if (limit.intervalUsec <= 0 || limit.burst <= 0) return [former, true];
  const isOver = former.sinceUsec === null || addUsec(former.sinceUsec, limit.intervalUsec) < nowUsec;
  if (isOver) return [{ sinceUsec: nowUsec, count: 1 }, true];
  return [{ ...former, count: former.count + 1 }, former.count < limit.burst];
}
