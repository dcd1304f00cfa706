/** The files that make up a unit below a root, as Heartwood's loader finds them. */
import type { UnitName } from '../../../src/base/brand.ts';
import { buildLoadPath } from '../../../src/host/unit-loader/load-path.ts';
import { createUnitLoader } from '../../../src/host/unit-loader/unit-loader.ts';
import { BUILT_IN_DEFAULTS } from '../../../src/core/unit-file/unit-defaults.ts';
import { MACHINE } from '../../core/unit-file/unit-rig.ts';

/** @returns the unit's own file first, then its drop-ins, in the order of effect */
export function filesByHeartwood(root: string, unit: string): readonly string[] {
  const { directories } = buildLoadPath({ mode: 'system', unitPath: null, shippedUnits: null, generatorDirectory: null, environment: {} });
  const { fragmentPath, dropInPaths } = createUnitLoader({ mode: 'system', directories, root, defaults: BUILT_IN_DEFAULTS, specifiers: MACHINE, hasDevices: false }).loadUnit(unit as UnitName);
  return [...(fragmentPath === null ? [] : [fragmentPath]), ...dropInPaths];
}
