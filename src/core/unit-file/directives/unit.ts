import { Page, type DirectiveRow } from './row.ts';

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

function conditionRows(): readonly DirectiveRow[] {
  return CONDITION_KINDS.flatMap((kind): readonly DirectiveRow[] => [
    [`Condition${kind}`, 'condition', '', 'honoured'],
    [`Assert${kind}`, 'condition', '', 'honoured'],
  ]);
}

export const UNIT_DIRECTIVES = new Page('systemd.unit(5)', ['Unit'], () => [
  ['Description', 'text', 'the name of the unit', 'honoured'],
  ['Documentation', 'words', '', 'honoured'],
  ['SourcePath', 'path', '', 'honoured'],
  ['Wants', 'units', '', 'honoured'],
  ['Requires', 'units', '', 'honoured'],
  ['Requisite', 'units', '', 'honoured'],
  ['BindsTo', 'units', '', 'honoured'],
  ['BindTo', '->', 'BindsTo'],
  ['PartOf', 'units', '', 'honoured'],
  ['Upholds', 'units', '', 'honoured'],
  ['Conflicts', 'units', '', 'honoured'],
  ['Before', 'units', '', 'honoured'],
  ['After', 'units', '', 'honoured'],
  ['OnFailure', 'units', '', 'honoured'],
  ['OnSuccess', 'units', '', 'honoured'],
  ['PropagatesReloadTo', 'units', '', 'honoured'],
  ['PropagateReloadTo', '->', 'PropagatesReloadTo'],
  ['ReloadPropagatedFrom', 'units', '', 'honoured'],
  ['PropagateReloadFrom', '->', 'ReloadPropagatedFrom'],
  ['PropagatesStopTo', 'units', '', 'honoured'],
  ['StopPropagatedFrom', 'units', '', 'honoured'],
  ['JoinsNamespaceOf', 'units', '', 'honoured'],
  ['RequiresOverridable', '->', 'Requires'],
  ['RequisiteOverridable', '->', 'Requisite'],
  ['RequiresMountsFor', 'paths', '', 'honoured'],
  ['WantsMountsFor', 'paths', '', 'honoured', 256],
  ['OnFailureJobMode', JOB_MODES, 'replace', 'honoured'],
  ['OnSuccessJobMode', JOB_MODES, 'fail', 'honoured'],
  ['OnFailureIsolate', 'boolean', 'no', { obsolete: 'OnFailureJobMode=isolate says the same' }],
  ['IgnoreOnIsolate', 'boolean', 'no', 'honoured'],
  ['StopWhenUnneeded', 'boolean', 'no', 'honoured'],
  ['RefuseManualStart', 'boolean', 'no', 'honoured'],
  ['RefuseManualStop', 'boolean', 'no', 'honoured'],
  ['AllowIsolate', 'boolean', 'no', 'honoured'],
  ['DefaultDependencies', 'boolean', 'yes', 'honoured'],
  ['SurviveFinalKillSignal', 'boolean', 'no', 'honoured', 255],
  ['CollectMode', ['inactive', 'inactive-or-failed'], 'inactive', 'honoured'],
  ['FailureAction', EMERGENCY_ACTIONS, 'none', 'honoured'],
  ['SuccessAction', EMERGENCY_ACTIONS, 'none', 'honoured'],
  ['FailureActionExitStatus', 'number', '', 'honoured'],
  ['SuccessActionExitStatus', 'number', '', 'honoured'],
  ['JobTimeoutSec', 'time-span', 'infinity', 'honoured'],
  ['JobRunningTimeoutSec', 'time-span', 'infinity', 'honoured'],
  ['JobTimeoutAction', EMERGENCY_ACTIONS, 'none', 'honoured'],
  ['JobTimeoutRebootArgument', 'text', '', 'honoured'],
  ['StartLimitIntervalSec', 'time-span', '10s', 'honoured'],
  ['StartLimitInterval', '->', 'StartLimitIntervalSec'],
  ['StartLimitBurst', 'number', '5', 'honoured'],
  ['StartLimitAction', EMERGENCY_ACTIONS, 'none', 'honoured'],
  ['RebootArgument', 'text', '', 'honoured'],
  ...conditionRows(),
]);

/** Spellings from before these settings moved to [Unit]; they are read as if they stood there. */
export const LEGACY_SERVICE_DIRECTIVES = new Page('systemd.service(5)', ['Service'], () => [
  ['StartLimitIntervalSec', 'time-span', '10s', 'honoured'],
  ['StartLimitInterval', '->', 'StartLimitIntervalSec'],
  ['StartLimitBurst', 'number', '5', 'honoured'],
  ['StartLimitAction', EMERGENCY_ACTIONS, 'none', 'honoured'],
  ['FailureAction', EMERGENCY_ACTIONS, 'none', 'honoured'],
  ['RebootArgument', 'text', '', 'honoured'],
]);

export const INSTALL_DIRECTIVES = new Page('systemd.unit(5)', ['Install'], () => [
  ['Alias', 'words', '', 'honoured'],
  ['WantedBy', 'words', '', 'honoured'],
  ['RequiredBy', 'words', '', 'honoured'],
  ['UpheldBy', 'words', '', 'honoured', 254],
  ['Also', 'words', '', 'honoured'],
  ['DefaultInstance', 'text', '', 'honoured'],
]);

/** Whose end is the end of the manager: ours alone. */
export const EXIT_DIRECTIVES = new Page('heartwood.unit(5)', ['Unit'], () => [
  ['ExitOn', 'text', '', 'honoured'],
]);
