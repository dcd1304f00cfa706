/** What happened in a simulated world, as a list for people and for programs. */
import type { UnitName } from '../../base/brand.ts';
import { getEntry } from '../../base/persistent-map.ts';
import type { SpawnEffect, Effect, Reply } from '../../core/manager/effect.ts';
import type { ManagerState } from '../../core/manager/state.ts';
import { signalName } from '../../core/unit-file/value/signal.ts';
import type { StepLook } from '../kernel.ts';

/** One thing that happened. */
export interface TimelineEntry {
  /** Since the beginning. */
  readonly atUsec: number;
  readonly what: 'action' | 'expectation' | 'state' | 'process' | 'signal' | 'job' | 'message' | 'log' | 'answer';
  /** '' for what concerns no single unit. */
  readonly unit: string;
  readonly text: string;
}

const LOUD: ReadonlySet<string> = new Set(['emerg', 'alert', 'crit', 'err', 'warning']);
/** More than anybody reads: a service that restarts without a pause for a simulated day. */
const ENTRIES_MAX = 200_000;

export class Timeline {
  readonly entries: TimelineEntry[] = [];
  /** Main processes started, by unit. */
  readonly runs = new Map<string, number>();
  readonly #beginUsec: number;
  readonly #isFull: boolean;
  readonly #spawns = new Map<string, SpawnEffect>();
  #isCut = false;

  /** @param beginUsec the monotonic clock at the beginning; `isFull`: the manager's quiet log lines too */
  constructor(beginUsec: number, isFull: boolean) {
    this.#beginUsec = beginUsec;
    this.#isFull = isFull;
  }

