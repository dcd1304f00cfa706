/** Device units: made by being named. Source: systemd.device(5). */
import type { DeviceUnit } from '../unit/device.ts';
import { nameWithoutSuffix, unescapeUnitPath } from '../unit/unit-name.ts';
import { finishCommon, type UnitDraft } from './unit-draft.ts';
import { readUnitSection } from './unit-section.ts';

export function buildDevice(draft: UnitDraft): DeviceUnit {
  const { reader, sources, context } = draft;
  const named = unescapeUnitPath(nameWithoutSuffix(sources.name));
  const path = named.ok ? named.value : '/';
  const section = readUnitSection(reader, context.defaults, { description: path, ignoreOnIsolate: true });
  const isTimed = reader.byName.has('JobTimeoutSec') || reader.byName.has('JobRunningTimeoutSec');
  // A device that does not come fails what waits for it after as long as a start may take.
  const timed = isTimed ? section : { ...section, jobRunningTimeoutUsec: context.defaults.timeoutStartUsec };
  const refusal = /^\/(?:dev|sys)\/./.test(path) ? null : `${sources.name}: ${path} is no device: those are below /dev and /sys.`;
  return { kind: 'device', path, isKnowable: context.hasDevices, ...finishCommon(draft, timed, refusal) };
}
