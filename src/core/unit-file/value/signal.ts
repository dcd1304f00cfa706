/** Signals by name and number. Numbers are those of x86-64 and arm64, which agree. Source: signal(7). */
import type { Signal } from '../../../base/brand.ts';
import { ok, problem, type Result } from '../../../base/result.ts';
import { meant } from '../nearest-name.ts';
import { parseInteger, parseUnsigned } from './number.ts';

const NAMES: readonly string[] = [
  '', 'HUP', 'INT', 'QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'KILL', 'USR1', 'SEGV', 'USR2', 'PIPE', 'ALRM', 'TERM', 'STKFLT',
  'CHLD', 'CONT', 'STOP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'WINCH', 'IO', 'PWR', 'SYS',
];
const ALIASES: ReadonlyMap<string, number> = new Map([['IOT', 6], ['CLD', 17], ['POLL', 29]]);

/** Real-time signals as glibc numbers them: it keeps 32 and 33 for itself. */
const RTMIN = 34;
const RTMAX = 64;

/** `SIGTERM`, `TERM`, `15`, `0xf`, `RTMIN+3`, `SIGRTMAX-1`. */
export function parseSignal(text: string): Result<Signal> {
  const byNumber = parseUnsigned(text);
  if (byNumber.ok) return byNumber.value >= 1 && byNumber.value <= RTMAX ? ok(byNumber.value as Signal) : problem(`there is no signal ${text}`);
  const name = text.startsWith('SIG') ? text.slice(3) : text;
  const number = name === '' ? -1 : NAMES.indexOf(name);
  if (number > 0) return ok(number as Signal);
  const alias = ALIASES.get(name);
  if (alias !== undefined) return ok(alias as Signal);
  const realTime = /^RT(?:MIN(\+.+)?|MAX(-.+)?)$/s.exec(name);
  if (realTime !== null) {
    const offset = parseInteger(realTime[1] ?? realTime[2] ?? '0', RTMIN - RTMAX, RTMAX - RTMIN);
    if (offset.ok) return ok((name.startsWith('RTMIN') ? RTMIN : RTMAX) + offset.value as Signal);
  }
  return problem(`'${text}' is not a signal${meant(name, NAMES.slice(1), (nearest) => `SIG${nearest}`)}`);
}

/** `SIGTERM`, `SIGRTMIN+3`. */
export function signalName(signal: Signal): string {
  const name = NAMES[signal];
  if (name !== undefined && name !== '') return `SIG${name}`;
  return signal >= RTMIN ? `SIGRTMIN${signal === RTMIN ? '' : `+${signal - RTMIN}`}` : `SIG${signal}`;
}
