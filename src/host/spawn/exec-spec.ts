/**
 * The specification of one process for `unit-executor`: its typed form and the bytes that go into a memfd.
 *
 *     specification = "HWEXEC1\n" record*
 *     record        = key-length:u32 value-length:u32 key NUL value NUL        (little-endian; lengths without the NULs)
 *
 * A value of several fields has a NUL between them. A list is a repeated key, in order. The reader is native/executor/spec.c,
 * which refuses unknown keys: manager and executor are built together, so there is one version.
 */
import { Buffer } from 'node:buffer';
import { assert } from '../../base/assert.ts';
import type { NamedProgram } from '../../core/system-call/confinement-filters.ts';
import type { Confinement } from '../../core/unit/confinement.ts';
import type { DirectoryKind } from '../../core/unit/exec-context.ts';

/** Where one of the standard streams comes from. `inherit` keeps the descriptor that `spawn` was given. */
export type StreamSource =
  | { readonly kind: 'inherit' | 'null' }
  /** `read` for standard input; `write` (StandardOutput=file:), `append` and `truncate` make the file when it is missing. */
  | { readonly kind: 'read' | 'write' | 'append' | 'truncate'; readonly path: string }
  /** The terminal `ttyPath`. On standard input it becomes the controlling one: `tty` waits for it, `tty-force` takes it, `tty-fail` fails. */
  | { readonly kind: 'tty' | 'tty-force' | 'tty-fail' }
  /** Standard input only: the bytes of `stdinData`. */
  | { readonly kind: 'data' }
  /** The same as an earlier stream. */
  | { readonly kind: 'duplicate'; readonly of: 0 | 1 };

/** One directory of RuntimeDirectory= and kin. */
export interface DirectorySpec {
  readonly kind: DirectoryKind;
  /** Absolute: `/run`, `/var/lib`, …. */
  readonly root: string;
  /** Below `root`. */
  readonly path: string;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  /** Links below `root` that point at it. */
  readonly links: readonly string[];
}

/**
 * Everything the executor does before it executes the program. All descriptor numbers are the child's own: `spawn` gives it the
 * standard streams as 0 to 2 and its `extraFds` from 3.
 */
export interface ExecSpec {
  /** Where the executor reports (exec-report.ts); closed when the program runs. */
  readonly reportFd: number;
  /** Absolute, or a bare name to look for in `searchPath`. */
  readonly path: string;
  readonly searchPath: readonly string[];
  /** argv[0] first; at least one. */
  readonly argv: readonly string[];
  /** Expand `$NAME` and `${NAME}` in argv[1] and later with the final environment: systemd.service(5), "Command Lines". */
  readonly expandVariables: boolean;
  /** `NAME=value`, the lowest layer: what the user's HOME, USER, LOGNAME, SHELL and the …_DIRECTORY variables replace. */
  readonly baseEnvironment: readonly string[];
  /** `NAME=value`, the highest layer. */
  readonly environment: readonly string[];
  /** Names of variables whose value is the pid of the process: LISTEN_PID, WATCHDOG_PID. */
  readonly pidVariables: readonly string[];
  /** UnsetEnvironment=: `NAME`, or `NAME=value` for exactly that assignment. Applied last. */
  readonly unsetEnvironment: readonly string[];
  /** Child descriptors that become 3, 4, … of the program. */
  readonly passedFds: readonly number[];

  /** Name or decimal uid; null = stay. */
  readonly user: string | null;
  readonly group: string | null;
  readonly supplementaryGroups: readonly string[];

  readonly stdin: StreamSource;
  readonly stdout: StreamSource;
  readonly stderr: StreamSource;
  readonly stdinData: Uint8Array | null;
  readonly ttyPath: string | null;
  readonly ttyReset: boolean;
  readonly ttyHangup: boolean;
  /** null: the terminal's size stays as it is. */
  readonly ttyRows: number | null;
  readonly ttyColumns: number | null;

  /** [resource number, soft, hard] each; Infinity for no limit. */
  readonly limits: readonly (readonly [number, number, number])[];
  readonly nice: number | null;
  readonly oomScoreAdjust: number | null;
  readonly ioSchedulingClass: number | null;
  readonly ioSchedulingPriority: number | null;
  readonly cpuSchedulingPolicy: number | null;
  readonly cpuSchedulingPriority: number | null;
  /** CPU numbers; null = not set. */
  readonly cpuAffinity: readonly number[] | null;
  readonly umask: number;

  readonly directories: readonly DirectorySpec[];
  /** Made with their parents when they are missing, and otherwise left alone: the places of a mount. Permission bits of the last part. */
  readonly madeDirectories: readonly { readonly path: string; readonly mode: number }[];
  /** null = `/`; `home` = the user's home directory. `optional`: `/` when it cannot be entered. */
  readonly workingDirectory: { readonly path: string; readonly optional: boolean } | { readonly home: true; readonly optional: boolean } | null;
  readonly rootDirectory: string | null;

  /** Capability numbers that stay in the bounding set; null = all. */
  readonly capabilityBoundingSet: readonly number[] | null;
  readonly ambientCapabilities: readonly number[];
  readonly noNewPrivileges: boolean;
  /** It stays in the manager's process group and session. */
  readonly sameGroup: boolean;

