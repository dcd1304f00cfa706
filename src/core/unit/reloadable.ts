/** Which units can be told to take over their configuration without a stop. */
import type { UnitDefinition } from './definition.ts';

/** A service with ExecReload= or a signal for it, and a mount, which is remounted. */
export function isReloadable(definition: UnitDefinition): boolean {
  if (definition.kind === 'mount') return true;
  return definition.kind === 'service' && (definition.execReload.length > 0 || definition.type === 'notify-reload');
}
