/**
 * Device units: the host looks whether the device is there and tells when that changes; nothing starts or stops one.
 *
 *     dead <-> plugged
 *
 * A start job waits for the device for JobRunningTimeoutSec=. Source: systemd.device(5); without udev's rules, so that no device
 * starts anything by itself (SYSTEMD_WANTS=) or has other names than those of its paths.
 */
import type { UnitDefinition } from '../../unit/definition.ts';
import type { DeviceUnit } from '../../unit/device.ts';
import type { EventOf } from '../event.ts';
import { setRuntime } from './set-runtime.ts';
import type { DeviceRuntime, Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

export const DEVICE_NOT_WATCHED: DeviceRuntime = { kind: 'device', state: 'dead', token: 0 };

interface DeviceRecord extends Unit {
  readonly definition: DeviceUnit;
  readonly runtime: DeviceRuntime;
}

function isDevice(unit: Unit | undefined): unit is DeviceRecord {
  return unit?.definition.kind === 'device' && unit.runtime.kind === 'device';
}

/** Definitions were loaded: from now on the host tells of the devices among them. */
export function watchDevices(turn: Turn, definitions: readonly UnitDefinition[]): void {
  for (const { kind, name } of definitions) {
    if (kind !== 'device') continue;
    const unit = turn.unit(name);
    if (!isDevice(unit) || !unit.definition.isKnowable || unit.runtime.token > 0) continue;
    const token = 1;
    turn.setUnit({ ...unit, runtime: { ...unit.runtime, token } });
    turn.emit({ kind: 'watch-paths', unit: unit.name, token, watches: [{ kind: 'Device', path: unit.definition.path }], makeDirectoryMode: null });
  }
}

/** What the host saw. */
export function onDeviceObserved(turn: Turn, event: EventOf<'paths-observed'>): void {
  const unit = turn.unit(event.unit);
  if (!isDevice(unit) || unit.runtime.token !== event.token) return;
  if (event.error !== '') turn.log('warning', unit.name, `${unit.name}: ${event.error}; it will not be noticed when the device comes or goes`);
  const state = event.observations[0]?.holds === true ? 'plugged' : 'dead';
  if (state !== unit.runtime.state) setRuntime(turn, unit.name, { ...unit.runtime, state }, state === 'plugged' ? 'active' : 'inactive');
}
