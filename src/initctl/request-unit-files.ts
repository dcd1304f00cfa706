/** The files of a unit, or of a template: the manager knows instances only, and those of a template are what all of its instances have. */
import type { CatAnswer } from '../control/answers.ts';
import { isTemplateName, standInFor } from '../core/unit/unit-name.ts';
import { request, type Reply, type VerbRun } from './verb.ts';

/** @param unit with its suffix */
export function* requestUnitFiles(unit: string): VerbRun<Reply<'cat'>> {
  const instance = isTemplateName(unit) ? standInFor(unit) : null;
  const reply = yield* request('cat', { units: [instance ?? unit] });
  if (instance === null) return reply;
  if (!reply.ok) return { ...reply, failure: { ...reply.failure, message: reply.failure.message.replaceAll(instance, unit), unit } };
  const units: CatAnswer['units'] = reply.value.units.map((each) => ({ ...each, unit }));
  return { ...reply, value: { ...reply.value, units } };
}
