/**
 * A control group for each unit, on a cgroup2 hierarchy: `ROOT/system.slice/nginx.service`.
 *
 * - An empty group is noticed by reading `cgroup.events` after exits were reaped; inotify on the same file is the net below, for the
 *   exits that are not ours to reap. It is spread only when a stop takes its time, because most are over before it could be of use.
 * - A group that `cgroup.kill` was used on is made anew before the next process is born into it: kernels around 6.18 kill whatever
 *   CLONE_INTO_CGROUP puts into such a group. Where it cannot be removed yet, its next process is born into a sub-group.
 */
import { readdirSync, statSync } from 'node:fs';
import type { Fd, Pid, UnitName } from '../../base/brand.ts';
import { SIGCONT, SIGHUP, SIGKILL } from '../../base/signals.ts';
import type { CgroupContext } from '../../core/unit/exec-context.ts';
import { POLL_IN } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import type { PollSet } from '../poll-set.ts';
import { IN_MODIFY } from '../watching/inotify-flags.ts';
import { parseOwnGroup } from './cgroup-root.ts';
import { GroupAttributes, type AttributedGroup, type GroupAttributesOptions, type NotEffective } from './group-attributes.ts';
import { GroupPrograms, type ProgrammedGroup } from './group-programs.ts';
import { groupPath, sliceGroupPath } from './group-paths.ts';
import { OomWatch } from './oom-watch.ts';
import { needsContinue, type Birthplace, type FormerProcesses, type GroupKill, type ProcessTracker } from './process-tracker.ts';

/** Rounds of reading cgroup.procs and signalling what is new, against a service that forks meanwhile. */
const SIGNAL_ROUNDS_MAX = 16;
/** A delegated group may hold groups of its own; deeper than this is not walked. */
const SUBGROUP_DEPTH_MAX = 16;
const SUBGROUPS_MAX = 4096;
/** How long the exit of a process that the manager does not reap may stay unnoticed. */
const WATCH_AFTER_MSEC = 100;
/** How often groups are looked at that inotify cannot watch: a user has 128 instances for all programs and containers together. */
const LOOK_EVERY_MSEC = 1000;
/** Of a group without groups below it: its name and its `.`. */
const LINKS_OF_A_LEAF = 2;
/** Fresh sub-groups tried when a killed group cannot be replaced. */
const REPLACEMENTS_MAX = 64;

interface Group extends AttributedGroup, ProgrammedGroup {
  readonly unit: UnitName;
  readonly path: string;
  /** Where the next process is born: `path`, or a sub-group of it. */
  birthPath: string;
  /** cgroup.kill was used since the directory was made. */
  killed: boolean;
  watch: number | null;
}

export interface ControlGroupsOptions extends GroupAttributesOptions {
  readonly poll: PollSet;
  readonly onEmpty: (unit: UnitName) => void;
  /** The kernel has ended a process of the unit for want of memory. */
  readonly onOomKill: (unit: UnitName) => void;
  /** What of the wishes of a slice, or of a unit that runs, its group could not be given. */
  readonly onNotEffective: (unit: UnitName, items: readonly NotEffective[]) => void;
  /** What a slice's files ask of its group; null when it is not loaded. */
  readonly contextOf: (slice: UnitName) => CgroupContext | null;
}

export class ControlGroups implements ProcessTracker {
  /** The kernel says which group is empty. */
  readonly endOfStrangersMatters = false;
  readonly #native: NativeBinding;
  readonly #poll: PollSet;
  readonly #root: string;
  readonly #onEmpty: (unit: UnitName) => void;
  readonly #onNotEffective: ControlGroupsOptions['onNotEffective'];
  readonly #contextOf: (slice: UnitName) => CgroupContext | null;
  readonly #groups = new Map<UnitName, Group>();
  readonly #byPath = new Map<string, UnitName>();
  readonly #madeSlices = new Set<string>();
  readonly #byWatch = new Map<number, Group>();
  /** Those that wait to be empty. */
  readonly #waiting = new Set<Group>();
  #watchTimer: NodeJS.Timeout | null = null;
  /** Seen to be empty while the events at hand are dealt with: nobody can have been born in them meanwhile but by `prepare`. */
  readonly #seenEmpty = new Set<Group>();
  #inotify: Fd | null = null;
  readonly #attributes: GroupAttributes;
  readonly #programs: GroupPrograms;
  readonly #oom: OomWatch;

  constructor(options: ControlGroupsOptions) {
    this.#native = options.native;
    this.#poll = options.poll;
    this.#root = options.root;
    this.#onEmpty = options.onEmpty;
    this.#onNotEffective = options.onNotEffective;
    this.#contextOf = options.contextOf;
    this.#attributes = new GroupAttributes(options);
    this.#programs = new GroupPrograms(options);
    this.#oom = new OomWatch(options);
  }

