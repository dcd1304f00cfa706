/**
 * Crash records: what the manager reports of a failure, with the last lines of the unit, as one file each.
 *
 * They are written by logd because it has the lines, and because whoever writes files may have to wait for a disk. Of what is too much
 * only the number is kept, so that a unit which fails without a pause fills neither the disk nor the time of logd.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CRASH_FILE, CRASH_FOLDER, type CrashRecord, type CrashReport } from '../control/crash-record.ts';
import {
  CRASH_DELAY_MSEC, CRASH_LINE_CHARACTERS_MAX, CRASH_LINES_MAX, CRASHES_OF_UNIT_MAX, CRASH_RATE_COUNT, CRASH_RATE_MSEC, CRASH_RECORDS_MAX, CRASHES_WAITING_MAX,
} from './limits.ts';

const DIRECTORY_MODE = 0o750;
const FILE_MODE = 0o640;
/** A unit's name has 255 bytes at most, and so has the name of a file, time and suffix included. */
const UNIT_CHARACTERS_IN_NAME = 200;

export interface CrashRecordsOptions {
  /** Where logs are kept now; null when that is memory, which has no place for records. */
  readonly directory: () => string | null;
  /** The unit's last lines, oldest first, after its pipes were emptied. */
  readonly lastLines: (unit: string, count: number) => Promise<readonly string[]>;
  readonly onError: (message: string) => void;
}

interface Unwritten {
  readonly report: CrashReport;
  /** Failures of the unit before it that have no record. */
  readonly skipped: number;
  readonly timer: NodeJS.Timeout;
}

export class CrashRecords {
  readonly #options: CrashRecordsOptions;
  readonly #waiting = new Set<Unwritten>();
  /** By unit: when its newest records were made, and how many failures have none since. */
  readonly #recent = new Map<string, { readonly times: readonly number[]; skipped: number }>();
  /** Writing is done one after the other: each may read some megabytes of log. */
  #chain: Promise<void> = Promise.resolve();

  constructor(options: CrashRecordsOptions) {
    this.#options = options;
  }

  /** Writes a record when the last words of the unit have had the time to arrive. */
  add(report: CrashReport, nowMsec: number): void {
    const recent = this.#recent.get(report.unit) ?? { times: [], skipped: 0 };
    const times = recent.times.filter((time) => nowMsec - time < CRASH_RATE_MSEC);
    if (times.length >= CRASH_RATE_COUNT || this.#waiting.size >= CRASHES_WAITING_MAX) {
      recent.skipped += 1;
      this.#recent.set(report.unit, recent);
      return;
    }
    this.#recent.delete(report.unit);
    this.#recent.set(report.unit, { times: [...times, nowMsec], skipped: 0 });
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= CRASH_RECORDS_MAX) break;
      this.#recent.delete(oldest);
    }
    const { skipped } = recent;
    const unwritten: Unwritten = { report, skipped, timer: setTimeout(() => { this.#writeNext(unwritten); }, CRASH_DELAY_MSEC) };
    this.#waiting.add(unwritten);
  }

  /** Writes what waits, at once. */
  async finish(): Promise<void> {
    for (const unwritten of [...this.#waiting]) {
      clearTimeout(unwritten.timer);
      this.#writeNext(unwritten);
    }
    await this.#chain;
  }

  #writeNext(unwritten: Unwritten): void {
    this.#waiting.delete(unwritten);
    this.#chain = this.#chain.then(async () => {
      try {
        await this.#write(unwritten.report, unwritten.skipped);
      } catch (error) {
        this.#options.onError(`the failure of ${unwritten.report.unit} could not be recorded: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  }

  async #write(report: CrashReport, skipped: number): Promise<void> {
    const parent = this.#options.directory();
    if (parent === null) return;
    const lines = (await this.#options.lastLines(report.unit, CRASH_LINES_MAX)).map((line) => line.slice(0, CRASH_LINE_CHARACTERS_MAX));
    const record: CrashRecord = { ...report, lines, skipped };
    const folder = join(parent, CRASH_FOLDER);
    mkdirSync(folder, { recursive: true, mode: DIRECTORY_MODE });
    const names = readdirSync(folder).filter((name) => CRASH_FILE.test(name)).sort();
    const name = fileNameOf(report);
    // Told twice by a manager whose engine died in between.
    if (names.includes(name)) return;
    // Whole or not at all: a reader may come at any time.
    writeFileSync(join(folder, '.new'), `${JSON.stringify(record)}\n`, { mode: FILE_MODE });
    renameSync(join(folder, '.new'), join(folder, name));
    const ofUnit = names.filter((each) => CRASH_FILE.exec(each)?.[2] === CRASH_FILE.exec(name)?.[2]);
    const tooMany = [...ofUnit.slice(0, Math.max(0, ofUnit.length + 1 - CRASHES_OF_UNIT_MAX)), ...names.slice(0, Math.max(0, names.length + 1 - CRASH_RECORDS_MAX))];
    for (const old of new Set(tooMany)) rmSync(join(folder, old), { force: true });
  }
}

function fileNameOf({ unit, times }: CrashReport): string {
  return `${times.failedUsec.toString(16).padStart(16, '0')}-${unit.slice(0, UNIT_CHARACTERS_IN_NAME)}.json`;
}
