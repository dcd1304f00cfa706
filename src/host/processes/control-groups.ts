/**
 * A control group for each unit, on a cgroup2 hierarchy: `ROOT/system.slice/nginx.service`.
 *
 * - An empty group is noticed by reading `cgroup.events` after exits were reaped; inotify on the same file is the net below, for the
 *   exits that are not ours to reap. It is spread only when a stop takes its time, because most are over before it could be of use.
 * - A group that `cgroup.kill` was used on is made anew before the next process is born into it: kernels around 6.18 kill whatever
 *   CLONE_INTO_CGROUP puts into such a group. Where it cannot be removed yet, its next process is born into a sub-group.
 * - Controllers are enabled when the first unit asks for one, from the root down; the manager then moves into a
 *   leaf (`init.scope`), since a group with processes cannot have controllers below it.
 */
import { readdirSync, statSync } from 'node:fs';
import type { Fd, Pid, UnitName } from '../../base/brand.ts';
import type { CgroupContext, LimitValue } from '../../core/unit/exec-context.ts';
import { POLL_IN } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import { memoryOfMachine, tasksOfMachine } from './machine-size.ts';
import type { PollSet } from '../poll-set.ts';
import { parseOwnGroup } from './cgroup-root.ts';
import type { Birthplace, FormerProcesses, GroupKill, ProcessTracker } from './process-tracker.ts';
import { MANAGER_LEAF } from './cgroup-root.ts';
import { needsContinue } from './process-tracker.ts';
import { SIGCONT, SIGHUP, SIGKILL } from '../../base/signals.ts';
import { IN_MODIFY } from '../watching/inotify-flags.ts';

/** Rounds of reading cgroup.procs and signalling what is new, against a service that forks meanwhile. */
const SIGNAL_ROUNDS_MAX = 16;
/** A delegated group may hold groups of its own; deeper than this is not walked. */
const SUBGROUP_DEPTH_MAX = 16;
const SUBGROUPS_MAX = 4096;
/** How long the exit of a process that the manager does not reap may stay unnoticed. */
const WATCH_AFTER_MSEC = 100;
/** Of a group without groups below it: its name and its `.`. */
const LINKS_OF_A_LEAF = 2;
/** Fresh sub-groups tried when a killed group cannot be replaced. */
const REPLACEMENTS_MAX = 64;

interface Group {
  readonly unit: UnitName;
  /** Relative to the root, `/system.slice/nginx.service`. */
  readonly path: string;
  /** Where the next process is born: `path`, or a sub-group of it. */
  birthPath: string;
  /** cgroup.kill was used since the directory was made. */
  killed: boolean;
  watch: number | null;
  notEffective: readonly { readonly directive: string; readonly why: string }[];
  attributes: string;
}

/** What one directive wants of the kernel. */
interface Attribute {
  readonly directive: string;
  readonly controller: 'memory' | 'pids' | 'cpu' | 'io';
  readonly file: string;
  readonly value: string;
}

/** A slice's groups are nested by its name: `a-b.slice` lives in `a.slice`. `-.slice` is the root. */
export function sliceGroupPath(slice: string): string {
  const stem = slice.replace(/\.slice$/, '');
  if (stem === '-' || stem === '') return '';
  const parts = stem.split('-');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}

/** Where a unit's group is, relative to the root. */
function groupPath(unit: UnitName, context: CgroupContext): string {
  if (unit.endsWith('.slice')) return sliceGroupPath(unit);
  return `${context.slice === null ? '' : sliceGroupPath(context.slice)}/${unit}`;
}

/** `whole` is asked only for a percentage: finding out the machine's memory reads a file. */
function limitText(limit: LimitValue | { readonly percent: number }, whole: () => number): string {
  if (limit === 'infinity') return 'max';
  return String(typeof limit === 'number' ? limit : Math.floor((whole() * limit.percent) / 100));
}

const CPU_PERIOD_USEC = 100_000;

