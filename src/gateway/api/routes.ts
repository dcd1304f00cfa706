/** Everything under /api/v1. */
import { CHANGING } from './changing.ts';
import { READING } from './reading.ts';
import type { Route } from './route.ts';
import { STREAMING } from './streaming.ts';

export const API_ROOT = '/api/v1';
export const ROUTES: readonly Route[] = [...READING, ...STREAMING, ...CHANGING];

export interface Found {
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
}

/** @param path below the root @returns the route, or which methods the path has; none = there is no such path */
export function findRoute(method: string, path: string): Found | readonly string[] {
  const parts = path.split('/').map(decode);
  const methods: string[] = [];
  for (const route of ROUTES) {
    const found = matchPath(route.path.split('/'), parts);
    if (found === null) continue;
    if (route.method === method || (method === 'HEAD' && route.method === 'GET' && route.streams === undefined)) return { route, path: found };
    methods.push(route.method);
  }
  return methods;
}

function matchPath(wanted: readonly string[], given: readonly (string | null)[]): Readonly<Record<string, string>> | null {
  if (wanted.length !== given.length) return null;
  const values: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i];
    if (value === null || value === undefined) return null;
    if (part.startsWith('{')) {
      if (value === '') return null;
      values[part.slice(1, -1)] = value;
    } else if (part !== value) return null;
  }
  return values;
}

/** null for a part that is not properly percent-encoded. */
function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
