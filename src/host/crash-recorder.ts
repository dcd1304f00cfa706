/**
 * Makes the manager's part of crash records and hands it to logd, which has the last lines and writes the file: nothing here waits, and a
 * unit that fails a hundred times a second costs no more than its newest report.
 */
import { CRASH_RECORD_VERSION } from '../control/crash-record.ts';
import type { CrashPeaks, CrashPrelude, CrashReport } from '../control/crash-record.ts';
import type { Pid, RealtimeUsec, UnitName } from '../base/brand.ts';
import type { CrashFacts } from '../core/manager/explain/crash-facts.ts';
import type { Change, Effect } from '../core/manager/effect.ts';
import type { NativeBinding, ProcessExit } from './native.ts';

/** Changes told in a record: a screenful, and with names of 255 bytes still a message logd takes. */
const BEFORE_MAX = 24;
/** Exits whose resource use is remembered until the failure they lead to, which comes in the same turn or after ExecStopPost=. */
const EXITS_MAX = 256;
const KIB = 1024;
/** Files of a control group are short. */
const ATTRIBUTE_BYTES_MAX = 4096;

export interface CrashRecorderOptions {
  readonly native: NativeBinding;
  readonly version: string;
  readonly bootId: string;
  /** Absolute path of the unit's control group, or null. */
  readonly groupOf: (unit: UnitName) => string | null;
  readonly send: (report: CrashReport) => void;
}

type GroupPeaks = Pick<CrashPeaks, 'memoryPeakBytes' | 'tasksPeak' | 'cpuUsec' | 'oomKills'>;

const NO_PEAKS: GroupPeaks = { memoryPeakBytes: null, tasksPeak: null, cpuUsec: null, oomKills: null };

export class CrashRecorder {
  readonly #options: CrashRecorderOptions;
  #before: CrashPrelude[] = [];
  #batchUsec = 0 as RealtimeUsec;
  readonly #exits = new Map<Pid, ProcessExit>();
  /** Units whose failure is recorded in this batch. */
  readonly #failing = new Set<UnitName>();
  /** Of their groups, when they are removed before. */
  readonly #peaks = new Map<UnitName, GroupPeaks>();

  constructor(options: CrashRecorderOptions) {
    this.#options = options;
  }

  noteExit(exit: ProcessExit): void {
    this.#exits.set(exit.pid, exit);
    if (this.#exits.size <= EXITS_MAX) return;
    for (const oldest of this.#exits.keys()) {
      this.#exits.delete(oldest);
      return;
    }
  }

  noteChange(change: Change): void {
    if (change.change !== 'unit') return;
    this.#before.push({ atUsec: this.#batchUsec, unit: change.unit, activeState: change.activeState, subState: change.subState });
    // Cut rarely: shifting an array for each change of a large boot would be work for nothing.
    if (this.#before.length > BEFORE_MAX * 8) this.#before = this.#before.slice(-BEFORE_MAX);
  }

  /**
   * Nearly always there is no failure among them, and no group needs to be read.
   *
   * @param nowUsec for all changes of the batch: a clock of its own for each would tell no more than how long the batch takes
   */
  beginBatch(effects: readonly Effect[], nowUsec: RealtimeUsec): void {
    this.#batchUsec = nowUsec;
    for (const effect of effects) if (effect.kind === 'record-crash') this.#failing.add(effect.unit);
  }

  /** The unit's control group is about to be removed: what it says is kept for the record of this batch. */
  noteRelease(unit: UnitName): void {
    if (!this.#failing.has(unit)) return;
    const group = this.#options.groupOf(unit);
    if (group !== null) this.#peaks.set(unit, this.#readGroup(group));
  }

  endBatch(): void {
    this.#failing.clear();
    this.#peaks.clear();
  }

  record(unit: UnitName, facts: CrashFacts): void {
    const { version, bootId, groupOf, send } = this.#options;
    const group = groupOf(unit);
    const exit = facts.process === null ? undefined : this.#exits.get(facts.process.pid as Pid);
    const peaks = this.#peaks.get(unit) ?? (group === null ? NO_PEAKS : this.#readGroup(group));
    send({
      version: CRASH_RECORD_VERSION, heartwood: version, bootId, ...facts,
      peaks: { ...peaks, processMaxRssBytes: exit === undefined ? null : ownMaxRss(exit), processUserUsec: exit?.userUsec ?? null, processSystemUsec: exit?.systemUsec ?? null },
      before: this.#before.slice(-BEFORE_MAX),
    });
  }

  #readGroup(group: string): GroupPeaks {
    const read = (file: string): string => this.#options.native.readSmallFile(`${group}/${file}`, ATTRIBUTE_BYTES_MAX);
    return {
      memoryPeakBytes: numberIn(read('memory.peak'), /^(\d+)\n/), tasksPeak: numberIn(read('pids.peak'), /^(\d+)\n/),
      cpuUsec: numberIn(read('cpu.stat'), /^usage_usec (\d+)$/m), oomKills: numberIn(read('memory.events'), /^oom_kill (\d+)$/m),
    };
  }
}

/** The kernel counts what a process had before its execve, which is the manager's memory: a smaller one's own size is not known. */
function ownMaxRss({ maxRssBytes }: ProcessExit): number | null {
  return maxRssBytes > process.resourceUsage().maxRSS * KIB ? maxRssBytes : null;
}

/** The name of an errno, which stands for a file that is not there, holds no number. */
function numberIn(text: string, pattern: RegExp): number | null {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
