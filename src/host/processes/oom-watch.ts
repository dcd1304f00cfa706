/**
 * Notices that the kernel has ended a process of a unit for want of memory: by the count in `memory.events` of its control group, which
 * includes the groups below it. Source: the kernel's cgroup-v2, memory.events.
 *
 * The kernel counts before it kills, but tells inotify with a delay of some milliseconds. So the count is also read when a process of the
 * unit was killed, before that is told: the end of the main process would else be one by a signal, whoever sent it.
 */
import type { Fd, UnitName } from '../../base/brand.ts';
import { POLL_IN } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import { IN_MODIFY } from '../watching/inotify-flags.ts';

/** Half a dozen short lines. */
const EVENTS_BYTES_MAX = 4096;

interface Watched {
  readonly unit: UnitName;
  /** Absolute path of memory.events. */
  readonly file: string;
  readonly watch: number;
  /** Kills that were told. */
  kills: number;
}

export interface OomWatchOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly onOomKill: (unit: UnitName) => void;
}

export class OomWatch {
  readonly #options: OomWatchOptions;
  readonly #byUnit = new Map<UnitName, Watched>();
  readonly #byWatch = new Map<number, Watched>();
  #inotify: Fd | null = null;

  constructor(options: OomWatchOptions) {
    this.#options = options;
  }

  /**
   * To be called whenever a process is about to be born: the group may have a memory controller only now. Without one nothing happens.
   *
   * @param isFormer a former engine watched the group: what it has told is not known, and what happened since its death is to be told
   */
  watch(unit: UnitName, group: string, isFormer: boolean): void {
    if (this.#byUnit.has(unit)) return;
    const { native } = this.#options;
    const file = `${group}/memory.events`;
    // Most machines have groups without it: no inotify instance is spent on them.
    const kills = killsIn(native.readSmallFile(file, EVENTS_BYTES_MAX));
    if (kills === null) return;
    const fd = this.#open();
    const watch = fd === null ? 'EMFILE' : native.inotifyAdd(fd, file, IN_MODIFY);
    if (typeof watch === 'string') return;
    const watched: Watched = { unit, file, watch, kills: isFormer ? 0 : kills };
    this.#byUnit.set(unit, watched);
    this.#byWatch.set(watch, watched);
  }

  /** Looks now, because a process of the unit was killed. */
  look(unit: UnitName): void {
    const watched = this.#byUnit.get(unit);
    if (watched === undefined) return;
    const kills = killsIn(this.#options.native.readSmallFile(watched.file, EVENTS_BYTES_MAX)) ?? 0;
    if (kills <= watched.kills) return;
    watched.kills = kills;
    this.#options.onOomKill(unit);
  }

  /** The group is about to be removed. */
  forget(unit: UnitName): void {
    const watched = this.#byUnit.get(unit);
    if (watched === undefined || this.#inotify === null) return;
    this.#byUnit.delete(unit);
    this.#byWatch.delete(watched.watch);
    this.#options.native.inotifyRemove(this.#inotify, watched.watch);
  }

  #open(): Fd | null {
    if (this.#inotify !== null) return this.#inotify;
    const { native, poll } = this.#options;
    const fd = native.inotifyOpen();
    if (typeof fd === 'string') return null;
    poll.add(fd, POLL_IN, () => { this.#read(fd); }, 'cgroup');
    this.#inotify = fd;
    return fd;
  }

  #read(fd: Fd): void {
    const records = this.#options.native.inotifyRead(fd);
    if (typeof records === 'string') return;
    for (const { watch } of records) {
      const watched = this.#byWatch.get(watch);
      if (watched !== undefined) this.look(watched.unit);
      // An overflow (watch -1) has lost notices: look at all.
      else if (watch === -1) for (const unit of this.#byUnit.keys()) this.look(unit);
    }
  }
}

/** null: there is no such file, or no such line in it. */
function killsIn(text: string): number | null {
  const digits = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