  add(nowUsec: number, what: TimelineEntry['what'], unit: string, text: string): void {
    if (this.entries.length < ENTRIES_MAX) this.entries.push({ atUsec: nowUsec - this.#beginUsec, what, unit, text });
    else if (!this.#isCut) {
      this.#isCut = true;
      this.entries.push({ atUsec: nowUsec - this.#beginUsec, what: 'log', unit: '', text: `more than ${String(ENTRIES_MAX)} things happened; the rest is left out` });
    }
  }

  /** One step of the manager. */
  observe(look: Pick<StepLook, 'before' | 'event' | 'after' | 'effects'>, nowUsec: number): void {
    this.#addEvent(look, nowUsec);
    for (const effect of look.effects) this.#addEffect(effect, look.after, nowUsec);
  }

  #addEvent({ before, event }: Pick<StepLook, 'before' | 'event'>, nowUsec: number): void {
    switch (event.event) {
      case 'spawned': {
        const spawn = this.#spawns.get(`${event.unit} ${String(event.token)}`);
        if (spawn === undefined) return;
        if (spawn.role === 'ExecStart' && spawn.index === 0) this.runs.set(event.unit, (this.runs.get(event.unit) ?? 0) + 1);
        this.add(nowUsec, 'process', event.unit, `process ${String(event.pid)} runs ${spawn.role}=${spawn.command.argv.join(' ')}`);
        return;
      }
      case 'exited': {
        const unit = getEntry(before.pids, event.pid) ?? event.unitHint ?? '';
        const end = event.code === 'exited' ? `exited with status ${String(event.status)}` : `was ended by ${signalName(event.status as Parameters<typeof signalName>[0])}`;
        this.add(nowUsec, 'process', unit, `process ${String(event.pid)} ${end}`);
        return;
      }
      case 'notify': {
        const text = event.fields.map(([key, value]) => `${key}=${value}`).join(' ');
        if (text !== 'WATCHDOG=1' || this.#isFull) this.add(nowUsec, 'message', event.unit, `process ${String(event.pid)} says ${text}`);
        return;
      }
      case 'socket-ready': this.add(nowUsec, 'message', event.unit, 'somebody waits at the socket'); return;
      case 'connection': this.add(nowUsec, 'message', event.unit, `connection from ${event.peer.source}`); return;
      default:
    }
  }

  #addEffect(effect: Effect, after: ManagerState, nowUsec: number): void {
    switch (effect.kind) {
      case 'spawn': this.#spawns.set(`${effect.unit} ${String(effect.token)}`, effect); return;
      case 'kill-process': this.add(nowUsec, 'signal', effect.unit, `${signalName(effect.signal)} to process ${String(effect.pid)}`); return;
      case 'kill-process-tree': this.add(nowUsec, 'signal', effect.unit, `${signalName(effect.signal)} to process ${String(effect.pid)} and its children`); return;
      case 'kill-control-group': this.add(nowUsec, 'signal', effect.unit, `${signalName(effect.signal)} to all processes${effect.except.length === 0 ? '' : ` but ${effect.except.join(', ')}`}`); return;
      case 'publish': this.#addChange(effect.change, after, nowUsec); return;
      case 'reply': this.#addReply(effect.result, nowUsec); return;
      case 'log':
        if (this.#isFull || LOUD.has(effect.level)) this.add(nowUsec, 'log', effect.unit, effect.message);
        return;
      default:
    }
  }

  #addChange(change: Extract<Effect, { readonly kind: 'publish' }>['change'], after: ManagerState, nowUsec: number): void {
    if (change.change === 'unit') {
      const { runtime } = getEntry(after.units, change.unit) ?? {};
      const result = runtime !== undefined && 'result' in runtime && runtime.result !== 'success' && (change.activeState === 'failed' || change.subState === 'auto-restart') ? `, result ${runtime.result}` : '';
      this.add(nowUsec, 'state', change.unit, `${change.activeState} (${change.subState}${result})`);
    } else if (change.change === 'job-removed' && (this.#isFull || change.result !== 'done')) {
      this.add(nowUsec, 'job', change.unit, `job ${change.type}: ${change.result}`);
    }
  }

  #addReply(reply: Reply, nowUsec: number): void {
    if (!reply.ok) this.add(nowUsec, 'answer', '', `refused: ${reply.message}`);
  }
}

/** `1:02:03.004567`, without what is zero in front. */
export function clockText(usec: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const totalSeconds = Math.floor(usec / 1_000_000);
  const fraction = String(usec % 1_000_000).padStart(6, '0').replace(/0{3}$/, '');
  const hours = Math.floor(totalSeconds / 3600), minutes = Math.floor(totalSeconds / 60) % 60;
  const front = hours > 0 ? `${String(hours)}:${two(minutes)}:` : minutes > 0 ? `${String(minutes)}:` : '';
  return `${front}${front === '' ? String(totalSeconds) : two(totalSeconds % 60)}.${fraction}`;
}

const TIME_COLUMNS = 14;

/** One line an entry: when, which unit, what. Times are shown where they change. */
export function renderTimeline(entries: readonly TimelineEntry[]): string {
  const unitColumns = Math.max(0, ...entries.map(({ unit }) => unit.length));
  let last = -1;
  return entries.map(({ atUsec, what, unit, text }) => {
    const time = atUsec === last ? '' : clockText(atUsec);
    last = atUsec;
    const mark = what === 'action' ? '> ' : what === 'expectation' ? '? ' : '  ';
    return `${time.padStart(TIME_COLUMNS)}  ${unit.padEnd(unitColumns)}  ${mark}${text}\n`;
  }).join('');
}

/** What the unit is now, for expectations and the end of a timeline. */
export interface UnitEnd {
  readonly unit: UnitName;
  readonly activeState: string;
  readonly subState: string;
  /** systemd's Result; null for kinds that have none. */
  readonly result: string | null;
  readonly restarts: number;
  readonly runs: number;
  /** Fds in its store. */
  readonly stored: number;
}

export function unitEnd(state: ManagerState, name: UnitName, timeline: Timeline): UnitEnd | null {
  const unit = getEntry(state.units, name);
  if (unit === undefined) return null;
  const { runtime, activeState } = unit;
  return {
    unit: name, activeState, subState: runtime.state, result: 'result' in runtime ? runtime.result : null,
    restarts: runtime.kind === 'service' ? runtime.restarts : 0, runs: timeline.runs.get(name) ?? 0,
    stored: runtime.kind === 'service' ? runtime.fdStore.length : 0,
  };
}
