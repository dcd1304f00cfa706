/**
 * A world made wholly from a seed: unit files with random dependencies and settings, programs that behave well or badly, somebody who
 * starts, stops, reloads and kills at random, and a choice of faults.
 */
import { Dice, seedOf } from './dice.ts';
import { randomFaults } from './faults.ts';
import { randomGuards } from './random-guards.ts';
import type { Script } from './process-table.ts';
import { randomMountAction, randomMounts, randomStoring } from './random-mounts.ts';
import { randomTrigger, randomTriggers, WATCHED } from './random-triggers.ts';
import type { Action, Scenario } from './scenario.ts';
import { unitText, type Lines } from './unit-text.ts';

const SECOND = 1_000_000;

const TYPES = ['simple', 'exec', 'forking', 'oneshot', 'notify', 'notify-reload', 'idle'] as const;
const RESTARTS = ['no', 'no', 'on-success', 'on-failure', 'on-abnormal', 'on-abort', 'on-watchdog', 'always'] as const;
const KINDS = ['Requires', 'Wants', 'BindsTo', 'PartOf', 'Requisite', 'Conflicts', 'OnFailure', 'OnSuccess', 'Upholds', 'PropagatesStopTo', 'PropagatesReloadTo'] as const;
const SIGNALS = [9, 11, 15, 6, 1, 2] as const;

export interface RandomScenarioOptions {
  readonly actions?: number;
  /** Without faults. */
  readonly isPeaceful?: boolean;
}

/** How much somebody does in one world unless told otherwise: long enough to get into corners, short enough to be made smaller. */
const ACTIONS = 60;

export function randomScenario(seed: number, options: RandomScenarioOptions = {}): Scenario {
  const dice = new Dice(seed * 2_654_435_761);
  const services = Array.from({ length: 2 + dice.below(12) }, (_, i) => `u${String(i)}.service`);
  const targets = Array.from({ length: dice.below(3) }, (_, i) => `t${String(i)}.target`);
  const names = [...services, ...targets];
  const triggers = randomTriggers(new Dice(seedOf(seed, 'triggers')), services);
  const mountDice = new Dice(seedOf(seed, 'mounts'));
  const mounts = randomMounts(mountDice, services);
  const guards = randomGuards(new Dice(seedOf(seed, 'guards')), services);
  const wanted = [...names.filter(() => dice.chance(70)), ...triggers.sockets, ...triggers.timers, ...triggers.paths, ...mounts.units];
  const files: Record<string, string> = {
    ...triggers.files, ...mounts.files, ...guards.files,
    'default.target': unitText({ Unit: [['DefaultDependencies', 'no'], ['AllowIsolate', 'yes'], ['Wants', wanted.join(' ')], ['After', names.join(' ')]] }),
  };
  for (const [index, name] of services.entries()) files[name] = serviceText(dice, names, name, index, renewalLines(new Dice(seedOf(seed, `renewal ${name}`))));
  for (const name of targets) files[name] = unitText({ Unit: [['DefaultDependencies', 'no'], ['AllowIsolate', 'yes'], ...edges(dice, services, name, -1)] });
  const faults = options.isPeaceful === true ? {} : randomFaults(dice);
  return {
    seed, files, faults, programs: withStores({ ...randomPrograms(dice, services), ...mounts.programs, ...guards.programs }, files, mountDice),
    actions: Array.from({ length: options.actions ?? ACTIONS }, () => (dice.chance(20) ? randomTrigger(dice, triggers) : null) ?? randomAction(dice, services, names))
      .map((action) => (mounts.units.length > 0 && mountDice.chance(MOUNT_ACTIONS_PERCENT) ? randomMountAction(mountDice, mounts) : action)),
  };
}

/** Of the actions in worlds with mounts or swaps. */
const MOUNT_ACTIONS_PERCENT = 20;

/** Main programs of services with an fd store give fds into it. */
function withStores(programs: Scenario['programs'], files: Scenario['files'], dice: Dice): Scenario['programs'] {
  return Object.fromEntries(Object.entries(programs).map(([path, scripts]) => {
    const hasStore = `${path.replace('/bin/', '')}.d/store.conf` in files;
    return [path, hasStore ? scripts.map((script) => ({ ...script, ...randomStoring(dice) })) : scripts];
  }));
}

