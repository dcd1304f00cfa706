/** Who a command runs as: User=, Group= and SupplementaryGroups= to numbers, as far as the local files tell. */
import type { ExecCommand, ExecContext } from '../../core/unit/exec-context.ts';
import type { UserDatabase, UserRecord } from './user-database.ts';

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  /** Sorted, without repetition. */
  readonly groups: readonly number[];
}

export type CredentialsOutcome =
  /** `credentials` null: the manager's own are right. `user`: for $HOME and its kin. */
  | { readonly kind: 'known'; readonly credentials: Credentials | null; readonly user: UserRecord | null }
  /** A name is not in the local files: the executor has to ask the name services. */
  | { readonly kind: 'ask-executor' };

/**
 * Whether a command with these prefixes runs as User=: `+` and `!` do not. `!!` is `!` only on kernels without ambient capabilities
 * (before 4.3), on which nothing here runs.
 */
export function changesUser(privilege: ExecCommand['privilege']): boolean {
  return privilege === 'normal' || privilege === 'no-setuid-if-no-ambient';
}

/** @param own uid and gid of the manager */
export function resolveCredentials(database: UserDatabase, exec: ExecContext, privilege: ExecCommand['privilege'], own: { readonly uid: number; readonly gid: number }): CredentialsOutcome {
  if (exec.user === null && exec.group === null && exec.supplementaryGroups.length === 0) return { kind: 'known', credentials: null, user: null };
  const user = exec.user === null ? null : database.user(exec.user);
  if (exec.user !== null && user === null) return { kind: 'ask-executor' };
  // The environment is the user's all the same.
  if (!changesUser(privilege)) return { kind: 'known', credentials: null, user };
  const gid = exec.group === null ? (user?.gid ?? own.gid) : database.group(exec.group);
  const supplementary = exec.supplementaryGroups.map((name) => database.group(name));
  if (gid === null || supplementary.some((group) => group === null)) return { kind: 'ask-executor' };
  const ofUser = user === null ? [] : database.groupsOf(user.name);
  const groups = [...new Set([gid, ...ofUser, ...(supplementary as number[])])].sort((a, b) => a - b);
  return { kind: 'known', credentials: { uid: user?.uid ?? own.uid, gid, groups }, user };
}

/** What User= and Group= stand for, as far as they are set and the local files know. */
export function numbersOfUser(database: UserDatabase, exec: Pick<ExecContext, 'user' | 'group'>): { readonly uid: number | null; readonly gid: number | null } {
  const user = exec.user === null ? null : database.user(exec.user);
  return { uid: user?.uid ?? null, gid: exec.group === null ? (user?.gid ?? null) : database.group(exec.group) };
}
