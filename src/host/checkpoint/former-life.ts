/**
 * Writes down what a recovery was made from, for `initctl replay`: of a death in the field nothing else is left when the manager is back.
 *
 * The files lie in memory (the runtime directory), are for the manager's user alone (they hold environments of units), and few are kept.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry, LoadDefinitions } from '../../core/manager/survival/journal-entry.ts';
import { formatLifeRecord } from '../../core/manager/survival/life-record.ts';
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { CheckpointMemory } from './checkpoint-memory.ts';
import type { SnapshotHead } from './journal.ts';

/** Enough to see whether two deaths were alike; each takes a few MiB of memory with a thousand units. */
const RECORDS_KEPT = 4;

export interface FormerLife {
  /** Gives definitions, and remembers what it gave. */
  readonly load: LoadDefinitions;
  /**
   * @param directory the runtime directory
   * @returns the file, or why there is none
   */
  write(directory: string, version: string): { readonly file: string } | { readonly error: string };
}

/** To be called before the recovery, which adds to the journal. */
export function rememberFormerLife(memory: CheckpointMemory, load: LoadDefinitions): FormerLife {
  const loads: (readonly UnitDefinition[])[] = [];
  const [newest] = memory.readSnapshots();
  const ring = newest?.isNewest === true ? memory.readRing().entries : [];
  const end = { signal: memory.death.signal, position: memory.position };
  return {
    load: (names, sourceHashes) => {
      const definitions = load(names, sourceHashes);
      loads.push(definitions);
      return definitions;
    },
    write: (directory, heartwood) => {
      if (newest === undefined) return { error: 'no snapshot was whole' };
      try {
        const newline = newest.text.indexOf('\n');
        const { sequence, queue } = JSON.parse(newest.text.slice(0, newline)) as SnapshotHead;
        const text = formatLifeRecord({ heartwood, end, head: { sequence, queue }, snapshot: newest.text.slice(newline + 1), loads, entries: ring.map((entry) => JSON.parse(entry) as JournalEntry) });
        const folder = join(directory, 'lives');
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const former = readdirSync(folder).sort();
        for (const name of former.slice(0, Math.max(0, former.length - RECORDS_KEPT + 1))) rmSync(join(folder, name));
        const file = join(folder, `${new Date().toISOString().replaceAll(':', '-')}.life`);
        writeFileSync(file, text, { mode: 0o600 });
        return { file };
      } catch (error) {
        return { error: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
