/** What a transaction may do to what runs and to the jobs that are under way, by its mode. */
import type { JobType, Unit } from '../../manager/state.ts';
import { areConflicting, isActive } from '../job-type.ts';
import { refusalAt, type Draft, type Drafts } from './drafts.ts';
import type { Refusal } from './outcome.ts';

/**
 * `--job-mode=fail` is for those who want to disturb nothing: what the anchor does not need is left out where it would stop what runs
 * or undo a job. It is the mode of OnSuccess=, Upholds= and StopWhenUnneeded=.
 */
export function leaveOutDisturbing(drafts: Drafts): void {
  const { anchor } = drafts;
  const needed = drafts.needed();
  for (const draft of drafts.all()) {
    if (needed.has(draft) || !drafts.of(draft.unit).includes(draft)) continue;
    const unit = drafts.view.unit(draft.unit) as Unit;
    const installed = drafts.installed(unit);
    const stopsRunning = draft.type === 'stop' && (isActive(unit.activeState) || unit.activeState === 'activating');
    if (stopsRunning || (installed !== undefined && areConflicting(installed.type, draft.type))) {
      drafts.drop(draft, `Job ${draft.unit}/${draft.type} is left out, with what needs it: mode fail disturbs nothing that ${anchor.unit}/${anchor.type} does not need to.`);
    }
  }
}

/** Last phase: the refusal of a transaction that would undo a job which must not be undone. */
export function checkInstalled(drafts: Drafts): Refusal | null {
  for (const [name, ofUnit] of drafts.byUnit()) {
    const installed = drafts.installed(drafts.view.unit(name) as Unit);
    if (installed === undefined) continue;
    const type = drafts.typeOf(name) as JobType;
    if (!areConflicting(installed.type, type)) continue;
    const underWay = `Job ${name}/${installed.type} is under way and`;
    const refuse = (message: string): Refusal => refusalAt(ofUnit[0] as Draft, 'transaction-destructive', message);
    if (installed.irreversible) return refuse(`${underWay} cannot be undone; ${name}/${type} is refused.`);
    if (drafts.anchor.mode === 'fail') return refuse(`${underWay} --job-mode=fail does not replace it by ${type}.`);
  }
  return null;
}
