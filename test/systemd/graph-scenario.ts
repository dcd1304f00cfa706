/**
 * Random small graphs of units and random verbs upon them, from a seed: for the comparison of jobs and states with systemd.
 *
 * Units are of a few kinds whose lives need no time of their own: what has to wait waits until a later verb ends it, so that the
 * state after each verb is the same however fast the machine is. Order edges only go from a later unit to an earlier one; cycles are
 * meant to differ (docs/differences.md) and have scenarios of their own.
 */
import { nextRandom, seedRandom } from '../../src/base/random.ts';

export interface GraphScenario {
  readonly seed: number;
  /** Unit files by name; null stands for a masked unit. */
  readonly units: Readonly<Record<string, string | null>>;
  /** Names of all units that appear, those without a file too. */
  readonly names: readonly string[];
  /** Command lines of a shell in which `$ctl` is systemctl; each is one step. What only sets the stage may fail: exit statuses of `kill` differ. */
  readonly steps: readonly string[];
}

/** The program of units that wait: at SIGUSR1 it ends well, at SIGTERM as anything does. */
export const WAITER = '/c/wait';
export const PROGRAMS: Readonly<Record<string, string>> = {
  [WAITER]: '#!/usr/bin/perl\n$SIG{USR1} = sub { exit 0 };\nsleep 99999;\n',
};

interface UnitKind {
  readonly suffix: 'service' | 'target';
  /** Relative frequency. */
  readonly weight: number;
  readonly text: string | null | undefined;
}

/** `text`: undefined = no file, null = masked. */
const KINDS: readonly UnitKind[] = [
  { suffix: 'target', weight: 5, text: '' },
  { suffix: 'service', weight: 5, text: `[Service]\nExecStart=${WAITER}\nExecReload=/bin/true\n` },
  { suffix: 'service', weight: 2, text: `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n` },
  { suffix: 'service', weight: 2, text: '[Service]\nType=oneshot\nExecStart=/bin/true\n' },
  { suffix: 'service', weight: 2, text: '[Service]\nType=oneshot\nExecStart=/bin/false\n' },
  // Their jobs stay until a later verb ends them.
  { suffix: 'service', weight: 4, text: `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=${WAITER}\n` },
  { suffix: 'service', weight: 2, text: `[Service]\nTimeoutStopSec=infinity\nExecStart=${WAITER}\nExecStop=${WAITER}\n` },
  { suffix: 'service', weight: 1, text: `[Service]\nTimeoutStartSec=infinity\nExecStart=${WAITER}\nExecReload=${WAITER}\n` },
  { suffix: 'service', weight: 1, text: `[Unit]\nConditionPathExists=/nowhere\n[Service]\nExecStart=${WAITER}\n` },
  { suffix: 'service', weight: 1, text: undefined },
  { suffix: 'service', weight: 1, text: null },
];

const EDGES: readonly (readonly [string, number])[] = [
  ['Requires', 4], ['Wants', 4], ['BindsTo', 3], ['Requisite', 2], ['PartOf', 3], ['Conflicts', 3], ['Upholds', 1], ['OnFailure', 1], ['OnSuccess', 1],
  ['PropagatesReloadTo', 1], ['ReloadPropagatedFrom', 1], ['PropagatesStopTo', 1], ['StopPropagatedFrom', 1],
];
/** How often a unit that needs another is ordered after it as well, as most are in practice; Requisite= without that is a race. */
const ORDERED_SHARE = 0.7;

const VERBS: readonly (readonly [string, number])[] = [
  ['start', 8], ['stop', 5], ['restart', 4], ['try-restart', 2], ['reload', 2], ['reload-or-restart', 2], ['try-reload-or-restart', 1],
  ['finish', 4], ['kill', 3], ['cancel', 1], ['reset-failed', 1],
];
const MODES: readonly (readonly [string, number])[] = [
  ['replace', 12], ['fail', 3], ['replace-irreversibly', 1], ['ignore-dependencies', 1], ['ignore-requirements', 1]
];
/** They touch every unit of the manager, so a scenario with them is alone with it. */
const WIDE_MODES: readonly (readonly [string, number])[] = [['isolate', 4], ['flush', 3]];

