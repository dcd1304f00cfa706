import { HONOURED, PARSED, page } from './row.ts';

export const TIMER_DIRECTIVES = page('systemd.timer(5)', ['Timer'], [
  ['OnActiveSec', 'time-spans', '', PARSED],
  ['OnBootSec', 'time-spans', '', PARSED],
  ['OnStartupSec', 'time-spans', '', PARSED],
  ['OnUnitActiveSec', 'time-spans', '', PARSED],
  ['OnUnitInactiveSec', 'time-spans', '', PARSED],
  ['OnCalendar', 'calendar', '', PARSED],
  ['AccuracySec', 'time-span', '1min', PARSED],
  ['RandomizedDelaySec', 'time-span', '0', PARSED],
  ['FixedRandomDelay', 'boolean', 'no', PARSED],
  ['DeferReactivation', 'boolean', 'no', PARSED, 257],
  ['OnClockChange', 'boolean', 'no', PARSED],
  ['OnTimezoneChange', 'boolean', 'no', PARSED],
  ['Unit', 'unit', 'the service of the same name', HONOURED],
  ['Persistent', 'boolean', 'no', PARSED],
  ['WakeSystem', 'boolean', 'no', PARSED],
  ['RemainAfterElapse', 'boolean', 'yes', PARSED],
]);

export const PATH_DIRECTIVES = page('systemd.path(5)', ['Path'], [
  ['PathExists', 'paths', '', PARSED],
  ['PathExistsGlob', 'paths', '', PARSED],
  ['PathChanged', 'paths', '', PARSED],
  ['PathModified', 'paths', '', PARSED],
  ['DirectoryNotEmpty', 'paths', '', PARSED],
  ['Unit', 'unit', 'the service of the same name', HONOURED],
  ['MakeDirectory', 'boolean', 'no', PARSED],
  ['DirectoryMode', 'mode', '0755', PARSED],
  ['TriggerLimitIntervalSec', 'time-span', '2s', PARSED],
  ['TriggerLimitBurst', 'number', '200', PARSED],
]);
