import { EXIT } from '../exit-status.ts';
import { checkOutputFormat, jsonFormat, printJsonTable } from '../json-table.ts';
import { countLine, elasticity, wantsLegend } from '../list-layout.ts';
import { hasOption, optionList } from '../options.ts';
import { matchesGlob } from '../../control/glob.ts';
import { dotOf, toneOf } from '../text/style.ts';
import { renderTable } from '../text/table.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

/** The host itself and no others: whoever runs containers knows theirs. Source: systemctl(1), "list-machines". */
export const listMachines: Verb = {
  name: 'list-machines',
  aliases: [],
  group: 'Manager',
  synopsis: '[PATTERN…]',
  summary: 'This machine, its state, failed units and jobs',
  operand: 'patterns',
  options: ['state', 'no-legend', 'plain', 'full', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const wrong = yield* checkOutputFormat(call);
    if (wrong !== null) return wrong;
    const reply = yield* request('manager', {});
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { hostname, state, failedUnits, jobs } = reply.value;
    const states = optionList(call.options, 'state');
    const isListed = (call.words.length === 0 || call.words.some((pattern) => matchesGlob(pattern, hostname))) && (states.length === 0 || states.includes(state));
    const machines = isListed ? [{ name: `${hostname} (host)`, state, failed: failedUnits.length, jobs }] : [];
    const format = jsonFormat(call);
    if (hasOption(call.options, 'json')) yield* printJson(machines);
    else if (format !== null) yield* printJsonTable(format, machines);
    else {
      const legend = wantsLegend(call);
      const tone = state === 'running' ? 'plain' : 'bad';
      if (machines.length > 0 || legend) {
        yield* print(renderTable({
          header: legend ? ['NAME', 'STATE', 'FAILED', 'JOBS'] : null,
          rows: machines.map((machine) => [
            { text: machine.name }, { text: machine.state, tone }, { text: String(machine.failed), tone: machine.failed > 0 ? 'bad' : 'plain' }, { text: String(machine.jobs) },
          ]),
          ...elasticity(call),
          ...(hasOption(call.options, 'plain') ? {} : { leads: machines.map(() => ({ text: dotOf(call.terminal, 'active'), tone: state === 'running' ? toneOf('active') : 'bad' })) }),
        }, call.terminal));
      }
      if (legend) yield* print(`\n${countLine(call, machines.length, 'machines')}`);
    }
    return EXIT.done;
  },
};
