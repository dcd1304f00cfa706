/**
 * The last sweep of a shutdown: units are stopped, and whatever is still alive gets TERM, time, KILL, and a little time again.
 *
 * As PID 1 that is every process there is; otherwise those below the manager. logd is spared: it has to store the last words.
 */
import { readFileSync } from 'node:fs';
import type { Pid } from '../../base/brand.ts';
import type { ManagerLog } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import { readAllProcesses } from '../processes/process-table.ts';
import type { ProcessEntry } from '../processes/process-table.ts';
import { SIGCONT, SIGKILL, SIGTERM } from '../../base/signals.ts';

/** What outlived its unit's own time to stop was spared on purpose (KillMode=process); it gets this much more. */
const TERM_MSEC = 10_000;
/** After KILL only the kernel can be late: a process stuck in a dead file server. */
const KILL_MSEC = 3_000;
/** Names in the list of who was late. */
const LATE_NAMES_MAX = 20;

export interface FinalKillOptions {
  readonly native: NativeBinding;
  readonly log: ManagerLog;
  readonly isPid1: boolean;
  /** Processes of the manager's own, alive until the end. */
  readonly spare: () => readonly Pid[];
  readonly onDone: (remaining: number) => void;
}

export class FinalKill {
  readonly #options: FinalKillOptions;
  #phase: 'idle' | 'term' | 'kill' | 'done' = 'idle';
  #timer: NodeJS.Timeout | null = null;

  constructor(options: FinalKillOptions) {
    this.#options = options;
  }

  /** Begins, or hurries what has begun. */
  begin(hurry: boolean): void {
    if (this.#phase === 'done') return;
    // From here on the end of anybody counts.
    this.#options.native.reapStrangersQuietly(false);
    if (this.#targets().length === 0) {
      this.#finish(0);
      return;
    }
    if (hurry || this.#phase === 'kill') this.#kill();
    else if (this.#phase === 'idle') this.#terminate();
  }

  /** Exits were reaped: perhaps everybody is gone. */
  recheck(): void {
    if (this.#phase !== 'term' && this.#phase !== 'kill') return;
    if (this.#targets().length === 0) this.#finish(0);
  }

  #terminate(): void {
    this.#phase = 'term';
    this.#signal(this.#targets(), SIGTERM);
    this.#after(TERM_MSEC, () => { this.#kill(); });
  }

  #kill(): void {
    this.#phase = 'kill';
    const targets = this.#targets();
    if (targets.length === 0) {
      this.#finish(0);
      return;
    }
    this.#options.log.write('warning', '', `Killed, because it did not end in time: ${describe(targets)}`, { count: targets.length });
    this.#signal(targets, SIGKILL);
    this.#after(KILL_MSEC, () => {
      const rest = this.#targets();
      if (rest.length > 0) this.#options.log.write('err', '', `Cannot be killed, left behind: ${describe(rest)}`, { count: rest.length });
      this.#finish(rest.length);
    });
  }

  #finish(remaining: number): void {
    this.#phase = 'done';
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#options.onDone(remaining);
  }

  #after(msec: number, call: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(call, msec);
  }

  #signal(targets: readonly ProcessEntry[], signal: number): void {
    for (const { pid } of targets) {
      this.#options.native.kill(pid, signal);
      if (signal === SIGTERM) this.#options.native.kill(pid, SIGCONT);
    }
  }

  #targets(): readonly ProcessEntry[] {
    const { native, isPid1 } = this.#options;
    const spared = new Set<number>([process.pid, ...this.#options.spare()]);
    const all = readAllProcesses(native).filter((entry) => !entry.isKernelThread);
    if (isPid1) return all.filter((entry) => !spared.has(entry.pid));
    const parents = new Map(all.map((entry) => [entry.pid as number, entry.parent]));
    return all.filter((entry) => !spared.has(entry.pid) && isBelow(entry.pid, parents));
  }
}

function isBelow(pid: number, parents: ReadonlyMap<number, number>): boolean {
  let at: number | undefined = pid;
  for (let hops = 0; at !== undefined && at > 1 && hops < 4096; hops++) {
    at = parents.get(at);
    if (at === process.pid) return true;
  }
  return false;
}

function describe(entries: readonly ProcessEntry[]): string {
  const names = entries.slice(0, LATE_NAMES_MAX).map(({ pid }) => `${nameOf(pid)} (${String(pid)})`);
  if (entries.length > LATE_NAMES_MAX) names.push(`and ${String(entries.length - LATE_NAMES_MAX)} more`);
  return names.join(', ');
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim();
  } catch {
    return '?';
  }
}
