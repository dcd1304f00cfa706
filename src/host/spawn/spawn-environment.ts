/**
 * The environment a command gets, put together in the order of systemd.exec(5), "Environment variables in spawned processes": later sources win.
 *
 * 1. the manager's own block (DefaultEnvironment=, set-environment)
 * 2. what the manager defines: $MAINPID and its kin, $NOTIFY_SOCKET, $INVOCATION_ID, $HOME and $USER with User=, $RUNTIME_DIRECTORY, …
 * 3. PassEnvironment=
 * 4. Environment=
 * 5. EnvironmentFile=
 *
 * and at last UnsetEnvironment= takes away.
 */
import type { DirectoryKind, ExecContext } from '../../core/unit/exec-context.ts';
import type { PathLookup } from '../watching/shell-pattern.ts';
import { expandGlob } from '../watching/shell-pattern.ts';
import { parseEnvironmentFile } from './environment-file.ts';
import type { UserRecord } from './user-database.ts';

/** Variables whose value is the child's own pid: they are handed over empty. */
export const PID_VARIABLES = new Set(['SYSTEMD_EXEC_PID', 'WATCHDOG_PID', 'LISTEN_PID']);

/** execve's limit for all of argv and environ is 2 MiB at the usual stack limit; one file alone must stay below that. */
const ENVIRONMENT_FILE_BYTES_MAX = 1024 * 1024;

/** An errno, or the text. */
export type ReadSmallFile = (path: string, bytesMax: number) => string;

export interface EnvironmentSources {
  readonly exec: ExecContext;
  readonly managerEnvironment: readonly string[];
  readonly extraEnvironment: readonly string[];
  /** null: there is none. */
  readonly invocationId: string | null;
  /** Path of the notify socket when the command is to get it. */
  readonly notifySocket: string | null;
  /** The user of User=, when it was found in /etc/passwd. */
  readonly user: UserRecord | null;
  /** Where directories of each kind are: `/run` for runtime. */
  readonly directoryRoots: Readonly<Record<DirectoryKind, string>>;
  /** Value of a variable of the manager's process, for PassEnvironment=. */
  readonly ownEnvironment: (name: string) => string | undefined;
  readonly readSmallFile: ReadSmallFile;
  readonly lookup: PathLookup;
}

export type EnvironmentOutcome =
  | {
      readonly ok: true;
      /** Steps 1 and 2: what the executor adds for a user only it knows goes on top of these. */
      readonly lower: ReadonlyMap<string, string>;
      /** Steps 3 to 5. */
      readonly upper: ReadonlyMap<string, string>;
    }
  /** EnvironmentFile= without `-` that cannot be read. */
  | { readonly ok: false; readonly errno: string; readonly subject: string };

const DIRECTORY_VARIABLES: Readonly<Record<DirectoryKind, string>> = {
  runtime: 'RUNTIME_DIRECTORY', state: 'STATE_DIRECTORY', cache: 'CACHE_DIRECTORY', logs: 'LOGS_DIRECTORY', configuration: 'CONFIGURATION_DIRECTORY',
};

/** A login shell of these is there to keep the user out, and no shell for $SHELL. */
const NO_SHELLS: ReadonlySet<string> = new Set(['', '/bin/nologin', '/sbin/nologin', '/usr/bin/nologin', '/usr/sbin/nologin']);

function assign(environment: Map<string, string>, assignments: Iterable<string>): void {
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at > 0) environment.set(assignment.slice(0, at), assignment.slice(at + 1));
  }
}

/** Variables the manager defines itself. */
function ownVariables(sources: EnvironmentSources): string[] {
  const { exec, user } = sources;
  const variables = [...sources.extraEnvironment];
  if (sources.invocationId !== null) variables.push(`INVOCATION_ID=${sources.invocationId}`);
  if (sources.notifySocket !== null) variables.push(`NOTIFY_SOCKET=${sources.notifySocket}`);
  if (user !== null) variables.push(`HOME=${user.home}`, `LOGNAME=${user.name}`, `USER=${user.name}`);
  if (user !== null && !NO_SHELLS.has(user.shell)) variables.push(`SHELL=${user.shell}`);
  if ([exec.standardInput, exec.standardOutput, exec.standardError].some(({ kind }) => kind.startsWith('tty'))) {
    variables.push(`TERM=${exec.ttyPath === '/dev/console' || /^\/dev\/tty[0-9]+$/.test(exec.ttyPath) ? 'linux' : 'vt220'}`);
  }
  for (const kind of Object.keys(DIRECTORY_VARIABLES) as DirectoryKind[]) {
    const paths = exec.directories.filter((directory) => directory.kind === kind).map((directory) => `${sources.directoryRoots[kind]}/${directory.path}`);
    if (paths.length > 0) variables.push(`${DIRECTORY_VARIABLES[kind]}=${paths.join(':')}`);
  }
  return variables;
}

/** Reads the sources. Nothing is unset yet: `mergeEnvironment` does that. */
export function buildEnvironment(sources: EnvironmentSources): EnvironmentOutcome {
  const { exec } = sources;
  const lower = new Map<string, string>();
  assign(lower, sources.managerEnvironment);
  assign(lower, ownVariables(sources));
  const upper = new Map<string, string>();
  for (const name of exec.passEnvironment) {
    const value = sources.ownEnvironment(name);
    if (value !== undefined) upper.set(name, value);
  }
  assign(upper, exec.environment);
  for (const { path, optional } of exec.environmentFiles) {
    const paths = /[*?[]/.test(path) ? expandGlob(sources.lookup, path) : [path];
    if (paths.length === 0 && !optional) return { ok: false, errno: 'ENOENT', subject: path };
    for (const file of paths) {
      const text = sources.readSmallFile(file, ENVIRONMENT_FILE_BYTES_MAX);
      if (isErrno(text)) {
        if (optional) continue;
        return { ok: false, errno: text, subject: file };
      }
      assign(upper, parseEnvironmentFile(text).assignments);
    }
  }
  return { ok: true, lower, upper };
}

/** One environment out of both layers, without what UnsetEnvironment= takes away. The map's order is that of first assignment. */
export function mergeEnvironment(lower: ReadonlyMap<string, string>, upper: ReadonlyMap<string, string>, unset: readonly string[]): ReadonlyMap<string, string> {
  const environment = new Map([...lower, ...upper]);
  for (const entry of unset) {
    const at = entry.indexOf('=');
    // With a value only that very assignment goes.
    if (at === -1) environment.delete(entry);
    else if (environment.get(entry.slice(0, at)) === entry.slice(at + 1)) environment.delete(entry.slice(0, at));
  }
  return environment;
}

/** A file whose whole text is a capital E and more capitals, without a newline, has no assignment in it: nothing is lost by this. */
function isErrno(text: string): boolean {
  return /^E[A-Z0-9]+$/.test(text);
}
