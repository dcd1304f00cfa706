/**
 * The directives of systemd.exec(5) that forbid system calls, as filters. Pure.
 *
 * Each directive is a filter of its own: the kernel asks all of them and the strictest answer holds, so none has to know the others.
 * Calls of x32 and of 32-bit ARM fail with ENOSYS while any filter is in force: there is no table for them, and letting them pass would
 * be a way round.
 */
import type { Confinement, NamespaceName, SystemCallWord } from '../unit/confinement.ts';
import { expand, resolveFilter } from './filter-words.ts';
import {
  ALLOW, KILL_PROCESS, LOG, assembleFilter, failWith, type ArgumentTest, type CallFilter, type CallRule, type NativeArchitecture, type Verdict,
} from './program.ts';

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** CLONE_NEW… of clone(2). */
export const NAMESPACE_FLAGS: Readonly<Record<NamespaceName, number>> = {
  time: 0x80, mnt: 0x2_0000, cgroup: 0x200_0000, uts: 0x400_0000, ipc: 0x800_0000, user: 0x1000_0000, pid: 0x2000_0000, net: 0x4000_0000,
};
const ALL_BITS = 0xffff_ffff;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const SHM_EXEC = 0o100_000;
const SET_ID_BITS = 0o6000;
/** O_CREAT and the bit that tells O_TMPFILE. */
const CREATES = 0o100 | 0o20_000_000;
/** Policies of sched(7) that are not real-time, and the bit that may be or-ed to them. */
const ORDINARY_POLICIES = [0, 3, 5];
const SCHED_RESET_ON_FORK = 0x4000_0000;

export interface NamedProgram {
  /** Which directive it carries out, without `=`. */
  readonly directive: string;
  /** An array of struct sock_filter. */
  readonly program: Uint8Array;
}

function any(argument: number, mask: number): ArgumentTest {
  return { argument, mask, value: 0, not: true };
}

function equal(argument: number, value: number, mask = ALL_BITS): ArgumentTest {
  return { argument, mask, value, not: false };
}

function differs(argument: number, value: number, mask = ALL_BITS): ArgumentTest {
  return { argument, mask, value, not: true };
}

function refuse(calls: Iterable<string>, tests: readonly ArgumentTest[] = [], errno = EPERM): CallRule {
  return { calls, tests, verdict: failWith(errno) };
}

/** All filters the confinement asks for; empty when none. */
export function confinementFilters(confinement: Confinement, native: NativeArchitecture): readonly NamedProgram[] {
  const programs: NamedProgram[] = [];
  const add = (directive: string, filter: Partial<CallFilter>): void => {
    const whole: CallFilter = { fallback: ALLOW, rules: [], foreign: failWith(ENOSYS), architectures: {}, ...filter };
    programs.push({ directive, program: assembleFilter(whole, native) });
  };
  const forbid = (directive: string, rules: readonly CallRule[]): void => { add(directive, { rules }); };
  if (confinement.addressFamilies !== null) forbid('RestrictAddressFamilies', familyRules(confinement.addressFamilies));
  if (confinement.memoryDenyWriteExecute) forbid('MemoryDenyWriteExecute', WRITE_EXECUTE_RULES);
  if (confinement.restrictRealtime) forbid('RestrictRealtime', REALTIME_RULES);
  if (confinement.restrictSuidSgid) forbid('RestrictSUIDSGID', SET_ID_RULES);
  if (confinement.allowedNamespaces !== null) forbid('RestrictNamespaces', namespaceRules(confinement.allowedNamespaces));
  if (confinement.protectHostname) forbid('ProtectHostname', [refuse(['sethostname', 'setdomainname'])]);
  if (confinement.protectKernelTunables) forbid('ProtectKernelTunables', [refuse(['_sysctl'])]);
  if (confinement.protectKernelModules) forbid('ProtectKernelModules', [refuse(expand('@module'))]);
  if (confinement.protectKernelLogs) forbid('ProtectKernelLogs', [refuse(['syslog'])]);
  if (confinement.protectClock) forbid('ProtectClock', [refuse(expand('@clock'))]);
  if (confinement.privateDevices) forbid('PrivateDevices', [refuse(expand('@raw-io'))]);
  if (confinement.lockPersonality) forbid('LockPersonality', [refuse(['personality'], [differs(0, confinement.personality ?? 0), differs(0, ALL_BITS)])]);
  if (confinement.systemCallArchitectures.length > 0) add('SystemCallArchitectures', architectureFilter(confinement.systemCallArchitectures, native));
  const logged = resolveFilter(confinement.systemCallLog, 'nothing');
  if (logged !== null) {
    const [listed, others] = logged.isAllowList ? [LOG, ALLOW] : [ALLOW, LOG];
    add('SystemCallLog', { fallback: others, rules: [{ calls: logged.calls.keys(), tests: [], verdict: listed }], foreign: others });
  }
  const filter = systemCallFilter(confinement);
  if (filter !== null) add('SystemCallFilter', filter);
  return programs;
}

