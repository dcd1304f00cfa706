/**
 * One inotify(7) instance for all that the manager watches for path units: a user has 128 of them for all programs and containers
 * together, and a machine can have more path units than that.
 *
 * The kernel has one watch for a file however often it is asked, with all wishes in one mask. Who wished for what is kept here, and events
 * go to those who wished for them.
 */
import type { Errno, Fd } from '../../base/brand.ts';
import { POLL_IN } from '../engine.ts';
import { IN_IGNORED, IN_MASK_ADD, IN_Q_OVERFLOW, IN_UNMOUNT } from './inotify-flags.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';

/** `watch` as `add` returned it, -1 when events were lost. */
export interface WatchRecord {
  readonly watch: number;
  readonly mask: number;
}

export interface SharedInotifyOptions<Owner> {
  readonly native: Pick<NativeBinding, 'inotifyOpen' | 'inotifyAdd' | 'inotifyRemove' | 'inotifyRead' | 'close'>;
  readonly poll: Pick<PollSet, 'add' | 'remove'>;
  readonly onRecords: (owner: Owner, records: readonly WatchRecord[]) => void;
}

export class SharedInotify<Owner> {
  readonly #options: SharedInotifyOptions<Owner>;
  #fd: Fd | null = null;
  /** By watch, the events each owner wished for. */
  readonly #wishes = new Map<number, Map<Owner, number>>();
  readonly #owners = new Set<Owner>();

  constructor(options: SharedInotifyOptions<Owner>) {
    this.#options = options;
  }

  /** Must be asked before `add`. The errno when there can be no instance. */
  enter(owner: Owner): Errno | 0 {
    const { native, poll } = this.#options;
    if (this.#fd === null) {
      const fd = native.inotifyOpen();
      if (typeof fd === 'string') return fd;
      this.#fd = fd;
      poll.add(fd, POLL_IN, () => { this.#read(fd); }, 'cgroup');
    }
    this.#owners.add(owner);
    return 0;
  }

  /** The number of the watch, or why there is none. What the owner wished for at the same file before stays. */
  add(owner: Owner, path: string, mask: number): number | Errno {
    if (this.#fd === null) return 'EBADF' as Errno;
    const watch = this.#options.native.inotifyAdd(this.#fd, path, mask | IN_MASK_ADD);
    if (typeof watch === 'string') return watch;
    const wishes = this.#wishes.get(watch) ?? new Map<Owner, number>();
    wishes.set(owner, (wishes.get(owner) ?? 0) | mask);
    this.#wishes.set(watch, wishes);
    return watch;
  }

  /** The owner has no use for this watch any more. */
  drop(owner: Owner, watch: number): void {
    const wishes = this.#wishes.get(watch);
    if (wishes?.delete(owner) !== true || wishes.size > 0) return;
    this.#wishes.delete(watch);
    if (this.#fd !== null) this.#options.native.inotifyRemove(this.#fd, watch);
  }

  /** The owner watches nothing any more. */
  leave(owner: Owner): void {
    if (!this.#owners.delete(owner)) return;
    for (const watch of [...this.#wishes.keys()]) this.drop(owner, watch);
    if (this.#owners.size > 0 || this.#fd === null) return;
    this.#options.poll.remove(this.#fd);
    this.#options.native.close(this.#fd);
    this.#fd = null;
  }

  #read(fd: Fd): void {
    const records = this.#options.native.inotifyRead(fd);
    if (typeof records === 'string') return;
    const byOwner = new Map<Owner, WatchRecord[]>();
    const give = (owner: Owner, record: WatchRecord): void => {
      const given = byOwner.get(owner);
      if (given === undefined) byOwner.set(owner, [record]);
      else given.push(record);
    };
    for (const record of records) {
      if ((record.mask & IN_Q_OVERFLOW) !== 0) for (const owner of this.#owners) give(owner, record);
      for (const [owner, mask] of this.#wishes.get(record.watch) ?? []) if ((record.mask & (mask | IN_UNMOUNT)) !== 0) give(owner, record);
      // The kernel has let go of the watch, with its file.
      if ((record.mask & IN_IGNORED) !== 0) this.#wishes.delete(record.watch);
    }
    for (const [owner, given] of byOwner) if (this.#owners.has(owner)) this.#options.onRecords(owner, given);
  }
}
