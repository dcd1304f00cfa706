/** Random sockets, timers and paths, with what they need: units that start others by themselves. */
import type { Dice } from './dice.ts';
import type { Action } from './scenario.ts';
import { unitText, type Lines } from './unit-text.ts';

const SECOND = 1_000_000;
const SOURCES = ['10.0.0.1', '10.0.0.2', 'uid 1000'] as const;
/** Files that come, go and change. */
export const WATCHED = ['/watch/a', '/watch/b', '/watch/c'] as const;

export interface Triggers {
  readonly files: Readonly<Record<string, string>>;
  readonly sockets: readonly string[];
  readonly timers: readonly string[];
  readonly paths: readonly string[];
}

/** @param services what may be started by them */
export function randomTriggers(dice: Dice, services: readonly string[]): Triggers {
  const files: Record<string, string> = {};
  const named = (kind: string, most: number): readonly string[] => Array.from({ length: dice.below(most + 1) }, (_, i) => `${kind[0] as string}${String(i)}.${kind}`.replace(/^t/, 'e'));
  const sockets = named('socket', 2), timers = named('timer', 2), paths = named('path', 2);
  for (const name of sockets) {
    const isForEach = dice.chance(40);
    files[name] = socketText(dice, services, name, isForEach);
    if (isForEach) files[name.replace('.socket', '@.service')] = unitText({ Unit: [['DefaultDependencies', 'no']], Service: [['ExecStart', '/bin/connected'], ['TimeoutStopSec', '5']] });
  }
  for (const name of timers) files[name] = timerText(dice, services);
  for (const name of paths) files[name] = pathText(dice, services);
  return { files, sockets, timers, paths };
}

function yes(dice: Dice, key: string, percent: number): Lines {
  return dice.chance(percent) ? [[key, 'yes']] : [];
}

const UNIT: Lines = [['DefaultDependencies', 'no']];

function socketText(dice: Dice, services: readonly string[], name: string, isForEach: boolean): string {
  const command = (key: string, percent: number): Lines => (dice.chance(percent) ? [[key, `/bin/${dice.pick(['pre', 'post', 'stop'] as const)}`]] : []);
  return unitText({
    Unit: UNIT,
    Socket: [
      ['ListenStream', `/run/${name}`], ...(dice.chance(20) ? [['ListenDatagram', `/run/${name}.datagram`] as const] : []),
      ...(isForEach ? [['Accept', 'yes'] as const] : [['Service', dice.pick(services)] as const]),
      ...(dice.chance(30) ? [['TriggerLimitBurst', '2'] as const] : []), ...(dice.chance(20) ? [['PollLimitBurst', '1'] as const, ['PollLimitIntervalSec', '2'] as const] : []),
      ...(isForEach && dice.chance(50) ? [['MaxConnections', '2'] as const] : []), ...(isForEach && dice.chance(30) ? [['MaxConnectionsPerSource', '1'] as const] : []),
      ...yes(dice, 'FlushPending', 20), ...command('ExecStartPre', 15), ...command('ExecStartPost', 15), ...command('ExecStopPre', 15), ...command('ExecStopPost', 15),
      ['TimeoutSec', '5'],
    ],
  });
}

function timerText(dice: Dice, services: readonly string[]): string {
  const span = (): string => `${String(dice.below(20_000))}ms`;
  const triggers = Array.from({ length: 1 + dice.below(3) }, (): Lines[number] => (dice.chance(30)
    ? ['OnCalendar', dice.pick(['minutely', '*:*:0/7', '*:0/5', '2023-11-14 22:13:50', '2001-01-01'] as const)]
    : [dice.pick(['OnActiveSec', 'OnBootSec', 'OnStartupSec', 'OnUnitActiveSec', 'OnUnitInactiveSec'] as const), span()]));
  return unitText({
    Unit: UNIT,
    Timer: [
      ...triggers, ['Unit', dice.pick(services)], ['AccuracySec', dice.pick(['1us', '1s', '1min'] as const)],
      ...(dice.chance(30) ? [['RandomizedDelaySec', '5'] as const] : []), ...yes(dice, 'FixedRandomDelay', 15), ...yes(dice, 'Persistent', 25),
      ...yes(dice, 'OnClockChange', 10), ...(dice.chance(20) ? [['RemainAfterElapse', 'no'] as const] : []),
    ],
  });
}

function pathText(dice: Dice, services: readonly string[]): string {
  const lines = Array.from({ length: 1 + dice.below(2) }, (): Lines[number] => [dice.pick(['PathExists', 'PathChanged', 'PathModified', 'DirectoryNotEmpty'] as const), dice.pick(['/watch', ...WATCHED] as const)]);
  return unitText({ Unit: UNIT, Path: [...lines, ['Unit', dice.pick(services)], ...(dice.chance(30) ? [['TriggerLimitBurst', '3'] as const] : [])] });
}

/** Somebody connects, a file comes or goes, somebody starts or stops one of the units. */
export function randomTrigger(dice: Dice, { sockets, timers, paths }: Triggers): Action | null {
  const afterUsec = dice.chance(50) ? 0 : dice.below(2 * SECOND);
  const all = [...sockets, ...timers, ...paths];
  if (all.length === 0) return null;
  if (dice.chance(20)) return { afterUsec, act: dice.pick(['start', 'stop', 'restart'] as const), unit: dice.pick(all), mode: 'replace' };
  if (sockets.length > 0 && dice.chance(50)) return { afterUsec, act: 'connect', unit: dice.pick(sockets), source: dice.pick(SOURCES) };
  if (paths.length > 0) return { afterUsec, act: dice.pick(['touch', 'touch', 'remove'] as const), path: dice.pick(WATCHED) };
  return { afterUsec: dice.below(30 * SECOND), act: 'step-wall-clock', byUsec: (dice.below(200) - 100) * SECOND };
}