/** The attributes a unit's directives stand for, in the order they are written. */
export function attributesOf(context: CgroupContext): readonly Attribute[] {
  const attributes: Attribute[] = [];
  const add = (directive: string, controller: Attribute['controller'], file: string, value: string): void => {
    attributes.push({ directive, controller, file, value });
  };
  if (context.tasksMax !== null) add('TasksMax', 'pids', 'pids.max', limitText(context.tasksMax, tasksOfMachine));
  if (context.memoryMin !== null) add('MemoryMin', 'memory', 'memory.min', limitText(context.memoryMin, memoryOfMachine));
  if (context.memoryLow !== null) add('MemoryLow', 'memory', 'memory.low', limitText(context.memoryLow, memoryOfMachine));
  if (context.memoryHigh !== null) add('MemoryHigh', 'memory', 'memory.high', limitText(context.memoryHigh, memoryOfMachine));
  if (context.memoryMax !== null) add('MemoryMax', 'memory', 'memory.max', limitText(context.memoryMax, memoryOfMachine));
  if (context.memorySwapMax !== null) add('MemorySwapMax', 'memory', 'memory.swap.max', limitText(context.memorySwapMax, memoryOfMachine));
  // CPUWeight=idle: below the smallest weight there is a switch of its own.
  if (context.cpuWeight === 0) add('CPUWeight', 'cpu', 'cpu.idle', '1');
  else if (context.cpuWeight !== null) add('CPUWeight', 'cpu', 'cpu.weight', String(context.cpuWeight));
  if (context.cpuQuotaUsecPerSec !== null) {
    const quota = Math.max(1000, Math.round((context.cpuQuotaUsecPerSec * CPU_PERIOD_USEC) / 1_000_000));
    add('CPUQuota', 'cpu', 'cpu.max', `${String(quota)} ${String(CPU_PERIOD_USEC)}`);
  }
  if (context.ioWeight !== null) add('IOWeight', 'io', 'io.weight', `default ${String(context.ioWeight)}`);
  return attributes;
}

/** What the kernel has in a new group, for a setting that is taken back. Source: cgroup-v2 of the kernel's documentation. */
const UNSET_ATTRIBUTES: readonly (readonly [file: string, value: string])[] = [
  ['pids.max', 'max'], ['memory.min', '0'], ['memory.low', '0'], ['memory.high', 'max'], ['memory.max', 'max'], ['memory.swap.max', 'max'],
  ['cpu.weight', '100'], ['cpu.max', `max ${String(CPU_PERIOD_USEC)}`], ['io.weight', 'default 100'],
];