  /** PrivateTmp=: an existing directory of the unit's own (mode 0700) that holds its `tmp` and `var-tmp`; null = off. */
  readonly privateTmp: string | null;
  /** What the service may not see and do; null = nothing is forbidden. */
  readonly confinement: ConfinementSpec | null;
}

/** The unit's wishes, and what the manager has made of them. */
export interface ConfinementSpec {
  readonly wishes: Confinement;
  readonly filters: readonly NamedProgram[];
  /** PrivateNetwork=: the file that keeps the name space while the unit runs, then those of units to share it with; empty = off. */
  readonly networkKeepers: readonly string[];
  /** PrivateIPC=, likewise. */
  readonly ipcKeepers: readonly string[];
  /** An existing directory; the executor makes the last part of the path. null = there are no credentials. */
  readonly credentialsDirectory: string | null;
  /** Directories in which a credential with a relative path is looked for. */
  readonly credentialSearch: readonly string[];
}

const MAGIC = 'HWEXEC1\n';
const RECORD_OVERHEAD = 10;

/** The bytes for the memfd. Pure. Asserts that no text holds a NUL: unit files cannot. */
export function serialiseExecSpec(spec: ExecSpec): Uint8Array {
  const records = new Records();
  // The report descriptor comes first, so that whatever is wrong with the rest can be told.
  records.text('report', String(spec.reportFd));
  records.text('path', spec.path);
  records.list('search', spec.searchPath);
  records.list('argument', spec.argv);
  records.flag('expand', spec.expandVariables);
  records.list('base-environment', spec.baseEnvironment);
  records.list('environment', spec.environment);
  records.list('pid-variable', spec.pidVariables);
  records.list('unset', spec.unsetEnvironment);
  records.list('fd', spec.passedFds);
  records.optional('user', spec.user);
  records.optional('group', spec.group);
  records.list('supplementary-group', spec.supplementaryGroups);
  records.stream('stdin', spec.stdin);
  records.stream('stdout', spec.stdout);
  records.stream('stderr', spec.stderr);
  if (spec.stdinData !== null) records.bytes('stdin-data', spec.stdinData);
  records.optional('tty-path', spec.ttyPath);
  records.flag('tty-reset', spec.ttyReset);
  records.flag('tty-hangup', spec.ttyHangup);
  records.optional('tty-rows', spec.ttyRows);
  records.optional('tty-columns', spec.ttyColumns);
  for (const [resource, soft, hard] of spec.limits) records.fields('limit', [String(resource), limitText(soft), limitText(hard)]);
  records.optional('nice', spec.nice);
  records.optional('oom-score-adjust', spec.oomScoreAdjust);
  records.optional('io-class', spec.ioSchedulingClass);
  records.optional('io-priority', spec.ioSchedulingPriority);
  records.optional('scheduling-policy', spec.cpuSchedulingPolicy);
  records.optional('scheduling-priority', spec.cpuSchedulingPriority);
  records.list('cpu', spec.cpuAffinity ?? []);
  records.text('umask', spec.umask.toString(8));
  for (const { kind, root, path, mode, links } of spec.directories) records.fields('directory', [kind, root, path, mode.toString(8), ...links]);
  for (const { path, mode } of spec.madeDirectories) records.fields('make-directory', [path, mode.toString(8)]);
  writeWorkingDirectory(records, spec.workingDirectory);
  records.optional('root-directory', spec.rootDirectory);
  records.flag('has-bounding-set', spec.capabilityBoundingSet !== null);
  records.list('bounding-capability', spec.capabilityBoundingSet ?? []);
  records.list('ambient-capability', spec.ambientCapabilities);
  records.flag('no-new-privileges', spec.noNewPrivileges);
  records.flag('same-group', spec.sameGroup);
  records.optional('private-tmp', spec.privateTmp);
  if (spec.confinement !== null) writeConfinement(records, spec.confinement);
  return records.finish();
}

const CONFINEMENT_FLAGS = [
  ['private-devices', 'privateDevices'], ['private-mounts', 'privateMounts'], ['mount-api-vfs', 'mountApiVfs'],
  ['protect-kernel-tunables', 'protectKernelTunables'], ['protect-kernel-modules', 'protectKernelModules'],
  ['protect-kernel-logs', 'protectKernelLogs'], ['protect-control-groups', 'protectControlGroups'], ['private-users', 'privateUsers'],
  ['protect-hostname', 'protectHostname'], ['reset-on-fork', 'schedulingResetOnFork'],
] as const;

const CONFINEMENT_PATHS = [
  ['read-only-path', 'readOnlyPaths'], ['read-write-path', 'readWritePaths'], ['inaccessible-path', 'inaccessiblePaths'],
  ['exec-path', 'execPaths'], ['no-exec-path', 'noExecPaths'],
] as const;

