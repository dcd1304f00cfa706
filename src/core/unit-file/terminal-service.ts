/**
 * Terminal=: a service that has a pseudo terminal, which `initctl attach` joins. It is short for settings that any service could have: a
 * unit of its own that keeps the terminal and lives as long as it is needed, and standard streams that are this terminal.
 */
import type { UnitName } from '../../base/brand.ts';
import type { ExecContext } from '../unit/exec-context.ts';
import { nameWithoutSuffix, withInstance } from '../unit/unit-name.ts';
import { originOf, entriesFor, ignore, type SettingReader } from './setting-reader.ts';
import type { DependencyList } from './dependency-list.ts';
import { parseBoolean } from './value/number.ts';

/** Comes with Heartwood; its instance is the name of the service. */
const KEEPER_TEMPLATE = 'heartwood-terminal@.service';

export interface TerminalService {
  /** The unit that keeps the terminal. */
  readonly keeper: UnitName;
  readonly ttyPath: string;
}

/**
 * What Terminal= of a service means; null when it has none. The dependencies on the unit that keeps the terminal are added.
 *
 * @param unit the service's name @param runtimeRoot where runtime directories are
 */
export function readTerminalService(reader: SettingReader, dependencies: DependencyList, unit: string, runtimeRoot: string): TerminalService | null {
  let entry = null;
  for (const each of entriesFor(reader, 'Terminal')) {
    const wanted = each.value === '' ? null : parseBoolean(each.value);
    if (wanted?.ok === false) ignore(reader, each, wanted.problem);
    else entry = wanted?.value === true ? each : null;
  }
  if (entry === null) return null;
  const instance = nameWithoutSuffix(unit);
  const keeper = withInstance(KEEPER_TEMPLATE, instance);
  if (keeper === null) {
    ignore(reader, entry, 'the name of the service is too long for one more unit that begins with it');
    return null;
  }
  for (const input of entriesFor(reader, 'StandardInput')) ignore(reader, input, 'a service with Terminal=yes reads its terminal');
  dependencies.add('Requires', keeper, originOf(entry));
  dependencies.add('After', keeper, originOf(entry));
  return { keeper, ttyPath: `${runtimeRoot}/heartwood-terminal/${instance}/tty` };
}

/** The context with the terminal as its streams. An output that the file sends elsewhere goes there. */
export function onTerminal(exec: ExecContext, terminal: TerminalService | null, reader: SettingReader): ExecContext {
  if (terminal === null) return exec;
  const tty = { kind: 'tty' } as const;
  return {
    ...exec, ttyPath: terminal.ttyPath, ttyReset: true, standardInput: tty,
    standardOutput: reader.byName.has('StandardOutput') ? exec.standardOutput : tty,
    standardError: reader.byName.has('StandardError') ? exec.standardError : tty,
  };
}
