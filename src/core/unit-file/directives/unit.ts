import { HONOURED, obsolete, page, type DirectiveRow } from './row.ts';

const JOB_MODES = ['fail', 'replace', 'replace-irreversibly', 'isolate', 'flush', 'ignore-dependencies', 'ignore-requirements', 'triggering', 'restart-dependencies'] as const;
const EMERGENCY_ACTIONS = [
  'none', 'reboot', 'reboot-force', 'reboot-immediate', 'poweroff', 'poweroff-force', 'poweroff-immediate', 'exit', 'exit-force',
  'halt', 'halt-force', 'halt-immediate', 'kexec', 'kexec-force', 'soft-reboot', 'soft-reboot-force',
] as const;

/** Names behind `Condition` and `Assert`. Which of them the manager can test is the host's table. */
export const CONDITION_KINDS: readonly string[] = [
  'PathExists', 'PathExistsGlob', 'PathIsDirectory', 'PathIsSymbolicLink', 'PathIsMountPoint', 'PathIsReadWrite', 'PathIsEncrypted',
  'DirectoryNotEmpty', 'FileNotEmpty', 'FileIsExecutable', 'NeedsUpdate', 'FirstBoot', 'Architecture', 'Firmware', 'Virtualization',
  'Host', 'KernelCommandLine', 'KernelVersion', 'Credential', 'Security', 'Capability', 'ACPower', 'Memory', 'CPUFeature', 'CPUs',
  'Environment', 'User', 'Group', 'ControlGroupController', 'OSRelease', 'MemoryPressure', 'CPUPressure', 'IOPressure',
];

const CONDITION_ROWS: readonly DirectiveRow[] = CONDITION_KINDS.flatMap((kind): readonly DirectiveRow[] => [
  [`Condition${kind}`, 'condition', '', HONOURED],
  [`Assert${kind}`, 'condition', '', HONOURED],
]);

export const UNIT_DIRECTIVES = page('systemd.unit(5)', ['Unit'], [
  ['Description', 'text', 'the name of the unit', HONOURED],
  ['Documentation', 'words', '', HONOURED],
  ['SourcePath', 'path', '', HONOURED],
  ['Wants', 'units', '', HONOURED],
  ['Requires', 'units', '', HONOURED],
  ['Requisite', 'units', '', HONOURED],
  ['BindsTo', 'units', '', HONOURED],
  ['BindTo', '->', 'BindsTo'],
  ['PartOf', 'units', '', HONOURED],
  ['Upholds', 'units', '', HONOURED],
  ['Conflicts', 'units', '', HONOURED],
  ['Before', 'units', '', HONOURED],
  ['After', 'units', '', HONOURED],
  ['OnFailure', 'units', '', HONOURED],
  ['OnSuccess', 'units', '', HONOURED],
  ['PropagatesReloadTo', 'units', '', HONOURED],
  ['PropagateReloadTo', '->', 'PropagatesReloadTo'],
  ['ReloadPropagatedFrom', 'units', '', HONOURED],
  ['PropagateReloadFrom', '->', 'ReloadPropagatedFrom'],
  ['PropagatesStopTo', 'units', '', HONOURED],
  ['StopPropagatedFrom', 'units', '', HONOURED],
  ['JoinsNamespaceOf', 'units', '', HONOURED],
  ['RequiresOverridable', '->', 'Requires'],
  ['RequisiteOverridable', '->', 'Requisite'],
  ['RequiresMountsFor', 'paths', '', HONOURED],
  ['WantsMountsFor', 'paths', '', HONOURED, 256],
  ['OnFailureJobMode', JOB_MODES, 'replace', HONOURED],
  ['OnSuccessJobMode', JOB_MODES, 'fail', HONOURED],
  ['OnFailureIsolate', 'boolean', 'no', obsolete('OnFailureJobMode=isolate says the same')],
  ['IgnoreOnIsolate', 'boolean', 'no', HONOURED],
  ['StopWhenUnneeded', 'boolean', 'no', HONOURED],
  ['RefuseManualStart', 'boolean', 'no', HONOURED],
  ['RefuseManualStop', 'boolean', 'no', HONOURED],
  ['AllowIsolate', 'boolean', 'no', HONOURED],
  ['DefaultDependencies', 'boolean', 'yes', HONOURED],
  ['SurviveFinalKillSignal', 'boolean', 'no', HONOURED, 255],
  ['CollectMode', ['inactive', 'inactive-or-failed'], 'inactive', HONOURED],
  ['FailureAction', EMERGENCY_ACTIONS, 'none', HONOURED],
  ['SuccessAction', EMERGENCY_ACTIONS, 'none', HONOURED],
  ['FailureActionExitStatus', 'number', '', HONOURED],
  ['SuccessActionExitStatus', 'number', '', HONOURED],
  ['JobTimeoutSec', 'time-span', 'infinity', HONOURED],
  ['JobRunningTimeoutSec', 'time-span', 'infinity', HONOURED],
  ['JobTimeoutAction', EMERGENCY_ACTIONS, 'none', HONOURED],
  ['JobTimeoutRebootArgument', 'text', '', HONOURED],
  ['StartLimitIntervalSec', 'time-span', '10s', HONOURED],
  ['StartLimitInterval', '->', 'StartLimitIntervalSec'],
  ['StartLimitBurst', 'number', '5', HONOURED],
  ['StartLimitAction', EMERGENCY_ACTIONS, 'none', HONOURED],
  ['RebootArgument', 'text', '', HONOURED],
  ...CONDITION_ROWS,
]);

/** Spellings from before these settings moved to [Unit]; they are read as if they stood there. */
export const LEGACY_SERVICE_DIRECTIVES = page('systemd.service(5)', ['Service'], [
  ['StartLimitIntervalSec', 'time-span', '10s', HONOURED],
  ['StartLimitInterval', '->', 'StartLimitIntervalSec'],
  ['StartLimitBurst', 'number', '5', HONOURED],
  ['StartLimitAction', EMERGENCY_ACTIONS, 'none', HONOURED],
  ['FailureAction', EMERGENCY_ACTIONS, 'none', HONOURED],
  ['RebootArgument', 'text', '', HONOURED],
]);

export const INSTALL_DIRECTIVES = page('systemd.unit(5)', ['Install'], [
  ['Alias', 'words', '', HONOURED],
  ['WantedBy', 'words', '', HONOURED],
  ['RequiredBy', 'words', '', HONOURED],
  ['UpheldBy', 'words', '', HONOURED, 254],
  ['Also', 'words', '', HONOURED],
  ['DefaultInstance', 'text', '', HONOURED],
]);

/** Whose end is the end of the manager: ours alone. */
export const EXIT_DIRECTIVES = page('heartwood.unit(5)', ['Unit'], [
  ['ExitOn', 'text', '', HONOURED],
]);