/**
 * @param wide  whether verbs that touch units outside the scenario may occur (isolate, flush)
 * @param label goes into the units' names, so that one seed can be run twice
 */
export function graphScenario(seed: number, { wide, label }: { readonly wide: boolean; readonly label: string }): GraphScenario {
  let state = seedRandom(seed, wide ? 1 : 0);
  const below = (limit: number): number => {
    const [word, next] = nextRandom(state);
    state = next;
    return word % limit;
  };
  const chance = (share: number): boolean => below(1000) < share * 1000;
  const pick = <T>(items: readonly T[], weightOf: (item: T) => number): T => {
    let left = below(items.reduce((sum, item) => sum + weightOf(item), 0));
    for (const item of items) if ((left -= weightOf(item)) < 0) return item;
    throw new Error('nothing to pick from');
  };

  const count = 2 + below(5);
  const kinds = Array.from({ length: count }, () => pick(KINDS, (kind) => kind.weight));
  const names = kinds.map((kind, index) => `${label}-${String.fromCharCode(97 + index)}.${kind.suffix}`);
  const sections = kinds.map(() => ['[Unit]', 'DefaultDependencies=no', 'StartLimitIntervalSec=0', ...(wide ? ['AllowIsolate=yes'] : [])]);
  const edgeCount = count - 1 + below(count + 2);
  for (let i = 0; i < edgeCount; i++) {
    const from = below(count), to = below(count);
    if (from === to) continue;
    const [kind] = pick(EDGES, ([, weight]) => weight);
    sections[from]?.push(`${kind}=${names[to] ?? ''}`);
    if (kind === 'Requisite' || chance(ORDERED_SHARE)) sections[Math.max(from, to)]?.push(`After=${names[Math.min(from, to)] ?? ''}`);
  }
  for (let i = below(2); i > 0; i--) sections[count - 1]?.push(`After=${names[below(count - 1)] ?? ''}`);
  for (const section of sections) {
    if (chance(0.08)) section.push('StopWhenUnneeded=yes');
    if (chance(0.03)) section.push('RefuseManualStart=yes');
    if (chance(0.03)) section.push('RefuseManualStop=yes');
    if (chance(0.06)) section.push(`OnFailureJobMode=${pick(MODES, ([, weight]) => weight)[0]}`);
    if (wide && chance(0.2)) section.push('IgnoreOnIsolate=yes');
  }
  const units: Record<string, string | null> = {};
  for (const [index, kind] of kinds.entries()) {
    const name = names[index] ?? '';
    if (kind.text === null) units[name] = null;
    else if (kind.text !== undefined) units[name] = `${sections[index]?.join('\n') ?? ''}\n${kind.text.replace('[Unit]\n', '')}`;
  }

  const steps: string[] = [];
  for (let i = 3 + below(6); i > 0; i--) {
    const unit = names[below(count)] ?? '';
    const [verb] = pick(VERBS, ([, weight]) => weight);
    switch (verb) {
      case 'finish':
        steps.push(`$ctl kill -s USR1 ${unit} || true`);
        break;
      case 'kill':
        steps.push(`$ctl kill -s KILL ${unit} || true`);
        break;
      case 'cancel':
        steps.push(`$ctl cancel $($ctl list-jobs --no-legend --plain | awk '$2 == "${unit}" { print $1 }') || true`);
        break;
      case 'reset-failed':
        steps.push(`$ctl reset-failed ${unit} || true`);
        break;
      default: {
        const [mode] = pick(wide && chance(0.4) ? WIDE_MODES : MODES, ([, weight]) => weight);
        const isIsolate = mode === 'isolate';
        steps.push(`$ctl --no-block ${isIsolate ? 'isolate' : `--job-mode=${mode} ${verb}`} ${unit}`);
      }
    }
  }
  return { seed, units, names, steps };
}
