/** The settings that hold command lines: ExecStart= and its kin, of every kind of unit. */
import type { ExecCommand } from '../unit/exec-context.ts';
import type { NamedCommand } from '../unit/service.ts';
import { entriesFor, ignore, originOf, type SettingReader } from './setting-reader.ts';
import { parseExecCommands } from './value/exec-command.ts';

/** Shared by all units that lack a command: most lack most. */
const NONE: readonly never[] = [];

/** Commands of one kind that a unit may have: each is run and remembered; real units have a few. */
const COMMANDS_MAX = 1024;

/** Command lines of one directive in file order; an empty assignment takes back all before it. */
export function readCommands(reader: SettingReader, name: string): readonly ExecCommand[] {
  if (!reader.byName.has(name)) return NONE;
  let commands: ExecCommand[] = [];
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') {
      commands = [];
      continue;
    }
    const parsed = parseExecCommands(entry.value, originOf(entry), reader.expand);
    for (const command of parsed.commands) if (commands.length < COMMANDS_MAX) commands.push(command);
    if (commands.length >= COMMANDS_MAX) ignore(reader, entry, `only ${COMMANDS_MAX} commands of a kind are run`);
    for (const remark of parsed.remarks) reader.log.add('warning', entry, `${name}=: ${remark}.`);
    if (parsed.failure === null) continue;
    if (parsed.failure.fatal) reader.fail(entry, `The unit cannot be used with this ${name}=: ${parsed.failure.problem}.`);
    else ignore(reader, entry, parsed.failure.problem);
  }
  return commands;
}

const NAMED = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})\s+(\S.*)$/s;

/** `NAME COMMAND LINE` of one directive; of lines with the same name the last one counts. */
export function readNamedCommands(reader: SettingReader, name: string): readonly NamedCommand[] {
  if (!reader.byName.has(name)) return NONE;
  const commands = new Map<string, ExecCommand>();
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') {
      commands.clear();
      continue;
    }
    const [, word, line] = NAMED.exec(entry.value) ?? [];
    if (word === undefined || line === undefined) {
      ignore(reader, entry, 'a name and a command line are wanted');
      continue;
    }
    const parsed = parseExecCommands(line, originOf(entry), reader.expand);
    const [command, ...others] = parsed.commands;
    for (const remark of parsed.remarks) reader.log.add('warning', entry, `${name}=: ${remark}.`);
    if (parsed.failure !== null) ignore(reader, entry, parsed.failure.problem);
    else if (command === undefined || others.length > 0) ignore(reader, entry, 'one command is wanted');
    else if (commands.size >= COMMANDS_MAX) ignore(reader, entry, `only ${COMMANDS_MAX} commands are taken`);
    else commands.set(word, command);
  }
  return [...commands].map(([word, command]) => ({ name: word, command }));
}
