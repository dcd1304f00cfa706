import { TRIGGER_JOBS } from '../../unit/trigger-job.ts';
import { Page } from './row.ts';

export const TIMER_DIRECTIVES = new Page('systemd.timer(5)', ['Timer'], () => [
  ['OnActiveSec', 'time-spans', '', 'honoured'],
  ['OnBootSec', 'time-spans', '', 'honoured'],
  ['OnStartupSec', 'time-spans', '', 'honoured'],
  ['OnUnitActiveSec', 'time-spans', '', 'honoured'],
  ['OnUnitInactiveSec', 'time-spans', '', 'honoured'],
  ['OnCalendar', 'calendar', '', 'honoured'],
  ['AccuracySec', 'time-span', '1min', 'honoured'],
  ['RandomizedDelaySec', 'time-span', '0', 'honoured'],
  ['FixedRandomDelay', 'boolean', 'no', 'honoured'],
  ['DeferReactivation', 'boolean', 'no', 'honoured', 257],
  ['OnClockChange', 'boolean', 'no', 'honoured'],
  ['OnTimezoneChange', 'boolean', 'no', 'honoured'],
  ['Unit', 'unit', 'the service of the same name', 'honoured'],
  ['Persistent', 'boolean', 'no', 'honoured'],
  ['WakeSystem', 'boolean', 'no', 'parsed'],
  ['RemainAfterElapse', 'boolean', 'yes', 'honoured'],
]);

export const PATH_DIRECTIVES = new Page('systemd.path(5)', ['Path'], () => [
  ['PathExists', 'paths', '', 'honoured'],
  ['PathExistsGlob', 'paths', '', 'honoured'],
  ['PathChanged', 'paths', '', 'honoured'],
  ['PathModified', 'paths', '', 'honoured'],
  ['DirectoryNotEmpty', 'paths', '', 'honoured'],
  ['Unit', 'unit', 'the service of the same name', 'honoured'],
  ['MakeDirectory', 'boolean', 'no', 'honoured'],
  ['DirectoryMode', 'mode', '0755', 'honoured'],
  ['TriggerLimitIntervalSec', 'time-span', '2s', 'honoured'],
  ['TriggerLimitBurst', 'number', '200', 'honoured'],
]);

/** Ours alone. */
export const TRIGGER_DIRECTIVES = new Page('heartwood.unit(5)', ['Timer', 'Path'], () => [
  ['TriggerJob', TRIGGER_JOBS, 'start', 'honoured'],
]);