  prepare(unit: UnitName, context: CgroupContext, part: 'main' | 'control'): Birthplace {
    const group = this.#groups.get(unit) ?? this.#makeGroup(unit, context);
    this.#seenEmpty.delete(group);
    // First of all: what a group was given goes with it.
    if (part === 'main' && group.killed) this.#replace(group);
    this.#settle(group, context);
    this.#oom.watch(unit, `${this.#root}${group.path}`, false);
    const cgroupFd = part === 'control' ? this.#controlDirectory(group) : this.#mainDirectory(group);
    return {
      cgroupFd: cgroupFd ?? -1,
      cgroupPath: `${this.#root}${group.path}`,
      notEffective: refusedOf(group),
    };
  }

  refresh(unit: UnitName, context: CgroupContext): void {
    const group = this.#groups.get(unit);
    if (group !== undefined && this.#settle(group, context)) this.#onNotEffective(unit, refusedOf(group));
  }

  restore(unit: UnitName, context: CgroupContext, former: FormerProcesses): void {
    const path = groupPath(unit, context);
    const directory = statSync(`${this.#root}${path}`, { throwIfNoEntry: false });
    if (directory === undefined) return;
    // A process born into a replacement says that the group itself was killed and could not be made anew.
    const killed = former.mayBeKilled || (directory.nlink > LINKS_OF_A_LEAF && this.#subgroups(path).some((below) => below.startsWith(`${path}/again-`)));
    this.#groups.set(unit, { unit, path, birthPath: path, killed, watch: null, attributes: '', refusedAttributes: [], programs: null, refusedPrograms: [] });
    this.#byPath.set(path, unit);
    this.#oom.watch(unit, `${this.#root}${path}`, true);
  }

  noteKilled(unit: UnitName): void {
    this.#oom.look(unit);
  }

  addProcess(): void {
    // The kernel keeps the books.
  }

  removeProcess(): void {
    // The kernel keeps the books.
  }

  unitOf(pid: Pid): UnitName | null {
    const text = this.#native.readSmallFile(`/proc/${String(pid)}/cgroup`, 64 * 1024);
    const group = parseOwnGroup(text);
    return group === null ? null : this.unitOfGroup(group);
  }

  unitOfGroup(group: string): UnitName | null {
    // The paths in /proc start at the root of our cgroup namespace, ours at our own group: compare from the end.
    for (let path = group; path.length > 1; path = path.slice(0, path.lastIndexOf('/'))) {
      const unit = this.#unitOfPathEnd(path);
      if (unit !== null) return unit;
    }
    return null;
  }

  unitOfReaped(): null {
    return null;
  }

  processesOf(unit: UnitName): readonly Pid[] {
    const group = this.#groups.get(unit);
    return group === undefined ? [] : this.#readProcesses(group).sort((a, b) => a - b);
  }

  kill(order: GroupKill): void {
    const group = this.#groups.get(order.unit);
    if (group === undefined || this.#seenEmpty.has(group)) return;
    if (order.signal === SIGKILL && order.except.length === 0) {
      const result = this.#native.writeAttribute(`${this.#root}${group.path}/cgroup.kill`, '1');
      if (result === 0) {
        group.killed = true;
        return;
      }
    }
    const signalled = new Set<Pid>();
    const rounds = order.signal === SIGKILL ? SIGNAL_ROUNDS_MAX : 2;
    for (let round = 0; round < rounds; round++) {
      const targets = this.#readProcesses(group).filter((pid) => !order.except.includes(pid) && !signalled.has(pid));
      if (targets.length === 0) return;
      for (const pid of targets) {
        signalled.add(pid);
        this.#native.kill(pid, order.signal);
        if (order.alsoSighup) this.#native.kill(pid, SIGHUP);
        if (needsContinue(order.signal)) this.#native.kill(pid, SIGCONT);
      }
    }
  }

  watchEmpty(unit: UnitName): void {
    const group = this.#groups.get(unit);
    if (group === undefined || this.#isSeenEmpty(group)) {
      this.#onEmpty(unit);
      return;
    }
    this.#waiting.add(group);
    this.#watchTimer ??= setTimeout(() => { this.#watchWaiting(); }, WATCH_AFTER_MSEC);
  }

  wasLast(unit: UnitName): boolean {
    const group = this.#groups.get(unit);
    return group !== undefined && this.#isSeenEmpty(group);
  }

  recheck(units: ReadonlySet<UnitName>): void {
    // Only those: with a thousand units stopping, looking at all after each exit would be a million looks.
    for (const unit of units) {
      const group = this.#groups.get(unit);
      if (group !== undefined) this.#lookAgain(group);
    }
  }

  release(unit: UnitName): void {
    const group = this.#groups.get(unit);
    if (group === undefined) return;
    this.#dropWatch(group);
    this.#oom.forget(unit);
    this.#waiting.delete(group);
    if (this.#removeTree(group.path)) {
      this.#groups.delete(unit);
      this.#byPath.delete(group.path);
      return;
    }
    // Something is left in it (KillMode=process): the group stays known, so that the next stop finds it.
    group.attributes = '';
  }

  /** Empty groups are removed, the deepest first; a group with processes in it stays, and keeps its parents. */
  close(): void {
    for (const { path } of this.#groups.values()) this.#removeTree(path);
    for (const path of this.#madeSlices) {
      for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) this.#native.removeDirectory(`${this.#root}${at}`);
    }
  }

  groupOf(unit: UnitName): string | null {
    const group = this.#groups.get(unit);
    return group === undefined ? null : `${this.#root}${group.path}`;
  }

  limitMemory(unit: UnitName, isTight: boolean): string {
    const group = this.#groups.get(unit);
    return group === undefined ? 'it has no control group' : this.#attributes.limitMemory(group, isTight);
  }

  /** Gives the group what the unit asks for; whether there may be news of what it could not be given. */
  #settle(group: Group, context: CgroupContext): boolean {
    const { refusedAttributes, refusedPrograms } = group;
    this.#attributes.apply(group, context);
    this.#programs.apply(group, context);
    return group.refusedAttributes !== refusedAttributes || group.refusedPrograms !== refusedPrograms;
  }

  #makeGroup(unit: UnitName, context: CgroupContext): Group {
    const path = groupPath(unit, context);
    this.#makeSlices(context.slice === null ? '' : sliceGroupPath(context.slice));
    const group: Group = { unit, path, birthPath: path, killed: !this.#makeFresh(path), watch: null, attributes: '', refusedAttributes: [], programs: '', refusedPrograms: [] };
    this.#groups.set(unit, group);
    this.#byPath.set(path, unit);
    return group;
  }

  /**
   * Makes the directory of a group. One left over from an earlier manager may have been killed, which nobody can tell: it is made anew.
   * False when it is there to stay.
   */
  #makeFresh(path: string): boolean {
    const directory = `${this.#root}${path}`;
    if (this.#native.makeDirectory(directory, 0o755) !== 'EEXIST') return true;
    return this.#removeTree(path) && this.#native.makeDirectory(directory, 0o755) === 0;
  }

  #makeSlices(slicePath: string): void {
    if (slicePath === '' || this.#madeSlices.has(slicePath)) return;
    this.#madeSlices.add(slicePath);
    const parts = slicePath.split('/').slice(1);
    for (const [index, slice] of parts.entries()) {
      const path = `/${parts.slice(0, index + 1).join('/')}`;
      this.#native.makeDirectory(`${this.#root}${path}`, 0o755);
      const context = this.#contextOf(slice as UnitName);
      if (context === null || this.#groups.has(slice as UnitName)) continue;
      const group = this.#makeGroup(slice as UnitName, context);
      this.#settle(group, context);
      if (refusedOf(group).length > 0) this.#onNotEffective(slice as UnitName, refusedOf(group));
    }
  }

  #mainDirectory(group: Group): Fd | null {
    if (group.killed && !this.#makeFreshSubgroup(group)) return null;
    return this.#openDirectory(group.birthPath);
  }

  /** Removes and makes the directory again; `killed` stays set when something in it keeps it from being removed. */
  #replace(group: Group): void {
    this.#dropWatch(group);
    if (!this.#removeTree(group.path)) return;
    this.#native.makeDirectory(`${this.#root}${group.path}`, 0o755);
    group.killed = false;
    group.birthPath = group.path;
    group.attributes = '';
    group.programs = '';
  }

  #makeFreshSubgroup(group: Group): boolean {
    for (let number = 1; number <= REPLACEMENTS_MAX; number++) {
      const path = `${group.path}/again-${String(number)}`;
      const made = this.#native.makeDirectory(`${this.#root}${path}`, 0o755);
      if (made === 0) {
        group.birthPath = path;
        return true;
      }
      if (made !== 'EEXIST') return false;
    }
    return false;
  }

  /** The sub-group of a control process; made anew after a kill of the whole, as the group itself. */
  #controlDirectory(group: Group): Fd | null {
    const path = `${group.path}/.control`;
    if (group.killed) this.#native.removeDirectory(`${this.#root}${path}`);
    this.#native.makeDirectory(`${this.#root}${path}`, 0o755);
    return this.#openDirectory(path);
  }

  #openDirectory(path: string): Fd | null {
    const fd = this.#native.openDirectory(`${this.#root}${path}`);
    return typeof fd === 'string' ? null : fd;
  }

