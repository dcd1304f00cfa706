import { HONOURED, PARSED, obsolete, page, type DirectiveRow } from './row.ts';

const FAILURE_MODES = ['terminate', 'abort', 'kill'] as const;

export const SERVICE_DIRECTIVES = page('systemd.service(5)', ['Service'], [
  ['Type', ['simple', 'exec', 'forking', 'oneshot', 'dbus', 'notify', 'notify-reload', 'idle'], 'simple', HONOURED],
  ['ExitType', ['main', 'cgroup'], 'main', PARSED],
  ['RemainAfterExit', 'boolean', 'no', HONOURED],
  ['GuessMainPID', 'boolean', 'yes', HONOURED],
  ['PIDFile', 'path', '', HONOURED],
  ['BusName', 'text', '', HONOURED],
  ['ExecStart', 'commands', '', HONOURED],
  ['ExecStartPre', 'commands', '', HONOURED],
  ['ExecStartPost', 'commands', '', HONOURED],
  ['ExecCondition', 'commands', '', HONOURED],
  ['ExecReload', 'commands', '', HONOURED],
  ['ExecStop', 'commands', '', HONOURED],
  ['ExecStopPost', 'commands', '', HONOURED],
  ['RestartSec', 'time-span', '100ms', HONOURED],
  ['RestartSteps', 'number', '0', HONOURED, 254],
  ['RestartMaxDelaySec', 'time-span', 'infinity', HONOURED, 254],
  ['RestartMode', ['normal', 'direct', 'debug'], 'normal', HONOURED, 254],
  ['TimeoutStartSec', 'time-span', '1min 30s', HONOURED],
  ['TimeoutStopSec', 'time-span', '1min 30s', HONOURED],
  ['TimeoutAbortSec', 'time-span', 'as TimeoutStopSec=', HONOURED],
  ['TimeoutSec', 'time-span', '', HONOURED],
  ['TimeoutStartFailureMode', FAILURE_MODES, 'terminate', HONOURED],
  ['TimeoutStopFailureMode', FAILURE_MODES, 'terminate', HONOURED],
  ['RuntimeMaxSec', 'time-span', 'infinity', HONOURED],
  ['RuntimeRandomizedExtraSec', 'time-span', '0', PARSED],
  ['WatchdogSec', 'time-span', '0', HONOURED],
  ['Restart', ['no', 'on-success', 'on-failure', 'on-abnormal', 'on-abort', 'on-watchdog', 'always'], 'no', HONOURED],
  ['SuccessExitStatus', 'signals-and-statuses', '', HONOURED],
  ['RestartPreventExitStatus', 'signals-and-statuses', '', HONOURED],
  ['RestartForceExitStatus', 'signals-and-statuses', '', HONOURED],
  ['RootDirectoryStartOnly', 'boolean', 'no', PARSED],
  ['PermissionsStartOnly', 'boolean', 'no', obsolete('the prefixes + and ! of Exec lines replaced it')],
  ['NonBlocking', 'boolean', 'no', HONOURED],
  ['NotifyAccess', ['none', 'main', 'exec', 'all'], 'none', HONOURED],
  ['Sockets', 'units', '', HONOURED],
  ['FileDescriptorStoreMax', 'number', '0', HONOURED],
  ['FileDescriptorStorePreserve', ['no', 'yes', 'restart'], 'restart', HONOURED, 254],
  ['USBFunctionDescriptors', 'path', '', PARSED],
  ['USBFunctionStrings', 'path', '', PARSED],
  ['OOMPolicy', ['continue', 'stop', 'kill'], 'stop', HONOURED],
  ['OpenFile', 'rules', '', HONOURED, 253],
  ['ReloadSignal', 'signal', 'SIGHUP', HONOURED, 253],
  ['SysVStartPriority', 'integer', '', obsolete('System V start priorities are not used')],
]);

/** Ours alone. */
export const CALL_DIRECTIVES = page('heartwood.unit(5)', ['Service'], [
  ['ExecCall', 'commands', '', HONOURED],
  ['ExecScript', 'path', '', HONOURED],
  ['Terminal', 'boolean', 'no', HONOURED],
]);

/** How the manager finds out by itself how a service is: settings of our own. */
export const PROBE_DIRECTIVES = page('heartwood.unit(5)', ['Service'], ['StartupProbe', 'ReadinessProbe', 'LivenessProbe'].flatMap((name): readonly DirectiveRow[] => [
  [name, 'text', '', HONOURED],
  [`${name}IntervalSec`, 'time-span', name === 'StartupProbe' ? '1s' : name === 'ReadinessProbe' ? '5s' : '10s', HONOURED],
  [`${name}TimeoutSec`, 'time-span', '3s', HONOURED],
  [`${name}Failures`, 'number', name === 'StartupProbe' ? '0' : '3', HONOURED],
  [`${name}Successes`, 'number', '1', HONOURED],
]));

/** When a service starts again: settings of our own. */
export const RESTART_DIRECTIVES = page('heartwood.unit(5)', ['Service'], [
  ['RestartStepSec', 'time-span', '0', HONOURED],
  ['RestartStableDelaySec', 'time-span', 'as RestartSec=', HONOURED],
  ['RestartSpacingSec', 'time-span', '0', HONOURED],
  ['RestartLimit', 'number', 'infinity', HONOURED],
  ['RestartRandomizedDelaySec', 'time-span', '0', HONOURED],
  ['RestartResetSec', 'time-span', 'infinity', HONOURED],
  ['RestartAfterLimitSec', 'time-span', 'infinity', HONOURED],
  ['RestartAwaitsNeeds', 'boolean', 'no', HONOURED],
  ['RestartOverlap', 'boolean', 'no', HONOURED],
  ['RestartOverlapSec', 'time-span', '0', HONOURED],
  ['RestartEverySec', 'time-span', 'infinity', HONOURED],
  ['RestartOnCalendar', 'calendar', '', HONOURED],
  ['RestartOnChange', 'paths', '', HONOURED],
  ['ReloadOnChange', 'paths', '', HONOURED],
]);
