/**
 * From the checkpoint of a former engine to the point where it ended.
 *
 * An event that two engines in a row died of while stepping it is left out; so is an effect that two died of while performing it.
 */
import type { UnitName } from '../../base/brand.ts';
import type { SpawnEffect } from '../../core/manager/effect.ts';
import type { JournalEntry, LoadDefinitions } from '../../core/manager/survival/journal-entry.ts';
import { NOWHERE, Replay, type DeathWitness, type Replayed, type Step } from '../../core/manager/survival/replay.ts';
import { readSnapshot, restoreState } from '../../core/manager/survival/serialise.ts';
import type { CheckpointMemory, Death } from './checkpoint-memory.ts';
import type { LifeFacts, SnapshotHead } from './journal.ts';

export interface Recovered extends Replayed {
  readonly death: Death;
  readonly facts: LifeFacts;
  /** Units whose files changed since. */
  readonly changed: readonly UnitName[];
  /** What could not be recovered, one line each. Then the state is older than what happened. */
  readonly losses: readonly string[];
  /** Spawns of which is not known whether they happened. */
  readonly lostSpawns: readonly SpawnEffect[];
}

export type RecoverOutcome = { readonly ok: true; readonly recovered: Recovered } | { readonly ok: false; readonly error: string };

export function recover(memory: CheckpointMemory, step: Step, load: LoadDefinitions): RecoverOutcome {
  const losses: string[] = [];
  const whole = memory.readSnapshots();
  const isNewestWhole = whole[0]?.isNewest === true;
  if (!isNewestWhole && whole.length > 0) losses.push('the newest snapshot is damaged; the one before it is used, and what happened since is forgotten');
  for (const { text, isNewest } of whole) {
    try {
      const ring = isNewest ? memory.readRing() : { entries: [], isDamaged: false };
      const entries = ring.entries.map((entry) => JSON.parse(entry) as JournalEntry);
      if (ring.isDamaged) losses.push(`the journal is damaged after ${String(entries.length)} entries; what happened afterwards is forgotten`);
      const outcome = recoverFrom(memory, text, entries, { isCut: !isNewest || ring.isDamaged, step, load });
      if (outcome.ok) return { ok: true, recovered: { ...outcome.recovered, losses } };
      losses.push(outcome.error);
    } catch (error) {
      losses.push(`the ${isNewest ? 'newest' : 'older'} snapshot makes no sense: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { ok: false, error: losses.join('; ') || 'the checkpoint holds no whole snapshot' };
}

/** @param options.isCut the entries end before the engine did: its position and the births say nothing about their last batch */
function recoverFrom(memory: CheckpointMemory, text: string, entries: readonly JournalEntry[], { isCut, step, load }: { readonly isCut: boolean; readonly step: Step; readonly load: LoadDefinitions }): RecoverOutcome {
  const newline = text.indexOf('\n');
  const head = JSON.parse(text.slice(0, newline)) as SnapshotHead;
  const read = readSnapshot(text.slice(newline + 1));
  if (!read.ok) return { ok: false, error: read.error };
  const restored = restoreState(read.snapshot, load(read.units, read.sourceHashes));
  if (!restored.ok) return { ok: false, error: restored.error };
  const witness: DeathWitness = {
    position: isCut ? NOWHERE : memory.position, wasKilled: memory.death.signal !== 0, births: isCut ? new Map() : memory.births(),
    setPosition: (position) => {
      memory.setPosition(position);
      memory.passFault('in-recovery');
    },
    setStepping: (sequence, diedHere) => {
      memory.setStepping(sequence);
      // A drill's fault belongs to one event, not to those that went well before.
      if (diedHere) memory.passFault('in-step');
    },
    note: (entry) => { memory.append(JSON.stringify(entry)); },
    suspect: (position, batchSequence) => memory.suspect(position, batchSequence),
  };
  const replay = new Replay({ witness, step, load, state: restored.state, head });
  const replayed = replay.run(entries);
  if (replayed.open === null) memory.forgetBirths();
  // Left out for good: the next death is of something else, however soon it comes.
  if (replayed.poison !== null) memory.noteProgress();
  const lostSpawns = isCut ? (replayed.open?.effects ?? []).filter((effect) => effect.kind === 'spawn') : [];
  const open = isCut ? null : replayed.open;
  return { ok: true, recovered: { death: memory.death, facts: head.facts, changed: restored.changed, losses: [], ...replayed, open, lostSpawns } };
}
