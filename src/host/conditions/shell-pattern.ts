/** The patterns of fnmatch(3) and glob(3): `*`, `?`, `[…]`, and a backslash that takes the next character literally. */
import type { ConditionHost } from './condition-host.ts';

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

/** Whether any path matches: a pattern between slashes each, hidden names only when asked for. */
export function globMatches(host: ConditionHost, pattern: string): boolean {
  const parts = pattern.split('/').filter((part) => part !== '');
  let looked = 0;
  const walk = (directory: string, index: number): boolean => {
    const part = parts[index];
    if (part === undefined) return true;
    const rest = (name: string): boolean => {
      const path = `${directory}/${name}`;
      return index + 1 === parts.length ? host.facts(path, true) !== null : walk(path, index + 1);
    };
    if (!/[*?[\\]/.test(part)) return rest(part);
    const wanted = patternToRegExp(part);
    for (const name of host.list(directory === '' ? '/' : directory) ?? []) {
      looked += 1;
      if (looked > GLOB_PATHS_MAX) return false;
      if (name.startsWith('.') && !part.startsWith('.')) continue;
      if (wanted.test(name) && rest(name)) return true;
    }
    return false;
  };
  return walk('', 0);
}
