/** Rules of SocketBindAllow= and SocketBindDeny=: `[ipv4:|ipv6:][tcp:|udp:][PORT|PORT-PORT|any]`. Source: systemd.resource-control(5). */
import { ok, problem, type Result } from '../../../base/result.ts';
import { withoutBackslashes } from '../words.ts';
import { parseUnsigned } from './number.ts';

const FAMILIES: ReadonlySet<string> = new Set(['ipv4', 'ipv6']);
const PROTOCOLS: ReadonlySet<string> = new Set(['tcp', 'udp']);
const PORT_MAX = 65_535;

/** The rule as systemd 252 shows it, which leaves out the colon behind the protocol. */
export function parseSocketBind(text: string): Result<string> {
  const wrong = problem(`'${text.slice(0, 60)}' is not a rule such as ipv4:tcp:80, 1024-2048 or any`);
  if (text === 'any') return ok('any');
  const parts = text.split(':').map(withoutBackslashes);
  if (parts.length > 3) return wrong;
  const family = FAMILIES.has(parts[0] ?? '') ? parts.shift() ?? '' : '';
  const protocol = PROTOCOLS.has(parts[0]?.toLowerCase() ?? '') ? parts.shift()?.toLowerCase() ?? '' : '';
  const ports = parts.length === 0 ? 'any' : readPorts(parts[0] ?? '');
  if (parts.length > 1 || ports === null) return wrong;
  return ok(`${family === '' ? '' : `${family}:`}${protocol}${ports}`);
}

function readPorts(text: string): string | null {
  if (text === 'any') return 'any';
  const [from = '', to, ...more] = text.split('-');
  const first = parseUnsigned(from, PORT_MAX);
  const last = to === undefined ? first : parseUnsigned(to, PORT_MAX);
  if (!first.ok || !last.ok || more.length > 0 || first.value < 1 || first.value > last.value) return null;
  return first.value === last.value ? String(first.value) : `${String(first.value)}-${String(last.value)}`;
}
