/**
 * Shell patterns over unit names: `*`, `?`, `[abc]`, `[a-z]`, `[!a]`. Source: fnmatch(3) without flags, as systemctl(1) uses it.
 *
 * Matched by hand with one backtracking point, so that a hostile pattern costs at most pattern x name steps; a translation
 * into a regular expression can take exponential time.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let starAt = -1;
  let resume = 0;
  while (n < name.length) {
    const c = pattern[p];
    if (c === '*') {
      starAt = p++;
      resume = n;
      continue;
    }
    const step = c === undefined ? 0 : matchOne(pattern, p, name[n] as string);
    if (step > 0) {
      p += step;
      n++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

export function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

/** How many pattern characters matched one character of the name; 0 = none. */
function matchOne(pattern: string, at: number, char: string): number {
  const c = pattern[at] as string;
  if (c === '?') return 1;
  if (c === '[') {
    const set = matchSet(pattern, at, char);
    if (set !== null) return set;
  }
  if (c === '\\' && at + 1 < pattern.length) return pattern[at + 1] === char ? 2 : 0;
  return c === char ? 1 : 0;
}

/** null when the bracket is never closed: it then stands for itself. */
function matchSet(pattern: string, at: number, char: string): number | null {
  let i = at + 1;
  const negated = pattern[i] === '!' || pattern[i] === '^';
  if (negated) i++;
  let found = false;
  for (let first = true; ; first = false) {
    const from = pattern[i];
    if (from === undefined) return null;
    if (from === ']' && !first) break;
    const to = pattern[i + 1] === '-' && pattern[i + 2] !== undefined && pattern[i + 2] !== ']' ? pattern[i + 2] : undefined;
    if (to === undefined) {
      found ||= from === char;
      i += 1;
    } else {
      found ||= from <= char && char <= to;
      i += 3;
    }
  }
  return found === negated ? 0 : i + 1 - at;
}
