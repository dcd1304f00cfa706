/** Exec…= as `show` prints it: each command line with its last run. */
import { execsOf } from '../manager/unit-processes.ts';
import type { ExecRecord } from '../manager/state.ts';
import type { ExecCommand } from '../unit/exec-context.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { yesNo } from './value-text.ts';

/** The property of a role, and its extended form with all flags. */
export function commandRows<C extends PropertyContext>(role: string, commands: (context: C) => readonly ExecCommand[]): readonly PropertyRow<C>[] {
  const render = (context: C, extended: boolean): string =>
    commands(context).map((command, index) => {
      const record = execsOf(context.unit).find((exec) => exec.role === role && exec.index === index);
      return commandText(context, command, record, extended);
    }).join('\n');
  return [
    [role, (context) => render(context, false)],
    [`${role}Ex`, (context) => render(context, true)],
  ];
}

/** One line `{ path=… ; argv[]=… ; … }` for each command. */
function commandText(context: PropertyContext, command: ExecCommand, record: ExecRecord | undefined, extended: boolean): string {
  const flags = [
    ...(command.ignoreFailure ? ['ignore-failure'] : []), ...(command.privilege === 'full' ? ['privileged'] : []),
    ...(command.privilege === 'no-setuid' ? ['no-setuid'] : []), ...(command.privilege === 'no-setuid-if-no-ambient' ? ['ambient'] : []),
    ...(command.noEnvironmentExpansion ? ['no-env-expand'] : []),
  ];
  const exit = record?.exit ?? null;
  const at = (usec: number | undefined): string => (usec === undefined || usec === 0 ? '[n/a]' : `[${context.formatInstant(usec)}]`);
  return `{ path=${command.path} ; argv[]=${command.argv.join(' ')} ; ${extended ? `flags=${flags.join(' ')}` : `ignore_errors=${yesNo(command.ignoreFailure)}`} ; `
    + `start_time=${at(record?.startRealtimeUsec)} ; stop_time=${at(exit?.realtimeUsec)} ; pid=${String(record?.pid ?? 0)} ; `
    + `code=${exit?.code ?? '(null)'} ; status=${exit === null ? '0/0' : String(exit.status)} }`;
}
