/**
 * The records of a journal: what an engine writes down while it works, so that another can go on at the very place. Of definitions
 * only the names are written; they are read again from the files.
 */
import type { UnitName } from '../../../base/brand.ts';
import type { ClockReading } from '../../../base/time.ts';
import type { UnitDefinition } from '../../unit/definition.ts';
import type { UnstampedEvent } from '../event.ts';

/** An event as the journal holds it: of definitions only the names, and what tells the one that was loaded from later ones. */
export type SavedEvent =
  | { readonly queued: Exclude<UnstampedEvent, { readonly definitions: unknown }> }
  | { readonly queued: Omit<Extract<UnstampedEvent, { readonly definitions: unknown }>, 'definitions'>; readonly names: readonly UnitName[]; /** Engines before these were known have not written them. */ readonly sourceHashes?: readonly string[] };

export type JournalEntry =
  | SavedEvent
  /** So many of the oldest queued events are stepped with this reading of the clocks. */
  | { readonly batch: number; readonly clock: ClockReading }
  /**
   * Of the effects of the open batch, those before this one were performed; `begun`: perhaps this one too; `answered`: this one too, for
   * its answer is there. Written by a recovery.
   */
  | { readonly resume: number; readonly begun: boolean; readonly answered: boolean }
  /** Two engines died of the event with this sequence number: it is not stepped any more. Written by a recovery. */
  | { readonly leftOut: number }
  /** All effects of the batch were performed. */
  | { readonly done: true };

/**
 * Gives definitions of these units and of all they pull in.
 *
 * @param sourceHashes of the definitions that were loaded, in the order of the names; a file that has changed since means nothing yet.
 *   null = not known
 */
export type LoadDefinitions = (names: readonly UnitName[], sourceHashes: readonly string[] | null) => readonly UnitDefinition[];

export function saveEvent(event: UnstampedEvent): SavedEvent {
  if (!('definitions' in event)) return { queued: event };
  const { definitions, ...rest } = event;
  return { queued: rest, names: definitions.map(({ name }) => name), sourceHashes: definitions.map(({ sourceHash }) => sourceHash) };
}

/** Definitions of names in the order they were given; a unit whose files are gone is among them as not found. */
export function restoreEvent(saved: SavedEvent, load: LoadDefinitions): UnstampedEvent {
  if (!('names' in saved)) return saved.queued;
  const wanted = new Set(saved.names);
  return { ...saved.queued, definitions: load(saved.names, saved.sourceHashes ?? null).filter((definition) => wanted.has(definition.name)) } as unknown as UnstampedEvent;
}