export interface ControlGroupsOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  /** Directory of the manager's own group. */
  readonly root: string;
  readonly onEmpty: (unit: UnitName) => void;
  /** What of a slice's wishes its group could not be given. */
  readonly onNotEffective: (slice: UnitName, items: Group['notEffective']) => void;
  /** What a slice's files ask of its group; null when it is not loaded. */
  readonly contextOf: (slice: UnitName) => CgroupContext | null;
  /** DefaultTasksMax= */
  readonly defaultTasksMax: CgroupContext['tasksMax'];
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
  readonly #defaultTasksMax: CgroupContext['tasksMax'];
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
  /** Controllers enabled for children, by group path; the value is why enabling failed, '' when it went through. */
  readonly #controllers = new Map<string, string>();
  #movedToLeaf = false;

  constructor(options: ControlGroupsOptions) {
    this.#native = options.native;
    this.#poll = options.poll;
    this.#root = options.root;
    this.#onEmpty = options.onEmpty;
    this.#onNotEffective = options.onNotEffective;
    this.#contextOf = options.contextOf;
    this.#defaultTasksMax = options.defaultTasksMax;
  }

  prepare(unit: UnitName, context: CgroupContext, part: 'main' | 'control'): Birthplace {
    const group = this.#groups.get(unit) ?? this.#makeGroup(unit, context);
    const before = group.notEffective;
    this.#seenEmpty.delete(group);
    this.#applyAttributes(group, context);
    const cgroupFd = part === 'control' ? this.#controlDirectory(group) : this.#mainDirectory(group);
    return {
      cgroupFd: cgroupFd ?? -1,
      cgroupPath: `${this.#root}${group.path}`,
      notEffective: group.notEffective === before ? [] : group.notEffective,
    };
  }

  refresh(unit: UnitName, context: CgroupContext): void {
    const group = this.#groups.get(unit);
    if (group !== undefined) this.#applyAttributes(group, context);
  }

  restore(unit: UnitName, context: CgroupContext, former: FormerProcesses): void {
    const path = groupPath(unit, context);
    const directory = statSync(`${this.#root}${path}`, { throwIfNoEntry: false });
    if (directory === undefined) return;
    // A process born into a replacement says that the group itself was killed and could not be made anew.
    const killed = former.mayBeKilled || (directory.nlink > LINKS_OF_A_LEAF && this.#subgroups(path).some((below) => below.startsWith(`${path}/again-`)));
    this.#groups.set(unit, { unit, path, birthPath: path, killed, watch: null, notEffective: [], attributes: '' });
    this.#byPath.set(path, unit);
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
    if (group === undefined || this.#seenEmpty.has(group) || !this.#isPopulated(group)) {
      this.#onEmpty(unit);
      return;
    }
    this.#waiting.add(group);
    this.#watchTimer ??= setTimeout(() => {
      this.#watchTimer = null;
      for (const waiting of this.#waiting) {
        this.#addWatch(waiting);
        // Emptied before the watch.
        this.#lookAgain(waiting);
      }
    }, WATCH_AFTER_MSEC);
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

  #makeGroup(unit: UnitName, context: CgroupContext): Group {
    const path = groupPath(unit, context);
    this.#makeSlices(context.slice === null ? '' : sliceGroupPath(context.slice));
    const group: Group = { unit, path, birthPath: path, killed: !this.#makeFresh(path), watch: null, notEffective: [], attributes: '' };
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
      this.#applyAttributes(group, context);
      if (group.notEffective.length > 0) this.#onNotEffective(slice as UnitName, group.notEffective);
    }
  }

  #mainDirectory(group: Group): Fd | null {
    if (group.killed) this.#replace(group);
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
    if (!this.#waiting.has(group) || this.#isPopulated(group)) return;
    this.#waiting.delete(group);
    this.#dropWatch(group);
    if (this.#seenEmpty.size === 0) setImmediate(() => { this.#seenEmpty.clear(); });
    this.#seenEmpty.add(group);
    this.#onEmpty(group.unit);
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

  #applyAttributes(group: Group, context: CgroupContext): void {
    const attributes = attributesOf(context);
    const wanted = attributes.map(({ file, value }) => `${file}=${value}`).join(' ');
    if (wanted === group.attributes) return;
    const failures: { directive: string; why: string }[] = [];
    for (const { directive, controller, file, value } of attributes) {
      const why = this.#enableController(group.path, controller) || this.#writeAttribute(group.path, file, value);
      // What every unit has by default was asked for by nobody; that it is missing is said once, at start.
      if (why !== '' && !(directive === 'TasksMax' && this.#isDefaultTasksMax(context))) failures.push({ directive, why });
    }
    for (const [file, value] of UNSET_ATTRIBUTES) {
      if (group.attributes.includes(`${file}=`) && !attributes.some((each) => each.file === file)) this.#writeAttribute(group.path, file, value);
    }
    group.attributes = wanted;
    group.notEffective = failures;
  }

  #isDefaultTasksMax(context: CgroupContext): boolean {
    return JSON.stringify(context.tasksMax) === JSON.stringify(this.#defaultTasksMax);
  }

  #writeAttribute(path: string, file: string, value: string): string {
    const result = this.#native.writeAttribute(`${this.#root}${path}/${file}`, value);
    return result === 0 ? '' : `${file} could not be written: ${result}`;
  }

  /** Enables a controller in every group from the root to the parent of `path`. '' or why not. */
  #enableController(path: string, controller: string): string {
    const parents = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parents.length; depth++) {
      const parent = parents.slice(0, depth).join('/');
      const key = `${parent} ${controller}`;
      let why = this.#controllers.get(key);
      if (why === undefined) {
        why = this.#enableBelow(parent, controller);
        this.#controllers.set(key, why);
      }
      if (why !== '') return why;
    }
    return '';
  }

  #enableBelow(parent: string, controller: string): string {
    const available = this.#native.readSmallFile(`${this.#root}${parent}/cgroup.controllers`, 4096);
    if (!available.split(/\s+/).includes(controller)) return `the control group hierarchy has no ${controller} controller here`;
    const file = `${this.#root}${parent}/cgroup.subtree_control`;
    let result = this.#native.writeAttribute(file, `+${controller}`);
    if (result === 'EBUSY' && parent === '' && this.#moveToLeaf()) result = this.#native.writeAttribute(file, `+${controller}`);
    return result === 0 ? '' : `the ${controller} controller could not be enabled: ${result}`;
  }

  /** Moves the manager, and logd with it, out of the group that is to have controllers below it. */
  #moveToLeaf(): boolean {
    if (this.#movedToLeaf) return false;
    this.#movedToLeaf = true;
    const leaf = `${this.#root}/${MANAGER_LEAF}`;
    this.#native.makeDirectory(leaf, 0o755);
    const text = this.#native.readSmallFile(`${this.#root}/cgroup.procs`, 1024 * 1024);
    for (const line of text.split('\n')) if (Number(line) > 0) this.#native.writeAttribute(`${leaf}/cgroup.procs`, line);
    return true;
  }
}

