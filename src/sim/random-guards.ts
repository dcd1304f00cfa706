/** Random settings that decide when a service is well and when it starts again: probes, ExitOn=, RestartMode= and the pacing of restarts. */
import type { Dice } from './dice.ts';
import type { Script } from './process-table.ts';
import { unitText, type Lines } from './unit-text.ts';

const SECOND = 1_000_000;
/** The program that `exec:` probes run. */
const PROBE_PROGRAM = '/bin/probe';

export interface Guards {
  readonly files: Readonly<Record<string, string>>;
  readonly programs: Readonly<Record<string, readonly Script[]>>;
}

/** Drop-ins for some of the services. */
export function randomGuards(dice: Dice, services: readonly string[]): Guards {
  const files: Record<string, string> = {};
  for (const name of services) {
    const service = [...probes(dice), ...restarts(dice)];
    // It ends the whole life, so it is rare.
    const unit: Lines = dice.chance(2) ? [['ExitOn', dice.pick(['failure', 'success', '1', 'failure 2'] as const)]] : [];
    if (service.length + unit.length > 0) files[`${name}.d/guards.conf`] = unitText({ Unit: unit, Service: service });
  }
  return { files, programs: { [PROBE_PROGRAM]: Array.from({ length: 5 }, () => probeScript(dice)) } };
}

function probes(dice: Dice): Lines {
  return (['StartupProbe', 'ReadinessProbe', 'LivenessProbe'] as const).flatMap((name): Lines => (dice.chance(90) ? [] : [
    [name, dice.chance(50) ? `exec:${PROBE_PROGRAM}` : dice.pick(['tcp:8080', 'unix:/run/probed', 'http://127.0.0.1/health', 'file:/run/probed'] as const)],
    [`${name}IntervalSec`, dice.pick(['1', '3'] as const)], [`${name}TimeoutSec`, '1'],
    ...(dice.chance(50) ? [[`${name}Failures`, String(1 + dice.below(2))] as const] : []), ...(dice.chance(20) ? [[`${name}Successes`, '2'] as const] : []),
  ]));
}

function restarts(dice: Dice): Lines {
  return [
    ...(dice.chance(15) ? [['RestartMode', dice.pick(['direct', 'debug'] as const)] as const] : []),
    ...(dice.chance(10) ? [['RestartSteps', '3'] as const, ['RestartMaxDelaySec', '20'] as const] : []),
    ...(dice.chance(10) ? [['RestartRandomizedDelaySec', '2'] as const] : []), ...(dice.chance(10) ? [['RestartResetSec', '10'] as const] : []),
    ...(dice.chance(10) ? [['RestartAfterLimitSec', '15'] as const] : []), ...(dice.chance(15) ? [['RestartAwaitsNeeds', 'yes'] as const] : []),
  ];
}

function probeScript(dice: Dice): Script {
  return { ...(dice.chance(90) ? { exitAfterUsec: dice.below(SECOND) } : {}), ...(dice.chance(80) ? {} : { exitStatus: 1 }), ...(dice.chance(10) ? { ignoresTerm: true } : {}) };
}
