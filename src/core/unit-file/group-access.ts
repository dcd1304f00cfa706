/**
 * What a unit's control group may reach, from the settings of systemd.resource-control(5) in the form in which `show` prints them, and what
 * settings of systemd.exec(5) imply.
 */
import type { Confinement } from '../unit/confinement.ts';
import type { CgroupContext } from '../unit/exec-context.ts';
import { UNLIMITED_ACCESS, limitsDevices, type DeviceRule, type GroupAccess, type SocketBindRule } from '../unit/group-access.ts';
import type { RecordedProperties } from './recorded/recorder.ts';

/** The settings that are read here. */
const SETTINGS: readonly string[] = [
  'DevicePolicy', 'DeviceAllow', 'IPAccounting', 'IPAddressAllow', 'IPAddressDeny', 'SocketBindAllow', 'SocketBindDeny', 'RestrictNetworkInterfaces',
];

/** A clock may still be read where ProtectClock= finds devices limited. */
const CLOCK_RULE: DeviceRule = { device: 'char-rtc', rights: 'r' };

/**
 * The context of a unit with what its processes may reach.
 *
 * @param recorded the unit's checked settings
 * @param confinement null for slices, scopes, and units that ask for none
 */
export function withAccess(cgroup: CgroupContext, recorded: RecordedProperties, confinement: Confinement | null): CgroupContext {
  const isAsked = SETTINGS.some((name) => recorded[name] !== undefined);
  if (!isAsked && confinement?.privateDevices !== true) return cgroup;
  return { ...cgroup, access: withImplied(isAsked ? accessOf(recorded) : UNLIMITED_ACCESS, confinement) };
}

function accessOf(recorded: RecordedProperties): GroupAccess {
  const { DevicePolicy: policy = 'auto' } = recorded;
  const interfaces = recorded['RestrictNetworkInterfaces'];
  return {
    devicePolicy: policy === 'closed' || policy === 'strict' ? policy : 'auto',
    deviceAllow: linesOf(recorded['DeviceAllow']).map(deviceRule),
    devicesAskedBy: policy === 'auto' ? 'DeviceAllow' : 'DevicePolicy',
    ipAccounting: recorded['IPAccounting'] === 'yes',
    ipAddressAllow: wordsOf(recorded['IPAddressAllow']),
    ipAddressDeny: wordsOf(recorded['IPAddressDeny']),
    socketBindAllow: linesOf(recorded['SocketBindAllow']).map(socketBindRule),
    socketBindDeny: linesOf(recorded['SocketBindDeny']).map(socketBindRule),
    networkInterfaces: interfaces === undefined ? null : { isAllowList: !interfaces.startsWith('~'), names: wordsOf(interfaces.replace(/^~/, '')) },
  };
}

/** PrivateDevices= closes what nobody has decided about. */
function withImplied(access: GroupAccess, confinement: Confinement | null): GroupAccess {
  const isClosed = confinement?.privateDevices === true && access.devicePolicy === 'auto';
  const closed: GroupAccess = isClosed ? { ...access, devicePolicy: 'closed', devicesAskedBy: access.deviceAllow.length > 0 ? 'DeviceAllow' : 'PrivateDevices' } : access;
  return confinement?.protectClock === true && limitsDevices(closed) ? { ...closed, deviceAllow: [CLOCK_RULE, ...closed.deviceAllow] } : closed;
}

function linesOf(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split('\n');
}

function wordsOf(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : text.split(' ');
}

/** The name of a group of devices may hold blanks; the rights cannot. */
function deviceRule(line: string): DeviceRule {
  const blank = line.lastIndexOf(' ');
  return { device: line.slice(0, blank), rights: line.slice(blank + 1) };
}

/** `show` leaves out the colon behind the protocol, as systemd does. */
function socketBindRule(text: string): SocketBindRule {
  const { family, protocol, first, last } = /^(?:(?<family>ipv[46]):)?(?<protocol>tcp|udp)?:?(?:any|(?<first>\d+)(?:-(?<last>\d+))?)$/.exec(text)?.groups ?? {};
  return {
    family: family === 'ipv4' || family === 'ipv6' ? family : null,
    protocol: protocol === 'tcp' || protocol === 'udp' ? protocol : null,
    ports: first === undefined ? null : { first: Number(first), last: Number(last ?? first) },
  };
}
