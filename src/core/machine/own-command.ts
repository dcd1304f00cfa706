/** Command lines that the manager makes itself, for units that say what is wanted and not how. */
import type { ExecCommand } from '../unit/exec-context.ts';

/** @param args without argv[0]; taken as they are, without expansion of variables */
export function ownCommand(path: string, args: readonly string[]): ExecCommand {
  return { path, argv: [path, ...args], ignoreFailure: false, noEnvironmentExpansion: true, privilege: 'normal', origin: { file: '', line: 0 } };
}
