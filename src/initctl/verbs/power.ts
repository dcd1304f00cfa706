/** poweroff, reboot, halt, kexec, exit. */
import { EXIT } from '../exit-status.ts';
import type { Params } from '../../control/requests.ts';
import { countOption, optionText } from '../options.ts';
import { simplyAsk } from '../simply-ask.ts';
import { complain, type Verb } from '../verb.ts';

type Goal = Params<'shutdown'>['goal'];

function powerVerb(goal: Goal, synopsis: string, summary: string): Verb {
  return {
    name: goal,
    aliases: [],
    group: 'Manager',
    synopsis,
    summary,
    operand: goal === 'exit' ? 'free' : 'none',
    options: ['force', 'json'],
    runs: 'manager',
    *run(call) {
      const [word, ...more] = call.words;
      const text = goal === 'exit' ? (word ?? optionText(call.options, 'exit-code') ?? '0') : '0';
      const exitStatus = Number(text);
      if (more.length > 0 || (goal !== 'exit' && word !== undefined) || !/^\d+$/.test(text) || exitStatus > 255) {
        yield* complain(more.length > 0 ? 'Too many arguments.' : goal === 'exit' ? 'the exit status must be a whole number up to 255' : `${call.program} ${goal} takes no arguments`);
        return EXIT.usage;
      }
      // Source: systemctl(1), "--force": given twice, units are not stopped first.
      return yield* simplyAsk(call, 'shutdown', { goal, exitStatus, force: countOption(call.options, 'force') >= 2 });
    },
  };
}

export const poweroff = powerVerb('poweroff', '', 'Stop everything and power off');
export const reboot = powerVerb('reboot', '', 'Stop everything and start again');
export const halt = powerVerb('halt', '', 'Stop everything and halt the machine');
export const kexec = powerVerb('kexec', '', 'Stop everything and start the kernel loaded with kexec');
export const softReboot = powerVerb('soft-reboot', '', 'Stop everything and start user space again, with the same kernel');
export const exit = powerVerb('exit', '[STATUS]', 'Stop everything and end the manager');
