/**
 * Takes the first out of a set that is worked off; undefined = it is empty. The answer is mostly that: then no iterator is made, which
 * would cost many times the question.
 */
export function takeFirst<T>(set: Set<T>): T | undefined {
  if (set.size === 0) return undefined;
  for (const first of set) {
    set.delete(first);
    return first;
  }
  return undefined;
}
