/** The unit that a service directory of daemontools becomes. */
import { commandLine, isPlainPath, plainValue, WITHOUT_ADDED_VARIABLES } from '../unit-text.ts';

export interface ServiceDirectoryUnit {
  /** Absolute. */
  readonly directory: string;
  /** As the user calls it. */
  readonly label: string;
  /** Restarted whenever it ends; else started once. */
  readonly keepsUp: boolean;
  /** Where its output goes and its input comes from: `append:PATH`, `file:PATH`, `null`. */
  readonly standardInput: string;
  readonly standardOutput: string;
  readonly standardError: string;
}

/** A shell that becomes the program, because it is to see itself as `./run`, and a unit file names programs by absolute paths. */
const RUN = commandLine('/bin/sh', ['sh', '-c', 'exec ./run']);

/**
 * Signals go to the main process alone and no stop is ever forced, as daemontools does it. Starts are a second apart, as with
 * daemontools.
 */
export function serviceUnitText(unit: ServiceDirectoryUnit): string {
  const isPlain = isPlainPath(unit.directory);
  return `[Unit]
Description=${plainValue(unit.label)}
DefaultDependencies=no
StartLimitIntervalSec=0

[Service]
WorkingDirectory=${isPlain ? plainValue(unit.directory) : '/'}
ExecStart=${isPlain ? RUN : commandLine('/bin/sh', ['sh', '-c', 'cd "$0" && exec ./run', unit.directory])}
Restart=${unit.keepsUp ? 'always' : 'no'}
RestartSec=0
RestartSpacingSec=1s
KillMode=process
SendSIGKILL=no
TimeoutStopSec=infinity
IgnoreSIGPIPE=no
${WITHOUT_ADDED_VARIABLES}
StandardInput=${unit.standardInput}
StandardOutput=${plainValue(unit.standardOutput)}
StandardError=${plainValue(unit.standardError)}
`;
}