function edges(dice: Dice, names: readonly string[], name: string, index: number): Lines {
  const lines: (readonly [string, string])[] = [];
  for (let i = dice.below(4); i > 0; i--) {
    const other = dice.pick(names);
    if (other === name) continue;
    lines.push([dice.pick(KINDS), other]);
    // Mostly ordered downwards, so that cycles are an exception and not the rule.
    if (dice.chance(70)) lines.push([names.indexOf(other) < index || dice.chance(3) ? 'After' : 'Before', other]);
  }
  return lines;
}

/** Made of dice of their own, so that the rest of a world does not depend on them. */
function renewalLines(dice: Dice): Lines {
  return [
    ...(dice.chance(40) ? [['RestartOverlap', 'yes'] as const, ['RestartOverlapSec', `${String(dice.below(4000))}ms`] as const] : []),
    ...(dice.chance(10) ? [['RestartEverySec', String(2 + dice.below(20))] as const] : []),
    ...(dice.chance(15) ? [[dice.pick(['RestartOnChange', 'ReloadOnChange'] as const), dice.pick(WATCHED)] as const] : []),
    ...(dice.chance(10) ? [['RestartStepSec', '1'] as const, ['RestartMaxDelaySec', '4'] as const] : []),
    ...(dice.chance(10) ? [['RestartLimit', String(dice.below(4))] as const] : []),
    ...(dice.chance(10) ? [['RestartSpacingSec', '3'] as const] : []),
  ];
}

function serviceText(dice: Dice, names: readonly string[], name: string, index: number, renewal: Lines): string {
  const type = dice.pick(TYPES);
  const commands = (key: string, role: string, percent: number): Lines => (dice.chance(percent) ? [[key, `${dice.chance(30) ? '-' : ''}/bin/${role}`]] : []);
  const yes = (key: string, percent: number): Lines => (dice.chance(percent) ? [[key, 'yes']] : []);
  const isNotify = type === 'notify' || type === 'notify-reload';
  return unitText({
    Unit: [
      ['DefaultDependencies', 'no'], ...edges(dice, names, name, index), ...yes('StopWhenUnneeded', 15), ...yes('IgnoreOnIsolate', 20),
      ...(dice.chance(20) ? [['StartLimitBurst', String(1 + dice.below(4))] as const] : []),
      ...(dice.chance(10) ? [['JobTimeoutSec', String(1 + dice.below(10))] as const] : []),
      ...(dice.chance(10) ? [['ConditionPathExists', dice.chance(50) ? '/yes' : '!/yes'] as const] : []),
      ...(dice.chance(5) ? [['AssertPathExists', dice.chance(50) ? '/yes' : '!/yes'] as const] : []),
    ],
    Service: [
      ['Type', type], ['ExecStart', `/bin/${name}`], ...(type === 'oneshot' && dice.chance(40) ? [['ExecStart', `-/bin/second`] as const] : []),
      ['Restart', type === 'oneshot' ? dice.pick(['no', 'on-failure'] as const) : dice.pick(RESTARTS)],
      ['RestartSec', dice.chance(30) ? '0' : `${String(dice.below(3000))}ms`],
      ...(isNotify ? [['NotifyAccess', dice.pick(['main', 'main', 'exec', 'all'] as const)] as const] : []),
      ...(isNotify && dice.chance(40) ? [['WatchdogSec', '2'] as const] : []),
      ...commands('ExecStartPre', 'pre', 20), ...commands('ExecStartPost', 'post', 15), ...commands('ExecStop', 'stop', 20),
      ...commands('ExecStopPost', 'stop-post', 20), ...commands('ExecReload', 'reload', 40), ...commands('ExecCondition', 'condition', 10),
      ...yes('RemainAfterExit', 25), ['TimeoutStartSec', '10'], ['TimeoutStopSec', '5'], ['TimeoutAbortSec', '5'],
      ['TimeoutStartFailureMode', dice.pick(['terminate', 'abort', 'kill'] as const)], ['TimeoutStopFailureMode', dice.pick(['terminate', 'abort', 'kill'] as const)],
      ...(dice.chance(10) ? [['RuntimeMaxSec', '30'] as const] : []),
      ['KillMode', dice.pick(['control-group', 'control-group', 'control-group', 'mixed', 'process', 'none'] as const)],
      ...(dice.chance(10) ? [['SendSIGKILL', 'no'] as const] : []),
      ...(dice.chance(10) ? [['SuccessExitStatus', '1 2'] as const] : []),
      ...renewal,
    ],
  });
}

/** Runs after which a program begins its list of scripts anew. */
const RUNS_KEPT = 5;

