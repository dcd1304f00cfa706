/** The patterns of fnmatch(3) and glob(3): `*`, `?`, `[…]`, and a backslash that takes the next character literally. */

/** Bound on the paths a glob looks at, so that a pattern of many wildcards cannot stop the manager. */
const GLOB_PATHS_MAX = 10_000;

/** A regular expression for one pattern. `pathName`: wildcards do not match `/` (FNM_PATHNAME). */
export function patternToRegExp(pattern: string, pathName = false): RegExp {
  const any = pathName ? '[^/]' : '[^]';
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char === '*') source += `${any}*`;
    else if (char === '?') source += any;
    else if (char === '\\' && i + 1 < pattern.length) source += escapeRegExp(pattern[++i] as string);
    else if (char === '[') {
      const end = pattern.indexOf(']', i + (/[!^]/.test(pattern[i + 1] ?? '') ? 3 : 2));
      if (end === -1) source += '\\[';
      else {
        const body = pattern.slice(i + 1, end).replace(/^[!^]/, '^').replace(/[\\\]]/g, '\\$&').replace(/(?!^)\^/g, '\\^').replace(/\[/g, '\\[');
        source += `[${body}]`;
        i = end;
      }
    } else source += escapeRegExp(char);
  }
  return new RegExp(`^${source}$`, 'u');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** What a glob looks at. */
export interface PathLookup {
  exists(path: string): boolean;
  /** Names in a directory, or null. */
  list(path: string): readonly string[] | null;
}

/** All existing paths an absolute pattern matches, sorted; hidden names only when asked for. */
export function expandGlob(lookup: PathLookup, pattern: string): readonly string[] {
  const parts = pattern.split('/').filter((part) => part !== '');
  let looked = 0;
  const found: string[] = [];
  const walk = (directory: string, index: number): void => {
    const part = parts[index];
    if (part === undefined) return;
    const follow = (name: string): void => {
      const path = `${directory}/${name}`;
      if (index + 1 < parts.length) walk(path, index + 1);
      else if (lookup.exists(path)) found.push(path);
    };
    if (!/[*?[\\]/.test(part)) {
      follow(part);
      return;
    }
    const wanted = patternToRegExp(part);
    for (const name of [...(lookup.list(directory === '' ? '/' : directory) ?? [])].sort()) {
      looked += 1;
      if (looked > GLOB_PATHS_MAX) return;
      if (name.startsWith('.') && !part.startsWith('.')) continue;
      if (wanted.test(name)) follow(name);
    }
  };
  walk('', 0);
  return found;
}
