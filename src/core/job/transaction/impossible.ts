/** Second phase: jobs that cannot be (masked, not found, a broken file) go, and what needs them goes on without, or is refused. */
import { pathTo, type Drafts } from './drafts.ts';
import type { Refusal } from './outcome.ts';

/**
 * Returns the refusal of the anchor, or removes what cannot be. Who needs it strongly but is itself only wanted goes on without, and
 * that is said: a unit whose requirement is masked is started at boot by systemd too, though a start of it by hand is refused.
 */
export function removeImpossible(drafts: Drafts): Refusal | null {
  const impossible = drafts.all().filter((draft) => draft.refusal !== null);
  if (impossible.length === 0) return null;
  const needing = new Set(impossible);
  for (const draft of needing) {
    const cause = draft.refusal as Refusal;
    for (const { source, strong } of draft.pulledBy) {
      if (!strong || source.refusal !== null) continue;
      source.refusal = { ...cause, path: [...pathTo(source), ...cause.path.slice(cause.path.indexOf(draft.unit))] };
      needing.add(source);
    }
  }
  if (drafts.root.refusal !== null) return drafts.root.refusal;
  for (const draft of impossible) {
    const refusal = draft.refusal as Refusal;
    const needs = draft.pulledBy.filter((each) => each.strong).map((each) => each.source);
    for (const source of needs) drafts.dropped.push({ ...refusal, message: `${source.unit}/${source.type} goes on without ${draft.unit}, which it needs: ${refusal.message}` });
    // A missing unit that is merely wanted is nothing to report: systemd.unit(5), Wants=.
    if (needs.length === 0 && refusal.code !== 'no-such-unit') drafts.dropped.push(refusal);
    drafts.remove(draft);
  }
  for (const draft of needing) draft.refusal = null;
  drafts.removeUnreachable();
  return null;
}
