/**
 * What the processes of a control group may reach: the settings of systemd.resource-control(5) that small programs in the kernel carry
 * out. Most units have none of it: theirs is null.
 */

/** One line of DeviceAllow=. */
export interface DeviceRule {
  /** A node such as `/dev/null`, or `char-` or `block-` with a pattern for names of /proc/devices. */
  readonly device: string;
  /** Of `r`, `w` and `m`, in this order. */
  readonly rights: string;
}

/** One rule of SocketBindAllow= or SocketBindDeny=; null stands for all. */
export interface SocketBindRule {
  readonly family: 'ipv4' | 'ipv6' | null;
  readonly protocol: 'tcp' | 'udp' | null;
  /** From 1; both ends included. */
  readonly ports: { readonly first: number; readonly last: number } | null;
}

export interface GroupAccess {
  readonly devicePolicy: 'auto' | 'closed' | 'strict';
  readonly deviceAllow: readonly DeviceRule[];
  /** Which directive asked for the limits on devices: the one to name when they cannot be had. */
  readonly devicesAskedBy: 'DevicePolicy' | 'DeviceAllow' | 'PrivateDevices';
  readonly ipAccounting: boolean;
  /** Networks as `10.0.0.0/8` and `fe80::/64`. */
  readonly ipAddressAllow: readonly string[];
  readonly ipAddressDeny: readonly string[];
  readonly socketBindAllow: readonly SocketBindRule[];
  readonly socketBindDeny: readonly SocketBindRule[];
  /** null = all interfaces may be used. */
  readonly networkInterfaces: { readonly isAllowList: boolean; readonly names: readonly string[] } | null;
}

/** What holds for a unit that asks for nothing. */
export const UNLIMITED_ACCESS: GroupAccess = {
  devicePolicy: 'auto', deviceAllow: [], devicesAskedBy: 'DeviceAllow', ipAccounting: false, ipAddressAllow: [], ipAddressDeny: [],
  socketBindAllow: [], socketBindDeny: [], networkInterfaces: null,
};

/** Whether devices are limited at all. Source: systemd.resource-control(5), DevicePolicy=. */
export function limitsDevices({ devicePolicy, deviceAllow }: GroupAccess): boolean {
  return devicePolicy !== 'auto' || deviceAllow.length > 0;
}

/** The directives that a unit has asked for, by which one knows what is missing where they cannot be had. */
export function directivesOf(access: GroupAccess): readonly string[] {
  const asked: readonly (readonly [directive: string, isAsked: boolean])[] = [
    [access.devicesAskedBy, limitsDevices(access)],
    ['IPAccounting', access.ipAccounting], ['IPAddressAllow', access.ipAddressAllow.length > 0], ['IPAddressDeny', access.ipAddressDeny.length > 0],
    ['RestrictNetworkInterfaces', access.networkInterfaces !== null],
    ['SocketBindAllow', access.socketBindAllow.length > 0], ['SocketBindDeny', access.socketBindDeny.length > 0],
  ];
  return asked.flatMap(([directive, isAsked]) => (isAsked ? [directive] : []));
}
