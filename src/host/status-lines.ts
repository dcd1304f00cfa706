/**
 * Status lines on the console, as people know them from booting: `[  OK  ] Started Web server.`, failures in red, and a job that takes
 * longer than a second with its elapsed time.
 *
 * The elapsed time is the only thing in the manager that ticks, and only on a terminal while a job is late; an idle manager has no timer.
 */
import type { JobId, UnitName } from '../base/brand.ts';
import { getEntry, valuesOf } from '../base/persistent-map.ts';
import type { Change } from '../core/manager/effect.ts';
import type { UnitKind } from '../core/unit/unit-common.ts';
import type { Job, ManagerState } from '../core/manager/state.ts';
import type { OutputSink } from './logging/output-sink.ts';

/** A job is worth a word when it runs longer than this. */
const LATE_USEC = 1_000_000;
const TICK_MSEC = 1000;

const GREEN = '\x1b[0;32m';
const RED = '\x1b[0;1;31m';
const YELLOW = '\x1b[0;1;33m';
const HIGHLIGHT = '\x1b[0;1;39m';
const RESET = '\x1b[0m';
const CLEAR_LINE = '\r\x1b[K';

type Mark = '  OK  ' | 'FAILED' | 'DEPEND' | ' TIME ' | ' INFO ' | ' SKIP ' | '      ';

export interface StatusLinesOptions {
  readonly sink: OutputSink;
  readonly colour: boolean;
  /** Show late jobs in place, rewritten each second: only on a terminal. */
  readonly live: boolean;
  readonly state: () => ManagerState;
  readonly nowUsec: () => number;
  /** `auto` shows nothing until something fails or takes long. */
  readonly show: 'yes' | 'auto';
}

/** What a job's end looks like. null: nothing is said. Texts as systemd prints them. */
export function describeJobEnd(change: Extract<Change, { readonly change: 'job-removed' }>, unitKind: UnitKind | 'oneshot', description: string): { readonly mark: Mark; readonly text: string } | null {
  const { type, result } = change;
  const isTarget = unitKind === 'target';
  if (type === 'start' || type === 'restart' || type === 'try-restart') {
    switch (result) {
      case 'done': return { mark: '  OK  ', text: `${STARTED[unitKind] ?? 'Started'} ${description}.` };
      case 'failed': return { mark: 'FAILED', text: `Failed to start ${description}.` };
      case 'timeout': return { mark: ' TIME ', text: `Timed out starting ${description}.` };
      case 'dependency': return { mark: 'DEPEND', text: `Dependency failed for ${description}.` };
      case 'assert': return { mark: 'FAILED', text: `Starting ${description} was asserted out.` };
      case 'unsupported': return { mark: 'DEPEND', text: `Starting of ${description} is not supported.` };
      default: return null;
    }
  }
  if (type === 'stop') {
    switch (result) {
      case 'done': return { mark: '  OK  ', text: isTarget ? `Stopped target ${description}.` : `Stopped ${description}.` };
      case 'timeout': return { mark: ' TIME ', text: `Timed out stopping ${description}.` };
      case 'failed': return { mark: 'FAILED', text: `Stopped ${description} with an error.` };
      default: return null;
    }
  }
  return null;
}

/** A oneshot's start is over when its work is done. */
const STARTED: Partial<Record<UnitKind | 'oneshot', string>> = { target: 'Reached target', oneshot: 'Finished' };

function paint(mark: Mark): string {
  switch (mark) {
    case '  OK  ': return GREEN;
    case 'FAILED':
    case ' TIME ': return RED;
    case 'DEPEND': return YELLOW;
    default: return HIGHLIGHT;
  }
}

/** `1min 5s`, whole seconds. */
function formatElapsed(usec: number): string {
  const seconds = Math.floor(usec / 1_000_000);
  return seconds < 60 ? `${String(seconds)}s` : `${String(Math.floor(seconds / 60))}min ${String(seconds % 60)}s`;
}

