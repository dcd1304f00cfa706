import { EXIT } from '../exit-status.ts';
import { hasOption, optionList } from '../options.ts';
import { dashed, renderTable, type Cell } from '../text/table.ts';
import { harmless } from '../text/width.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';
import { elasticity, kindFooter, wantsLegend } from '../list-layout.ts';
import { checkOutputFormat, jsonFormat, printJsonTable } from '../json-table.ts';

export const listSockets: Verb = {
  name: 'list-sockets',
  aliases: ['sockets'],
  group: 'Units',
  synopsis: '[PATTERN…]',
  summary: 'List sockets by address',
  operand: 'patterns',
  options: ['all', 'show-types', 'state', 'no-legend', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const wrong = yield* checkOutputFormat(call);
    if (wrong !== null) return wrong;
    const all = hasOption(call.options, 'all');
    const reply = yield* request('list-sockets', { patterns: call.words, all, states: optionList(call.options, 'state') });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { sockets } = reply.value;
    if (hasOption(call.options, 'json')) {
      yield* printJson(sockets);
      return EXIT.done;
    }
    const format = jsonFormat(call);
    if (format !== null) {
      yield* printJsonTable(format, sockets.map((socket) => ({ listen: socket.listen, ...(hasOption(call.options, 'show-types') ? { type: socket.type } : {}), unit: socket.unit, activates: socket.activates === '' ? null : socket.activates })));
      return EXIT.done;
    }
    const legend = wantsLegend(call);
    const withType = hasOption(call.options, 'show-types');
    const rows = sockets.map((socket): Cell[] => [
      { text: harmless(socket.listen) }, ...(withType ? [{ text: socket.type }] : []),
      { text: socket.unit }, dashed(socket.activates),
    ]);
    if (rows.length > 0 || legend) {
      const header = ['LISTEN', ...(withType ? ['TYPE'] : []), 'UNIT', 'ACTIVATES'];
      yield* print(renderTable({ header: legend ? header : null, rows, ...elasticity(call) }, call.terminal));
    }
    if (!legend) return EXIT.done;
    yield* print(kindFooter(call, sockets.length, 'sockets'));
    return EXIT.done;
  },
};
