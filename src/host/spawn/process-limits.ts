import type { ExecContext, LimitName, LimitValue } from '../../core/unit/exec-context.ts';

/** Numbers of getrlimit(2) on all Linux architectures but MIPS and SPARC, which Node 20 has no Debian builds for. */
const RESOURCE_NUMBERS: Readonly<Record<LimitName, number>> = {
  CPU: 0, FSIZE: 1, DATA: 2, STACK: 3, CORE: 4, RSS: 5, NPROC: 6, NOFILE: 7, MEMLOCK: 8, AS: 9, LOCKS: 10, SIGPENDING: 11, MSGQUEUE: 12, NICE: 13, RTPRIO: 14, RTTIME: 15,
};

/**
 * Limits of a command: what the unit asks for, and for the number of open files what the manager was started with, because Node
 * raises its own soft limit to the hard one and programs that loop over all fds would suffer.
 *
 * @param inherited [resource, soft, hard] as the manager was started
 * @returns the same form, for the resources that have to be set
 */
export function limitsOf(exec: ExecContext, inherited: readonly (readonly [number, number, number])[]): readonly (readonly [number, number, number])[] {
  const limits = new Map<number, readonly [number, number, number]>();
  const files = inherited.find(([resource]) => resource === RESOURCE_NUMBERS.NOFILE);
  if (files !== undefined) limits.set(RESOURCE_NUMBERS.NOFILE, files);
  for (const [name, limit] of Object.entries(exec.limits) as [LimitName, { readonly soft: LimitValue; readonly hard: LimitValue }][]) {
    const resource = RESOURCE_NUMBERS[name];
    limits.set(resource, [resource, toNumber(limit.soft), toNumber(limit.hard)]);
  }
  return [...limits.values()];
}

function toNumber(value: LimitValue): number {
  return value === 'infinity' ? Infinity : value;
}
