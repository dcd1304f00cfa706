import { valuesOf } from '../../base/persistent-map.ts';
import type { Failure } from '../../control/error-codes.ts';
import { nearestUnit } from '../../core/unit-file/nearest-unit.ts';
import type { Engine } from '../engine.ts';
import { unitFilesOf } from './unit-file-states.ts';

/** The unit that was probably meant by a name that does not exist: one with a file, or a loaded one; null = none is near. */
export function meantInstead(engine: Engine, name: string): string | null {
  const loaded = [...valuesOf(engine.state().units)].filter(({ definition }) => definition.loadState !== 'not-found').flatMap(({ definition }) => definition.names);
  return nearestUnit(name, new Set([...loaded, ...unitFilesOf(engine).names()]));
}

/** The failure with the unit that was probably meant as a second sentence, when it is about a unit that does not exist. */
export function withUnitHint<F extends Pick<Failure, 'name' | 'message' | 'unit'>>(engine: Engine, failure: F): F {
  if (failure.name !== 'no-such-unit' || failure.unit === undefined) return failure;
  const meant = meantInstead(engine, failure.unit);
  return meant === null ? failure : { ...failure, message: `${failure.message} Did you mean ${meant}?` };
}
