import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { Engine } from '../engine.ts';

export interface UnitFileState {
  readonly state: string;
  readonly preset: string;
}

/** Whether a unit is enabled, as far as its own files tell. */
export function unitFileState(_engine: Engine, definition: UnitDefinition): UnitFileState {
  if (definition.fragmentPath === null) return { state: definition.loadState === 'masked' ? 'masked' : '', preset: '' };
  return { state: '', preset: '' };
}
