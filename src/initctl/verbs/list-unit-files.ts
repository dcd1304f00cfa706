import { EXIT } from '../exit-status.ts';
import { hasOption, optionList } from '../options.ts';
import { paint, type Tone } from '../text/style.ts';
import { renderTable, type Cell } from '../text/table.ts';
import { checkFilters, UNIT_FILE_STATES } from '../unit-filters.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';
import { wantsLegend } from './list-units.ts';

export const listUnitFiles: Verb = {
  name: 'list-unit-files',
  aliases: [],
  group: 'Unit files',
  synopsis: '[PATTERN…]',
  summary: 'List the unit files there are, and whether they are enabled',
  operand: 'patterns',
  options: ['type', 'state', 'no-legend', 'root', 'json'],
  runs: 'manager',
  *run(call) {
    const filters = yield* checkFilters(call, UNIT_FILE_STATES);
    if (filters !== null) return filters;
    const reply = yield* request('list-unit-files', {
      patterns: call.words.map((word) => unitArgument(word)), types: optionList(call.options, 'type'), states: optionList(call.options, 'state'),
    });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { files } = reply.value;
    if (hasOption(call.options, 'json')) {
      yield* printJson(files);
      return EXIT.done;
    }
    const legend = wantsLegend(call) && !hasOption(call.options, 'quiet');
    const rows = files.map((file): Cell[] => [
      { text: file.unit }, { text: file.state, tone: toneOfState(file.state) },
      { text: file.preset === '' ? '-' : file.preset, tone: file.preset === '' ? 'dim' : file.preset === 'enabled' ? 'good' : 'warn' },
    ]);
    if (rows.length > 0) yield* print(renderTable({ header: legend ? ['UNIT FILE', 'STATE', 'PRESET'] : null, rows, elastic: [0] }, call.terminal));
    if (legend) yield* print(`${rows.length > 0 ? '\n' : ''}${paint(call.terminal, 'strong', `${files.length} unit files listed.`)}`);
    return EXIT.done;
  },
};

function toneOfState(state: string): Tone {
  if (state.startsWith('enabled') || state === 'generated') return 'good';
  return state.startsWith('masked') || state === 'bad' ? 'bad' : state === 'disabled' ? 'warn' : 'plain';
}
