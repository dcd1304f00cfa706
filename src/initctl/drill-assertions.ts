/**
 * What a drill must end with, as `initctl fault --assert` takes it:
 *
 *     UNIT=STATE            the unit is in this active state: active, inactive, failed, …
 *     UNIT.PROPERTY=VALUE   a property as `show` prints it; told from the first by its capital letter
 *     undisturbed           every other service has the main process it had before
 *
 * All must hold at one moment within the time given; the first such moment ends the waiting.
 */
import type { UnitSummary } from '../control/answers.ts';
import { unitArgument } from './unit-argument.ts';
import { request, type VerbRun } from './verb.ts';

export type Assertion =
  | { readonly kind: 'state'; readonly text: string; readonly unit: string; readonly state: string }
  | { readonly kind: 'property'; readonly text: string; readonly unit: string; readonly property: string; readonly value: string }
  | { readonly kind: 'undisturbed'; readonly text: string };

export interface Judgement {
  readonly assertion: string;
  readonly holds: boolean;
  readonly found: string;
}

/** Between two looks. */
const LOOK_AGAIN_MSEC = 100;
/** The fault itself happens after its request was answered. */
const FAULT_MSEC = 500;
const ACTIVE_STATES: readonly string[] = ['active', 'reloading', 'inactive', 'failed', 'activating', 'deactivating', 'maintenance'];

/** @returns a sentence for a text that is no assertion */
export function parseAssertion(text: string): Assertion | string {
  if (text === 'undisturbed') return { kind: 'undisturbed', text };
  const [, unit, property, value] = /^([^=]+)\.([A-Z][A-Za-z0-9]*)=(.*)$/s.exec(text) ?? [];
  if (unit !== undefined && property !== undefined) return { kind: 'property', text, unit: unitArgument(unit), property, value: value ?? '' };
  const [, named, state] = /^([^=]+)=([a-z]+)$/.exec(text) ?? [];
  if (named !== undefined && state !== undefined && ACTIVE_STATES.includes(state)) return { kind: 'state', text, unit: unitArgument(named), state };
  return `"${text}" is no assertion: UNIT=STATE (${ACTIVE_STATES.join(', ')}), UNIT.PROPERTY=VALUE or undisturbed`;
}

/** What was before the fault, to compare with. */
export interface Before {
  /** Main processes of services, without the one the fault is about. */
  readonly mainPids: ReadonlyMap<string, number>;
  readonly nowUsec: number;
}

/** Null when there is no manager to ask. @param spared the unit that the fault is about; null = none */
export function* lookBefore(spared: string | null): VerbRun<Before | null> {
  const reply = yield* request('list-units', { all: true });
  if (!reply.ok) return null;
  const mainPids = new Map(reply.value.units.flatMap(({ unit, mainPid }) => (mainPid === null || unit === spared ? [] : [[unit, mainPid] as const])));
  return { mainPids, nowUsec: reply.value.nowUsec };
}

/** Waits until all assertions hold, or the time is over. The last entries tell how it was then. */
export function* awaitAssertions(assertions: readonly Assertion[], before: Before, withinUsec: number): VerbRun<readonly Judgement[]> {
  yield { step: 'sleep', msec: FAULT_MSEC };
  for (;;) {
    const reply = yield* request('list-units', { all: true });
    // The manager may be away for a moment; that it stays away is told by the time.
    const units = reply.ok ? new Map(reply.value.units.map((unit) => [unit.unit, unit] as const)) : null;
    const judgements: Judgement[] = [];
    for (const assertion of assertions) judgements.push(yield* judge(assertion, units, before));
    const isOver = reply.ok && reply.value.nowUsec - before.nowUsec >= withinUsec;
    if (isOver || judgements.every(({ holds }) => holds)) return judgements;
    yield { step: 'sleep', msec: LOOK_AGAIN_MSEC };
  }
}

function* judge(assertion: Assertion, units: ReadonlyMap<string, UnitSummary> | null, before: Before): VerbRun<Judgement> {
  if (units === null) return { assertion: assertion.text, holds: false, found: 'the manager does not answer' };
  switch (assertion.kind) {
    case 'state': {
      const found = units.get(assertion.unit)?.active ?? 'not loaded';
      return { assertion: assertion.text, holds: found === assertion.state, found };
    }
    case 'property': {
      const reply = yield* request('show', { units: [assertion.unit], properties: [assertion.property] });
      const found = reply.ok ? (reply.value.units[0]?.properties[assertion.property] ?? 'no such property') : reply.failure.message;
      return { assertion: assertion.text, holds: found === assertion.value, found };
    }
    case 'undisturbed': {
      const changed = [...before.mainPids].filter(([unit, pid]) => units.get(unit)?.mainPid !== pid).map(([unit]) => unit);
      return { assertion: assertion.text, holds: changed.length === 0, found: changed.length === 0 ? `${String(before.mainPids.size)} services as before` : `not as before: ${changed.join(', ')}` };
    }
  }
}
