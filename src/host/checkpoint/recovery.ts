/**
 * From the checkpoint of a former engine to the point where it ended.
 *
 * An event that two engines in a row died of while stepping it is left out; so is an effect that two died of while performing it.
 */
import type { UnitName } from '../../base/brand.ts';
import type { JournalEntry, LoadDefinitions } from '../../core/manager/journal-entry.ts';
import { Replay, type DeathWitness, type Replayed, type Step } from '../../core/manager/replay.ts';
import { deserialise } from '../../core/manager/serialise.ts';
import type { CheckpointMemory, Death } from './checkpoint-memory.ts';
import type { LifeFacts, SnapshotHead } from './journal.ts';

export interface Recovered extends Replayed {
  readonly death: Death;
  readonly facts: LifeFacts;
  /** Units whose files changed since. */
  readonly changed: readonly UnitName[];
  /** What could not be recovered, one line each. */
  readonly losses: readonly string[];
}

export type RecoverOutcome = { readonly ok: true; readonly recovered: Recovered } | { readonly ok: false; readonly error: string };

export function recover(memory: CheckpointMemory, step: Step, load: LoadDefinitions): RecoverOutcome {
  const losses: string[] = [];
  for (const { text, isNewest } of memory.readSnapshots()) {
    const entries = isNewest ? memory.readRing().map((entry) => JSON.parse(entry) as JournalEntry) : [];
    if (!isNewest) losses.push('the newest snapshot was damaged; the one before it is used, and what happened since is forgotten');
    const outcome = recoverFrom(memory, text, entries, step, load);
    if (outcome.ok) return { ok: true, recovered: { ...outcome.recovered, losses: [...losses, ...outcome.recovered.losses] } };
    losses.push(outcome.error);
  }
  return { ok: false, error: losses.join('; ') || 'the checkpoint holds no whole snapshot' };
}

function recoverFrom(memory: CheckpointMemory, text: string, entries: readonly JournalEntry[], step: Step, load: LoadDefinitions): RecoverOutcome {
  const newline = text.indexOf('\n');
  const head = JSON.parse(text.slice(0, newline)) as SnapshotHead;
  const stateText = text.slice(newline + 1);
  const { units } = JSON.parse(stateText) as { readonly units: readonly { readonly name: UnitName }[] };
  const restored = deserialise(stateText, load(units.map((unit) => unit.name)));
  if (!restored.ok) return { ok: false, error: restored.error };
  const witness: DeathWitness = {
    position: memory.position, wasKilled: memory.death.signal !== 0,
    setStepping: (sequence) => { memory.setStepping(sequence); },
    suspect: (position, batchSequence) => memory.suspect(position, batchSequence),
  };
  const replay = new Replay({ witness, step, load, state: restored.state, head });
  for (const entry of entries) replay.take(entry);
  return { ok: true, recovered: { death: memory.death, facts: head.facts, changed: restored.changed, losses: [], ...replay.finish() } };
}
