import { parseTimeSpan } from '../../core/time/time-span.ts';
import { exitStatusOfJobs, tellFailure } from '../enqueue.ts';
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption, optionText } from '../options.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, print, request, type Invocation, type Verb, type VerbRun } from '../verb.ts';

const LOOK_AGAIN_MSEC = 200;
const USEC_PER_MSEC = 1_000;
const NO_SPAN_USEC = 0;

/**
 * An overlapping restart: two units by turns, as the instances of a template. That the new one started is known by its type (a notify service
 * says so); whether it stays up is seen in the time given.
 */
export const replace: Verb = {
  name: 'replace',
  aliases: [],
  group: 'Units',
  synopsis: 'OLD NEW',
  summary: 'Start a unit beside another one, and stop that once the new one lives',
  details: ['Usually two instances of a template, app@a.service and app@b.service. When the new one fails, the old one stays.'],
  operand: 'units',
  options: ['survive', 'quiet', 'no-block'],
  runs: 'manager',
  *run(call) {
    const [old, fresh, ...more] = unitArguments(call.words);
    if (old === undefined || fresh === undefined || more.length > 0 || old === fresh) {
      yield* complain(`${call.program} replace: two units are wanted, the old and the new one`);
      return EXIT.usage;
    }
    const text = optionText(call.options, 'survive');
    const span = text === null ? null : parseTimeSpan(text);
    const surviveUsec = span === null ? NO_SPAN_USEC : span.ok && span.value !== 'infinity' ? span.value : null;
    if (surviveUsec === null) {
      yield* complain(`${call.program} replace: --survive=${text ?? ''} is no time span`);
      return EXIT.usage;
    }
    const started = yield* enqueueOne(call, 'start', fresh, true);
    if (started !== EXIT.done) {
      yield* complain(`${fresh} did not start; ${old} stays.`);
      return started;
    }
    if (!(yield* survives(fresh, surviveUsec))) {
      yield* enqueueOne(call, 'stop', fresh, true);
      yield* complain(`${fresh} did not live for ${text ?? '0'}; ${old} stays.`);
      return EXIT.failed;
    }
    if (!hasOption(call.options, 'quiet')) yield* print(`${fresh} lives; ${old} is stopped.`);
    return yield* enqueueOne(call, 'stop', old, !hasOption(call.options, 'no-block'));
  },
};

function* enqueueOne(call: Invocation, type: 'start' | 'stop', unit: string, wait: boolean): VerbRun {
  const reply = yield* request('enqueue', { type, units: [unit], wait });
  if (!reply.ok) {
    yield* complain(`Failed to ${type} ${unit}: ${reply.failure.message}`);
    return exitStatusOfFailure(reply.failure.name, call.program);
  }
  for (const refusal of reply.value.refused) yield* complain(`Failed to ${type} ${refusal.unit}: ${refusal.message}`);
  for (const job of reply.value.jobs) if (!['done', 'queued', 'skipped'].includes(job.result)) yield* tellFailure(call, job);
  return exitStatusOfJobs(reply.value, call.program);
}

/** Whether the unit is up, in one and the same life, for at least so long. */
function* survives(unit: string, usec: number): VerbRun<boolean> {
  let life: string | null = null;
  for (let waitedUsec = 0; ; waitedUsec += LOOK_AGAIN_MSEC * USEC_PER_MSEC) {
    const reply = yield* request('show', { units: [unit], properties: ['ActiveState', 'InvocationID'] });
    const properties = reply.ok ? reply.value.units[0]?.properties : undefined;
    if (properties?.['ActiveState'] !== 'active') return false;
    const now = properties['InvocationID'] ?? '';
    if (life !== null && life !== now) return false;
    life = now;
    if (waitedUsec >= usec) return true;
    yield { step: 'sleep', msec: LOOK_AGAIN_MSEC };
  }
}
