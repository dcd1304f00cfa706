/** Properties of the execution environment: systemd.exec(5). */
import type { DirectoryKind, ExecContext, LimitName, ResourceLimit, StandardStream } from '../unit/exec-context.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { ALL_CAPABILITIES, capabilityName } from '../unit-file/value/capability.ts';
import { rangesText } from '../unit-file/value/number.ts';
import { NOT_SET, hasFile, octal, quotedWords, words, yesNo } from './value-text.ts';

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

/** Of `file:PATH` and its kin systemd shows the first word only, and scripts compare it. */
function streamRows(property: string, streamOf: (exec: ExecContext) => StandardStream): readonly Row[] {
  return [
    [property, ({ exec }) => streamOf(exec).kind],
    [`${property}FileDescriptorName`, ({ exec }) => {
      const stream = streamOf(exec);
      return stream.kind === 'fd' ? stream.name : '';
    }],
  ];
}

/** Whether the unit's files say so themselves: what is merely a default is shown in another way. */
function isWritten({ unit }: ExecPropertyContext, key: string): boolean {
  return unit.definition.entries.some((entry) => entry.key === key && entry.value !== '');
}

function capabilities(numbers: readonly number[]): string {
  return words(numbers.flatMap((number) => capabilityName(number) ?? []));
}

function facilityOf({ unit }: ExecPropertyContext): number {
  return Number(unit.definition.recorded['SyslogFacility'] ?? DAEMON_FACILITY);
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
    [`${property}Symlink`, ({ exec }) => {
      const links = exec.directories.flatMap((each) => (each.kind === kind ? each.links.map((link) => `${each.path}:${link}`) : []));
      return links.length === 0 ? null : links.join('\n');
    }],
    [property, ({ exec }) => quotedWords(exec.directories.filter((directory) => directory.kind === kind).map((directory) => directory.path))],
  ];
}

/** The variants that also write to the console are one with the log here; their name is kept. */
function onConsoleToo({ unit }: ExecPropertyContext, name: string): string | null {
  const written = unit.definition.entries.findLast((entry) => entry.key === name)?.value ?? '';
  return written.endsWith('+console') ? written.replace(/^syslog/, 'journal') : null;
}

export const EXEC_ROWS: readonly Row[] = [
  ['Environment', ({ exec }) => quotedWords(exec.environment)],
  ['EnvironmentFiles', ({ exec }) => exec.environmentFiles.map((file) => `${file.path} (ignore_errors=${yesNo(file.optional)})`).join('\n')],
  ['PassEnvironment', ({ exec }) => quotedWords(exec.passEnvironment)],
  ['UnsetEnvironment', ({ exec }) => quotedWords(exec.unsetEnvironment)],
  ['UMask', ({ exec }) => octal(exec.umask)],
  ...LIMITS.flatMap(limitRows),
  ['RootDirectory', ({ exec }) => exec.rootDirectory ?? ''],
  ['OOMScoreAdjust', ({ exec }) => (exec.oomScoreAdjust === null ? null : String(exec.oomScoreAdjust))],
  ['Nice', ({ exec }) => String(exec.nice ?? 0)],
  ['IOSchedulingClass', ({ exec }) => (exec.ioSchedulingClass === null ? null : String(exec.ioSchedulingClass))],
  ['IOSchedulingPriority', ({ exec }) => (exec.ioSchedulingPriority === null ? null : String(exec.ioSchedulingPriority))],
  ['CPUSchedulingPolicy', ({ exec }) => String(exec.cpuSchedulingPolicy ?? 0)],
  ['CPUSchedulingPriority', ({ exec }) => String(exec.cpuSchedulingPriority ?? 0)],
  ['CPUAffinity', ({ exec }) => rangesText(exec.cpuAffinity ?? [])],
  ['NonBlocking', ({ unit }) => (unit.definition.kind === 'service' ? yesNo(unit.definition.nonBlocking) : null)],
  ...streamRows('StandardInput', (exec) => exec.standardInput),
  ...streamRows('StandardOutput', (exec) => exec.standardOutput),
  ...streamRows('StandardError', (exec) => exec.standardError),
  ['StandardOutput', (context) => (hasFile(context.unit.definition.loadState) ? onConsoleToo(context, 'StandardOutput') : 'inherit')],
  ['StandardError', (context) => onConsoleToo(context, 'StandardError')],
  ['StandardInputData', ({ exec }) => exec.standardInputData ?? ''],
  ['TTYPath', (context) => (isWritten(context, 'TTYPath') || isWritten(context, 'Terminal') ? context.exec.ttyPath : '')],
  ['TTYReset', ({ exec }) => yesNo(exec.ttyReset)],
  ['TTYRows', ({ exec }) => (typeof exec.ttyRows === 'number' ? String(exec.ttyRows) : null)],
  ['TTYColumns', ({ exec }) => (typeof exec.ttyColumns === 'number' ? String(exec.ttyColumns) : null)],
  ['TTYVHangup', ({ exec }) => yesNo(exec.ttyHangup)],
  ['SyslogPriority', (context) => String(facilityOf(context) * 8 + context.exec.syslogLevel)],
  ['SyslogIdentifier', ({ exec }) => exec.syslogIdentifier ?? ''],
  ['SyslogLevelPrefix', ({ exec }) => yesNo(exec.syslogLevelPrefix)],
  ['SyslogLevel', ({ exec }) => String(exec.syslogLevel)],
  ['SyslogFacility', (context) => String(facilityOf(context))],
  ['LogLevelMax', (context) => (isWritten(context, 'LogLevelMax') ? String(context.exec.logLevelMax) : '-1')],
  ['CapabilityBoundingSet', ({ exec }) => capabilities(exec.capabilityBoundingSet ?? ALL_CAPABILITIES)],
  ['AmbientCapabilities', ({ exec }) => capabilities(exec.ambientCapabilities)],
  ['MountAPIVFS', ({ exec, unit }) => (exec.rootDirectory !== null || 'RootImage' in unit.definition.recorded ? 'yes' : null)],
  // A user's manager leaves its services the keyring of the session.
  ['KeyringMode', ({ state, unit, exec }) => (state.config.mode === 'user' && unit.definition.kind === 'service' && (exec.confinement?.keyringMode ?? null) === null ? 'inherit' : null)],
  ['UID', ({ facts }) => (facts.user.uid === null ? NOT_SET : String(facts.user.uid))],
  ['GID', ({ facts }) => (facts.user.gid === null ? NOT_SET : String(facts.user.gid))],
  ['User', ({ exec }) => exec.user ?? ''],
  ['Group', ({ exec }) => exec.group ?? ''],
  ['SupplementaryGroups', ({ exec }) => quotedWords(exec.supplementaryGroups)],
  ['RemoveIPC', ({ exec }) => (exec.dynamicUser ? 'yes' : null)],
  ['DynamicUser', ({ exec }) => yesNo(exec.dynamicUser)],
  ['NoNewPrivileges', ({ exec }) => yesNo(exec.noNewPrivileges)],
  ['IgnoreSIGPIPE', ({ exec }) => yesNo(exec.ignoreSigpipe)],
  ['WorkingDirectory', workingDirectory],
  ['PrivateTmp', ({ exec }) => yesNo(exec.privateTmp)],
  ['RuntimeDirectoryPreserve', ({ exec }) => exec.runtimeDirectoryPreserve],
  ...DIRECTORIES.flatMap(directoryRows),
];