  #isPopulated(group: Group): boolean {
    // A group that is gone holds nobody.
    return this.#native.isGroupPopulated(`${this.#root}${group.path}`) === true;
  }

  #readProcesses(group: Group): Pid[] {
    const pids = this.#native.readGroupProcesses(`${this.#root}${group.path}`, SUBGROUP_DEPTH_MAX, SUBGROUPS_MAX);
    return typeof pids === 'string' ? [] : pids;
  }

  /** The group and all groups below it, parents first. */
  #subgroups(path: string): string[] {
    const found = [path];
    const walk = (at: string, depth: number): void => {
      if (depth > SUBGROUP_DEPTH_MAX || found.length >= SUBGROUPS_MAX) return;
      let entries;
      try {
        entries = readdirSync(`${this.#root}${at}`, { withFileTypes: true });
      } catch {
        return;
      }
      for (const entry of entries) {
        if (!entry.isDirectory()) continue;
        found.push(`${at}/${entry.name}`);
        walk(`${at}/${entry.name}`, depth + 1);
      }
    };
    walk(path, 1);
    return found;
  }

  #removeTree(path: string): boolean {
    // Nearly always there is nothing below, and one call does it.
    const result = this.#native.removeDirectory(`${this.#root}${path}`);
    if (result === 0 || result === 'ENOENT') return true;
    let whole = true;
    for (const directory of this.#subgroups(path).reverse()) {
      const removed = this.#native.removeDirectory(`${this.#root}${directory}`);
      whole = removed === 0 || removed === 'ENOENT';
    }
    return whole;
  }

  #lookAgain(group: Group): void {
    if (this.#waiting.has(group) && this.#isSeenEmpty(group)) this.#onEmpty(group.unit);
  }

  /** Looks into the group, unless it was seen to be empty a moment ago. Once it is, nothing waits for that any more: who looked tells of it. */
  #isSeenEmpty(group: Group): boolean {
    if (this.#seenEmpty.has(group)) return true;
    if (this.#isPopulated(group)) return false;
    this.#waiting.delete(group);
    this.#dropWatch(group);
    if (this.#seenEmpty.size === 0) setImmediate(() => { this.#seenEmpty.clear(); });
    this.#seenEmpty.add(group);
    return true;
  }

  #watchWaiting(): void {
    this.#watchTimer = null;
    for (const waiting of this.#waiting) {
      this.#addWatch(waiting);
      // Emptied before the watch.
      this.#lookAgain(waiting);
    }
    // Its last process may be an orphan, which is reaped without a word: nobody else would tell, and the stop would last until its time-out.
    if ([...this.#waiting].some(({ watch }) => watch === null)) this.#watchTimer = setTimeout(() => { this.#watchWaiting(); }, LOOK_EVERY_MSEC);
  }

  #addWatch(group: Group): void {
    if (group.watch !== null) return;
    if (this.#inotify === null) {
      const fd = this.#native.inotifyOpen();
      if (typeof fd === 'string') return;
      this.#inotify = fd;
      this.#poll.add(fd, POLL_IN, () => { this.#readInotify(fd); }, 'cgroup');
    }
    const watch = this.#native.inotifyAdd(this.#inotify, `${this.#root}${group.path}/cgroup.events`, IN_MODIFY);
    if (typeof watch === 'string') return;
    group.watch = watch;
    this.#byWatch.set(watch, group);
  }

  #dropWatch(group: Group): void {
    if (group.watch === null || this.#inotify === null) return;
    // The kernel has dropped it already when the directory is gone; then this is EINVAL and means nothing.
    this.#native.inotifyRemove(this.#inotify, group.watch);
    this.#byWatch.delete(group.watch);
    group.watch = null;
  }

  #readInotify(fd: Fd): void {
    const records = this.#native.inotifyRead(fd);
    if (typeof records === 'string') return;
    for (const { watch } of records) {
      const group = this.#byWatch.get(watch);
      if (group !== undefined) this.#lookAgain(group);
      // An overflow (watch -1) has lost notices: look at all.
      else if (watch === -1) for (const waiting of this.#waiting) this.#lookAgain(waiting);
    }
  }

  #unitOfPathEnd(path: string): UnitName | null {
    for (let start = 0; start !== -1; start = path.indexOf('/', start + 1)) {
      const unit = this.#byPath.get(path.slice(start));
      if (unit !== undefined) return unit;
    }
    return null;
  }
}

/** What of the unit's wishes the kernel did not grant. */
function refusedOf({ refusedAttributes, refusedPrograms }: Group): readonly NotEffective[] {
  return [...refusedAttributes, ...refusedPrograms];
}
