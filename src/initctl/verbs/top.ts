import { EXIT } from '../exit-status.ts';
import { optionText, hasOption } from '../options.ts';
import { formatBytes } from '../text/duration.ts';
import { renderTable } from '../text/table.ts';
import { complain, print, printJson, request, type Verb, type VerbRun } from '../verb.ts';

const INTERVAL_MSEC = 1000;
const CLEAR = '\x1b[H\x1b[2J';
const KINDS = ['*.service', '*.scope', '*.socket', '*.slice'];

interface Use {
  readonly unit: string;
  /** null = not known: no control group, or no such controller in it. */
  readonly tasks: number | null;
  readonly memoryBytes: number | null;
  readonly cpuUsec: number | null;
}

/** Source: systemd-cgtop(1), for units in place of control groups. */
export const top: Verb = {
  name: 'top',
  aliases: [],
  group: 'Explanations',
  synopsis: '[PATTERN…]',
  summary: 'Show which units use the processor and memory, again every second',
  operand: 'patterns',
  options: ['iterations', 'json'],
  runs: 'manager',
  *run(call) {
    const asked = optionText(call.options, 'iterations');
    const json = hasOption(call.options, 'json');
    const iterations = asked !== null ? Number(asked) : json || !call.terminal.stdoutTty ? 1 : Infinity;
    if (!(iterations >= 1)) {
      yield* complain('--iterations must be a number from 1 on');
      return EXIT.usage;
    }
    // Use of the processor is a difference, so there is a look before the first.
    let before = yield* lookAt(call.words);
    for (let i = 0; i < iterations; i++) {
      yield { step: 'sleep', msec: INTERVAL_MSEC };
      const now = yield* lookAt(call.words);
      if (before === null || now === null) return EXIT.failed;
      const old = new Map(before.map((use) => [use.unit, use.cpuUsec]));
      const rows = now.map((use) => {
        const was = old.get(use.unit) ?? null;
        return { ...use, cpuPercent: use.cpuUsec === null || was === null ? null : Math.max(0, (use.cpuUsec - was) / (INTERVAL_MSEC * 10)) };
      }).sort((a, b) => (b.cpuPercent ?? -1) - (a.cpuPercent ?? -1) || (b.memoryBytes ?? -1) - (a.memoryBytes ?? -1) || (a.unit < b.unit ? -1 : 1));
      if (json) yield* printJson(rows);
      else {
        const table = renderTable({
          header: ['UNIT', 'TASKS', '%CPU', 'MEMORY'],
          rows: rows.map((row) => [
            { text: row.unit }, { text: row.tasks === null ? '-' : String(row.tasks) }, { text: row.cpuPercent === null ? '-' : row.cpuPercent.toFixed(1) },
            { text: row.memoryBytes === null ? '-' : formatBytes(row.memoryBytes) },
          ]),
          right: [1, 2, 3], elastic: [0],
        }, call.terminal);
        yield* print(`${call.terminal.stdoutTty ? CLEAR : ''}${table}`);
      }
      before = now;
    }
    return EXIT.done;
  },
};

/** What active units use; null when the manager cannot say, which has been told. */
function* lookAt(patterns: readonly string[]): VerbRun<readonly Use[] | null> {
  const reply = yield* request('show', { units: patterns.length === 0 ? KINDS : patterns, properties: ['Id', 'ActiveState', 'TasksCurrent', 'MemoryCurrent', 'CPUUsageNSec'] });
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return null;
  }
  return reply.value.units.flatMap(({ properties }): Use[] => {
    const values = new Map(Object.entries(properties));
    const number = (name: string): number | null => (/^\d+$/.test(values.get(name) ?? '') && values.get(name) !== '18446744073709551615' ? Number(values.get(name)) : null);
    const cpuNsec = number('CPUUsageNSec');
    if (!['active', 'activating', 'deactivating', 'reloading'].includes(values.get('ActiveState') ?? '')) return [];
    return [{ unit: values.get('Id') ?? '', tasks: number('TasksCurrent'), memoryBytes: number('MemoryCurrent'), cpuUsec: cpuNsec === null ? null : cpuNsec / 1000 }];
  });
}