function familyRules({ isAllowList, families }: NonNullable<Confinement['addressFamilies']>): readonly CallRule[] {
  // On 32-bit x86 old programs go through socketcall(2), whose arguments a filter cannot see; systemd does not cover them either.
  if (isAllowList) return [refuse(['socket'], families.map((family) => differs(0, family)), EAFNOSUPPORT)];
  return families.map((family) => refuse(['socket'], [equal(0, family)], EAFNOSUPPORT));
}

const WRITE_EXECUTE_RULES: readonly CallRule[] = [
  refuse(['mmap', 'mmap2'], [equal(2, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC)]),
  refuse(['mprotect', 'pkey_mprotect'], [any(2, PROT_EXEC)]),
  refuse(['shmat'], [any(2, SHM_EXEC)]),
];

const REALTIME_RULES: readonly CallRule[] = [
  refuse(['sched_setscheduler'], ORDINARY_POLICIES.map((policy) => differs(1, policy, ALL_BITS - SCHED_RESET_ON_FORK))),
  // Its policy is behind a pointer.
  refuse(['sched_setattr']),
];

const SET_ID_RULES: readonly CallRule[] = [
  refuse(['chmod', 'fchmod', 'creat', 'mknod'], [any(1, SET_ID_BITS)]),
  refuse(['fchmodat', 'fchmodat2', 'mknodat'], [any(2, SET_ID_BITS)]),
  refuse(['open'], [any(1, CREATES), any(2, SET_ID_BITS)]),
  refuse(['openat'], [any(2, CREATES), any(3, SET_ID_BITS)]),
  // Its mode is behind a pointer; programs fall back to openat(2).
  refuse(['openat2'], [], ENOSYS),
];

function namespaceRules(allowed: readonly NamespaceName[]): readonly CallRule[] {
  const names = Object.keys(NAMESPACE_FLAGS) as NamespaceName[];
  const forbidden = names.filter((name) => !allowed.includes(name)).reduce((mask, name) => mask | NAMESPACE_FLAGS[name], 0);
  if (forbidden === 0) return [];
  return [
    refuse(['unshare', 'clone'], [any(0, forbidden)]),
    // Its flags are behind a pointer; the C library falls back to clone(2).
    refuse(['clone3'], [], ENOSYS),
    // 0 stands for whatever kind the descriptor is of.
    refuse(['setns'], [any(1, forbidden)]),
    refuse(['setns'], [equal(1, 0)]),
  ];
}

function architectureFilter(listed: readonly string[], native: NativeArchitecture): Partial<CallFilter> {
  const isListed = (name: string): boolean => listed.includes(name) || (name === native && listed.includes('native'));
  const verdict = (name: string): Verdict => (isListed(name) ? ALLOW : KILL_PROCESS);
  // The native one is always permitted: the service manager itself could not even execute the program.
  return {
    architectures: { [native]: ALLOW, x86: verdict('x86') },
    foreign: isListed(native === 'arm64' ? 'arm' : 'x32') ? ALLOW : KILL_PROCESS,
  };
}

function systemCallFilter(confinement: Confinement): Partial<CallFilter> | null {
  const resolved = resolveFilter(confinement.systemCallFilter, 'default-group');
  if (resolved === null) return null;
  const refused = confinement.systemCallErrorNumber === null ? KILL_PROCESS : failWith(confinement.systemCallErrorNumber);
  const verdictOf = (errno: SystemCallWord['errno'], otherwise: Verdict): Verdict =>
    errno === null ? otherwise : errno === 'kill' ? KILL_PROCESS : failWith(errno);
  const byVerdict = new Map<Verdict, string[]>();
  for (const [call, errno] of resolved.calls) {
    const verdict = verdictOf(errno, resolved.isAllowList ? ALLOW : refused);
    const calls = byVerdict.get(verdict);
    if (calls === undefined) byVerdict.set(verdict, [call]);
    else calls.push(call);
  }
  const rules = [...byVerdict].map(([verdict, calls]): CallRule => ({ calls, tests: [], verdict }));
  return resolved.isAllowList ? { fallback: refused, rules, foreign: refused } : { fallback: ALLOW, rules };
}
