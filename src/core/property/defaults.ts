/**
 * What `show` prints of a property that no directive of the unit sets and that this manager does not compute: systemd's defaults,
 * so that scripts find every name they know. Source: the output of systemctl(1) 252, "show", for units of each kind.
 *
 * Written as `Name=value`, grouped by the kinds that have the property: `unit` all of them, `cgroup` those with a control group,
 * `exec` those that run programs, then single kinds.
 */
export type DefaultGroup = 'unit' | 'cgroup' | 'exec' | 'service' | 'socket' | 'mount' | 'swap' | 'automount' | 'timer' | 'path' | 'slice' | 'target';

export const PROPERTY_DEFAULTS: Readonly<Record<DefaultGroup, readonly string[]>> = {
  unit: [
    'AccessSELinuxContext=', 'RebootArgument=',
  ],
  cgroup: [
    'AllowedCPUs=', 'AllowedMemoryNodes=', 'BlockIOAccounting=no', 'BlockIOWeight=[not set]', 'CPUAccounting=yes',
    'CPUQuotaPerSecUSec=infinity', 'CPUQuotaPeriodUSec=infinity', 'CPUShares=[not set]', 'CPUWeight=[not set]',
    'DefaultMemoryLow=0', 'DefaultMemoryMin=0', 'Delegate=no', 'DelegateControllers=', 'DevicePolicy=auto',
    'DisableControllers=', 'IOAccounting=no', 'IOWeight=[not set]', 'IPAccounting=no', 'IPAddressAllow=', 'IPAddressDeny=',
    'ManagedOOMMemoryPressure=auto', 'ManagedOOMMemoryPressureLimit=0', 'ManagedOOMPreference=none', 'ManagedOOMSwap=auto',
    'MemoryAccounting=yes', 'MemoryHigh=infinity', 'MemoryLimit=infinity', 'MemoryLow=0', 'MemoryMax=infinity', 'MemoryMin=0',
    'MemorySwapMax=infinity', 'RestrictNetworkInterfaces=~', 'StartupAllowedCPUs=', 'StartupAllowedMemoryNodes=',
    'StartupBlockIOWeight=[not set]', 'StartupCPUShares=[not set]', 'StartupCPUWeight=[not set]', 'StartupIOWeight=[not set]',
    'TasksAccounting=yes',
  ],
  exec: [
    'AmbientCapabilities=', 'AppArmorProfile=', 'BindPaths=', 'BindReadOnlyPaths=', 'CPUAffinity=', 'CPUAffinityFromNUMA=no',
    'CPUSchedulingPolicy=0', 'CPUSchedulingPriority=0', 'CPUSchedulingResetOnFork=no', 'CacheDirectory=',
    'CacheDirectoryMode=0755', 'ConfigurationDirectory=', 'ConfigurationDirectoryMode=0755', 'CoredumpFilter=0x33',
    'DynamicUser=no', 'Environment=', 'ExecPaths=', 'ExecSearchPath=', 'ExtensionDirectories=', 'ExtensionImages=',
    'FinalKillSignal=9', 'Group=', 'IOSchedulingClass=2', 'IOSchedulingPriority=4', 'IPCNamespacePath=', 'IgnoreSIGPIPE=yes',
    'InaccessiblePaths=', 'KillMode=control-group', 'KillSignal=15', 'LockPersonality=no', 'LogExtraFields=', 'LogLevelMax=-1', 'LogRateLimitBurst=0', 'LogRateLimitIntervalUSec=0',
    'LogNamespace=', 'LogsDirectory=', 'LogsDirectoryMode=0755', 'MemoryDenyWriteExecute=no', 'MountAPIVFS=no', 'MountFlags=',
    'MountImages=', 'NUMAMask=', 'NUMAPolicy=n/a', 'NetworkNamespacePath=', 'Nice=0', 'NoExecPaths=', 'NoNewPrivileges=no',
    'NonBlocking=no', 'OOMScoreAdjust=0', 'PAMName=', 'PassEnvironment=', 'Personality=', 'PrivateDevices=no', 'PrivateIPC=no',
    'PrivateMounts=no', 'PrivateNetwork=no', 'PrivateTmp=no', 'PrivateUsers=no', 'ProcSubset=all', 'ProtectClock=no',
    'ProtectControlGroups=no', 'ProtectHome=no', 'ProtectHostname=no', 'ProtectKernelLogs=no', 'ProtectKernelModules=no',
    'ProtectKernelTunables=no', 'ProtectProc=default', 'ProtectSystem=no', 'ReadOnlyPaths=', 'ReadWritePaths=', 'RemoveIPC=no',
    'RestartKillSignal=15', 'RestrictAddressFamilies=~', 'RestrictFileSystems=~', 'RestrictNamespaces=no',
    'RestrictRealtime=no', 'RestrictSUIDSGID=no', 'RootDirectory=', 'RootHash=', 'RootHashPath=', 'RootHashSignature=',
    'RootHashSignaturePath=', 'RootImage=', 'RootVerity=', 'RuntimeDirectory=', 'RuntimeDirectoryMode=0755',
    'RuntimeDirectoryPreserve=no', 'SELinuxContext=', 'SecureBits=0', 'SendSIGHUP=no', 'SendSIGKILL=yes', 'SmackProcessLabel=',
    'StandardError=inherit', 'StandardErrorFileDescriptorName=', 'StandardInput=null', 'StandardInputData=',
    'StandardInputFileDescriptorName=', 'StandardOutput=journal', 'StandardOutputFileDescriptorName=', 'StateDirectory=',
    'StateDirectoryMode=0755', 'SupplementaryGroups=', 'SyslogFacility=3', 'SyslogIdentifier=', 'SyslogLevel=6',
    'SyslogLevelPrefix=yes', 'SyslogPriority=30', 'SystemCallArchitectures=', 'SystemCallErrorNumber=2147483646',
    'SystemCallFilter=~', 'SystemCallLog=~', 'TTYPath=', 'TTYReset=no', 'TTYVHangup=no', 'TTYVTDisallocate=no',
    'TemporaryFileSystem=', 'TimeoutCleanUSec=infinity', 'TimerSlackNSec=50000', 'UMask=0022', 'UnsetEnvironment=', 'User=',
    'UtmpIdentifier=', 'UtmpMode=init', 'WatchdogSignal=6', 'WorkingDirectory=',
  ],
  service: [
    'BusName=', 'ExitType=main', 'FileDescriptorStoreMax=0', 'KeyringMode=private', 'OOMPolicy=stop', 'PIDFile=',
    'RemainAfterExit=no', 'Restart=no', 'RestartForceExitStatus=', 'RestartPreventExitStatus=', 'RestartUSec=100ms',
    'RootDirectoryStartOnly=no', 'RuntimeMaxUSec=infinity', 'RuntimeRandomizedExtraUSec=0', 'SameProcessGroup=no',
    'SuccessExitStatus=', 'TimeoutAbortUSec=1min 30s', 'TimeoutStartFailureMode=terminate', 'TimeoutStartUSec=1min 30s',
    'TimeoutStopFailureMode=terminate', 'TimeoutStopUSec=1min 30s', 'USBFunctionDescriptors=', 'USBFunctionStrings=',
    'WatchdogUSec=infinity',
  ],
  socket: [
    'Accept=no', 'Backlog=2147483647', 'BindIPv6Only=default', 'BindToDevice=', 'Broadcast=no', 'DeferAcceptUSec=0',
    'DirectoryMode=0755', 'FlushPending=no', 'FreeBind=no', 'IPTOS=-1', 'IPTTL=-1', 'KeepAlive=no', 'KeepAliveIntervalUSec=0',
    'KeepAliveProbes=0', 'KeepAliveTimeUSec=0', 'KeyringMode=shared', 'Mark=-1', 'MaxConnections=64',
    'MaxConnectionsPerSource=0', 'MessageQueueMaxMessages=0', 'MessageQueueMessageSize=0', 'NoDelay=no', 'PassCredentials=no',
    'PassPacketInfo=no', 'PassSecurity=no', 'PipeSize=0', 'Priority=-1', 'ReceiveBuffer=0', 'RemoveOnStop=no', 'ReusePort=no',
    'SameProcessGroup=no', 'SendBuffer=0', 'SmackLabel=', 'SmackLabelIPIn=', 'SmackLabelIPOut=', 'SocketGroup=',
    'SocketMode=0666', 'SocketProtocol=0', 'SocketUser=', 'Symlinks=', 'TCPCongestion=', 'TimeoutUSec=1min 30s',
    'Timestamping=off', 'Transparent=no', 'TriggerLimitBurst=20', 'TriggerLimitIntervalUSec=2s', 'Writable=no',
  ],
  mount: [
    'DirectoryMode=0755', 'ForceUnmount=no', 'KeyringMode=shared', 'LazyUnmount=no', 'ReadWriteOnly=no', 'SameProcessGroup=yes',
    'SloppyOptions=no', 'TimeoutUSec=1min 30s',
  ],
  swap: [
    'KeyringMode=shared', 'Options=', 'SameProcessGroup=no', 'TimeoutUSec=1min 30s',
  ],
  automount: [
    'DirectoryMode=0755', 'ExtraOptions=', 'TimeoutIdleUSec=0',
  ],
  timer: [
    'AccuracyUSec=1min', 'FixedRandomDelay=no', 'OnClockChange=no', 'OnTimezoneChange=no', 'RandomizedDelayUSec=0',
    'RemainAfterElapse=yes', 'WakeSystem=no',
  ],
  path: [
    'DirectoryMode=0755', 'MakeDirectory=no', 'TriggerLimitBurst=200', 'TriggerLimitIntervalUSec=2s',
  ],
  slice: [
  ],
  target: [
  ],
};