export class StatusLines {
  readonly #options: StatusLinesOptions;
  #timer: NodeJS.Timeout | null = null;
  #liveLine = false;
  /** With `auto`: becomes true with the first failure or late job. */
  #loud: boolean;
  #turn = 0;
  readonly #running = new Set<JobId>();

  constructor(options: StatusLinesOptions) {
    this.#options = options;
    this.#loud = options.show === 'yes';
  }

  onChange(change: Change): void {
    if (change.change === 'job-running') {
      if (change.type === 'start' || change.type === 'stop' || change.type === 'restart') this.#running.add(change.job);
      this.#tickLater();
    } else if (change.change === 'job-removed') {
      this.#running.delete(change.job);
      this.#onJobEnd(change);
    }
  }

  /** A line of its own, not about a job. */
  say(mark: Mark, text: string): void {
    this.#print(mark, text);
  }

  /** Nothing more will come: takes the live line away. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#eraseLive();
  }

  #onJobEnd(change: Extract<Change, { readonly change: 'job-removed' }>): void {
    const unit = getEntry(this.#options.state().units, change.unit);
    if (unit === undefined || unit.runtime.kind === 'slice') return;
    // A start that a condition made needless has done its job and started nothing: the log says why.
    if (change.type === 'start' && change.result === 'done' && unit.conditions.length > 0 && !unit.conditionResult) return;
    const { definition } = unit;
    const line = describeJobEnd(change, definition.kind === 'service' && definition.type === 'oneshot' ? 'oneshot' : definition.kind, definition.description);
    if (line === null) return;
    if (line.mark !== '  OK  ') this.#loud = true;
    if (this.#loud) this.#print(line.mark, line.text);
    if (line.mark === 'FAILED') this.#print('      ', `See "initctl status ${change.unit}" for details.`);
  }

  #print(mark: Mark, text: string): void {
    this.#eraseLive();
    const { sink, colour } = this.#options;
    if (mark === '      ') sink.write(`${text}\n`);
    else sink.write(colour ? `[${paint(mark)}${mark}${RESET}] ${text}\n` : `[${mark}] ${text}\n`);
  }

  #eraseLive(): void {
    if (!this.#liveLine) return;
    this.#liveLine = false;
    this.#options.sink.write(CLEAR_LINE);
  }

  #tickLater(): void {
    if (!this.#options.live || this.#timer !== null || this.#running.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#tick();
    }, TICK_MSEC);
  }

  #tick(): void {
    const { jobs, units } = this.#options.state();
    const now = this.#options.nowUsec();
    const late: Job[] = [];
    for (const job of valuesOf(jobs)) {
      if (this.#running.has(job.id) && job.startedUsec !== null && now - job.startedUsec >= LATE_USEC && isProcessUnit(job.unit)) late.push(job);
    }
    if (late.length > 0) {
      this.#loud = true;
      late.sort((a, b) => a.id - b.id);
      const job = late[this.#turn % late.length] as Job;
      this.#turn += 1;
      const what = getEntry(units, job.unit)?.definition.description ?? job.unit;
      const count = late.length === 1 ? '' : `(${String((this.#turn - 1) % late.length + 1)} of ${String(late.length)}) `;
      const limit = job.deadlineUsec === null || job.startedUsec === null ? 'no limit' : formatElapsed(job.deadlineUsec - job.startedUsec);
      const verb = job.type === 'stop' ? 'A stop job' : 'A start job';
      this.#eraseLive();
      this.#options.sink.write(`[${RED}***${RESET}   ] ${count}${verb} is running for ${what} (${formatElapsed(now - (job.startedUsec ?? now))} / ${limit})`);
      this.#liveLine = true;
    }
    this.#tickLater();
  }
}

/** Targets and slices wait for others; naming them would hide whom they wait for. */
function isProcessUnit(name: UnitName): boolean {
  return !name.endsWith('.target') && !name.endsWith('.slice');
}
