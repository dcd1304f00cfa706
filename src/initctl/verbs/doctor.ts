import { EXIT } from '../exit-status.ts';
import { explainUnit } from '../explain.ts';
import { hasOption } from '../options.ts';
import { paint } from '../text/style.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

/** Units of which more is said than their number. */
const SHOWN_MAX = 20;

export const doctor: Verb = {
  name: 'doctor',
  aliases: [],
  group: 'Explanations',
  synopsis: '',
  summary: 'Tell what is wrong: failed units with their causes, bad unit files, settings without effect',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const list = yield* request('list-units', { states: ['failed'], all: true });
    const files = yield* request('verify', {});
    if (!list.ok || !files.ok) {
      yield* complain(list.ok ? (files.ok ? '' : files.failure.message) : list.failure.message);
      return EXIT.failed;
    }
    const failed = list.value.units.map(({ unit }) => unit);
    const broken = files.value.units.filter((unit) => unit.loadError !== null || unit.diagnostics.some(({ severity }) => severity !== 'note'));
    const weaker = files.value.units.filter((unit) => unit.notEffective.length > 0);
    const exit = failed.length + broken.length > 0 ? EXIT.failed : EXIT.done;
    if (hasOption(call.options, 'json')) {
      yield* printJson({ failed, files: broken, notEffective: weaker.map(({ unit, notEffective }) => ({ unit, notEffective })) });
      return exit;
    }
    const heading = function* (count: number, what: string, tone: 'bad' | 'warn' | 'dim') { yield* print(paint(call.terminal, count === 0 ? 'good' : tone, `${String(count)} ${what}`)); };
    yield* heading(failed.length, failed.length === 1 ? 'unit failed' : 'units failed', 'bad');
    for (const unit of failed.slice(0, SHOWN_MAX)) for (const line of yield* explainUnit(unit, call.terminal)) yield* print(`  ${line}`);
    yield* heading(broken.length, broken.length === 1 ? 'unit has mistakes in its files' : 'units have mistakes in their files', 'warn');
    for (const unit of broken.slice(0, SHOWN_MAX)) {
      if (unit.loadError !== null) yield* print(`  ${unit.unit}: ${unit.loadError}`);
      for (const { severity, file, line, message } of unit.diagnostics) if (severity !== 'note') yield* print(`  ${file}:${String(line)}: ${message}`);
    }
    const settings = weaker.reduce((sum, unit) => sum + unit.notEffective.length, 0);
    yield* heading(settings, `settings in ${String(weaker.length)} units are not in effect here${settings === 0 ? '' : ' (status UNIT tells which and why)'}`, 'dim');
    return exit;
  },
};
