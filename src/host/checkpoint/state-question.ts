/**
 * The question to a build that is to take over: could you go on with this state? Asked before it is executed in the manager's place, when
 * the old build can still stay.
 *
 * The question is text: a line of JSON, then the state as a snapshot has it.
 */
import type { UnitName } from '../../base/brand.ts';
import { getEntry, valuesOf } from '../../base/persistent-map.ts';
import type { LoadDefinitions } from '../../core/manager/survival/journal-entry.ts';
import { deserialise, serialise } from '../../core/manager/survival/serialise.ts';
import type { ManagerState, Unit } from '../../core/manager/state.ts';
import { controlPidOf, mainPidOf } from '../../core/manager/unit-processes.ts';
import { CHECKPOINT_LAYOUT } from './checkpoint-memory.ts';

interface QuestionHead {
  /** Of the memory that the new build would inherit. */
  readonly layout: number;
  readonly units: readonly UnitFacts[];
}

/** What must be the same of a unit, whatever else a build remembers of it. */
interface UnitFacts {
  readonly name: UnitName;
  readonly activeState: string;
  readonly subState: string;
  readonly mainPid: number | null;
  readonly controlPid: number | null;
  readonly job: number | null;
}

/** Differences named one by one; more are counted. */
const DIFFERENCES_SHOWN_MAX = 3;

function factsOf(unit: Unit): UnitFacts {
  return { name: unit.name, activeState: unit.activeState, subState: unit.runtime.state, mainPid: mainPidOf(unit), controlPid: controlPidOf(unit), job: unit.job };
}

export function stateQuestion(state: ManagerState): string {
  const head: QuestionHead = { layout: CHECKPOINT_LAYOUT, units: valuesOf(state.units).map(factsOf) };
  return `${JSON.stringify(head)}\n${serialise(state)}`;
}

/**
 * This build's answer.
 *
 * @returns null when every unit would be what it is; else why not, as one sentence
 */
export function answerQuestion(question: string, load: LoadDefinitions): string | null {
  const newline = question.indexOf('\n');
  const head = JSON.parse(question.slice(0, newline)) as QuestionHead;
  if (head.layout !== CHECKPOINT_LAYOUT) return `it keeps its memory in layout ${String(CHECKPOINT_LAYOUT)}, and cannot read layout ${String(head.layout)}`;
  const restored = deserialise(question.slice(newline + 1), load(head.units.map(({ name }) => name), null));
  if (!restored.ok) return restored.error;
  const different = head.units.flatMap((before) => {
    const unit = getEntry(restored.state.units, before.name);
    if (unit === undefined) return [`${before.name} would be unknown`];
    const after = factsOf(unit);
    const key = (Object.keys(before) as (keyof UnitFacts)[]).find((each) => before[each] !== after[each]);
    return key === undefined ? [] : [`${before.name} would have ${key} ${String(after[key])} instead of ${String(before[key])}`];
  });
  if (different.length === 0) return null;
  const more = different.length > DIFFERENCES_SHOWN_MAX ? `, and ${String(different.length - DIFFERENCES_SHOWN_MAX)} more` : '';
  return `${different.slice(0, DIFFERENCES_SHOWN_MAX).join(', ')}${more}`;
}
