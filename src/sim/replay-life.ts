/**
 * `initctl replay FILE [--json] [--all]`: takes the steps of a recorded life again, one by one, and says what happened, which step throws
 * and which breaks a law of the state. A step that the manager left out because it had died of it is taken here.
 *
 * Exit status: 0 nothing is wrong; 1 a step throws or breaks a law; 2 the file is no such record.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { UnstampedEvent } from '../core/manager/event.ts';
import { checkInvariants } from '../core/manager/invariants.ts';
import { parseLifeRecord, recordedLoads, type LifeRecord } from '../core/manager/survival/life-record.ts';
import { NOWHERE, Replay, type DeathWitness, type Step } from '../core/manager/survival/replay.ts';
import { deserialise } from '../core/manager/survival/serialise.ts';
import { step } from '../core/manager/step.ts';
import { clockText, renderTimeline, Timeline, type TimelineEntry } from './script/timeline.ts';

const WRONG = 2;

/** A step that the manager must not take like that. */
export interface Defect {
  /** Since the beginning of the record. */
  readonly atUsec: number;
  /** Of the event, as the manager counts them. */
  readonly sequence: number;
  readonly event: string;
  readonly what: string;
}

export interface LifeReplay {
  readonly entries: readonly TimelineEntry[];
  readonly defects: readonly Defect[];
  readonly steps: number;
}

/** @returns a sentence when the record cannot be replayed */
export function replayLife(record: LifeRecord, isFull: boolean): LifeReplay | string {
  const load = recordedLoads(record);
  const restored = deserialise(record.snapshot, load([], null));
  if (!restored.ok) return restored.error;
  const beginUsec = record.entries.map((entry) => ('batch' in entry ? entry.clock.monotonicUsec : null)).find((at) => at !== null) ?? 0;
  const timeline = new Timeline(beginUsec, isFull);
  const defects: Defect[] = [];
  let sequence = 0;
  let steps = 0;
  const watched: Step = (before, event) => {
    const now = event.monotonicUsec;
    const note = (what: string): void => {
      defects.push({ atUsec: now - beginUsec, sequence, event: eventText(event), what });
      timeline.add(now, 'log', 'unit' in event ? event.unit : '', `DEFECT in event ${String(sequence)}: ${what}`);
    };
    steps += 1;
    timeline.add(now, 'action', 'unit' in event ? event.unit : '', `event ${String(sequence)}${sequence === record.end.position.stepping ? ', of which the manager died' : ''}: ${eventText(event)}`);
    try {
      const [after, effects] = step(before, event);
      timeline.observe({ before, event, after, effects }, now);
      try {
        checkInvariants(after);
      } catch (error) {
        note(messageOf(error));
      }
      return [after, effects];
    } catch (error) {
      note(error instanceof Error ? error.stack ?? error.message : String(error));
      throw error;
    }
  };
  const witness: DeathWitness = {
    position: NOWHERE, wasKilled: false, births: new Map(),
    setPosition: () => undefined, note: () => undefined, suspect: () => 0,
    setStepping: (at) => { if (at >= 0) sequence = at; },
  };
  new Replay({ witness, step: watched, load, state: restored.state, head: record.head }).run(record.entries.filter((entry) => !('leftOut' in entry)));
  return { entries: timeline.entries, defects, steps };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Definitions are long, and nobody reads them here. */
function eventText(event: UnstampedEvent): string {
  const { event: kind, ...rest } = event;
  return `${kind} ${JSON.stringify(rest, (key, value: unknown) => (key === 'definitions' && Array.isArray(value) ? value.length : key === 'monotonicUsec' || key === 'realtimeUsec' || key === 'event' ? undefined : value))}`;
}

/** @returns the exit status */
export function replayFile(argv: readonly string[]): number {
  const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: { json: { type: 'boolean' }, all: { type: 'boolean' } } });
  const [file] = positionals;
  const complain = (what: string): number => {
    process.stderr.write(`initctl replay: ${what}\n`);
    return WRONG;
  };
  if (file === undefined || positionals.length > 1) return complain('one FILE is to be given: what the manager left in its runtime directory, below lives/');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return complain(`${file} cannot be read: ${messageOf(error)}`);
  }
  const record = parseLifeRecord(text);
  if (!record.ok) return complain(`${file} is no record of a life that this Heartwood can read: ${record.problem}`);
  const replay = replayLife(record.value, values.all === true);
  if (typeof replay === 'string') return complain(`${file}: ${replay}`);
  const { end, heartwood } = record.value;
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ heartwood, end, timeline: replay.entries, defects: replay.defects, steps: replay.steps }, null, 2)}\n`);
  } else {
    process.stdout.write(renderTimeline(replay.entries));
    const how = end.signal === 0 ? 'executed itself anew' : `died of signal ${String(end.signal)}`;
    process.stdout.write(`heartwood ${heartwood} ${how}${whereText(end.position)}; ${String(replay.steps)} events replayed, ${String(replay.defects.length)} defects\n`);
  }
  for (const { atUsec, sequence, what } of replay.defects) process.stderr.write(`${clockText(atUsec)}: event ${String(sequence)}: ${what}\n`);
  return replay.defects.length > 0 ? 1 : 0;
}

function whereText({ stepping, performing }: LifeRecord['end']['position']): string {
  if (stepping >= 0) return ` in event ${String(stepping)}`;
  return performing >= 0 ? ` while it performed effect ${String(performing)} of the last batch` : '';
}
