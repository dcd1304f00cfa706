/** Names of network interfaces. Source: netdevice(7), IFNAMSIZ. */
import { ok, problem, type Result } from '../../../base/result.ts';
import { parseUnsigned } from './number.ts';

/** At most 15 characters; nothing that is a number, nor what sysctl(8) means by all interfaces. */
const NAME = /^(?!\d+$)(?!\.{1,2}$)(?!all$|default$)[\x21-\x24\x26-\x2e\x30-\x39\x3b-\x7e]{1,15}$/i;

export function parseInterfaceName(text: string): Result<string> {
  const index = parseUnsigned(text, 0x7fff_ffff);
  return NAME.test(text) && !(index.ok && index.value > 0) ? ok(text) : problem(`'${text.slice(0, 60)}' is not the name of a network interface`);
}
