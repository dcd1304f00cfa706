/** is-active and is-failed: one word for each unit, and an exit status. */
import { EXIT } from './exit-status.ts';
import { hasOption } from './options.ts';
import { unitArguments } from './unit-argument.ts';
import { complain, print, printJson, request, type Invocation, type VerbRun } from './verb.ts';

interface Judged {
  readonly unit: string;
  readonly load: string;
  readonly active: string;
}

export interface Judgement {
  /** One such unit is enough for exit status 0. */
  readonly wanted: (unit: Judged) => boolean;
  readonly otherwise: (units: readonly Judged[]) => number;
}

export function* judgeUnits(call: Invocation, judgement: Judgement): VerbRun {
  const reply = yield* request('show', { units: unitArguments(call.words), properties: ['Id', 'LoadState', 'ActiveState'] });
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return EXIT.failed;
  }
  const units = reply.value.units.map(({ unit, properties }): Judged => ({
    unit, load: properties['LoadState'] ?? '', active: properties['ActiveState'] ?? 'unknown',
  }));
  if (hasOption(call.options, 'json')) yield* printJson(units);
  else if (!hasOption(call.options, 'quiet')) for (const unit of units) yield* print(unit.active);
  return units.some(judgement.wanted) ? EXIT.done : judgement.otherwise(units);
}
