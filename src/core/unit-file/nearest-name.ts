/** Names that are further away than this many changes are no help. */
const DISTANCE_MAX = 3;

/**
 * The known name that was probably meant: the one with the smallest edit distance (insert, delete, replace, swap of
 * neighbours), case aside. Null when none is near: at most three changes, and at most a third of the name.
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.min(DISTANCE_MAX, Math.floor(Math.max(3, name.length) / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The nearest of the known names as a clause to end a sentence with: `; did you mean simple?`, or '' when none is near. */
export function meant(name: string, known: Iterable<string>, asWritten: (nearest: string) => string = (nearest) => nearest): string {
  const nearest = nearestName(name, known);
  return nearest === null ? '' : `; did you mean ${asWritten(nearest)}?`;
}

/**
 * Optimal string alignment distance. Both texts are names, so the quadratic cost is a few thousand steps, and a few dozen for most.
 *
 * @param enough a distance of so much or more need not be exact
 */
function editDistance(a: string, b: string, enough: number): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min((previous[j] as number) + 1, (current[j - 1] as number) + 1, (previous[j - 1] as number) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) distance = Math.min(distance, (beforePrevious[j - 2] as number) + 1);
      current.push(distance);
      if (distance < least) least = distance;
    }
    // A swap of neighbours reaches back two rows, and adds one.
    if (least > enough) return least;
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] as number;
}
