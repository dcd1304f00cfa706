/** Which units can be told to take over their configuration without a stop. */
import type { UnitDefinition } from '../unit/definition.ts';
import { neighboursBy, type Graph } from './graph.ts';

/**
 * A service with ExecReload= or a signal for it, and a mount, which is remounted. A unit that has nothing of its own to reload but
 * hands reloads on to others (PropagatesReloadTo=) counts too: that is what such a target is for.
 */
export function isReloadable(graph: Graph, definition: UnitDefinition): boolean {
  switch (definition.kind) {
    case 'mount': return true;
    case 'service': return definition.execReload.length > 0 || definition.type === 'notify-reload';
    default: return neighboursBy(graph, definition.name, 'propagate-reload').length > 0;
  }
}
