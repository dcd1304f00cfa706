/** What verbs say of a unit whose files are not those that were loaded. */
import type { Invocation } from './verb.ts';

export function reloadWarning({ program }: Invocation, unit: string): string {
  return `Warning: The unit file, source configuration file or drop-ins of ${unit} changed on disk. Run '${program} daemon-reload' to reload units.`;
}
