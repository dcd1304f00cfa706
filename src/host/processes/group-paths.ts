/** Where the control groups of units are, relative to the manager's own. */
import type { UnitName } from '../../base/brand.ts';
import type { CgroupContext } from '../../core/unit/exec-context.ts';

/** A slice's groups are nested by its name: `a-b.slice` lives in `a.slice`. `-.slice` is the root. */
export function sliceGroupPath(slice: string): string {
  const stem = slice.replace(/\.slice$/, '');
  if (stem === '-' || stem === '') return '';
  const parts = stem.split('-');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}

/** Where a unit's group is, relative to the root. */
export function groupPath(unit: UnitName, context: CgroupContext): string {
  if (unit.endsWith('.slice')) return sliceGroupPath(unit);
  return `${context.slice === null ? '' : sliceGroupPath(context.slice)}/${unit}`;
}
