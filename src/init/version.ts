/** The version of this program: set by the build, read from package.json when run from source. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

declare const HEARTWOOD_VERSION: string | undefined;

function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

export const VERSION: string = typeof HEARTWOOD_VERSION === 'string' ? HEARTWOOD_VERSION : readVersion();
