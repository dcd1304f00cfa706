/**
 * DynamicUser=: a user of its own for a service, without an entry in /etc/passwd. Source: systemd.exec(5).
 *
 * The number is drawn from the name, so that a service meets its own files again after a restart; two units with the same draw take the
 * next free number. Names in `ls -l` stay numbers, for no NSS module answers for them.
 */
import type { UnitName } from '../../base/brand.ts';
import type { ExecContext } from '../../core/unit/exec-context.ts';

/** The range systemd keeps for this: "Users, Groups, UIDs and GIDs on systemd Systems". */
const UID_MIN = 61_184;
const UID_MAX = 65_519;
const UID_COUNT = UID_MAX - UID_MIN + 1;

export class DynamicUsers {
  readonly #uids = new Map<UnitName, number>();
  readonly #taken = new Set<number>();
  readonly #isKnownUser: (name: string) => boolean;

  /** @param isKnownUser whether a static user of this name exists; it is used as it is then */
  constructor(isKnownUser: (name: string) => boolean) {
    this.#isKnownUser = isKnownUser;
  }

  /** The context with the number in place of the name; what else DynamicUser= implies is part of the definition. Unchanged for a unit that does not ask for it. */
  apply(unit: UnitName, exec: ExecContext): ExecContext {
    if (!exec.dynamicUser) return exec;
    const isStatic = exec.user !== null && this.#isKnownUser(exec.user);
    const user = isStatic ? exec.user : String(this.#uidOf(unit));
    return { ...exec, user, group: isStatic ? exec.group : user };
  }

  #uidOf(unit: UnitName): number {
    const known = this.#uids.get(unit);
    if (known !== undefined) return known;
    let hash = 0;
    for (const character of unit) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
    let uid = UID_MIN + (hash % UID_COUNT);
    for (let tries = 0; this.#taken.has(uid) && tries < UID_COUNT; tries++) uid = uid === UID_MAX ? UID_MIN : uid + 1;
    this.#taken.add(uid);
    this.#uids.set(unit, uid);
    return uid;
  }
}
