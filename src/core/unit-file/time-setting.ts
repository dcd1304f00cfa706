import type { Usec } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import { seconds } from '../../base/time.ts';
import { parseTimeSpan } from '../time/time-span.ts';

/** Stands for `infinity` where a number must be given (a restart delay): a hundred years, safe to add to any instant. */
export const CENTURY_USEC: Usec = seconds(100 * 31_557_600);

/** A time span; null for `infinity` and for what is longer than a century, which no machine lives to tell apart. */
export function parseSpan(text: string): Result<Usec | null> {
  const span = parseTimeSpan(text);
  if (!span.ok) return problem(span.problem === 'out-of-range' ? `the time span '${text}' is out of range` : `'${text}' is not a time span such as 5min 20s`);
  return ok(span.value === 'infinity' || span.value > CENTURY_USEC ? null : span.value);
}

/** The same for time-outs, where 0 also means that there is none. */
export function parseTimeout(text: string): Result<Usec | null> {
  const span = parseSpan(text);
  return span.ok && span.value === 0 ? ok(null) : span;
}

/** The same where a number is needed: `infinity` becomes a century. */
export function parseDelay(text: string): Result<Usec> {
  const span = parseSpan(text);
  return span.ok ? ok(span.value ?? CENTURY_USEC) : span;
}
