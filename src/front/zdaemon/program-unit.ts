/** The unit that the program becomes, and what its keeper needs to know. */
import { commandLine, environmentLines, plainValue } from '../unit-text.ts';
import type { Settings } from './settings.ts';

export const PROGRAM_UNIT = 'program.service';
export const KEEPER_UNIT = 'keeper.service';

/** What `start` hands to the keeper, as a file in the manager's place. */
export interface KeptProgram {
  readonly settings: Settings;
  /** Absolute. */
  readonly path: string;
  readonly argv: readonly string[];
  /** Where `start` was called. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Restarts are the keeper's business: it knows the exit codes that end everything, the growing delay and the test of a start. Signals go to the
 * program alone, as zdaemon does it.
 *
 * @param output `append:PATH` or `file:PATH` for standard output and error
 */
export function programUnitText({ settings, path, argv, directory, environment }: KeptProgram, output: string): string {
  const lines = [
    '[Unit]', `Description=${plainValue(argv.join(' '))}`, 'DefaultDependencies=no', 'StartLimitIntervalSec=0',
    '[Service]', `ExecStart=${commandLine(path, argv)}`, `WorkingDirectory=${plainValue(settings.daemon ? (settings.directory ?? directory) : directory)}`,
    'Restart=no', 'KillMode=process', `TimeoutStopSec=${String(settings.stopTimeoutSeconds)}`, 'IgnoreSIGPIPE=no',
    'StandardInput=null', `StandardOutput=${plainValue(output)}`, `StandardError=${plainValue(output)}`,
    ...environmentLines(environment),
    ...(settings.daemon ? [`UMask=${settings.umask.padStart(4, '0')}`] : []),
    ...(settings.user === null ? [] : [`User=${plainValue(settings.user)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The keeper outlives the command that started it, and comes back when it is killed: the program goes on meanwhile. */
export function keeperUnitText(program: string, place: string, managerPid: number): string {
  const stream = (fd: number): string => `append:/proc/${String(managerPid)}/fd/${String(fd)}`;
  return `[Unit]
Description=Keeper of the program
DefaultDependencies=no
StartLimitIntervalSec=0

[Service]
ExecStart=${commandLine(program, ['front', 'keep-program', place])}
Restart=on-abnormal
RestartSec=100ms
KillMode=process
TimeoutStopSec=infinity
StandardOutput=${stream(1)}
StandardError=${stream(2)}
`;
}
