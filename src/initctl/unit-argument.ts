/** A unit as people type it: a name without a type is a service, a path stands for its mount or device. Patterns stay as they are. */
import { isGlob } from '../control/glob.ts';

import type { UnitKind } from '../core/unit/unit-common.ts';
import { mangleUnitName } from '../core/unit/unit-name.ts';
import type { Invocation } from './verb.ts';

/**
 * What makes no unit name is passed on as it is: the manager's answer says what is wrong with it.
 *
 * @param kind what a word without a type means
 */
export function unitArgument(word: string, kind: UnitKind = 'service'): string {
  return isGlob(word) ? word : (mangleUnitName(word, kind) ?? word);
}

export function unitArguments(words: readonly string[]): readonly string[] {
  return words.map((word) => unitArgument(word));
}

/** The patterns of a list. systemctl takes them as they are: `web` matches a unit of that name only, and there is none without a type. */
export function listPatterns(call: Invocation): readonly string[] {
  return call.program === 'systemctl' ? call.words : unitArguments(call.words);
}
