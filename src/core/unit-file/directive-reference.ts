/** The reference page of directives, made from the one table. */
import { DIRECTIVES, type Directive, type ValueKind } from './directives.ts';

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

/** The page as Markdown: one table for each manual page. */
export function renderDirectiveReference(): string {
  const pages = new Map<string, Directive[]>();
  for (const directive of DIRECTIVES) {
    const key = `${directive.manual}\n${directive.sections.join(', ')}`;
    const list = pages.get(key);
    if (list === undefined) pages.set(key, [directive]);
    else list.push(directive);
  }
  const count = (state: string): number => DIRECTIVES.filter((each) => each.aliasOf === null && each.status.state === state).length;
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
