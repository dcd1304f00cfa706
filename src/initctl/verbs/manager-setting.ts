/** log-level, log-target, service-watchdogs: settings of the manager itself, shown without an argument and changed with one. Source: systemctl(1). */
import type { Params } from '../../control/requests.ts';
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

function settingVerb(setting: Params<'change-setting'>['setting'], property: string, synopsis: string, summary: string): Verb {
  return {
    name: setting,
    aliases: [],
    group: 'Manager',
    synopsis,
    summary,
    operand: 'free',
    options: ['json'],
    runs: 'manager',
    *run(call) {
      const [value, ...more] = call.words;
      if (more.length > 0) {
        yield* complain('Too many arguments.');
        return call.program === 'systemctl' ? EXIT.failed : EXIT.usage;
      }
      if (value !== undefined) {
        const changed = yield* request('change-setting', { setting, value });
        if (changed.ok) return EXIT.done;
        yield* complain(`Failed to ${setting}: ${changed.failure.message}`);
        return changed.failure.name === 'invalid-params' && call.program !== 'systemctl' ? EXIT.usage : exitStatusOfFailure(changed.failure.name, call.program);
      }
      const reply = yield* request('show', { units: [], properties: [property] });
      if (!reply.ok) {
        yield* complain(`Failed to ${setting}: ${reply.failure.message}`);
        return exitStatusOfFailure(reply.failure.name, call.program);
      }
      const present = reply.value.units[0]?.properties[property] ?? '';
      if (hasOption(call.options, 'json')) yield* printJson({ [property]: present });
      else yield* print(`${present}\n`);
      return EXIT.done;
    },
  };
}

export const logLevel = settingVerb('log-level', 'LogLevel', '[LEVEL]', "Show or set how much the manager's own log says");
export const logTarget = settingVerb('log-target', 'LogTarget', '[TARGET]', "Show or set where the manager's own log goes");
export const serviceWatchdogs = settingVerb('service-watchdogs', 'ServiceWatchdogs', '[BOOL]', 'Show or set whether watchdogs and emergency actions of units are heeded');
