/**
 * `heartwood -- CMD`: one command as the main service, as tini and dumb-init run it, but with a whole tree that is reaped and
 * stopped. The unit is made here; no unit file is read.
 */
import { OWN_VARIABLES } from '../host/spawn/inherited-environment.ts';
import type { Fd, UnitName } from '../base/brand.ts';
import type { ExecContext } from '../core/unit/exec-context.ts';
import type { ServiceUnit } from '../core/unit/service.ts';
import { assert } from '../base/assert.ts';
import { buildUnit } from '../core/unit-file/build-unit.ts';
import { lexUnitFile } from '../core/unit-file/lexer.ts';
import type { SpecifierContext } from '../core/unit-file/specifiers.ts';
import type { UnitDefaults } from '../core/unit-file/unit-defaults.ts';
import type { UnitSource } from '../host/unit-source.ts';
import type { SignalRecord } from '../host/native.ts';
import { SIGTSTP, SIGTTIN, SIGTTOU } from '../base/signals.ts';
import { machineTimeZones } from '../host/unit-loader/time-zones.ts';

/** Name of the unit; shows up in log lines only. */
export const COMMAND_UNIT = 'command.service' as UnitName;

/** The manager's own standard streams under the names the unit refers to. */
export const COMMAND_FDS: readonly (readonly [string, Fd])[] = [['manager-stdin', 0 as Fd], ['manager-stdout', 1 as Fd], ['manager-stderr', 2 as Fd]];

/**
 * Type=exec: a program that cannot be executed is a failure with a reason, not a start that ended at once. What the command leaves
 * behind gets as long to end as container managers give to a whole container.
 */
const FILE = `[Unit]
DefaultDependencies=no
[Service]
Type=exec
ExecStart=/bin/true
TimeoutStartSec=infinity
TimeoutStopSec=10s
StartLimitIntervalSec=0
`;

export interface CommandWishes {
  readonly command: readonly string[];
  /** Path of the program; `command` begins with its name as it was given. */
  readonly program: string;
  /** The environment the manager itself was started with, all of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly specifiers: SpecifierContext;
  readonly defaults: UnitDefaults;
}

function exec(context: ExecContext, wishes: CommandWishes): ExecContext {
  const environment = Object.entries(wishes.environment).flatMap(([name, value]) => (value === undefined || OWN_VARIABLES.has(name) ? [] : [`${name}=${value}`]));
  return {
    ...context,
    environment,
    // What only services have; a command is to see the environment it would see without us.
    unsetEnvironment: ['SYSTEMD_EXEC_PID', 'INVOCATION_ID'].filter((name) => wishes.environment[name] === undefined),
    workingDirectory: { path: wishes.workingDirectory, optional: false },
    standardInput: { kind: 'fd', name: 'manager-stdin' },
    standardOutput: { kind: 'fd', name: 'manager-stdout' },
    standardError: { kind: 'fd', name: 'manager-stderr' },
    ignoreSigpipe: false,
  };
}

/** The definitions of a manager that runs one command. */
export function commandUnits(wishes: CommandWishes): UnitSource {
  const unit = buildUnit(
    { name: COMMAND_UNIT, names: [COMMAND_UNIT], fragment: lexUnitFile(FILE, 'command line'), dropIns: [], links: [], sourceHash: '' },
    { mode: 'system', defaults: wishes.defaults, specifiers: wishes.specifiers, hasUnitFile: () => false, hasDevices: false, timeZones: machineTimeZones() },
  );
  assert(unit.kind === 'service' && unit.loadState === 'loaded', `the unit of the command is whole: ${unit.loadError ?? ''}`);
  const start = unit.execStart[0];
  assert(start !== undefined, 'the unit of the command has a command');
  const service: ServiceUnit = {
    ...unit,
    description: wishes.command.join(' ').slice(0, 200),
    execStart: [{ ...start, path: wishes.program, argv: wishes.command, noEnvironmentExpansion: true }],
    exec: exec(unit.exec, wishes),
    dependencies: unit.dependencies.filter(({ kind }) => kind !== 'InSlice'),
    cgroup: { ...unit.cgroup, slice: null, tasksMax: null },
  };
  return { load: (names, find) => ({ definitions: find(COMMAND_UNIT) === undefined ? [service] : [], names }), restore: () => [service], reload: () => [service], changedOnDisk: () => false, mountPoint: null, swapPoint: null };
}

/** Signals the terminal sends to the manager's own job control; the command has its own. */
const NOT_FORWARDED: ReadonlySet<number> = new Set([SIGTTIN, SIGTTOU, SIGTSTP]);

/** Whether a signal to the manager is meant for the command. */
export function isForCommand(record: SignalRecord): boolean {
  return !NOT_FORWARDED.has(record.signal);
}
