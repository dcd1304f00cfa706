import { EXIT } from '../exit-status.ts';
import { complain, type Verb } from '../verb.ts';

/** The Node client recognises it before it would be run: a prompt is a conversation and no answer. */
export const prompt: Verb = {
  name: 'prompt',
  aliases: [],
  group: 'Tools',
  synopsis: '',
  summary: 'Take verbs one after the other, with completion and history (also: no verb at all)',
  operand: 'none',
  options: ['console'],
  runs: 'node',
  *run(call) {
    yield* complain(`${call.program} prompt: this is no terminal`);
    return EXIT.usage;
  },
};
