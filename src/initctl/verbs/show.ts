import { EXIT } from '../exit-status.ts';
import { hasOption, optionList, type Options } from '../options.ts';
import { expandPatterns } from '../expand-patterns.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, print, printJson, request, type Invocation, type Verb, type VerbRun } from '../verb.ts';

/** Units asked for at once: each may have three hundred properties, and others want the manager too. */
const PORTION = 16;

export const show: Verb = {
  name: 'show',
  aliases: [],
  group: 'Units',
  synopsis: '[UNIT…]',
  summary: 'Print properties of units, or of the manager',
  operand: 'units-optional',
  options: ['property', 'P', 'value', 'all', 'json'],
  runs: 'manager',
  *run(call) {
    const names = propertiesAsked(call.options);
    // An empty list was asked for: without this it would mean all of them.
    if (names.length === 0 && (hasOption(call.options, 'property') || hasOption(call.options, 'P'))) return EXIT.done;
    const units = call.words.length === 0 ? [] : yield* expandPatterns(unitArguments(call.words));
    const collected: { readonly unit: string; readonly properties: Readonly<Record<string, string>> }[] = [];
    // Without a unit the manager is shown: one request with no names at all.
    for (let at = 0; at === 0 || at < units.length; at += PORTION) {
      if (call.words.length > 0 && units.length === 0) break;
      const reply = yield* request('show', { units: units.slice(at, at + PORTION), properties: names });
      if (!reply.ok) {
        yield* complain(`Failed to get properties: ${reply.failure.message}`);
        return EXIT.failed;
      }
      if (hasOption(call.options, 'json')) {
        collected.push(...reply.value.units);
        continue;
      }
      for (const [index, unit] of reply.value.units.entries()) {
        if (at + index > 0) yield* print('\n');
        yield* printProperties(call, unit.properties, names);
      }
    }
    if (hasOption(call.options, 'json')) yield* printJson(collected);
    return EXIT.done;
  },
};

function propertiesAsked(options: Options): readonly string[] {
  return [...optionList(options, 'property'), ...optionList(options, 'P')];
}

/** Empty properties are shown only when asked for: systemctl(1), "--all" and "--property". */
function* printProperties(call: Invocation, properties: Readonly<Record<string, string>>, names: readonly string[]): VerbRun<void> {
  const onlyValues = hasOption(call.options, 'value') || hasOption(call.options, 'P');
  const showEmpty = hasOption(call.options, 'all') || names.length > 0;
  let text = '';
  for (const [name, value] of Object.entries(properties)) {
    if (onlyValues) {
      text += `${value}\n`;
      continue;
    }
    if (value === '' && !showEmpty) continue;
    // A property with several values, such as ExecStart=, has a line for each.
    for (const line of value.split('\n')) text += `${name}=${line}\n`;
  }
  yield* print(text);
}
