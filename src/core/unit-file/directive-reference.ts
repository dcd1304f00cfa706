/** The reference page of directives, made from the one table. */
import { allDirectives, findDirective, type Directive, type ValueKind } from './directives.ts';

const KIND_WORDS: Readonly<Record<Extract<ValueKind, string>, string>> = {
  boolean: 'yes or no', text: 'text', 'time-span': 'time span', number: 'number', integer: 'number with sign', size: 'size',
  memory: 'size, percentage or infinity', percentage: 'percentage', mode: 'octal mode', path: 'path', unit: 'unit', signal: 'signal',
  'resource-limit': 'limit, or soft:hard', weight: '1 to 10000', user: 'user or group', slice: 'slice', texts: 'texts', paths: 'paths',
  units: 'units', commands: 'command lines', environment: 'NAME=value …', words: 'words', users: 'users or groups',
  condition: 'condition', 'signals-and-statuses': 'exit statuses and signals', 'cpu-set': 'CPU numbers and ranges',
  capabilities: 'capabilities', addresses: 'addresses', rules: 'words', calendar: 'calendar expression', 'time-spans': 'time spans',
};

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function kindOf(directive: Directive): string {
  if (typeof directive.kind === 'string') return KIND_WORDS[directive.kind];
  return directive.kind.filter((word) => !/^(?:true|false|on|off|0|1|y|n|t|f|)$/.test(word)).map((word) => `\`${word}\``).join(', ');
}

function stateOf(directive: Directive): string {
  if (directive.aliasOf !== null) return `older spelling of ${directive.aliasOf}=`;
  switch (directive.status.state) {
    case 'honoured': return `in effect since ${directive.status.since}`;
    case 'parsed': return 'checked, not in effect';
    case 'obsolete': return `no effect: ${directive.status.note}`;
  }
}

/** How often real unit files set a directive. */
export interface DirectiveUse {
  readonly section: string;
  readonly name: string;
  readonly assignments: number;
}

/** Lines of `section, directive, assignments`, separated by tabs; a line that begins with # is a comment. */
export function parseDirectiveUse(text: string): readonly DirectiveUse[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const [section = '', name = '', assignments = '0'] = line.split('\t');
    return { section, name, assignments: Number(assignments) };
  });
}

const USE_STATES = ['honoured', 'parsed', 'obsolete', 'unknown'] as const;

function stateOfUse({ section, name }: DirectiveUse): (typeof USE_STATES)[number] {
  return findDirective(section, name)?.status.state ?? 'unknown';
}

/** The share of assignments in real unit files, section by section, and the most used directives that are not in effect. */
function renderShare(use: readonly DirectiveUse[]): readonly string[] {
  const sum = (rows: readonly DirectiveUse[]): number => rows.reduce((total, { assignments }) => total + assignments, 0);
  const row = (title: string, rows: readonly DirectiveUse[]): string => {
    const all = sum(rows);
    const shares = USE_STATES.map((state) => `${(100 * sum(rows.filter((each) => stateOfUse(each) === state)) / all).toFixed(2)} %`);
    return `| ${title} | ${String(all)} | ${shares.join(' | ')} |`;
  };
  const sections = [...new Set(use.map(({ section }) => section))];
  const missing = use.filter((each) => stateOfUse(each) === 'parsed').sort((a, b) => b.assignments - a.assignments).slice(0, 10);
  return [
    '## Share of what is in use', '',
    'Of all assignments in the unit files of Debian 12\'s packages:', '',
    '| section | assignments | in effect | checked, not in effect | no effect in systemd either | unknown |', '|---|---|---|---|---|---|',
    ...sections.map((section) => row(`[${section}]`, use.filter((each) => each.section === section))),
    row('all', use), '',
    `Checked and not in effect, most used first: ${missing.map(({ name, assignments }) => `${name}= (${String(assignments)})`).join(', ')}.`, '',
  ];
}

/** The page as Markdown: the share of what real unit files use, then one table for each manual page. */
export function renderDirectiveReference(use: readonly DirectiveUse[]): string {
  const all = allDirectives();
  const pages = new Map<string, Directive[]>();
  for (const directive of all) {
    const key = `${directive.manual}\n${directive.sections.join(', ')}`;
    const list = pages.get(key);
    if (list === undefined) pages.set(key, [directive]);
    else list.push(directive);
  }
  const count = (state: string): number => all.filter((each) => each.aliasOf === null && each.status.state === state).length;
  const lines = [
    '# Directives',
    '',
    '<!-- Made from src/core/unit-file/directives.ts by tools/generate-directives.ts. Do not edit by hand. -->',
    '',
    `Every directive of systemd 252 to 257 is known by name; those under heartwood.unit(5) are our own. ${count('honoured')} are in effect; ${count('parsed')} are read and checked, and`,
    '`status`, `show` and `verify` list them as requested and not effective; the rest have no effect in systemd either.',
    'A directive that is not in this table is unknown: it is ignored with a warning that names the nearest known one.',
    'Names and sections that begin with `X-` are yours and are passed over without a word.',
    '',
    ...renderShare(use),
  ];
  for (const [key, directives] of pages) {
    const [manual = '', sections = ''] = key.split('\n');
    lines.push(`## ${manual}: ${sections.split(', ').map((section) => `[${section}]`).join(' ')}`, '', '| directive | value | default | state | systemd |', '|---|---|---|---|---|');
    for (const directive of directives) {
      lines.push(`| ${directive.name}= | ${cell(kindOf(directive))} | ${cell(directive.fallback)} | ${cell(stateOf(directive))} | ${directive.systemdVersion === null ? '' : `from ${directive.systemdVersion}`} |`);
    }
    lines.push('');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
