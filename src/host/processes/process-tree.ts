/**
 * Tracking without control groups: the manager is a subreaper (or PID 1), so whatever a service leaves behind stays below it.
 *
 * A process belongs to a unit when, in this order,
 * 1. the manager started it, or it was found to belong there before (pid and start time agree);
 * 2. its parent does, or its session or process group was opened by a process that did;
 * 3. its initial environment carries the unit's INVOCATION_ID: a daemon that forked twice and called setsid(2) has lost every other tie.
 *
 * Only a process that cut all of these at once before anybody looked is not attributed; the end of a shutdown ends
 * it all the same. Looking costs one walk over /proc; it is done when a stop needs it and never in between.
 */
import type { Pid, UnitName } from '../../base/brand.ts';
import type { CgroupContext } from '../../core/unit/exec-context.ts';
import type { NativeBinding } from '../native.ts';
import { refusedWithoutGroups } from './group-attributes.ts';
import type { Birthplace, FormerProcesses, GroupKill, ProcessTracker } from './process-tracker.ts';
import { needsContinue } from './process-tracker.ts';
import { readAllProcesses, readEnvironmentVariable, readProcess } from './process-table.ts';
import type { ProcessEntry } from './process-table.ts';
import { SIGCONT, SIGHUP, SIGKILL } from '../../base/signals.ts';

/** A service that forks while it is killed is walked again; more rounds than this and the rest is left to the next signal. */
const KILL_ROUNDS_MAX = 16;
/** Sessions and groups outlive their leaders; remembered for this many, the oldest forgotten first. */
const REMEMBERED_LEADERS_MAX = 16_384;

const NOWHERE: Birthplace = { cgroupFd: -1, cgroupPath: null, notEffective: [] };

interface Known {
  readonly unit: UnitName;
  /** null until the first walk has seen it: spawn does not read /proc. */
  readonly startTicks: number | null;
}

export interface ProcessTreeOptions {
  readonly native: NativeBinding;
  readonly onEmpty: (unit: UnitName) => void;
  /** DefaultTasksMax= */
  readonly defaultTasksMax: CgroupContext['tasksMax'];
}

export class ProcessTree implements ProcessTracker {
  /** Any orphan may be a unit's, and the last one that its stop waits for. */
  readonly endOfStrangersMatters = true;
  readonly #native: NativeBinding;
  readonly #onEmpty: (unit: UnitName) => void;
  readonly #known = new Map<Pid, Known>();
  readonly #invocations = new Map<string, UnitName>();
  /** Pids that led a session or process group of a unit, alive or not. */
  readonly #leaders = new Map<number, UnitName>();
  readonly #watched = new Set<UnitName>();
  readonly #defaultTasksMax: CgroupContext['tasksMax'];
  #snapshot: ReadonlyMap<UnitName, readonly Pid[]> | null = null;

  constructor({ native, onEmpty, defaultTasksMax }: ProcessTreeOptions) {
    this.#native = native;
    this.#defaultTasksMax = defaultTasksMax;
    this.#onEmpty = onEmpty;
  }

