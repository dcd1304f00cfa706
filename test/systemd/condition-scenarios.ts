/** Every kind of Condition…= with parameters that hold and that do not: both managers must tell the same of the same machine. */
import type { Scenario } from './scenario.ts';

const CONDITIONS: readonly string[] = [
  'PathExists=/etc/passwd', 'PathExists=/nowhere', 'PathExists=!/nowhere', 'PathExists=/t/conditions-dangling',
  'PathExistsGlob=/etc/pass*', 'PathExistsGlob=/etc/nothing*', 'PathExistsGlob=/t/conditions-dang*', 'PathExistsGlob=/e*c/passw[de]',
  'PathIsDirectory=/etc', 'PathIsDirectory=/etc/passwd', 'PathIsDirectory=/t/conditions-link', 'PathIsSymbolicLink=/t/conditions-link', 'PathIsSymbolicLink=/etc',
  'PathIsMountPoint=/proc', 'PathIsMountPoint=/etc', 'PathIsMountPoint=/', 'PathIsMountPoint=/t/conditions-link',
  'PathIsReadWrite=/t', 'PathIsReadWrite=/sys', 'PathIsReadWrite=/nowhere', 'PathIsEncrypted=/', 'PathIsEncrypted=/nowhere',
  'DirectoryNotEmpty=/etc', 'DirectoryNotEmpty=/t/conditions-empty', 'DirectoryNotEmpty=/etc/passwd', 'DirectoryNotEmpty=/t/conditions-hidden',
  'FileNotEmpty=/etc/passwd', 'FileNotEmpty=/t/conditions-zero', 'FileNotEmpty=/etc', 'FileIsExecutable=/bin/sh', 'FileIsExecutable=/etc/passwd', 'FileIsExecutable=/etc',
  'NeedsUpdate=/etc', 'NeedsUpdate=/var', 'NeedsUpdate=!/etc', 'FirstBoot=yes', 'FirstBoot=no',
  'Architecture=native', 'Architecture=x86-64', 'Architecture=arm64', 'Architecture=nonsense', 'Firmware=uefi', 'Firmware=device-tree', 'Firmware=nonsense',
  'Virtualization=yes', 'Virtualization=no', 'Virtualization=container', 'Virtualization=vm', 'Virtualization=rig', 'Virtualization=docker', 'Virtualization=private-users', 'Virtualization=!container',
  'Host=rig', 'Host=RIG', 'Host=ri?', 'Host=other', 'KernelCommandLine=surely-not-there', 'KernelCommandLine=!surely-not-there', 'KernelCommandLine=a=b',
  'KernelVersion=>=3.0', 'KernelVersion=<3.0', 'KernelVersion=>= 3.0', 'KernelVersion=>3.0 <99', 'KernelVersion=>3.0 <4.0', 'KernelVersion=*', 'KernelVersion=9*.*', 'KernelVersion=!=1.0', 'KernelVersion="*" ">1"',
  'Credential=none', 'Security=selinux', 'Security=apparmor', 'Security=smack', 'Security=ima', 'Security=tomoyo', 'Security=audit', 'Security=uefi-secureboot', 'Security=tpm2', 'Security=nonsense',
  'Capability=CAP_SYS_ADMIN', 'Capability=cap_kill', 'Capability=CAP_NONSENSE', 'ACPower=yes', 'ACPower=no', 'ACPower=perhaps',
  'Memory=1', 'Memory=>=1', 'Memory=>999999999999999', 'Memory=<1G', 'Memory=1.5M', 'Memory=nonsense', 'CPUs=1', 'CPUs=>=1', 'CPUs=>100000', 'CPUs=!=0', 'CPUs=<1', 'CPUs=nonsense',
  'CPUFeature=fpu', 'CPUFeature=sse2', 'CPUFeature=nonsense', 'Environment=PATH', 'Environment=NOPE', 'Environment=container=rig', 'Environment=container=other', 'Environment=container=',
  'User=root', 'User=0', 'User=@system', 'User=daemon', 'User=1', 'User=nonsense', 'Group=root', 'Group=0', 'Group=daemon', 'Group=nonsense',
  'ControlGroupController=v2', 'ControlGroupController=v1', 'ControlGroupController=cpu', 'ControlGroupController=cpu memory', 'ControlGroupController=nonsense', 'ControlGroupController=pids',
  'OSRelease=ID=debian', 'OSRelease=ID=other', 'OSRelease=VERSION_ID>=10', 'OSRelease=VERSION_ID<10', 'OSRelease=ID=deb*', 'OSRelease=ID$=deb*', 'OSRelease=ID!$=deb*', 'OSRelease=ID="debian" VERSION_ID>1', 'OSRelease=NOTHING=', 'OSRelease=nonsense',
  'MemoryPressure=100%', 'CPUPressure=100%', 'IOPressure=100%', 'CPUPressure=100%/1min', 'CPUPressure=system.slice:100%', 'CPUPressure=nonsense', 'CPUPressure=100%/7min',
];

const unitOf = (index: number): string => `~-${String(index)}.service`;

export const CONDITION_SCENARIOS: readonly Scenario[] = [
  {
    name: 'conditions-all',
    differs: [
      { line: /^(?:start|sh) /, why: 'only the outcome is compared' },
      { line: /-(?:52|53|54).service: ConditionResult/, why: 'Host=: systemd as PID 1 sets the host name of /etc/hostname' },
      { line: /-101.service: ConditionResult/, why: 'Environment=container=: systemd takes the variable out of its environment' },
    ],
    units: Object.fromEntries(CONDITIONS.map((condition, index) => [
      unitOf(index), `[Unit]\nDescription=Condition${condition}\nCondition${condition}\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n`,
    ])),
    steps: [
      'sh ln -s /etc /t/conditions-link; ln -s /nowhere /t/conditions-dangling; mkdir /t/conditions-empty /t/conditions-hidden; touch /t/conditions-hidden/.x /t/conditions-zero',
      ...CONDITIONS.flatMap((_, index) => [`start ${unitOf(index)}`, `show ${unitOf(index)} Description,ConditionResult`]),
    ],
  },
];
