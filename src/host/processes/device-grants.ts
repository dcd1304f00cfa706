/** Which devices DevicePolicy= and DeviceAllow= mean on this machine. Source: systemd.resource-control(5). */
import { readFileSync, statSync, type Stats } from 'node:fs';
import type { DeviceGrant } from '../../core/group-program/device-program.ts';
import type { DeviceRule, GroupAccess } from '../../core/unit/group-access.ts';
import { nameMatches } from '../../core/unit-file/name-pattern.ts';

/** What DevicePolicy=closed leaves to everybody. The nodes of InaccessiblePaths= can only be had by who may make them. */
const STANDARD_DEVICES: readonly DeviceRule[] = [
  ...['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx'].map((name) => ({ device: `/dev/${name}`, rights: 'rwm' })),
  { device: 'char-pts', rights: 'rw' },
];

/** The names of major numbers, from the text of /proc/devices. */
export function parseDeviceNumbers(text: string): readonly { readonly type: DeviceGrant['type']; readonly major: number; readonly name: string }[] {
  const found: { type: DeviceGrant['type']; major: number; name: string }[] = [];
  let type: DeviceGrant['type'] = 'char';
  for (const line of text.split('\n')) {
    if (line.startsWith('Block devices')) type = 'block';
    const [, major, name] = /^ *(\d+) (.+)$/.exec(line) ?? [];
    if (major !== undefined && name !== undefined) found.push({ type, major: Number(major), name });
  }
  return found;
}

/** Everything the unit may use; devices that there are not are left out. */
export function deviceGrants({ devicePolicy, deviceAllow }: GroupAccess): readonly DeviceGrant[] {
  let numbers: ReturnType<typeof parseDeviceNumbers> | null = null;
  const rules = devicePolicy === 'strict' ? deviceAllow : [...STANDARD_DEVICES, ...deviceAllow];
  return rules.flatMap(({ device, rights }): readonly DeviceGrant[] => {
    if (device.startsWith('/')) return grantOfNode(device, rights);
    const type = device.startsWith('char-') ? 'char' : 'block';
    const pattern = device.slice(device.indexOf('-') + 1);
    if (pattern === '*') return [{ type, major: null, minor: null, rights }];
    if (/^\d+$/.test(pattern)) return [{ type, major: Number(pattern), minor: null, rights }];
    numbers ??= parseDeviceNumbers(readText('/proc/devices'));
    return numbers.filter((each) => each.type === type && nameMatches(each.name, pattern)).map(({ major }) => ({ type, major, minor: null, rights }));
  });
}

/** The numbers of /dev/char/M:N and /dev/block/M:N are in their names, whether they are there or not. */
function grantOfNode(path: string, rights: string): readonly DeviceGrant[] {
  const named = /^\/dev\/(?<type>char|block)\/(?<major>\d+):(?<minor>\d+)$/.exec(path)?.groups;
  if (named !== undefined) return [{ type: named['type'] === 'char' ? 'char' : 'block', major: Number(named['major']), minor: Number(named['minor']), rights }];
  const status = statusOf(path);
  if (status === null || !(status.isCharacterDevice() || status.isBlockDevice())) return [];
  const { major, minor } = deviceNumber(status.rdev);
  return [{ type: status.isBlockDevice() ? 'block' : 'char', major, minor, rights }];
}

function statusOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** makedev(3): both numbers are split. */
function deviceNumber(device: number): { readonly major: number; readonly minor: number } {
  const whole = BigInt(device);
  return {
    major: Number(((whole >> 8n) & 0xfffn) | ((whole >> 32n) & 0xfffff000n)),
    minor: Number((whole & 0xffn) | ((whole >> 12n) & 0xffffff00n)),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
