import { enqueueVerb } from '../enqueue.ts';
import { hasOption } from '../options.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, request, type Verb, type VerbRun } from '../verb.ts';

export const stop: Verb = {
  name: 'stop',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Stop units',
  operand: 'units',
  options: ['no-block', 'job-mode', 'quiet', 'show-transaction', 'json'],
  runs: 'manager',
  *run(call) {
    const exit = yield* enqueueVerb(call, 'stop');
    if (!hasOption(call.options, 'quiet') && !hasOption(call.options, 'json')) yield* warnOfTriggers(unitArguments(call.words));
    return exit;
  },
};

/** A stopped service may come back at the next connection, change of a file or moment; who meant to be rid of it should hear of that. */
function* warnOfTriggers(units: readonly string[]): VerbRun<void> {
  const stopped = yield* request('show', { units, properties: ['Id', 'TriggeredBy'] });
  if (!stopped.ok) return;
  for (const { properties } of stopped.value.units) {
    const by = (properties['TriggeredBy'] ?? '').split(' ').filter((name) => name !== '');
    if (by.length === 0) continue;
    const reply = yield* request('show', { units: by, properties: ['Id', 'ActiveState'] });
    const active = reply.ok ? reply.value.units.filter((each) => ['active', 'reloading', 'activating'].includes(each.properties['ActiveState'] ?? '')) : [];
    if (active.length === 0) continue;
    yield* complain(`Warning: Stopping ${properties['Id'] ?? ''}, but it can still be activated by:`);
    for (const each of active) yield* complain(`  ${each.properties['Id'] ?? ''}`);
  }
}
