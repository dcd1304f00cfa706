/** enable, disable and their kin: change links, tell which, and start or stop the units with `--now`. */
import type { Params } from '../control/requests.ts';
import { enqueueUnits } from './enqueue.ts';
import { EXIT, exitStatusOf } from './exit-status.ts';
import { countOption, hasOption } from './options.ts';
import { complain, printJson, request, type Invocation, type Verb, type VerbRun } from './verb.ts';
import { unitArgument } from './unit-argument.ts';

export interface UnitFileVerb {
  readonly name: Params<'change-unit-files'>['operation'];
  readonly synopsis: string;
  readonly summary: string;
  /** What `--now` does with the units afterwards; null = the verb has no such option. */
  readonly now: 'start' | 'stop' | null;
}

export function unitFileVerb(row: UnitFileVerb): Verb {
  return {
    name: row.name,
    aliases: [],
    group: 'Unit files',
    synopsis: row.synopsis,
    summary: row.summary,
    operand: 'unit-files',
    options: [...(row.now === null ? [] : ['now'] as const), 'runtime', 'force', 'no-reload', 'quiet', 'root', 'json'],
    runs: 'manager',
    run: (call) => changeUnitFiles(call, row),
  };
}

function* changeUnitFiles(call: Invocation, row: UnitFileVerb): VerbRun {
  const units = call.words.map((word) => (word.startsWith('/') ? word : unitArgument(word)));
  const reply = yield* request('change-unit-files', {
    operation: row.name, units, runtime: hasOption(call.options, 'runtime'), force: countOption(call.options, 'force') > 0,
    reload: !hasOption(call.options, 'no-reload'),
  });
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return exitStatusOf(reply.failure.name);
  }
  const { lines, warnings } = reply.value;
  const goesOn = row.now !== null && hasOption(call.options, 'now') && !hasOption(call.options, 'root') && reply.value.units.length > 0;
  if (hasOption(call.options, 'json')) {
    if (!goesOn) yield* printJson(reply.value);
  } else if (!hasOption(call.options, 'quiet')) {
    // systemctl says these on standard error, and scripts read its standard output.
    for (const line of lines) yield* complain(call.terminal.unicode ? line : line.replace('→', '->'));
    if (!hasOption(call.options, 'no-warn')) for (const warning of warnings) yield* complain(warning);
  }
  return goesOn ? yield* enqueueUnits({ ...call, verb: row.now }, row.now, reply.value.units, null, reply.value) : EXIT.done;
}
