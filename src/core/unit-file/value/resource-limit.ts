/** Limit…= of systemd.exec(5): `65536`, `512M:1G`, `infinity`, and the units that some of them take. Source: getrlimit(2). */
import type { Usec } from '../../../base/brand.ts';
import { ok, problem, type Result } from '../../../base/result.ts';
import { parseTimeSpan } from '../../time/time-span.ts';
import type { LimitName, LimitValue, ResourceLimit } from '../../unit/exec-context.ts';
import { withoutBackslashes } from '../words.ts';
import { parseSize, parseUnsigned } from './number.ts';

/** All limits, in the order of the manual page. */
export const LIMIT_NAMES: readonly LimitName[] = [
  'CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NOFILE', 'AS', 'NPROC', 'MEMLOCK', 'LOCKS', 'SIGPENDING', 'MSGQUEUE', 'NICE', 'RTPRIO', 'RTTIME',
];

const IN_BYTES: ReadonlySet<LimitName> = new Set(['FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'AS', 'MEMLOCK', 'MSGQUEUE']);
/** CPU counts seconds, RTTIME microseconds; both take time spans whose bare numbers are in that unit. */
const IN_TIME: ReadonlyMap<LimitName, Usec> = new Map([['CPU', 1_000_000 as Usec], ['RTTIME', 1 as Usec]]);

/** 20 minus the nicest level of the kernel's count. */
const NICE_MAX = 40;

function parseLimitValue(name: LimitName, text: string): Result<LimitValue> {
  if (text === 'infinity' && name !== 'NICE') return ok('infinity');
  if (IN_BYTES.has(name)) return parseSize(text);
  const unit = IN_TIME.get(name);
  if (unit !== undefined) {
    const span = parseTimeSpan(text, unit);
    if (!span.ok) return problem(`'${text}' is not a time span`);
    return span.value === 'infinity' ? ok('infinity') : ok(Math.ceil(span.value / unit));
  }
  if (name === 'NICE' && /^[+-]/.test(text)) {
    // A nice level is written with its sign; the kernel counts 20 minus the level.
    const size = parseUnsigned(text.slice(1));
    if (!size.ok) return size;
    const nice = text.startsWith('-') ? -size.value : size.value;
    return nice >= -20 && nice <= 19 ? ok(20 - nice) : problem(`${text} is not within -20 to 19`);
  }
  if (name === 'NICE') {
    const level = parseUnsigned(text);
    return level.ok && level.value > NICE_MAX ? problem(`${text} is not within 0 to ${NICE_MAX}`) : level;
  }
  return parseUnsigned(text, 2 ** 64 - 2048);
}

/** `value` for both limits, or `soft:hard`. The soft limit may not be above the hard one. */
export function parseResourceLimit(name: LimitName, text: string): Result<ResourceLimit> {
  const parts = (text.match(/(?:\\.|[^:\\])*(?::|\\$|$)/gs) ?? []).map((part) => withoutBackslashes(part.replace(/:$/, '')));
  // The expression also matches nothing, at the end.
  parts.pop();
  const [first = '', second, ...more] = parts;
  const soft = parseLimitValue(name, first);
  if (!soft.ok) return soft;
  if (second === undefined) return text.endsWith(':') ? problem('the hard limit is missing') : ok({ soft: soft.value, hard: soft.value });
  const hard = more.length > 0 ? problem(`'${text}' is more than a soft and a hard limit`) : parseLimitValue(name, second);
  if (!hard.ok) return hard;
  const isAbove = hard.value !== 'infinity' && (soft.value === 'infinity' || soft.value > hard.value);
  return isAbove ? problem(`the soft limit of '${text}' is above the hard one`) : ok({ soft: soft.value, hard: hard.value });
}
