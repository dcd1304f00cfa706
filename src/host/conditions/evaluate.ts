/** Tests the conditions of a unit: systemd.unit(5), "Conditions and Asserts". */
import type { Condition } from '../../core/unit/unit-common.ts';
import type { ConditionOutcome } from '../../core/manager/state.ts';
import type { ConditionHost } from './condition-host.ts';
import { IDENTITY_CONDITIONS } from './identity-conditions.ts';
import { MACHINE_CONDITIONS } from './machine-conditions.ts';
import { PATH_CONDITIONS } from './path-conditions.ts';
import type { ConditionTest } from './path-conditions.ts';

const TESTS: Readonly<Record<string, ConditionTest>> = { ...PATH_CONDITIONS, ...MACHINE_CONDITIONS, ...IDENTITY_CONDITIONS };

/** Names of all conditions that can be tested, without `Condition` and `Assert`. */
export const CONDITION_KINDS: readonly string[] = Object.keys(TESTS);

/**
 * One condition. `holds` has `!` already applied. What could not be told holds not, and says why: a unit must not
 * run on a guess.
 */
export function evaluateCondition(host: ConditionHost, condition: Condition): ConditionOutcome {
  const { kind, parameter, trigger, negate } = condition;
  const test = Object.hasOwn(TESTS, kind) ? TESTS[kind] : undefined;
  const verdict = test === undefined ? `Condition${kind}= is not known` : test(host, parameter);
  if (typeof verdict === 'string') return { kind, parameter, trigger, negate, holds: false, error: verdict };
  return { kind, parameter, trigger, negate, holds: verdict !== negate, error: '' };
}
