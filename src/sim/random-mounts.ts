/** Random mounts, automounts, swaps and devices, with services that need them and people who mount, unmount and go there; and services with fd stores. */
import type { Dice } from './dice.ts';
import type { Script } from './process-table.ts';
import type { Action } from './scenario.ts';
import { unitText, type Lines } from './unit-text.ts';

const SECOND = 1_000_000;
const PLACES = ['/m0', '/m0/sub', '/m1'] as const;
const SWAPS = ['/s0', '/s1'] as const;
const DEVICES = ['/dev/d0', '/dev/d1'] as const;
/** Percent of worlds that have mounts and swaps. */
const WORLDS_PERCENT = 40;
const COMMANDS = ['/bin/mount', '/bin/umount', '/sbin/swapon', '/sbin/swapoff'] as const;

export interface Mounts {
  readonly files: Readonly<Record<string, string>>;
  readonly programs: Readonly<Record<string, readonly Script[]>>;
  /** Names of mount, automount and swap units. */
  readonly units: readonly string[];
}

/** @param services some of which need a mount, or keep fds */
export function randomMounts(dice: Dice, services: readonly string[]): Mounts {
  const files: Record<string, string> = {};
  for (const name of services) if (dice.chance(25)) files[`${name}.d/store.conf`] = unitText({ Service: [['FileDescriptorStoreMax', String(1 + dice.below(3))], ['FileDescriptorStorePreserve', dice.pick(['no', 'yes', 'restart'] as const)]] });
  if (!dice.chance(WORLDS_PERCENT)) return { files, programs: {}, units: [] };
  const places = PLACES.filter(() => dice.chance(70));
  const swaps = SWAPS.filter(() => dice.chance(50));
  for (const where of places) files[unitOf(where, 'mount')] = mountText(dice, services, where);
  const automounted = places.filter(() => dice.chance(60));
  for (const where of automounted) files[unitOf(where, 'automount')] = unitText({ Unit: UNIT, Automount: [['Where', where], ...(dice.chance(60) ? [['TimeoutIdleSec', String(1 + dice.below(20))] as const] : [])] });
  for (const what of swaps) files[unitOf(what, 'swap')] = unitText({ Unit: UNIT, Swap: [['What', what], ['TimeoutSec', '5']] });
  for (const name of services) if (places.length > 0 && dice.chance(20)) files[`${name}.d/mounts.conf`] = unitText({ Unit: [['RequiresMountsFor', dice.pick(places)]] });
  for (const name of services) if (dice.chance(10)) files[`${name}.d/device.conf`] = deviceText(dice);
  const programs = Object.fromEntries(COMMANDS.map((path) => [path, Array.from({ length: 5 }, () => commandScript(dice))] as const));
  return { files, programs, units: [...places.map((where) => unitOf(where, 'mount')), ...automounted.map((where) => unitOf(where, 'automount')), ...swaps.map((what) => unitOf(what, 'swap'))] };
}

const UNIT: Lines = [['DefaultDependencies', 'no']];

function deviceText(dice: Dice): string {
  const device = unitOf(dice.pick(DEVICES), 'device');
  return unitText({ Unit: [[dice.pick(['Wants', 'Requires', 'BindsTo'] as const), device], ['After', device]] });
}

function unitOf(path: string, kind: 'mount' | 'automount' | 'swap' | 'device'): string {
  return `${path.slice(1).replaceAll('/', '-')}.${kind}`;
}

/** The path that a name of `unitOf` stands for. */
export function pathOfUnit(name: string): string {
  return `/${name.replace(/\.[a-z]+$/, '').replaceAll('-', '/')}`;
}

function mountText(dice: Dice, services: readonly string[], where: string): string {
  return unitText({
    Unit: [...UNIT, ...(dice.chance(20) ? [['BindsTo', dice.pick(services)] as const] : []), ...(dice.chance(20) ? [['After', dice.pick(services)] as const] : []), ...(dice.chance(15) ? [['StopWhenUnneeded', 'yes'] as const] : [])],
    Mount: [['What', dice.chance(15) ? dice.pick(DEVICES) : 'tmpfs'], ['Where', where], ['Type', 'tmpfs'], ['TimeoutSec', '5'], ...(dice.chance(20) ? [['LazyUnmount', 'yes'] as const] : [])],
  });
}

/** mount(8) and its kin: they succeed, fail, or hang. */
function commandScript(dice: Dice): Script {
  return {
    ...(dice.chance(90) ? { exitAfterUsec: dice.below(2 * SECOND) } : {}), ...(dice.chance(80) ? {} : { exitStatus: 32 }),
    ...(dice.chance(10) ? { ignoresTerm: true } : {}),
  };
}

/** Somebody starts, stops or reloads one of the units, mounts and unmounts by hand, goes to a place, plugs a device in or out. */
export function randomMountAction(dice: Dice, { units }: Mounts): Action {
  const unit = dice.pick(units);
  const afterUsec = dice.chance(50) ? 0 : dice.below(3 * SECOND);
  if (dice.chance(15)) return { afterUsec, act: dice.pick(['touch', 'remove'] as const), path: dice.pick(DEVICES) };
  if (unit.endsWith('.automount') && dice.chance(70)) return { afterUsec, act: dice.chance(85) ? 'visit' : 'take-autofs', unit };
  if (!unit.endsWith('.automount') && dice.chance(40)) return { afterUsec, act: dice.pick(['take-into-use', 'take-out-of-use'] as const), unit };
  return { afterUsec, act: dice.pick(['start', 'stop', 'restart', ...(unit.endsWith('.mount') ? ['reload' as const] : [])] as const), unit, mode: 'replace' };
}

/** What of its fds a program gives into the store. */
export function randomStoring(dice: Dice): Pick<Script, 'stores' | 'takesBack'> {
  return dice.chance(50) ? { stores: { name: dice.pick(['a', 'b'] as const), count: 1 + dice.below(2) }, ...(dice.chance(40) ? { takesBack: dice.pick(['a', 'b'] as const) } : {}) } : {};
}
