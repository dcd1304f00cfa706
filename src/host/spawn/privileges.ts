/**
 * What a manager without all capabilities can still do for a unit. A wish beyond that is dropped and said, per directive: a service
 * that runs with less is what its owner wants in a container of an ordinary uid; one that refuses to start is not.
 */
import type { ExecContext } from '../../core/unit/exec-context.ts';
import type { Credentials } from './credentials.ts';

const CAP_SETGID = 6;
export const CAP_SETUID = 7;
const CAP_SYS_NICE = 23;
const CAP_SYS_RESOURCE = 24;

export interface Wish {
  readonly credentials: Credentials | null;
  readonly nice: number | null;
  readonly oomScoreAdjust: number | null;
  readonly limits: readonly (readonly [number, number, number])[];
}

export interface Granted extends Wish {
  readonly notEffective: readonly { readonly directive: string; readonly why: string }[];
}

export interface OwnRights {
  readonly capabilities: ReadonlySet<number>;
  readonly uid: number;
  readonly gid: number;
  readonly nice: number;
  readonly oomScoreAdjust: number;
  /** [resource, soft, hard] */
  readonly limits: readonly (readonly [number, number, number])[];
}

/** Reduces the wish to what may be done. */
export function grant(wish: Wish, exec: ExecContext, own: OwnRights): Granted {
  const notEffective: { directive: string; why: string }[] = [];
  const refuse = (directive: string, capability: string): void => {
    notEffective.push({ directive, why: `the manager lacks ${capability}` });
  };
  let { credentials, nice, oomScoreAdjust } = wish;
  if (credentials !== null && !own.capabilities.has(CAP_SETUID) && credentials.uid !== own.uid) {
    refuse('User', 'CAP_SETUID');
    credentials = null;
  }
  if (credentials !== null && !own.capabilities.has(CAP_SETGID)) {
    if (exec.group !== null && credentials.gid !== own.gid) refuse('Group', 'CAP_SETGID');
    if (exec.supplementaryGroups.length > 0) refuse('SupplementaryGroups', 'CAP_SETGID');
    // setgroups(2) is refused whatever the list: leave all of it alone.
    credentials = null;
  }
  if (nice !== null && nice < own.nice && !own.capabilities.has(CAP_SYS_NICE)) {
    refuse('Nice', 'CAP_SYS_NICE');
    nice = null;
  }
  if (oomScoreAdjust !== null && oomScoreAdjust < own.oomScoreAdjust && !own.capabilities.has(CAP_SYS_RESOURCE)) {
    refuse('OOMScoreAdjust', 'CAP_SYS_RESOURCE');
    oomScoreAdjust = null;
  }
  const limits = own.capabilities.has(CAP_SYS_RESOURCE) ? wish.limits : wish.limits.map((limit) => clip(limit, exec, own, refuse));
  return { credentials, nice, oomScoreAdjust, limits, notEffective };
}

/** Without the capability a hard limit can only go down. */
function clip(limit: readonly [number, number, number], exec: ExecContext, own: OwnRights, refuse: (directive: string, capability: string) => void): readonly [number, number, number] {
  const [resource, soft, hard] = limit;
  const top = own.limits.find(([number]) => number === resource)?.[2] ?? Infinity;
  if (hard <= top && soft <= top) return limit;
  const name = Object.keys(exec.limits).find((candidate) => candidate === LIMIT_NAMES[resource]);
  if (name !== undefined) refuse(`Limit${name}`, 'CAP_SYS_RESOURCE');
  return [resource, Math.min(soft, top), Math.min(hard, top)];
}

/** By resource number, as in `process-limits`. */
const LIMIT_NAMES = ['CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NPROC', 'NOFILE', 'MEMLOCK', 'AS', 'LOCKS', 'SIGPENDING', 'MSGQUEUE', 'NICE', 'RTPRIO', 'RTTIME'];
