/**
 * What a service may not see and not do: the sandboxing half of systemd.exec(5).
 *
 * Kept apart from the rest of the execution environment because most units have none of it: theirs is null, and they are started
 * the quick way.
 */

/** A path of ReadOnlyPaths= and its kin. */
export interface ConfinedPath {
  readonly path: string;
  /** `-`: its absence is no error. */
  readonly optional: boolean;
  /** `+`: below RootDirectory=. */
  readonly inRoot: boolean;
}

export interface BindMount {
  readonly source: string;
  readonly destination: string;
  readonly optional: boolean;
  readonly recursive: boolean;
  readonly readOnly: boolean;
}

/** Kinds of name spaces by the words of RestrictNamespaces=. */
export type NamespaceName = 'cgroup' | 'ipc' | 'net' | 'mnt' | 'pid' | 'user' | 'uts' | 'time';

/** One word of SystemCallFilter=: a call or a group, put on the list or taken off. */
export interface SystemCallWord {
  readonly word: string;
  /** The line began with `~`. */
  readonly inverted: boolean;
  /** `:EPERM`: what the call fails with; `kill`; null = as SystemCallErrorNumber= says. */
  readonly errno: number | 'kill' | null;
}

/** A credential for the service: a file of its own with this content. */
export type Credential =
  | { readonly id: string; readonly kind: 'load'; readonly path: string }
  /** Bytes in base64. */
  | { readonly id: string; readonly kind: 'set'; readonly data: string };

export interface Confinement {
  readonly protectSystem: 'no' | 'yes' | 'full' | 'strict';
  readonly protectHome: 'no' | 'yes' | 'read-only' | 'tmpfs';
  readonly readWritePaths: readonly ConfinedPath[];
  readonly readOnlyPaths: readonly ConfinedPath[];
  readonly inaccessiblePaths: readonly ConfinedPath[];
  readonly execPaths: readonly ConfinedPath[];
  readonly noExecPaths: readonly ConfinedPath[];
  /** `options` as of mount(8), '' = none. */
  readonly temporaryFileSystems: readonly { readonly path: string; readonly options: string }[];
  readonly bindMounts: readonly BindMount[];
  readonly privateDevices: boolean;
  readonly privateNetwork: boolean;
  readonly privateIpc: boolean;
  readonly privateUsers: boolean;
  readonly privateMounts: boolean;
  /** null = not set: `shared`. */
  readonly mountFlags: 'shared' | 'slave' | 'private' | null;
  readonly mountApiVfs: boolean;
  readonly networkNamespacePath: string | null;
  readonly ipcNamespacePath: string | null;
  readonly protectHostname: boolean;
  readonly protectClock: boolean;
  readonly protectKernelTunables: boolean;
  readonly protectKernelModules: boolean;
  readonly protectKernelLogs: boolean;
  readonly protectControlGroups: boolean;
  readonly protectProc: 'default' | 'noaccess' | 'invisible' | 'ptraceable';
  readonly procSubset: 'all' | 'pid';
  /** Name spaces that may still be made and entered; null = all. */
  readonly allowedNamespaces: readonly NamespaceName[] | null;
  readonly restrictRealtime: boolean;
  readonly restrictSuidSgid: boolean;
  readonly lockPersonality: boolean;
  readonly memoryDenyWriteExecute: boolean;
  /** Numbers of socket(2); null = all may be used. */
  readonly addressFamilies: { readonly isAllowList: boolean; readonly families: readonly number[] } | null;
  /** In the order of the files; empty = no filter. */
  readonly systemCallFilter: readonly SystemCallWord[];
  /** null = the process is killed. */
  readonly systemCallErrorNumber: number | null;
  /** Names of architectures; empty = all. */
  readonly systemCallArchitectures: readonly string[];
  /** Calls that are written to the kernel's log; empty = none. */
  readonly systemCallLog: readonly SystemCallWord[];
  readonly keyringMode: 'inherit' | 'private' | 'shared' | null;
  /** Bits of prctl(2), PR_SET_SECUREBITS; 0 = as they are. */
  readonly secureBits: number;
  /** Number of personality(2); null = as it is. */
  readonly personality: number | null;
  readonly timerSlackNsec: number | null;
  /** Bits of core(5), coredump_filter; null = as it is. */
  readonly coredumpFilter: number | null;
  readonly schedulingResetOnFork: boolean;
  readonly credentials: readonly Credential[];
}

/** What holds for a unit that asks for nothing. */
export const UNCONFINED: Confinement = {
  protectSystem: 'no', protectHome: 'no', readWritePaths: [], readOnlyPaths: [], inaccessiblePaths: [], execPaths: [], noExecPaths: [],
  temporaryFileSystems: [], bindMounts: [], privateDevices: false, privateNetwork: false, privateIpc: false, privateUsers: false,
  privateMounts: false, mountFlags: null, mountApiVfs: false, networkNamespacePath: null, ipcNamespacePath: null,
  protectHostname: false, protectClock: false, protectKernelTunables: false, protectKernelModules: false, protectKernelLogs: false,
  protectControlGroups: false, protectProc: 'default', procSubset: 'all', allowedNamespaces: null, restrictRealtime: false,
  restrictSuidSgid: false, lockPersonality: false, memoryDenyWriteExecute: false, addressFamilies: null, systemCallFilter: [],
  systemCallErrorNumber: null, systemCallArchitectures: [], systemCallLog: [], keyringMode: null, secureBits: 0, personality: null,
  timerSlackNsec: null, coredumpFilter: null, schedulingResetOnFork: false, credentials: [],
};
