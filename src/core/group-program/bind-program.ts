/** Which addresses the sockets of a control group may be bound to, as a program. Pure. Source: systemd.resource-control(5), SocketBindAllow=. */
import type { SocketBindRule } from '../unit/group-access.ts';
import { Assembler, label } from './assembler.ts';

/** struct bpf_sock_addr. The port is in network order. */
const AT_PORT = 24;
const AT_PROTOCOL = 36;

const PROTOCOLS = { tcp: 6, udp: 17 } as const;

/** What is allowed may, what is denied and not allowed fails with EPERM, all else may. */
export function bindProgram(family: 'ipv4' | 'ipv6', allow: readonly SocketBindRule[], deny: readonly SocketBindRule[]): Uint8Array {
  const program = new Assembler();
  program.loadWord(2, 1, AT_PORT);
  program.fromNetworkOrder16(2);
  program.loadWord(3, 1, AT_PROTOCOL);
  const concerns = (rule: SocketBindRule): boolean => rule.family === null || rule.family === family;
  const ruled = [...allow.filter(concerns).map((rule) => ({ rule, verdict: 1 })), ...deny.filter(concerns).map((rule) => ({ rule, verdict: 0 }))];
  for (const { rule: { protocol, ports }, verdict } of ruled) {
    const next = label();
    if (protocol !== null) program.jumpIf(3, '!=', PROTOCOLS[protocol], next);
    if (ports !== null) {
      program.jumpIf(2, '<', ports.first, next);
      program.jumpIf(2, '>', ports.last, next);
    }
    program.exitWith(verdict);
    // A rule for everything has the last word: what would follow could not be reached.
    if (!next.isUsed) return program.finish();
    program.place(next);
  }
  program.exitWith(1);
  return program.finish();
}
