/** SystemCallFilter= and SystemCallLog= resolved: from the words of the files to the calls they mean. Source: systemd.exec(5). */
import type { SystemCallWord } from '../unit/confinement.ts';
import { ALWAYS_ALLOWED, expandSystemCalls } from './groups.ts';
import { systemCallNumbers, type Architecture } from './numbers.ts';

export interface ResolvedFilter {
  /** The calls listed are the permitted ones; else the refused ones. */
  readonly isAllowList: boolean;
  /** The calls listed; of one with an answer of its own, that. */
  readonly calls: ReadonlyMap<string, SystemCallWord['errno']>;
}

/**
 * The first word decides between permitting and refusing; later ones of the other sort take calls off the list again.
 * A call that is to answer with an errno stays on the list of refused ones and does not get onto the other.
 *
 * @returns null for no words at all
 */
export function resolveFilter(words: readonly SystemCallWord[], implied: 'default-group' | 'nothing'): ResolvedFilter | null {
  const [first] = words;
  if (first === undefined) return null;
  const isAllowList = !first.inverted;
  const calls = new Map<string, SystemCallWord['errno']>();
  if (isAllowList && implied === 'default-group') for (const call of expand(ALWAYS_ALLOWED)) calls.set(call, null);
  for (const { word, inverted, errno } of words) {
    for (const call of expand(word)) {
      if (inverted === isAllowList) calls.delete(call);
      else calls.set(call, errno);
    }
  }
  return { isAllowList, calls };
}

const ALL: readonly Architecture[] = ['x86-64', 'x86', 'arm64'];

function* everyCall(): Generator<string> {
  const seen = new Set<string>();
  for (const architecture of ALL) {
    for (const call of systemCallNumbers(architecture).keys()) {
      if (seen.has(call)) continue;
      seen.add(call);
      yield call;
    }
  }
}

/** The calls of a word that was checked when it was read. */
export function expand(word: string): readonly string[] {
  return expandSystemCalls(word, everyCall) ?? [];
}
