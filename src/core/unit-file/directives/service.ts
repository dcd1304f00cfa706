import { Page, type DirectiveRow } from './row.ts';

const FAILURE_MODES = ['terminate', 'abort', 'kill'] as const;

export const SERVICE_DIRECTIVES = new Page('systemd.service(5)', ['Service'], () => [
  ['Type', ['simple', 'exec', 'forking', 'oneshot', 'dbus', 'notify', 'notify-reload', 'idle'], 'simple', 'honoured'],
  ['ExitType', ['main', 'cgroup'], 'main', 'parsed'],
  ['RemainAfterExit', 'boolean', 'no', 'honoured'],
  ['GuessMainPID', 'boolean', 'yes', 'honoured'],
  ['PIDFile', 'path', '', 'honoured'],
  ['BusName', 'text', '', 'honoured'],
  ['ExecStart', 'commands', '', 'honoured'],
  ['ExecStartPre', 'commands', '', 'honoured'],
  ['ExecStartPost', 'commands', '', 'honoured'],
  ['ExecCondition', 'commands', '', 'honoured'],
  ['ExecReload', 'commands', '', 'honoured'],
  ['ExecStop', 'commands', '', 'honoured'],
  ['ExecStopPost', 'commands', '', 'honoured'],
  ['RestartSec', 'time-span', '100ms', 'honoured'],
  ['RestartSteps', 'number', '0', 'honoured', 254],
  ['RestartMaxDelaySec', 'time-span', 'infinity', 'honoured', 254],
  ['RestartMode', ['normal', 'direct', 'debug'], 'normal', 'honoured', 254],
  ['TimeoutStartSec', 'time-span', '1min 30s', 'honoured'],
  ['TimeoutStopSec', 'time-span', '1min 30s', 'honoured'],
  ['TimeoutAbortSec', 'time-span', 'as TimeoutStopSec=', 'honoured'],
  ['TimeoutSec', 'time-span', '', 'honoured'],
  ['TimeoutStartFailureMode', FAILURE_MODES, 'terminate', 'honoured'],
  ['TimeoutStopFailureMode', FAILURE_MODES, 'terminate', 'honoured'],
  ['RuntimeMaxSec', 'time-span', 'infinity', 'honoured'],
  ['RuntimeRandomizedExtraSec', 'time-span', '0', 'parsed'],
  ['WatchdogSec', 'time-span', '0', 'honoured'],
  ['Restart', ['no', 'on-success', 'on-failure', 'on-abnormal', 'on-abort', 'on-watchdog', 'always'], 'no', 'honoured'],
  ['SuccessExitStatus', 'signals-and-statuses', '', 'honoured'],
  ['RestartPreventExitStatus', 'signals-and-statuses', '', 'honoured'],
  ['RestartForceExitStatus', 'signals-and-statuses', '', 'honoured'],
  ['RootDirectoryStartOnly', 'boolean', 'no', 'parsed'],
  ['PermissionsStartOnly', 'boolean', 'no', { obsolete: 'the prefixes + and ! of Exec lines replaced it' }],
  ['NonBlocking', 'boolean', 'no', 'honoured'],
  ['NotifyAccess', ['none', 'main', 'exec', 'all'], 'none', 'honoured'],
  ['Sockets', 'units', '', 'honoured'],
  ['FileDescriptorStoreMax', 'number', '0', 'honoured'],
  ['FileDescriptorStorePreserve', ['no', 'yes', 'restart'], 'restart', 'honoured', 254],
  ['USBFunctionDescriptors', 'path', '', 'parsed'],
  ['USBFunctionStrings', 'path', '', 'parsed'],
  ['OOMPolicy', ['continue', 'stop', 'kill'], 'stop', 'honoured'],
  ['OpenFile', 'rules', '', 'honoured', 253],
  ['ReloadSignal', 'signal', 'SIGHUP', 'honoured', 253],
  ['SysVStartPriority', 'integer', '', { obsolete: 'System V start priorities are not used' }],
]);

/** Ours alone. */
export const CALL_DIRECTIVES = new Page('heartwood.unit(5)', ['Service'], () => [
  ['ExecCall', 'commands', '', 'honoured'],
  ['ExecScript', 'path', '', 'honoured'],
  ['Terminal', 'boolean', 'no', 'honoured'],
]);

/** How the manager finds out by itself how a service is: settings of our own. */
export const PROBE_DIRECTIVES = new Page('heartwood.unit(5)', ['Service'], () => ['StartupProbe', 'ReadinessProbe', 'LivenessProbe'].flatMap((name): readonly DirectiveRow[] => [
  [name, 'text', '', 'honoured'],
  [`${name}IntervalSec`, 'time-span', name === 'StartupProbe' ? '1s' : name === 'ReadinessProbe' ? '5s' : '10s', 'honoured'],
  [`${name}TimeoutSec`, 'time-span', '3s', 'honoured'],
  [`${name}Failures`, 'number', name === 'StartupProbe' ? '0' : '3', 'honoured'],
  [`${name}Successes`, 'number', '1', 'honoured'],
]));

/** When a service starts again: settings of our own. */
export const RESTART_DIRECTIVES = new Page('heartwood.unit(5)', ['Service'], () => [
  ['RestartStepSec', 'time-span', '0', 'honoured'],
  ['RestartStableDelaySec', 'time-span', 'as RestartSec=', 'honoured'],
  ['RestartSpacingSec', 'time-span', '0', 'honoured'],
  ['RestartLimit', 'number', 'infinity', 'honoured'],
  ['RestartRandomizedDelaySec', 'time-span', '0', 'honoured'],
  ['RestartResetSec', 'time-span', 'infinity', 'honoured'],
  ['RestartAfterLimitSec', 'time-span', 'infinity', 'honoured'],
  ['RestartAwaitsNeeds', 'boolean', 'no', 'honoured'],
  ['RestartOverlap', 'boolean', 'no', 'honoured'],
  ['RestartOverlapSec', 'time-span', '0', 'honoured'],
  ['RestartEverySec', 'time-span', 'infinity', 'honoured'],
  ['RestartOnCalendar', 'calendar', '', 'honoured'],
  ['RestartOnChange', 'paths', '', 'honoured'],
  ['ReloadOnChange', 'paths', '', 'honoured'],
]);
