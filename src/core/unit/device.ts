/** Device units: nodes below /dev and objects below /sys. They have no file of their own; their state is whether they are there. */
import type { UnitCommon } from './unit-common.ts';

export interface DeviceUnit extends UnitCommon {
  readonly kind: 'device';
  /** What the unit's name says: below /dev or /sys. */
  readonly path: string;
  /** False where devices belong to somebody else, as in containers: whether it is there is not looked for, and nobody waits for it. */
  readonly isKnowable: boolean;
}
