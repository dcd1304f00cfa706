import { Page } from './row.ts';

export const KILL_DIRECTIVES = new Page('systemd.kill(5)', ['Service', 'Scope', 'Socket', 'Mount', 'Swap'], () => [
  ['KillMode', ['control-group', 'mixed', 'process', 'none'], 'control-group', 'honoured'],
  ['KillSignal', 'signal', 'SIGTERM', 'honoured'],
  ['RestartKillSignal', 'signal', 'as KillSignal=', 'honoured'],
  ['SendSIGHUP', 'boolean', 'no', 'honoured'],
  ['SendSIGKILL', 'boolean', 'yes', 'honoured'],
  ['FinalKillSignal', 'signal', 'SIGKILL', 'honoured'],
  ['WatchdogSignal', 'signal', 'SIGABRT', 'honoured'],
]);