function randomPrograms(dice: Dice, services: readonly string[]): Readonly<Record<string, readonly Script[]>> {
  const programs: Record<string, readonly Script[]> = {};
  for (const role of ['pre', 'post', 'stop', 'stop-post', 'reload', 'condition', 'second', 'connected']) programs[`/bin/${role}`] = randomScripts(dice, { isMain: false });
  for (const name of services) programs[`/bin/${name}`] = randomScripts(dice, { isMain: true });
  return programs;
}

function randomScripts(dice: Dice, { isMain }: { readonly isMain: boolean }): readonly Script[] {
  return Array.from({ length: RUNS_KEPT }, (): Script => ({
    ...(dice.chance(isMain ? 45 : 95) ? { exitAfterUsec: dice.below((isMain ? 30 : 3) * SECOND) } : {}),
    ...(dice.chance(60) ? {} : dice.chance(20) ? { exitSignal: dice.pick(SIGNALS) } : { exitStatus: dice.pick([1, 2, 255]) }),
    ...(dice.chance(80) ? { readyAfterUsec: dice.below(2 * SECOND) } : {}),
    ...(dice.chance(10) ? { ignoresTerm: true } : {}),
    ...(dice.chance(50) ? {} : { termTakesUsec: dice.below(8 * SECOND) }),
    ...(dice.chance(20) ? { termStatus: dice.pick([0, 0, 1]) } : {}),
    ...(dice.chance(40) ? { pingsEveryUsec: SECOND, ...(dice.chance(50) ? { pingsForUsec: dice.below(10 * SECOND) } : {}) } : {}),
    ...(dice.chance(20) ? { forks: { ...(dice.chance(20) ? { ignoresTerm: true } : {}), ...(dice.chance(50) ? { exitAfterUsec: dice.below(20 * SECOND) } : {}) } } : {}),
  }));
}

function randomAction(dice: Dice, services: readonly string[], names: readonly string[]): Action {
  // Often at once, sometimes after a while: haste makes jobs meet.
  const afterUsec = dice.chance(35) ? 0 : dice.chance(50) ? dice.below(SECOND / 2) : dice.below(20 * SECOND);
  const mode = dice.chance(80) ? 'replace' : dice.pick(['fail', 'ignore-dependencies', 'replace', 'replace-irreversibly'] as const);
  const unit = dice.pick(names);
  switch (dice.below(14)) {
    case 0:
    case 1:
    case 2: return { afterUsec, act: 'start', unit, mode };
    case 3:
    case 4: return { afterUsec, act: 'stop', unit, mode };
    case 5: return { afterUsec, act: 'restart', unit, mode };
    case 6: return { afterUsec, act: dice.pick(['try-restart', 'reload', 'reload-or-restart'] as const), unit, mode };
    case 7: return dice.chance(30) ? { afterUsec, act: dice.pick(['freeze', 'thaw'] as const), unit: dice.pick(services) } : { afterUsec, act: dice.pick(['reset-failed', 'cancel'] as const) };
    case 8: return { afterUsec, act: 'signal-unit', unit: dice.pick(services), whom: dice.pick(['all', 'main'] as const), signal: dice.pick(SIGNALS) };
    case 9: return { afterUsec, act: 'daemon-reload' };
    case 10: return changeFile(dice, services, names, afterUsec);
    case 11: return dice.chance(10) ? { afterUsec, act: 'start', unit: dice.pick(['default.target', ...names.filter((name) => name.endsWith('.target'))]), mode: 'isolate' } : { afterUsec, act: 'step-wall-clock', byUsec: (dice.below(7200) - 3600) * SECOND };
    default: return { afterUsec, act: 'kill', nth: dice.below(64), signal: dice.pick(SIGNALS) };
  }
}

/** A drop-in comes or goes, a unit file is written anew, or vanishes. */
function changeFile(dice: Dice, services: readonly string[], names: readonly string[], afterUsec: number): Action {
  const name = dice.pick(services);
  if (dice.chance(70)) {
    const text = unitText({ Unit: edges(dice, names, name, services.indexOf(name)), Service: [['RestartSec', `${String(dice.below(2000))}ms`]] });
    return { afterUsec, act: 'write', file: `${name}.d/x.conf`, text: dice.chance(30) ? null : text };
  }
  if (dice.chance(70)) return { afterUsec, act: 'write', file: name, text: serviceText(dice, names, name, services.indexOf(name), renewalLines(new Dice(seedOf(afterUsec, name)))) };
  return { afterUsec, act: 'write', file: name, text: dice.chance(50) ? null : '[Service]\nType=simple\n' };
}
