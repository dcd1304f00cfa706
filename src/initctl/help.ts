/** `initctl help` and `initctl help VERB`, from the verb table. */
import { hasOption, optionRow, type OptionName } from './options.ts';
import { EXIT, exitStatusOfFailure } from './exit-status.ts';
import { unitArguments } from './unit-argument.ts';
import { complain, print, printJson, request, type Invocation, type Verb, type VerbGroup, type VerbRun } from './verb.ts';

const GROUPS: readonly VerbGroup[] = ['Units', 'Unit files', 'Explanations', 'Manager', 'Tools'];
/** Options of every verb; the others stand in the help of the verbs they belong to. */
const GLOBAL_OPTIONS: readonly OptionName[] = ['user', 'system', 'socket', 'root', 'json', 'no-legend', 'no-pager', 'help', 'version'];

/** A usage longer than this stands on a line of its own, so that the others keep their column. */
const USAGE_WIDTH_MAX = 36;

/** @param verbs a function, because `help` is itself one of them */
export function helpVerb(verbs: () => readonly Verb[]): Verb {
  return {
    name: 'help',
    aliases: [],
    group: 'Tools',
    synopsis: '[VERB|UNIT…]',
    summary: 'Show this help, that of a verb, or where units are documented',
    operand: 'free',
    options: ['json'],
    runs: 'manager',
    *run(call) {
      const [word] = call.words;
      const verb = word === undefined ? null : (verbs().find((one) => one.name === word || one.aliases.includes(word)) ?? null);
      // As a systemctl, all that is no verb of ours is a unit: there units are what help is about.
      if (word !== undefined && verb === null && (call.program === 'systemctl' || word.includes('.'))) return yield* documentationOf(call);
      if (word !== undefined && verb === null) {
        yield* complain(`${call.program}: no verb "${word}"`);
        return EXIT.usage;
      }
      if (hasOption(call.options, 'json')) yield* printJson((verb === null ? verbs() : [verb]).map(describeVerb));
      else yield* print(renderHelp(verbs(), verb, call.program));
      return EXIT.done;
    },
  };
}

/** Source: systemctl(1), "help": the manual pages of units; here their names. Reading them is left to man(1). */
function* documentationOf(call: Invocation): VerbRun {
  const reply = yield* request('show', { units: unitArguments(call.words), properties: ['LoadState', 'Documentation'] });
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return exitStatusOfFailure(reply.failure.name, call.program);
  }
  const units = reply.value.units.map(({ unit, properties }) => ({
    unit, found: properties['LoadState'] !== 'not-found', documentation: (properties['Documentation'] ?? '').split(' ').filter((uri) => uri !== ''),
  }));
  if (hasOption(call.options, 'json')) yield* printJson(units.map(({ unit, documentation }) => ({ unit, documentation })));
  else {
    for (const { unit, found, documentation } of units) {
      if (documentation.length > 0) yield* print(documentation.join('\n'));
      else yield* complain(found ? `Documentation for ${unit} not known.` : `Unit ${unit} not found.`);
    }
  }
  return units.every(({ found }) => found) ? EXIT.done : EXIT.failed;
}

/** For `--json`: what a program needs that offers the verbs to somebody. */
function describeVerb(verb: Verb): object {
  const options = verb.options.map((name) => {
    const { value = null, summary } = meaningOf(name, verb);
    return { name, short: shortOf(name, verb.shortOptions), value, summary };
  });
  return { name: verb.name, aliases: verb.aliases, group: verb.group, synopsis: verb.synopsis, summary: verb.summary, details: verb.details ?? [], options };
}

export function renderHelp(verbs: readonly Verb[], verb: Verb | null, program: string): string {
  return verb === null ? overview(verbs, program) : ofVerb(verb, program);
}

function overview(verbs: readonly Verb[], program: string): string {
  const lines = [`${program} [OPTION…] VERB [ARGUMENT…]`, '', 'Steers the service manager heartwood.'];
  const usages = new Map(verbs.map((verb) => [verb, `${verb.name} ${verb.synopsis}`.trimEnd()]));
  const width = Math.max(...[...usages.values()].map((usage) => usage.length).filter((length) => length <= USAGE_WIDTH_MAX));
  for (const group of GROUPS) {
    const members = verbs.filter((verb) => verb.group === group);
    if (members.length === 0) continue;
    lines.push('', `${group}:`);
    for (const verb of members) {
      const usage = usages.get(verb) ?? '';
      if (usage.length > width) lines.push(`  ${usage}`);
      lines.push(`  ${(usage.length > width ? '' : usage).padEnd(width)}  ${verb.summary}`);
    }
  }
  lines.push('', 'Options:', ...optionLines(GLOBAL_OPTIONS), '', `"${program} help VERB" shows a verb's own options.`);
  return lines.join('\n');
}

function ofVerb(verb: Verb, program: string): string {
  const lines = [`${program} ${verb.name} ${verb.synopsis}`.trimEnd(), '', `${verb.summary}.`];
  if (verb.details !== undefined) lines.push('', ...verb.details);
  if (verb.aliases.length > 0) lines.push('', `Also called ${verb.aliases.join(', ')}.`);
  if (verb.options.length > 0) lines.push('', 'Options:', ...optionLines(verb.options, verb));
  return lines.join('\n');
}

function optionLines(names: readonly OptionName[], verb: Verb | null = null): readonly string[] {
  const rows = names.map((name) => {
    const row = meaningOf(name, verb);
    const short = shortOf(name, verb?.shortOptions);
    return [`${short === null ? '   ' : `-${short},`} --${name}${row.value === undefined ? '' : `=${row.value}`}`, row.summary] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, summary]) => `  ${left.padEnd(width)}  ${summary}`);
}

function meaningOf(name: OptionName, verb: Verb | null): { readonly value?: string; readonly summary: string } {
  return verb?.ownMeanings?.[name] ?? optionRow(name);
}

/** A verb may give a letter another meaning. */
function shortOf(name: OptionName, own: Readonly<Record<string, OptionName>> = {}): string | null {
  const { short } = optionRow(name);
  return Object.entries(own).find(([, meant]) => meant === name)?.[0] ?? (short !== undefined && own[short] === undefined ? short : null);
}
