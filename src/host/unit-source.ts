/** Where definitions come from: the port through which the manager reads unit files. */
import type { UnitName } from '../base/brand.ts';
import type { LoadDefinitions } from '../core/manager/survival/journal-entry.ts';
import type { UnitDefinition } from '../core/unit/definition.ts';
import type { MountPoint } from '../core/unit/mount.ts';
import type { SwapPoint } from '../core/unit/swap.ts';

/** Reads unit files. `load` and `reload` return definitions the core has not seen, or shall forget the old ones of. */
export interface UnitSource {
  /** Definitions of the units and of all they pull in, without those that `find` has; `names` are their canonical names. */
  load(names: readonly UnitName[], find: (name: UnitName) => UnitDefinition | undefined): { readonly definitions: readonly UnitDefinition[]; readonly names: readonly UnitName[] };
  /**
   * For the engine after a death: definitions as the one before had loaded them, as far as it could leave them, and the files' for the
   * others. Each of the names is answered.
   */
  readonly restore: LoadDefinitions;
  /** Reads everything again: definitions of these units and of all they pull in now. */
  reload(names: readonly UnitName[]): readonly UnitDefinition[];
  /** Whether the files of a unit are not those it was loaded from. */
  changedOnDisk(unit: UnitDefinition): boolean;
  /** The unit of a mount that no file speaks of; null: mounts are no units here. */
  readonly mountPoint: ((name: UnitName, mount: MountPoint) => UnitDefinition) | null;
  /** The unit of a swap that no file speaks of; null: the swap is somebody else's. */
  readonly swapPoint: ((name: UnitName, swap: SwapPoint) => UnitDefinition) | null;
}

/** What is made up by the manager, or of a request, has nothing on disk to differ from. */
export function hasFiles(unit: UnitDefinition): boolean {
  return unit.transient !== true && (unit.fragmentPath !== null || unit.dropInPaths.length > 0);
}
