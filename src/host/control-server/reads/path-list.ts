import { valuesOf } from '../../../base/persistent-map.ts';
import type { PathSummary } from '../../../control/answers.ts';
import { isPath } from '../../../core/manager/drivers/path-driver.ts';
import type { Reader } from './context.ts';
import { isListed } from './unit-words.ts';

/** By path, then by unit. */
export const readPathList: Reader<'list-paths'> = ({ engine }, params) => {
  const paths: PathSummary[] = [];
  for (const unit of valuesOf(engine.state().units)) {
    if (!isPath(unit) || !isListed(unit, params)) continue;
    for (const { path, kind } of unit.definition.watches) {
      paths.push({ unit: unit.name, path, condition: kind, activates: unit.definition.unit, active: unit.activeState, sub: unit.runtime.state });
    }
  }
  paths.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.unit < b.unit ? -1 : 1));
  return { ok: true, value: { paths } };
};