function writeConfinement(records: Records, confinement: ConfinementSpec): void {
  const { wishes } = confinement;
  records.text('protect-system', wishes.protectSystem);
  records.text('protect-home', wishes.protectHome);
  for (const [key, field] of CONFINEMENT_FLAGS) records.flag(key, wishes[field]);
  for (const [key, field] of CONFINEMENT_PATHS) {
    records.list(key, wishes[field].map(({ path, optional, inRoot }) => `${optional ? '-' : ''}${inRoot ? '+' : ''}${path}`));
  }
  for (const { path, options } of wishes.temporaryFileSystems) records.fields('temporary-file-system', [path, options]);
  for (const { source, destination, optional, recursive, readOnly } of wishes.bindMounts) {
    records.fields('bind', [source, destination, `${optional ? 'o' : ''}${recursive ? '' : 'n'}${readOnly ? 'r' : ''}`]);
  }
  if (wishes.protectProc !== 'default') records.text('protect-proc', wishes.protectProc);
  if (wishes.procSubset !== 'all') records.text('proc-subset', wishes.procSubset);
  records.optional('mount-propagation', wishes.mountFlags);
  records.list('network-keeper', confinement.networkKeepers);
  records.list('ipc-keeper', confinement.ipcKeepers);
  records.optional('network-path', wishes.networkNamespacePath);
  records.optional('ipc-path', wishes.ipcNamespacePath);
  for (const { directive, program } of confinement.filters) records.bytes('filter', Buffer.concat([Buffer.from(`${directive}\0`), program]));
  records.optional('keyring', wishes.keyringMode);
  if (wishes.secureBits !== 0) records.text('secure-bits', String(wishes.secureBits));
  records.optional('personality', wishes.personality);
  records.optional('timer-slack', wishes.timerSlackNsec);
  if (wishes.coredumpFilter !== null) records.text('coredump-filter', `0x${wishes.coredumpFilter.toString(16)}`);
  writeCredentials(records, confinement);
}

function writeCredentials(records: Records, { wishes, credentialsDirectory, credentialSearch }: ConfinementSpec): void {
  if (credentialsDirectory === null) return;
  records.text('credentials-directory', credentialsDirectory);
  records.list('credential-search', credentialSearch);
  for (const credential of wishes.credentials) {
    if (credential.kind === 'set') {
      records.bytes('credential', Buffer.concat([Buffer.from(`${credential.id}\0set\0`), Buffer.from(credential.data, 'base64')]));
      continue;
    }
    const hasFallback = wishes.credentials.some(({ id, kind }) => kind === 'set' && id === credential.id);
    records.fields('credential', [credential.id, hasFallback ? 'optional' : 'load', credential.path]);
  }
}

function writeWorkingDirectory(records: Records, directory: ExecSpec['workingDirectory']): void {
  if (directory === null) return;
  if ('home' in directory) records.flag('working-directory-home', true);
  else records.text('working-directory', directory.path);
  records.flag('working-directory-optional', directory.optional);
}

function limitText(limit: number): string {
  return limit === Infinity ? 'infinity' : BigInt(Math.trunc(limit)).toString();
}

/** Collects records; the size is known only at the end, so that one allocation holds them all. */
class Records {
  readonly #records: (readonly [key: string, value: string | Uint8Array])[] = [];
  #size = MAGIC.length;

  bytes(key: string, value: Uint8Array): void {
    this.#records.push([key, value]);
    this.#size += RECORD_OVERHEAD + key.length + value.length;
  }

  text(key: string, value: string): void {
    assert(!value.includes('\0'), `${key} has no NUL in it`);
    this.#add(key, value);
  }

  /** Joined by NULs, of which no field has one. */
  fields(key: string, values: readonly string[]): void {
    assert(values.every((value) => !value.includes('\0')), `${key} has no NUL in its fields`);
    this.#add(key, values.join('\0'));
  }

  list(key: string, values: readonly (string | number)[]): void {
    for (const value of values) this.text(key, String(value));
  }

  optional(key: string, value: string | number | null): void {
    if (value !== null) this.text(key, String(value));
  }

  flag(key: string, value: boolean): void {
    if (value) this.text(key, '1');
  }

  stream(key: string, source: StreamSource): void {
    if ('path' in source) this.fields(key, [source.kind, source.path]);
    else if (source.kind === 'duplicate') this.fields(key, [source.kind, String(source.of)]);
    else if (source.kind !== 'inherit') this.text(key, source.kind);
  }

  #add(key: string, value: string): void {
    this.#records.push([key, value]);
    this.#size += RECORD_OVERHEAD + key.length + Buffer.byteLength(value);
  }

  finish(): Uint8Array {
    // Zeroed: the NULs behind keys and values are there already.
    const bytes = Buffer.alloc(this.#size);
    let at = bytes.write(MAGIC, 'latin1');
    for (const [key, value] of this.#records) {
      const keyAt = at + 8;
      const valueAt = keyAt + key.length + 1;
      bytes.write(key, keyAt, 'latin1');
      const length = typeof value === 'string' ? bytes.write(value, valueAt) : value.length;
      if (typeof value !== 'string') bytes.set(value, valueAt);
      bytes.writeUInt32LE(key.length, at);
      bytes.writeUInt32LE(length, at + 4);
      at = valueAt + length + 1;
    }
    return bytes;
  }
}
