/** Whether a unit says when it is ready, so that being ordered after it means what people think it means. */
import type { UnitDefinition } from './definition.ts';
import type { ServiceType } from './service.ts';

/** Started means no more than that their process was born or executed its program. */
const SILENT_TYPES: ReadonlySet<ServiceType> = new Set<ServiceType>(['simple', 'exec', 'idle']);

/** A service of such a type with ExecStartPost= is taken to wait for itself there. */
export function saysWhenReady(unit: UnitDefinition): boolean {
  return unit.kind !== 'service' || !SILENT_TYPES.has(unit.type) || unit.execStartPost.length > 0 || unit.probes.some(({ kind }) => kind === 'startup' || kind === 'readiness');
}
