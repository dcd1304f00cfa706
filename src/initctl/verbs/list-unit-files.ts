import { EXIT } from '../exit-status.ts';
import { hasOption, optionList } from '../options.ts';
import type { Tone } from '../text/style.ts';
import { dashed, renderTable, type Cell } from '../text/table.ts';
import { checkFilters, UNIT_FILE_STATES } from '../unit-filters.ts';
import { checkOutputFormat, jsonFormat, printJsonTable } from '../json-table.ts';
import { listPatterns } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';
import { elasticity, lastOfTheirTypes, wantsLegend } from '../list-layout.ts';

export const listUnitFiles: Verb = {
  name: 'list-unit-files',
  aliases: [],
  group: 'Unit files',
  synopsis: '[PATTERN…]',
  summary: 'List the unit files there are, and whether they are enabled',
  operand: 'patterns',
  options: ['type', 'state', 'no-legend', 'root', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const filters = (yield* checkFilters(call, UNIT_FILE_STATES)) ?? (yield* checkOutputFormat(call));
    if (filters !== null) return filters;
    const reply = yield* request('list-unit-files', {
      patterns: listPatterns(call), types: optionList(call.options, 'type'), states: [...optionList(call.options, 'state'), ...(hasOption(call.options, 'failed') ? ['failed'] : [])],
    });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { files } = reply.value;
    // systemctl tells a script so that nothing matched; a person reads it.
    const exit = files.length === 0 && call.program === 'systemctl' ? EXIT.failed : EXIT.done;
    if (hasOption(call.options, 'json')) {
      yield* printJson(files);
      return exit;
    }
    const format = jsonFormat(call);
    if (format !== null) {
      yield* printJsonTable(format, files.map((file) => ({ unit_file: file.unit, state: file.state, preset: file.preset === '' ? null : file.preset })));
      return exit;
    }
    const legend = wantsLegend(call);
    const rows = files.map((file): Cell[] => [
      { text: file.unit }, { text: file.state, tone: toneOfState(file.state) },
      file.preset === '' ? dashed('') : { text: file.preset, tone: file.preset === 'enabled' ? 'good' : 'bad' },
    ]);
    if (rows.length > 0 || legend) yield* print(renderTable({ header: legend ? ['UNIT FILE', 'STATE', 'PRESET'] : null, rows, ...elasticity(call), ruled: lastOfTheirTypes(files.map(({ unit }) => unit)) }, call.terminal));
    if (legend) yield* print(`\n${files.length} unit files listed.`);
    return exit;
  },
};

function toneOfState(state: string): Tone {
  if (state.startsWith('enabled') || state === 'generated') return 'good';
  return state.startsWith('masked') || state === 'bad' || state === 'disabled' ? 'bad' : 'plain';
}
