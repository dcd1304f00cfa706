/**
 * A due index that is brought up to date only when somebody asks what is due.
 *
 * Nearly everything that gets a time is settled long before it: a service has started, a stop is over. Such a key is noted twice, which
 * costs an object each time, and is never filed at all.
 */
import { refile, type DueIndex } from './due-index.ts';

export interface DueLedger<K extends string | number> {
  readonly index: DueIndex<K>;
  /** What has changed since the index was made; newest first. */
  readonly notes: DueNote<K> | null;
}

export interface DueNote<K extends string | number> {
  readonly key: K;
  /** Under which instant the key was due before this change; null = not at all. */
  readonly beforeUsec: number | null;
  readonly older: DueNote<K> | null;
  /** How many there are, with this one. */
  readonly count: number;
}

/** Of keys that change again and again, and nobody asks: more notes than this for each key that there is, and a few more, are filed. */
const NOTES_PER_KEY_MAX = 4;
const NOTES_MIN = 64;

const EMPTY: DueLedger<never> = { index: null, notes: null };

export function emptyLedger<K extends string | number>(): DueLedger<K> {
  return EMPTY;
}

/** A key is due at another instant than before; null = not at all. */
export function noteDue<K extends string | number>({ index, notes }: DueLedger<K>, key: K, beforeUsec: number | null): DueLedger<K> {
  return { index, notes: { key, beforeUsec, older: notes, count: notes === null ? 1 : notes.count + 1 } };
}

/** With all notes filed. @param dueOf when the key is due now */
export function fileNotes<K extends string | number>(ledger: DueLedger<K>, dueOf: (key: K) => number | null): DueLedger<K> {
  if (ledger.notes === null) return ledger;
  const filed = new Map<K, number | null>();
  // The oldest note of a key, which comes last, knows how the index has it.
  for (let note: DueNote<K> | null = ledger.notes; note !== null; note = note.older) filed.set(note.key, note.beforeUsec);
  let { index } = ledger;
  for (const [key, filedUsec] of filed) index = refile(index, key, filedUsec, dueOf(key));
  return { index, notes: null };
}

/** There are so many notes that they are to be filed. @param keys how many keys there may be */
export function isFull<K extends string | number>({ notes }: DueLedger<K>, keys: number): boolean {
  return notes !== null && notes.count > NOTES_MIN + NOTES_PER_KEY_MAX * keys;
}
