import { TRIGGER_JOBS } from '../../unit/trigger-job.ts';
import { HONOURED, PARSED, page } from './row.ts';

export const TIMER_DIRECTIVES = page('systemd.timer(5)', ['Timer'], [
  ['OnActiveSec', 'time-spans', '', HONOURED],
  ['OnBootSec', 'time-spans', '', HONOURED],
  ['OnStartupSec', 'time-spans', '', HONOURED],
  ['OnUnitActiveSec', 'time-spans', '', HONOURED],
  ['OnUnitInactiveSec', 'time-spans', '', HONOURED],
  ['OnCalendar', 'calendar', '', HONOURED],
  ['AccuracySec', 'time-span', '1min', HONOURED],
  ['RandomizedDelaySec', 'time-span', '0', HONOURED],
  ['FixedRandomDelay', 'boolean', 'no', HONOURED],
  ['DeferReactivation', 'boolean', 'no', HONOURED, 257],
  ['OnClockChange', 'boolean', 'no', HONOURED],
  ['OnTimezoneChange', 'boolean', 'no', HONOURED],
  ['Unit', 'unit', 'the service of the same name', HONOURED],
  ['Persistent', 'boolean', 'no', HONOURED],
  ['WakeSystem', 'boolean', 'no', PARSED],
  ['RemainAfterElapse', 'boolean', 'yes', HONOURED],
]);

export const PATH_DIRECTIVES = page('systemd.path(5)', ['Path'], [
  ['PathExists', 'paths', '', HONOURED],
  ['PathExistsGlob', 'paths', '', HONOURED],
  ['PathChanged', 'paths', '', HONOURED],
  ['PathModified', 'paths', '', HONOURED],
  ['DirectoryNotEmpty', 'paths', '', HONOURED],
  ['Unit', 'unit', 'the service of the same name', HONOURED],
  ['MakeDirectory', 'boolean', 'no', HONOURED],
  ['DirectoryMode', 'mode', '0755', HONOURED],
  ['TriggerLimitIntervalSec', 'time-span', '2s', HONOURED],
  ['TriggerLimitBurst', 'number', '200', HONOURED],
]);

/** Ours alone. */
export const TRIGGER_DIRECTIVES = page('heartwood.unit(5)', ['Timer', 'Path'], [
  ['TriggerJob', TRIGGER_JOBS, 'start', HONOURED],
]);
