import { enqueueUnits } from '../enqueue.ts';
import { EXIT } from '../exit-status.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, type Verb } from '../verb.ts';

export const isolate: Verb = {
  name: 'isolate',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT',
  summary: 'Start a unit and what it needs, and stop everything else',
  operand: 'units',
  options: ['no-block', 'json'],
  runs: 'manager',
  *run(call) {
    const [word] = call.words;
    if (word === undefined || call.words.length !== 1) {
      yield* complain(call.program === 'systemctl' ? 'Too many arguments.' : 'initctl isolate: exactly one unit');
      return EXIT.usage;
    }
    return yield* enqueueUnits(call, 'start', [unitArgument(word)], 'isolate');
  },
};

/** rescue, emergency and default: isolate, under the name of where it leads. */
function goTo(name: string, unit: string, summary: string): Verb {
  return {
    name,
    aliases: [],
    group: 'Manager',
    synopsis: '',
    summary,
    operand: 'none',
    options: ['no-block', 'json'],
    runs: 'manager',
    run: (call) => enqueueUnits(call, 'start', [unit], 'isolate'),
  };
}

export const rescue = goTo('rescue', 'rescue.target', 'Stop all but the rescue shell');
export const emergency = goTo('emergency', 'emergency.target', 'Stop all but the emergency shell');
export const defaultVerb = goTo('default', 'default.target', 'Go to the default target');
