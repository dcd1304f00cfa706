import type { PlanAnswer } from '../../control/answers.ts';
import { ENQUEUE_TYPES, JOB_MODES, type Params } from '../../control/requests.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption, optionText } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { paint } from '../text/style.ts';
import { unitArguments } from '../unit-argument.ts';
import { saveFile, savedPlan } from '../saved-plan.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const plan: Verb = {
  name: 'plan',
  aliases: [],
  group: 'Explanations',
  synopsis: 'VERB UNIT…',
  summary: 'Show the ordered steps a verb would take, doing nothing',
  operand: 'verb-and-units',
  options: ['job-mode', 'save', 'json'],
  runs: 'manager',
  *run(call) {
    const [word, ...units] = call.words;
    const isolate = word === 'isolate';
    const type = isolate ? 'start' : word;
    if (type === undefined || !(ENQUEUE_TYPES as readonly string[]).includes(type) || units.length === 0) {
      yield* complain(`${call.program} plan: expected one of ${ENQUEUE_TYPES.join(', ')}, isolate, then units`);
      return EXIT.usage;
    }
    const mode = isolate ? 'isolate' : (optionText(call.options, 'job-mode') ?? 'replace');
    if (!(JOB_MODES as readonly string[]).includes(mode)) {
      yield* complain(`--job-mode must be one of ${JOB_MODES.join(', ')}`);
      return EXIT.usage;
    }
    const reply = yield* request('plan', { type: type as Params<'plan'>['type'], units: unitArguments(units), mode: mode as Params<'plan'>['mode'] });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const file = optionText(call.options, 'save');
    if (file !== null) {
      const refused = reply.value.plans.find((one) => one.refused !== null);
      const error = refused === undefined ? yield* saveFile(file, savedPlan(word as string, mode, reply.value)) : `${refused.unit}: ${refused.refused ?? ''}`;
      if (error !== null) {
        yield* complain(`The plan was not saved: ${error}`);
        return EXIT.failed;
      }
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value.plans);
    else yield* print(renderPlans(reply.value, call.terminal));
    return reply.value.plans.some((one) => one.refused !== null) ? EXIT.failed : EXIT.done;
  },
};

/** Steps that may run at the same time share a number. */
export function renderPlans(answer: PlanAnswer, terminal: Terminal): string {
  const lines: string[] = [];
  for (const one of answer.plans) {
    if (one.refused !== null) {
      lines.push(paint(terminal, 'bad', `${one.unit}: refused: ${one.refused}`));
      continue;
    }
    if (one.steps.length === 0) lines.push(`${one.unit}: nothing to do`);
    const width = Math.max(0, ...one.steps.map((step) => String(step.wave).length));
    for (const step of one.steps) {
      const origin = step.origin === null ? '' : paint(terminal, 'dim', ` (${step.origin})`);
      lines.push(`${String(step.wave).padStart(width)}. ${step.type} ${paint(terminal, 'strong', step.unit)}: ${step.reason}${origin}`);
    }
    for (const note of one.dropped) lines.push(`${' '.repeat(width)}  left out: ${note}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}
