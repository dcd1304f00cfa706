/** Settings of our own by which a service that runs is made to begin anew. */
import type { Usec } from '../../base/brand.ts';
import { NO_RENEWAL, type Renewal } from '../unit/renewal.ts';
import type { ServiceType } from '../unit/service.ts';
import { entriesFor, readScalar, type SettingReader } from './setting-reader.ts';
import { parseDelay } from './time-setting.ts';
import { parseBoolean } from './value/number.ts';

/** Types whose main process the manager starts itself, and knows when it is ready. */
const OVERLAPPING_TYPES: ReadonlySet<ServiceType> = new Set<ServiceType>(['simple', 'exec', 'notify', 'notify-reload']);

export function readRenewal(reader: SettingReader, type: ServiceType): Renewal {
  return { overlapUsec: readOverlap(reader, type) };
}

function readOverlap(reader: SettingReader, type: ServiceType): Usec | null {
  const overlaps = readScalar(reader, 'RestartOverlap', parseBoolean, false);
  const surviveUsec = readScalar(reader, 'RestartOverlapSec', parseDelay, 0 as Usec);
  const last = entriesFor(reader, 'RestartOverlap').at(-1);
  if (!overlaps || last === undefined) return NO_RENEWAL.overlapUsec;
  if (OVERLAPPING_TYPES.has(type)) return surviveUsec;
  reader.log.add('warning', last, `RestartOverlap= has no effect on a service of Type=${type}; it needs one of ${[...OVERLAPPING_TYPES].join(', ')}.`);
  return NO_RENEWAL.overlapUsec;
}
