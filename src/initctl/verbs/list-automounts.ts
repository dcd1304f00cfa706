import { EXIT } from '../exit-status.ts';
import { checkOutputFormat, jsonFormat, printJsonTable } from '../json-table.ts';
import { hasOption } from '../options.ts';
import { listPatterns } from '../unit-argument.ts';
import { dashed, renderTable, type Cell } from '../text/table.ts';
import { harmless } from '../text/width.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';
import { elasticity, kindFooter, wantsLegend } from '../list-layout.ts';

interface Automount {
  readonly what: string;
  readonly where: string;
  readonly isMounted: boolean;
  /** As `show` prints it: `infinity` for never. */
  readonly idle: string;
  readonly unit: string;
}

export const listAutomounts: Verb = {
  name: 'list-automounts',
  aliases: ['automounts'],
  group: 'Units',
  synopsis: '[PATTERN…]',
  summary: 'List automounts by path',
  operand: 'patterns',
  options: ['all', 'no-legend', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const wrong = yield* checkOutputFormat(call);
    if (wrong !== null) return wrong;
    const all = hasOption(call.options, 'all');
    const listed = yield* request('list-units', { patterns: listPatterns(call), all, types: ['automount'] });
    if (!listed.ok) {
      yield* complain(listed.failure.message);
      return EXIT.failed;
    }
    const units = listed.value.units.map(({ unit }) => unit);
    // Without a unit `show` would tell of the manager.
    const shown = units.length === 0 ? { ok: true, value: { units: [] } } as const : yield* request('show', { units: [...units, ...units.map(mountOf)], properties: ['Where', 'What', 'ActiveState', 'TimeoutIdleUSec'] });
    if (!shown.ok) {
      yield* complain(shown.failure.message);
      return EXIT.failed;
    }
    const facts = new Map(shown.value.units.map(({ unit, properties }) => [unit, properties] as const));
    const automounts = units.map((unit): Automount => {
      const [own, mount] = [facts.get(unit) ?? {}, facts.get(mountOf(unit)) ?? {}];
      return { what: mount['What'] ?? '', where: own['Where'] ?? '', isMounted: mount['ActiveState'] === 'active', idle: own['TimeoutIdleUSec'] ?? '', unit };
    }).sort((a, b) => (a.where < b.where ? -1 : 1));
    const format = jsonFormat(call);
    if (hasOption(call.options, 'json')) yield* printJson(automounts);
    else if (format !== null) yield* printJsonTable(format, automounts.map(({ what, where, isMounted, idle, unit }) => ({ what, where, mounted: isMounted, idle_timeout: idle, unit })));
    else yield* print(tableOf(automounts));
    return EXIT.done;

    function tableOf(rows: readonly Automount[]): string {
      const legend = wantsLegend(call);
      const cells = rows.map(({ what, where, isMounted, idle, unit }): Cell[] => [
        dashed(harmless(what)), { text: harmless(where) }, { text: isMounted ? 'yes' : 'no' }, dashed(idle === 'infinity' ? '' : idle), { text: unit },
      ]);
      const table = cells.length > 0 || legend ? renderTable({ header: legend ? ['WHAT', 'WHERE', 'MOUNTED', 'IDLE TIMEOUT', 'UNIT'] : null, rows: cells, ...elasticity(call) }, call.terminal) : '';
      if (!legend) return table;
      return `${table}${kindFooter(call, rows.length, 'automounts')}`;
    }
  },
};

/** The mount of the same name is what it mounts. */
function mountOf(automount: string): string {
  return automount.replace(/\.automount$/, '.mount');
}
