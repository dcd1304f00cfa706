/**
 * ExecScript=: a service whose process is a script. It is short for settings that any service could have: the script host as the main
 * process, which tells when it is ready and when it is loaded anew, a directory for its socket, and a command for each that the script
 * defines.
 */
import { ok, type Result } from '../../base/result.ts';
import type { ExecCommand, ServiceDirectory } from '../unit/exec-context.ts';
import type { NamedCommand } from '../unit/service.ts';
import { ANY_COMMAND } from '../unit/any-command.ts';
import { entriesFor, ignore, originOf, type SettingReader } from './setting-reader.ts';
import { parseExecCommands } from './value/exec-command.ts';

/** Comes with Heartwood and is found by its name alone. */
const SCRIPT_HOST = '@heartwood-script heartwood-script';

export interface ScriptedService {
  readonly start: ExecCommand;
  readonly calls: readonly NamedCommand[];
  /** Where the host listens for commands. */
  readonly directory: ServiceDirectory;
}

/**
 * What ExecScript= of a service means; null when it has none that can be used.
 *
 * @param unit the unit's name @param hasStart whether ExecStart= is set, with which it cannot be combined
 */
export function readScriptedService(reader: SettingReader, unit: string, hasStart: boolean): ScriptedService | null {
  const entry = entriesFor(reader, 'ExecScript').at(-1);
  if (entry === undefined || entry.value === '') return null;
  if (hasStart) {
    ignore(reader, entry, 'a service with ExecStart= has no script');
    return null;
  }
  const parse = (line: string, expand: (word: string) => Result<string>): ExecCommand | null => {
    const { commands: [command, ...others], failure } = parseExecCommands(line, originOf(entry), expand);
    if (failure !== null) ignore(reader, entry, failure.problem);
    return command === undefined || others.length > 0 || failure !== null ? null : command;
  };
  const start = parse(`${SCRIPT_HOST} ${entry.value}`, reader.expand);
  const call = parse(`${SCRIPT_HOST} --call`, ok);
  if (start === null || call === null) return null;
  if (start.argv.length !== 2 || start.argv[1]?.startsWith('/') !== true) {
    ignore(reader, entry, 'the absolute path of one script is wanted');
    return null;
  }
  return {
    start,
    calls: [{ name: ANY_COMMAND, command: call }],
    directory: { kind: 'runtime', path: `heartwood-script-${unit}`, links: [] },
  };
}
