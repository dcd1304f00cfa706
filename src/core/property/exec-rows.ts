/** Properties of the execution environment: systemd.exec(5). */
import type { DirectoryKind, ExecContext, LimitName, ResourceLimit, StandardStream } from '../unit/definition.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { octal, quotedWords, words, yesNo } from './value-text.ts';

export interface ExecPropertyContext extends PropertyContext {
  readonly exec: ExecContext;
}

type Row = PropertyRow<ExecPropertyContext>;

const LIMITS: readonly LimitName[] = [
  'CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NOFILE', 'AS', 'NPROC', 'MEMLOCK', 'LOCKS', 'SIGPENDING', 'MSGQUEUE', 'NICE',
  'RTPRIO', 'RTTIME',
];
/** LOG_DAEMON of syslog(3). */
const DAEMON_FACILITY = 3;

const DIRECTORIES: readonly (readonly [string, DirectoryKind])[] = [
  ['RuntimeDirectory', 'runtime'], ['StateDirectory', 'state'], ['CacheDirectory', 'cache'], ['LogsDirectory', 'logs'],
  ['ConfigurationDirectory', 'configuration'],
];

function stream(value: StandardStream): string {
  // Of `file:PATH` and its kin systemd shows the first word only, and scripts compare it.
  return value.kind === 'fd' ? `fd:${value.name}` : value.kind;
}

/** A limit the unit does not set is the one the manager was started with, which its services inherit. */
function limitRows(name: LimitName): readonly Row[] {
  const limitOf = ({ exec, facts }: ExecPropertyContext): ResourceLimit | undefined => exec.limits[name] ?? facts.inheritedLimits[name];
  return [
    [`Limit${name}`, (context) => text(limitOf(context)?.hard)],
    [`Limit${name}Soft`, (context) => text(limitOf(context)?.soft)],
  ];
}

function text(value: number | 'infinity' | undefined): string | null {
  return value === undefined ? null : String(value);
}

function workingDirectory({ exec }: ExecPropertyContext): string {
  const directory = exec.workingDirectory;
  if (directory === null) return '';
  return `${directory.optional ? '!' : ''}${'home' in directory ? '~' : directory.path}`;
}

function directoryRows([property, kind]: readonly [string, DirectoryKind]): readonly Row[] {
  return [
    [`${property}Mode`, ({ exec }) => octal(exec.directoryModes[kind])],
    [property, ({ exec }) => words(exec.directories.filter((directory) => directory.kind === kind).map((directory) => directory.path))],
  ];
}

export const EXEC_ROWS: readonly Row[] = [
  ['Environment', ({ exec }) => quotedWords(exec.environment)],
  ['EnvironmentFiles', ({ exec }) => exec.environmentFiles.map((file) => `${file.path} (ignore_errors=${yesNo(file.optional)})`).join('\n')],
  ['PassEnvironment', ({ exec }) => words(exec.passEnvironment)],
  ['UnsetEnvironment', ({ exec }) => words(exec.unsetEnvironment)],
  ['UMask', ({ exec }) => octal(exec.umask)],
  ...LIMITS.flatMap(limitRows),
  ['RootDirectory', ({ exec }) => exec.rootDirectory ?? ''],
  ['OOMScoreAdjust', ({ exec }) => (exec.oomScoreAdjust === null ? null : String(exec.oomScoreAdjust))],
  ['Nice', ({ exec }) => String(exec.nice ?? 0)],
  ['IOSchedulingClass', ({ exec }) => (exec.ioSchedulingClass === null ? null : String(exec.ioSchedulingClass))],
  ['IOSchedulingPriority', ({ exec }) => (exec.ioSchedulingPriority === null ? null : String(exec.ioSchedulingPriority))],
  ['CPUSchedulingPolicy', ({ exec }) => String(exec.cpuSchedulingPolicy ?? 0)],
  ['CPUSchedulingPriority', ({ exec }) => String(exec.cpuSchedulingPriority ?? 0)],
  ['CPUAffinity', ({ exec }) => words(exec.cpuAffinity ?? [])],
  ['NonBlocking', ({ unit }) => (unit.definition.kind === 'service' ? yesNo(unit.definition.nonBlocking) : null)],
  ['StandardInput', ({ exec }) => stream(exec.standardInput)],
  ['StandardOutput', ({ exec }) => stream(exec.standardOutput)],
  ['StandardError', ({ exec }) => stream(exec.standardError)],
  ['StandardInputData', ({ exec }) => exec.standardInputData ?? ''],
  ['TTYPath', ({ exec }) => exec.ttyPath],
  ['TTYReset', ({ exec }) => yesNo(exec.ttyReset)],
  ['TTYVHangup', ({ exec }) => yesNo(exec.ttyHangup)],
  ['SyslogPriority', ({ exec }) => String(DAEMON_FACILITY * 8 + exec.syslogLevel)],
  ['SyslogIdentifier', ({ exec }) => exec.syslogIdentifier ?? ''],
  ['SyslogLevelPrefix', ({ exec }) => yesNo(exec.syslogLevelPrefix)],
  ['SyslogLevel', ({ exec }) => String(exec.syslogLevel)],
  ['SyslogFacility', () => String(DAEMON_FACILITY)],
  ['User', ({ exec }) => exec.user ?? ''],
  ['Group', ({ exec }) => exec.group ?? ''],
  ['SupplementaryGroups', ({ exec }) => words(exec.supplementaryGroups)],
  ['DynamicUser', ({ exec }) => yesNo(exec.dynamicUser)],
  ['NoNewPrivileges', ({ exec }) => yesNo(exec.noNewPrivileges)],
  ['IgnoreSIGPIPE', ({ exec }) => yesNo(exec.ignoreSigpipe)],
  ['WorkingDirectory', workingDirectory],
  ['PrivateTmp', ({ exec }) => yesNo(exec.privateTmp)],
  ['RuntimeDirectoryPreserve', ({ exec }) => exec.runtimeDirectoryPreserve],
  ...DIRECTORIES.flatMap(directoryRows),
];
