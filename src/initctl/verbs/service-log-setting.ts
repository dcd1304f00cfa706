/**
 * service-log-level, service-log-target: they speak to a service over D-Bus, which is no part of the manager. So they tell what is known
 * of the service and how it can be asked. Source: systemctl(1), org.freedesktop.LogControl1(5).
 */
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, request, type Verb } from '../verb.ts';

function serviceLogVerb(name: string, property: string, value: string): Verb {
  return {
    name,
    aliases: [],
    group: 'Manager',
    synopsis: `SERVICE [${value}]`,
    summary: `How a service's ${property === 'LogLevel' ? 'log level' : 'log target'} is asked for over D-Bus`,
    operand: 'units',
    options: [],
    runs: 'manager',
    *run(call) {
      const [word, wanted, ...more] = call.words;
      if (word === undefined || more.length > 0) {
        yield* complain('Too many arguments.');
        return call.program === 'systemctl' ? EXIT.failed : EXIT.usage;
      }
      const unit = unitArgument(word);
      const reply = yield* request('show', { units: [unit], properties: ['LoadState', 'BusName', 'ActiveState'] });
      if (!reply.ok) {
        yield* complain(`Failed to ${call.verb}: ${reply.failure.message}`);
        return exitStatusOfFailure(reply.failure.name, call.program);
      }
      const { LoadState, BusName = '', ActiveState } = reply.value.units[0]?.properties ?? {};
      if (LoadState === 'not-found') {
        yield* complain(`Unit ${unit} could not be found.`);
        return call.program === 'systemctl' ? EXIT.failed : EXIT.noSuchUnit;
      }
      if (BusName === '') yield* complain(`Unit ${unit} doesn't declare BusName=: it cannot be asked for its ${property}.`);
      else if (ActiveState !== 'active') yield* complain(`${unit} is not active, and so has no ${property}.`);
      else {
        const address = `${BusName} /org/freedesktop/LogControl1 org.freedesktop.LogControl1 ${property}`;
        yield* complain(`${call.program} does not speak D-Bus; "busctl ${wanted === undefined ? `get-property ${address}` : `set-property ${address} s ${wanted}`}" asks ${unit} itself.`);
      }
      return EXIT.failed;
    },
  };
}

export const serviceLogLevel = serviceLogVerb('service-log-level', 'LogLevel', 'LEVEL');
export const serviceLogTarget = serviceLogVerb('service-log-target', 'LogTarget', 'TARGET');
