/** Random mounts and swaps, with services that need them and people who mount and unmount by hand; and services with fd stores. */
import type { Dice } from './dice.ts';
import type { Script } from './process-table.ts';
import type { Action } from './scenario.ts';
import { unitText, type Lines } from './unit-text.ts';

const SECOND = 1_000_000;
const PLACES = ['/m0', '/m0/sub', '/m1'] as const;
const SWAPS = ['/s0', '/s1'] as const;
/** Percent of worlds that have mounts and swaps. */
const WORLDS_PERCENT = 40;
const COMMANDS = ['/bin/mount', '/bin/umount', '/sbin/swapon', '/sbin/swapoff'] as const;

export interface Mounts {
  readonly files: Readonly<Record<string, string>>;
  readonly programs: Readonly<Record<string, readonly Script[]>>;
  /** Names of mount and swap units. */
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
  for (const what of swaps) files[unitOf(what, 'swap')] = unitText({ Unit: UNIT, Swap: [['What', what], ['TimeoutSec', '5']] });
  for (const name of services) if (places.length > 0 && dice.chance(20)) files[`${name}.d/mounts.conf`] = unitText({ Unit: [['RequiresMountsFor', dice.pick(places)]] });
  const programs = Object.fromEntries(COMMANDS.map((path) => [path, Array.from({ length: 5 }, () => commandScript(dice))] as const));
  return { files, programs, units: [...places.map((where) => unitOf(where, 'mount')), ...swaps.map((what) => unitOf(what, 'swap'))] };
}

const UNIT: Lines = [['DefaultDependencies', 'no']];

function unitOf(path: string, kind: 'mount' | 'swap'): string {
  return `${path.slice(1).replaceAll('/', '-')}.${kind}`;
}

/** The path that a name of `unitOf` stands for. */
export function pathOfUnit(name: string): string {
  return `/${name.replace(/\.[a-z]+$/, '').replaceAll('-', '/')}`;
}

function mountText(dice: Dice, services: readonly string[], where: string): string {
  return unitText({
    Unit: [...UNIT, ...(dice.chance(20) ? [['BindsTo', dice.pick(services)] as const] : []), ...(dice.chance(20) ? [['After', dice.pick(services)] as const] : []), ...(dice.chance(15) ? [['StopWhenUnneeded', 'yes'] as const] : [])],
    Mount: [['What', 'tmpfs'], ['Where', where], ['Type', 'tmpfs'], ['TimeoutSec', '5'], ...(dice.chance(20) ? [['LazyUnmount', 'yes'] as const] : [])],
  });
}

/** mount(8) and its kin: they succeed, fail, or hang. */
function commandScript(dice: Dice): Script {
  return {
    ...(dice.chance(90) ? { exitAfterUsec: dice.below(2 * SECOND) } : {}), ...(dice.chance(80) ? {} : { exitStatus: 32 }),
    ...(dice.chance(10) ? { ignoresTerm: true } : {}),
  };
}

/** Somebody starts, stops or reloads one of the units, or mounts and unmounts by hand. */
export function randomMountAction(dice: Dice, { units }: Mounts): Action {
  const unit = dice.pick(units);
  const afterUsec = dice.chance(50) ? 0 : dice.below(3 * SECOND);
  if (dice.chance(40)) return { afterUsec, act: dice.pick(['take-into-use', 'take-out-of-use'] as const), unit };
  return { afterUsec, act: dice.pick(['start', 'stop', 'restart', ...(unit.endsWith('.mount') ? ['reload' as const] : [])] as const), unit, mode: 'replace' };
}

/** What of its fds a program gives into the store. */
export function randomStoring(dice: Dice): Pick<Script, 'stores' | 'takesBack'> {
  return dice.chance(50) ? { stores: { name: dice.pick(['a', 'b'] as const), count: 1 + dice.below(2) }, ...(dice.chance(40) ? { takesBack: dice.pick(['a', 'b'] as const) } : {}) } : {};
}
