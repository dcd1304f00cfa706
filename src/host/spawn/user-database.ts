/**
 * Users and groups of /etc/passwd and /etc/group, read by ourselves.
 *
 * The C library's way may open network connections and wait for them, which the manager never does. A name that
 * is not in the files is left to the executor, a process of its own that may wait.
 */
import { statSync } from 'node:fs';
import type { NativeBinding } from '../native.ts';

/** A passwd file beyond this is not a file of local users; the executor then asks the C library. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

export interface UserRecord {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

interface GroupRecord {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

interface UserTable {
  readonly byName: ReadonlyMap<string, UserRecord>;
  readonly byUid: ReadonlyMap<number, UserRecord>;
}

interface GroupTable {
  readonly byName: ReadonlyMap<string, GroupRecord>;
  readonly all: readonly GroupRecord[];
}

interface CachedFile<T> {
  readonly stamp: string;
  readonly records: T;
}

/** `uid` or `gid` as systemd accepts it in User=: decimal, neither -1 nor 65535 (which mean "none" to the kernel). */
function parseId(text: string): number | null {
  if (!/^(0|[1-9][0-9]{0,9})$/.test(text)) return null;
  const id = Number(text);
  return id < 0xffff_ffff && id !== 0xffff ? id : null;
}

function splitLines(text: string): string[][] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(':'));
}

/** The two files, read again when their modification time changes. */
export class UserDatabase {
  readonly #native: NativeBinding;
  readonly #directory: string;
  #users: CachedFile<UserTable> | null = null;
  #groups: CachedFile<GroupTable> | null = null;

  /** @param directory where `passwd` and `group` are; `/etc` outside of tests */
  constructor(native: NativeBinding, directory = '/etc') {
    this.#native = native;
    this.#directory = directory;
  }

  /** A user by name or decimal uid. An uid without an entry is a user too, without a home. null: not in the file. */
  user(text: string): UserRecord | null {
    const { byName, byUid } = this.#loadUsers();
    const named = byName.get(text);
    if (named !== undefined) return named;
    const uid = parseId(text);
    if (uid === null) return null;
    return byUid.get(uid) ?? { name: text, uid, gid: uid, home: '/', shell: '/bin/sh' };
  }

  /** gid of a group by name or decimal gid. null: not in the file. */
  group(text: string): number | null {
    return this.#loadGroups().byName.get(text)?.gid ?? parseId(text);
  }

  /** Gids of all groups that list the user as a member, without its own group; ascending. */
  groupsOf(userName: string): readonly number[] {
    const gids = this.#loadGroups().all.filter((group) => group.members.includes(userName)).map((group) => group.gid);
    return [...new Set(gids)].sort((a, b) => a - b);
  }

  #loadUsers(): UserTable {
    const stamp = this.#stamp('passwd');
    if (this.#users?.stamp === stamp) return this.#users.records;
    const byName = new Map<string, UserRecord>();
    const byUid = new Map<number, UserRecord>();
    for (const [name, , uidText, gidText, , home, shell] of this.#read('passwd')) {
      const uid = parseId(uidText ?? '');
      const gid = parseId(gidText ?? '');
      if (name === undefined || name === '' || uid === null || gid === null) continue;
      const record: UserRecord = { name, uid, gid, home: home === undefined || home === '' ? '/' : home, shell: shell === undefined || shell === '' ? '/bin/sh' : shell };
      // The first entry wins, as in getpwnam(3).
      if (!byName.has(name)) byName.set(name, record);
      if (!byUid.has(uid)) byUid.set(uid, record);
    }
    this.#users = { stamp, records: { byName, byUid } };
    return this.#users.records;
  }

  #loadGroups(): GroupTable {
    const stamp = this.#stamp('group');
    if (this.#groups?.stamp === stamp) return this.#groups.records;
    const byName = new Map<string, GroupRecord>();
    for (const [name, , gidText, members] of this.#read('group')) {
      const gid = parseId(gidText ?? '');
      if (name === undefined || name === '' || gid === null || byName.has(name)) continue;
      byName.set(name, { name, gid, members: (members ?? '').split(',').filter((member) => member !== '') });
    }
    this.#groups = { stamp, records: { byName, all: [...byName.values()] } };
    return this.#groups.records;
  }

  #stamp(file: string): string {
    try {
      const { mtimeMs, size, ino } = statSync(`${this.#directory}/${file}`);
      return `${String(mtimeMs)} ${String(size)} ${String(ino)}`;
    } catch {
      return 'none';
    }
  }

  #read(file: string): string[][] {
    const text = this.#native.readSmallFile(`${this.#directory}/${file}`, FILE_BYTES_MAX);
    // An errno never contains a colon, so an unreadable file has no records.
    return splitLines(text).filter((fields) => fields.length >= 3);
  }
}
