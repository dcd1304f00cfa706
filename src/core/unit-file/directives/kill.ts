import { HONOURED, page } from './row.ts';

export const KILL_DIRECTIVES = page('systemd.kill(5)', ['Service', 'Scope', 'Socket', 'Mount', 'Swap'], [
  ['KillMode', ['control-group', 'mixed', 'process', 'none'], 'control-group', HONOURED],
  ['KillSignal', 'signal', 'SIGTERM', HONOURED],
  ['RestartKillSignal', 'signal', 'as KillSignal=', HONOURED],
  ['SendSIGHUP', 'boolean', 'no', HONOURED],
  ['SendSIGKILL', 'boolean', 'yes', HONOURED],
  ['FinalKillSignal', 'signal', 'SIGKILL', HONOURED],
  ['WatchdogSignal', 'signal', 'SIGABRT', HONOURED],
]);
