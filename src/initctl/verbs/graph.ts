import type { GraphAnswer } from '../../control/answers.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

/** As systemd-analyze(1) dot paints them; kinds that it does not know are grey. */
const COLOURS: Readonly<Record<string, string>> = {
  Requires: 'black', Requisite: 'darkblue', BindsTo: 'gold', Wants: 'grey66', Conflicts: 'red', After: 'green', Upholds: 'purple',
  PartOf: 'brown', Triggers: 'blue', OnFailure: 'orange', OnSuccess: 'orange',
};

export const graph: Verb = {
  name: 'graph',
  aliases: ['dot'],
  group: 'Explanations',
  synopsis: '[PATTERN…]',
  summary: 'Print the dependencies between units for Graphviz (dot)',
  operand: 'patterns',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('graph', { patterns: call.words });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value);
    else yield* print(renderDot(reply.value));
    if (reply.value.truncated) yield* complain('There are more edges than these; name the units you mean.');
    return EXIT.done;
  },
};

function renderDot({ units, edges }: GraphAnswer): string {
  return [
    'digraph units {', '  rankdir=LR;', '  node [shape=box, fontsize=10];',
    ...units.map(({ unit, active }) => `  ${JSON.stringify(unit)}${active === 'active' ? '' : ` [style=${active === 'failed' ? 'filled, fillcolor=pink' : 'dashed'}]`};`),
    ...edges.map(({ from, kind, to }) => `  ${JSON.stringify(from)} -> ${JSON.stringify(to)} [color=${JSON.stringify(COLOURS[kind] ?? 'grey')}, tooltip=${JSON.stringify(kind)}];`),
    '}',
  ].join('\n');
}
