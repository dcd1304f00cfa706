/**
 * Who may ask for what: `[Access]` of system.conf.
 *
 *     [Access]
 *     Allow[]=uid:1000 start,stop,restart app-*.service
 *     Allow[]=gid:33,uid:1001 reload nginx.service
 *     Deny[]=uid:1000 stop app-database.service
 *
 * Grammar of a rule: WHO WORDS UNITS, three words between blanks. WHO is a list of `uid:N`, `gid:N` (the primary group of the
 * caller) or `*`. WORDS is a list of verbs or `*`. UNITS is a list of shell patterns. A verb about the whole manager (poweroff,
 * daemon-reload, daemon-reexec, cancel, set-environment, log-level) is granted only by name, never by `*`, and only with `*` as UNITS.
 *
 * Root and the manager's own user may do everything. Everybody may read. For the rest all deny rules come before all allow rules
 * and nothing matching means no. Names of users are resolved to numbers by whoever reads the file.
 */
import { matchesGlob } from './glob.ts';

export interface AccessRule {
  readonly effect: 'allow' | 'deny';
  /** Empty lists and `anyone` false = nobody. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly anyone: boolean;
  readonly verbs: readonly string[];
  readonly anyVerb: boolean;
  readonly units: readonly string[];
}

export interface AccessQuestion {
  readonly uid: number;
  readonly gid: number;
  readonly verb: string;
  /** Canonical names; empty for a verb about the whole manager. */
  readonly units: readonly string[];
  readonly wholeManager: boolean;
}

export interface AccessPolicy {
  /** The manager's own user. */
  readonly ownUid: number;
  readonly rules: readonly AccessRule[];
}

/** @returns the rule, or a sentence saying what is wrong with the text */
export function parseAccessRule(effect: 'allow' | 'deny', source: string): AccessRule | string {
  const words = source.trim().split(/\s+/);
  const [who, verbs, units] = words;
  if (words.length !== 3 || who === undefined || verbs === undefined || units === undefined) {
    return `access rule "${source}": expected WHO VERBS UNITS`;
  }
  const uids: number[] = [];
  const gids: number[] = [];
  let anyone = false;
  for (const one of who.split(',')) {
    const match = /^(uid|gid):(\d{1,10})$/.exec(one);
    if (one === '*') anyone = true;
    else if (match === null) return `access rule "${source}": "${one}" is none of uid:N, gid:N, *`;
    else (match[1] === 'uid' ? uids : gids).push(Number(match[2]));
  }
  const verbList = verbs.split(',');
  if (verbList.includes('')) return `access rule "${source}": an empty verb`;
  const unitList = units.split(',');
  if (unitList.includes('')) return `access rule "${source}": an empty unit pattern`;
  return { effect, uids, gids, anyone, verbs: verbList.filter((verb) => verb !== '*'), anyVerb: verbList.includes('*'), units: unitList };
}

/** Whether the caller may do everything. */
export function isPrivileged(policy: AccessPolicy, uid: number): boolean {
  return uid === 0 || uid === policy.ownUid;
}

/** null when allowed, else a sentence saying why not. Every single unit of the request must be allowed. */
export function refuseAccess(policy: AccessPolicy, question: AccessQuestion): string | null {
  if (isPrivileged(policy, question.uid)) return null;
  const mine = policy.rules.filter(
    (rule) => rule.anyone || rule.uids.includes(question.uid) || rule.gids.includes(question.gid),
  );
  if (question.wholeManager) {
    const named = mine.filter((rule) => rule.verbs.includes(question.verb) && rule.units.includes('*'));
    if (named.some((rule) => rule.effect === 'deny') || !named.some((rule) => rule.effect === 'allow')) {
      return `user ${question.uid} may not ${question.verb}`;
    }
    return null;
  }
  // A verb that would act on "all units" when none is named is never covered by a pattern.
  if (question.units.length === 0) return `user ${question.uid} may not ${question.verb} all units`;
  for (const unit of question.units) {
    const matching = mine.filter(
      (rule) => (rule.anyVerb || rule.verbs.includes(question.verb)) && rule.units.some((pattern) => matchesGlob(pattern, unit)),
    );
    if (matching.some((rule) => rule.effect === 'deny') || !matching.some((rule) => rule.effect === 'allow')) {
      return `user ${question.uid} may not ${question.verb} ${unit}`;
    }
  }
  return null;
}