  prepare(_unit: UnitName, context: CgroupContext): Birthplace {
    const notEffective = refusedWithoutGroups(context, this.#defaultTasksMax);
    return notEffective.length === 0 ? NOWHERE : { ...NOWHERE, notEffective };
  }

  addProcess(unit: UnitName, pid: Pid, invocationId: string): void {
    this.#known.set(pid, { unit, startTicks: null });
    this.#invocations.set(invocationId, unit);
    this.#rememberLeader(pid, unit);
    this.#snapshot = null;
  }

  restore(unit: UnitName, _context: CgroupContext, former: FormerProcesses): void {
    for (const pid of former.pids) this.addProcess(unit, pid, former.invocationId);
    this.#invocations.set(former.invocationId, unit);
  }

  removeProcess(pid: Pid): void {
    this.#known.delete(pid);
    this.#snapshot = null;
  }

  unitOf(pid: Pid): UnitName | null {
    const known = this.#known.get(pid);
    if (known !== undefined) return known.unit;
    // A zombie that is about to be reaped is in no walk, but can still be read.
    const entry = readProcess(this.#native, pid);
    if (entry === null) return null;
    return this.#leaders.get(entry.session) ?? this.#leaders.get(entry.group) ?? this.#unitByParents(entry) ?? this.#unitByEnvironment(pid);
  }

  unitOfGroup(): null {
    return null;
  }

  unitOfReaped(pid: Pid): UnitName | null {
    return this.#known.get(pid)?.unit ?? this.#leaders.get(pid) ?? null;
  }

  processesOf(unit: UnitName): readonly Pid[] {
    this.#snapshot ??= this.#walk();
    return this.#snapshot.get(unit) ?? [];
  }

  kill(order: GroupKill): void {
    const signalled = new Set<Pid>();
    // With SIGKILL the walk is repeated until it finds nobody new: a fork may have been missed.
    const rounds = order.signal === SIGKILL ? KILL_ROUNDS_MAX : 2;
    for (let round = 0; round < rounds; round++) {
      this.#snapshot = null;
      const targets = this.processesOf(order.unit).filter((pid) => !order.except.includes(pid) && !signalled.has(pid));
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
    if (this.processesOf(unit).length === 0) this.#onEmpty(unit);
    else this.#watched.add(unit);
  }

  wasLast(): boolean {
    // One walk over /proc serves all the exits of a round: recheck makes it.
    return false;
  }

  noteKilled(): void {
    // Only control groups count what the kernel kills for want of memory.
  }

  recheck(): void {
    if (this.#watched.size === 0) return;
    this.#snapshot = null;
    for (const unit of this.#watched) {
      if (this.processesOf(unit).length > 0) continue;
      this.#watched.delete(unit);
      this.#onEmpty(unit);
    }
  }

  refresh(): void {
    // Without groups nothing limits the whole of a unit.
  }

  release(unit: UnitName): void {
    this.#watched.delete(unit);
    // What is still alive keeps its owner: a process that KillMode=process spared must be found by the next stop.
    if (this.processesOf(unit).length > 0) return;
    for (const [invocation, owner] of this.#invocations) if (owner === unit) this.#invocations.delete(invocation);
    for (const [leader, owner] of this.#leaders) if (owner === unit) this.#leaders.delete(leader);
  }

  close(): void {
    // Nothing was made.
  }

  limitMemory(): string {
    return 'units have no control groups here';
  }

  groupOf(): null {
    return null;
  }

  /** Attributes every process below the manager, and remembers what was found. */
  #walk(): ReadonlyMap<UnitName, readonly Pid[]> {
    const entries = new Map<number, ProcessEntry>();
    for (const entry of readAllProcesses(this.#native)) entries.set(entry.pid, entry);
    const owners = new Map<number, UnitName | null>();
    const byUnit = new Map<UnitName, Pid[]>();
    for (const entry of entries.values()) {
      const unit = this.#attribute(entry, entries, owners);
      if (unit === null) continue;
      const known = this.#known.get(entry.pid);
      if (known?.startTicks !== entry.startTicks) this.#known.set(entry.pid, { unit, startTicks: entry.startTicks });
      if (entry.session === entry.pid || entry.group === entry.pid) this.#rememberLeader(entry.pid, unit);
      const pids = byUnit.get(unit);
      if (pids === undefined) byUnit.set(unit, [entry.pid]);
      else pids.push(entry.pid);
    }
    for (const pid of this.#known.keys()) if (!entries.has(pid)) this.#known.delete(pid);
    return byUnit;
  }

  #attribute(entry: ProcessEntry, entries: ReadonlyMap<number, ProcessEntry>, owners: Map<number, UnitName | null>): UnitName | null {
    const decided = owners.get(entry.pid);
    if (decided !== undefined) return decided;
    // Breaks a loop that a torn reading of /proc could show.
    owners.set(entry.pid, null);
    if (entry.pid === process.pid) return null;
    const unit = this.#attributeAnew(entry, entries, owners);
    owners.set(entry.pid, unit);
    return unit;
  }

  #attributeAnew(entry: ProcessEntry, entries: ReadonlyMap<number, ProcessEntry>, owners: Map<number, UnitName | null>): UnitName | null {
    const known = this.#known.get(entry.pid);
    if (known !== undefined && (known.startTicks === null || known.startTicks === entry.startTicks)) return known.unit;
    const parent = entries.get(entry.parent);
    const inherited = parent === undefined ? null : this.#attribute(parent, entries, owners);
    return inherited ?? this.#leaders.get(entry.session) ?? this.#leaders.get(entry.group) ?? (this.#isOurs(entry, entries) ? this.#unitByEnvironment(entry.pid) : null);
  }

  /** As subreaper we see the whole machine in /proc; only what is below us can be ours. */
  #isOurs(entry: ProcessEntry, entries: ReadonlyMap<number, ProcessEntry>): boolean {
    for (let at: ProcessEntry | undefined = entry, hops = 0; at !== undefined && hops < 4096; at = entries.get(at.parent), hops++) {
      if (at.parent === process.pid) return true;
    }
    return false;
  }

  #unitByParents(entry: ProcessEntry): UnitName | null {
    for (let at: ProcessEntry | null = entry, hops = 0; at !== null && hops < 64 && at.parent > 1; at = readProcess(this.#native, at.parent), hops++) {
      const known = this.#known.get(at.parent as Pid);
      if (known !== undefined) return known.unit;
    }
    return null;
  }

  #unitByEnvironment(pid: Pid): UnitName | null {
    const invocation = readEnvironmentVariable(this.#native, pid, 'INVOCATION_ID');
    return invocation === null ? null : (this.#invocations.get(invocation) ?? null);
  }

  #rememberLeader(pid: number, unit: UnitName): void {
    this.#leaders.delete(pid);
    if (this.#leaders.size >= REMEMBERED_LEADERS_MAX) {
      const oldest = this.#leaders.keys().next();
      if (oldest.done !== true) this.#leaders.delete(oldest.value);
    }
    this.#leaders.set(pid, unit);
  }
}
