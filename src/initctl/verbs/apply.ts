import { enqueueUnits } from '../enqueue.ts';
import { EXIT } from '../exit-status.ts';
import { parsePlan } from '../saved-plan.ts';
import { complain, type FileOutcome, type Verb } from '../verb.ts';

export const apply: Verb = {
  name: 'apply',
  aliases: [],
  group: 'Explanations',
  synopsis: 'FILE',
  summary: 'Do what a plan saved by "plan --save" says; refuse when the state has changed',
  operand: 'free',
  options: ['no-block', 'json'],
  runs: 'manager',
  *run(call) {
    const [path, ...others] = call.words;
    if (path === undefined || others.length > 0) {
      yield* complain(`${call.program} apply: expected one file`);
      return EXIT.usage;
    }
    const file = (yield { step: 'read-file', path }) as FileOutcome;
    if (!file.ok) {
      yield* complain(`${path} cannot be read: ${file.error}`);
      return EXIT.failed;
    }
    const plan = parsePlan(file.text);
    if (typeof plan === 'string') {
      yield* complain(`${path} cannot be applied: ${plan}`);
      return EXIT.usage;
    }
    return yield* enqueueUnits({ ...call, verb: plan.verb }, plan.verb, plan.units, plan.mode, {}, plan.jobs);
  },
};
