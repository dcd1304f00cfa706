/**
 * What units of every kind have: the [Unit] and [Install] sections, and where they came from. Source: systemd.unit(5).
 */
import type { UnitName, Usec } from '../../base/brand.ts';
import type { Dependency } from './dependency.ts';
import type { Diagnostic, Entry, NotEffective, Origin } from './source.ts';

export type UnitKind =
  | 'service' | 'target' | 'slice' | 'scope'
  | 'socket' | 'timer' | 'path' | 'mount' | 'automount' | 'swap' | 'device';

/**
 * - `loaded`: files found and usable (or a unit that needs none, as a slice)
 * - `not-found`: no file has this name
 * - `bad-setting`: the files are readable but cannot make a unit of this kind (no ExecStart=, say)
 * - `error`: the files could not be read
 * - `masked`: the fragment is a link to /dev/null or empty
 */
export type LoadState = 'loaded' | 'not-found' | 'bad-setting' | 'error' | 'masked';

/** One `Condition…=` or `Assert…=` line. `kind` is the name without that prefix: `PathExists`. */
export interface Condition {
  readonly kind: string;
  /** With `|`: one of the triggering conditions must hold instead of all. */
  readonly trigger: boolean;
  /** With `!`. */
  readonly negate: boolean;
  readonly parameter: string;
  readonly origin: Origin;
}

export type JobMode =
  | 'fail' | 'replace' | 'replace-irreversibly' | 'isolate' | 'flush'
  | 'ignore-dependencies' | 'ignore-requirements' | 'triggering' | 'restart-dependencies';

/** FailureAction=, SuccessAction=, StartLimitAction=, JobTimeoutAction=. */
export type EmergencyAction =
  | 'none' | 'reboot' | 'reboot-force' | 'reboot-immediate' | 'poweroff' | 'poweroff-force' | 'poweroff-immediate'
  | 'exit' | 'exit-force' | 'halt' | 'halt-force' | 'halt-immediate' | 'kexec' | 'kexec-force' | 'soft-reboot' | 'soft-reboot-force';

export interface InstallSection {
  readonly wantedBy: readonly string[];
  readonly requiredBy: readonly string[];
  readonly upheldBy: readonly string[];
  readonly also: readonly string[];
  readonly alias: readonly string[];
  readonly defaultInstance: string | null;
}

/** What all kinds of units have in common: the [Unit] and [Install] sections and where they came from. */
export interface UnitCommon {
  readonly name: UnitName;
  readonly loadState: LoadState;
  /** A sentence with file and line when `loadState` is neither `loaded` nor `masked`, else null. */
  readonly loadError: string | null;
  /** All names of the unit, itself first, then aliases. */
  readonly names: readonly UnitName[];
  readonly fragmentPath: string | null;
  readonly dropInPaths: readonly string[];
  /** Its fragment is one that a client had made: the unit is forgotten when it has ended. */
  readonly transient?: true;
  /** Its files cannot be used any more (`loadState` says how): what they said before holds, until they can. */
  readonly outdated?: true;
  /** 16 hexadecimal digits over the paths and texts of all source files in order; tells "changed on disk". Not a defence against forgery. */
  readonly sourceHash: string;
  /** Description=, or the unit's name. */
  readonly description: string;
  readonly documentation: readonly string[];
  /** All outgoing edges, implicit and default ones included, in order; no duplicates of (kind, other). */
  readonly dependencies: readonly Dependency[];
  /** Paths whose mount units it requires, written and implicit, sorted. */
  readonly requiresMountsFor: readonly string[];
  readonly conditions: readonly Condition[];
  readonly assertions: readonly Condition[];
  readonly defaultDependencies: boolean;
  readonly stopWhenUnneeded: boolean;
  readonly refuseManualStart: boolean;
  readonly refuseManualStop: boolean;
  readonly allowIsolate: boolean;
  readonly ignoreOnIsolate: boolean;
  readonly onFailureJobMode: JobMode;
  readonly onSuccessJobMode: JobMode;
  /** JobTimeoutSec=; null waits for ever. */
  readonly jobTimeoutUsec: Usec | null;
  readonly jobRunningTimeoutUsec: Usec | null;
  readonly jobTimeoutAction: EmergencyAction;
  readonly failureAction: EmergencyAction;
  readonly successAction: EmergencyAction;
  /** StartLimitIntervalSec= and StartLimitBurst=; a zero in either means no limit. */
  readonly startLimitIntervalUsec: Usec;
  readonly startLimitBurst: number;
  readonly startLimitAction: EmergencyAction;
  readonly install: InstallSection;
  /** Every assignment with its place, for `show`, `verify` and requested-versus-effective. */
  readonly entries: readonly Entry[];
  readonly diagnostics: readonly Diagnostic[];
  readonly notEffective: readonly NotEffective[];
  /** Properties of settings that are read but not put into effect, by systemd's name, as `show` prints them; only what differs from the default. */
  readonly recorded: Readonly<Record<string, string>>;
}
