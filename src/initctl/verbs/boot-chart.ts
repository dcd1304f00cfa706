/** What the verbs that explain a boot have in common: the times of all units. */
import type { BootChartAnswer } from '../../control/answers.ts';
import { complain, request, type VerbRun } from '../verb.ts';

/** @returns null when the manager refused, which has been said then */
export function* bootChart(): VerbRun<BootChartAnswer | null> {
  const reply = yield* request('boot-chart', {});
  if (reply.ok) return reply.value;
  yield* complain(reply.failure.message);
  return null;
}
