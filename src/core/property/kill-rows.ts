/** Properties of how a unit's processes are ended: systemd.kill(5). */
import type { KillContext } from '../unit/exec-context.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { yesNo } from './value-text.ts';

export interface KillPropertyContext extends PropertyContext {
  readonly kill: KillContext;
}

export const KILL_ROWS: readonly PropertyRow<KillPropertyContext>[] = [
  ['KillMode', ({ kill }) => kill.killMode],
  ['KillSignal', ({ kill }) => String(kill.killSignal)],
  ['RestartKillSignal', ({ kill }) => String(kill.restartKillSignal ?? kill.killSignal)],
  ['FinalKillSignal', ({ kill }) => String(kill.finalKillSignal)],
  ['SendSIGKILL', ({ kill }) => yesNo(kill.sendSigkill)],
  ['SendSIGHUP', ({ kill }) => yesNo(kill.sendSighup)],
  ['WatchdogSignal', ({ kill }) => String(kill.watchdogSignal)],
];
