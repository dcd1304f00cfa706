/** `initctl help` and `initctl help VERB`, from the verb table. */
import { optionRow, type OptionName } from './options.ts';
import { EXIT } from './exit-status.ts';
import { complain, print, type Verb, type VerbGroup } from './verb.ts';

const GROUPS: readonly VerbGroup[] = ['Units', 'Unit files', 'Explanations', 'Manager', 'Tools'];
/** Options of every verb; the others stand in the help of the verbs they belong to. */
const GLOBAL_OPTIONS: readonly OptionName[] = ['user', 'system', 'socket', 'root', 'json', 'no-legend', 'no-pager', 'help', 'version'];

/** @param verbs a function, because `help` is itself one of them */
export function helpVerb(verbs: () => readonly Verb[]): Verb {
  return {
    name: 'help',
    aliases: [],
    group: 'Tools',
    synopsis: '[VERB]',
    summary: 'Show this help, or that of a verb',
    operand: 'free',
    options: [],
    runs: 'manager',
    *run(call) {
      const [word] = call.words;
      const verb = word === undefined ? null : (verbs().find((one) => one.name === word || one.aliases.includes(word)) ?? null);
      if (word !== undefined && verb === null) {
        yield* complain(`${call.program}: no verb "${word}"`);
        return EXIT.usage;
      }
      yield* print(renderHelp(verbs(), verb, call.program));
      return EXIT.done;
    },
  };
}

export function renderHelp(verbs: readonly Verb[], verb: Verb | null, program: string): string {
  return verb === null ? overview(verbs, program) : ofVerb(verb, program);
}

function overview(verbs: readonly Verb[], program: string): string {
  const lines = [`${program} [OPTION…] VERB [ARGUMENT…]`, '', 'Steers the service manager heartwood.'];
  const width = Math.max(...verbs.map((verb) => `${verb.name} ${verb.synopsis}`.length));
  for (const group of GROUPS) {
    const members = verbs.filter((verb) => verb.group === group);
    if (members.length === 0) continue;
    lines.push('', `${group}:`);
    for (const verb of members) lines.push(`  ${`${verb.name} ${verb.synopsis}`.trimEnd().padEnd(width)}  ${verb.summary}`);
  }
  lines.push('', 'Options:', ...optionLines(GLOBAL_OPTIONS), '', `"${program} help VERB" shows a verb's own options.`);
  return lines.join('\n');
}

function ofVerb(verb: Verb, program: string): string {
  const lines = [`${program} ${verb.name} ${verb.synopsis}`.trimEnd(), '', `${verb.summary}.`];
  if (verb.aliases.length > 0) lines.push('', `Also called ${verb.aliases.join(', ')}.`);
  if (verb.options.length > 0) lines.push('', 'Options:', ...optionLines(verb.options, verb.shortOptions));
  return lines.join('\n');
}

function optionLines(names: readonly OptionName[], own: Readonly<Record<string, OptionName>> = {}): readonly string[] {
  const rows = names.map((name) => {
    const row = optionRow(name);
    const short = Object.entries(own).find(([, meant]) => meant === name)?.[0] ?? (row.short !== undefined && own[row.short] === undefined ? row.short : undefined);
    return [`${short === undefined ? '   ' : `-${short},`} --${name}${row.value === undefined ? '' : `=${row.value}`}`, row.summary] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, summary]) => `  ${left.padEnd(width)}  ${summary}`);
}
