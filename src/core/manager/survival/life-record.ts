/**
 * A stretch of a manager's life as a file: a snapshot, the journal that follows it, and the definitions that its recovery read. With these
 * the same steps can be taken again anywhere.
 *
 * Lines of JSON: what it is and how it ended; the head of the journal; the snapshot; the definitions; for each time that definitions were
 * loaded, which of them; then the journal, one entry a line. Version 1.
 */
import { ok, problem, type Result } from '../../../base/result.ts';
import type { UnitDefinition } from '../../unit/definition.ts';
import type { JournalEntry, LoadDefinitions } from './journal-entry.ts';
import type { JournalHead, Position } from './replay.ts';

const FORMAT = 'heartwood-life';
const VERSION = 1;
/** Lines before the journal. */
const LINES_BEFORE_JOURNAL = 5;

/** How the life ended. `signal` 0: the manager executed itself anew on purpose. */
export interface LifeEnd {
  readonly signal: number;
  readonly position: Position;
}

export interface LifeRecord {
  /** Version of the program. */
  readonly heartwood: string;
  readonly end: LifeEnd;
  readonly head: JournalHead;
  /** As `serialise` made it. */
  readonly snapshot: string;
  /** What each load gave, in the order of the loads. */
  readonly loads: readonly (readonly UnitDefinition[])[];
  readonly entries: readonly JournalEntry[];
}

export function formatLifeRecord({ heartwood, end, head, snapshot, loads, entries }: LifeRecord): string {
  const numbers = new Map<UnitDefinition, number>();
  for (const definition of loads.flat()) if (!numbers.has(definition)) numbers.set(definition, numbers.size);
  const numbered = loads.map((load) => load.map((definition) => numbers.get(definition)));
  const before = [{ format: FORMAT, version: VERSION, heartwood, end }, head, JSON.parse(snapshot) as unknown, [...numbers.keys()], numbered];
  return [...before, ...entries].map((each) => `${JSON.stringify(each)}\n`).join('');
}

/** @returns why it is no such record: `line N: …` */
export function parseLifeRecord(text: string): Result<LifeRecord> {
  const values: unknown[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    try {
      values.push(JSON.parse(line));
    } catch (error) {
      return problem(`line ${String(index + 1)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const [first, head, snapshot, definitions, numbered] = values as [{ format?: string; version?: number; heartwood: string; end: LifeEnd } | undefined, JournalHead, object, UnitDefinition[], number[][]];
  if (first?.format !== FORMAT) return problem(`line 1: this is no record of a manager's life, which begins with "format":"${FORMAT}"`);
  if (first.version !== VERSION) return problem(`line 1: version ${String(first.version)} of the format is not known here, only ${String(VERSION)}`);
  if (values.length < LINES_BEFORE_JOURNAL) return problem(`line ${String(values.length)}: the record ends too early`);
  const loads = numbered.map((load) => load.flatMap((number) => definitions[number] ?? []));
  return ok({ heartwood: first.heartwood, end: first.end, head, snapshot: JSON.stringify(snapshot), loads, entries: values.slice(LINES_BEFORE_JOURNAL) as JournalEntry[] });
}

/** Gives what each load gave then, in the order of the loads. */
export function recordedLoads({ loads }: Pick<LifeRecord, 'loads'>): LoadDefinitions {
  let next = 0;
  return () => loads[next++] ?? [];
}
