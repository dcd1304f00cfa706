/** The parts of the manual pages that are made from the program's own tables, as mdoc(7) source. */
import { ERROR_CODES, type ErrorName } from '../../src/control/error-codes.ts';
import * as limits from '../../src/control/limits.ts';
import { ENQUEUE_TYPES, JOB_MODES, METHOD_KINDS, SHUTDOWN_GOALS, UNIT_FILE_OPERATIONS, type Method } from '../../src/control/requests.ts';
import { SIGNAL_MEANINGS, type SignalMeaning } from '../../src/core/manager/signals.ts';
import { optionRow, type OptionName } from '../../src/initctl/options.ts';
import type { Verb, VerbGroup } from '../../src/initctl/verb.ts';
import { VERBS } from '../../src/initctl/verbs.ts';
import { ERROR_NOTES, LIMIT_NOTES, METHOD_NOTES } from './protocol-notes.ts';
import { VERB_NOTES } from './verb-notes.ts';

/** Text as it may stand in a text line of mdoc. */
function plain(text: string): string {
  const ascii = text.replaceAll('…', ' ...').replaceAll('\\', '\\e').replace(/ {2,}/g, ' ');
  return /^[.']/.test(ascii) ? `\\&${ascii}` : ascii;
}

/** A line of a display: its columns stay. */
function literal(text: string): string {
  return text.replaceAll('…', '...').replaceAll('\\', '\\e');
}

const LINE_LENGTH_MAX = 78;

/** Breaks text lines at blanks; lines of macros stay whole. */
export function fold(line: string): readonly string[] {
  if (line.startsWith('.') || line.length <= LINE_LENGTH_MAX) return [line];
  const at = line.lastIndexOf(' ', LINE_LENGTH_MAX);
  return at <= 0 ? [line] : [line.slice(0, at), ...fold(plain(line.slice(at + 1)))];
}

/** One line for each sentence. */
function sentences(text: string): readonly string[] {
  return text.split(/(?<=\.) (?=[A-Z])/).map(plain);
}

/** Operands as `[UNIT…|PID…]` in mdoc, for a line on which macros are called. */
function operands(synopsis: string): string {
  return synopsis === '' ? '' : ` Ar ${synopsis.replaceAll('…', '\\ ...').replaceAll(' ', '\\ ').replaceAll('\\\\ ...', '\\ ...').replaceAll('|', '\\||\\|')}`;
}

/** A summary as a sentence. */
function sentence(summary: string): string {
  return plain(summary.endsWith('…') ? summary : `${summary}.`);
}

/** Described once, in the section of global options. */
const GLOBAL: readonly OptionName[] = ['json', 'root'];

function optionsOf(verb: Verb): readonly OptionName[] {
  return verb.options.filter((name) => !GLOBAL.includes(name));
}

function longForm(name: OptionName): string {
  const { value } = optionRow(name);
  // -P has no long form that people write.
  return name === 'P' ? `Fl P Ar ${value ?? ''}` : `Fl -${name}${value === undefined ? '' : ` Ns = Ns Ar ${value}`}`;
}

/** All options of verbs, each once. */
function verbOptions(): readonly string[] {
  const names = [...new Set(VERBS.flatMap(optionsOf))].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const items = names.flatMap((name) => {
    const row = optionRow(name);
    const owner = VERBS.find((verb) => Object.values(verb.shortOptions ?? {}).includes(name));
    const own = Object.entries(owner?.shortOptions ?? {}).find(([, meant]) => meant === name)?.[0];
    const short = name === 'P' ? undefined : (own ?? row.short);
    return [
      `.It ${short === undefined ? '' : `Fl ${short} , `}${longForm(name)}`,
      sentence(row.summary),
      ...(own === undefined || owner === undefined ? [] : ['The short form means this with', `.Ic ${owner.name}`, 'only.']),
    ];
  });
  return ['.Bl -tag -width Ds', ...items, '.El'];
}

function verbItem(verb: Verb): readonly string[] {
  const notes = VERB_NOTES[verb.name];
  if (notes === undefined) throw new Error(`tools/manual/verb-notes.ts says nothing of ${verb.name}`);
  const options = optionsOf(verb);
  return [
    `.It Ic ${verb.name}${operands(verb.synopsis)}`,
    sentence(verb.summary),
    ...(verb.aliases.length > 0 ? ['Also called', `.Ic ${verb.aliases.join(' , ')} .`] : []),
    ...(verb.details === undefined || verb.details.length === 1 ? [] : ['.Bd -literal -compact', ...verb.details.map(literal), '.Ed']),
    ...notes,
    ...(options.length > 0 ? ['.br', 'Options:', ...options.map((name, index) => `.${longForm(name)} ${index === options.length - 1 ? '.' : ','}`)] : []),
  ];
}

function verbsOf(group: VerbGroup): readonly string[] {
  return ['.Bl -tag -width Ds', ...VERBS.filter((verb) => verb.group === group).flatMap(verbItem), '.El'];
}

function errors(): readonly string[] {
  const names = Object.keys(ERROR_CODES) as ErrorName[];
  return ['.Bl -tag -width Ds', ...names.flatMap((name) => [`.It ${String(ERROR_CODES[name]).replace('-', '\\-')} Li ${name}`, ...sentences(ERROR_NOTES[name])]), '.El'];
}

function limitRows(): readonly string[] {
  const rows = Object.entries(LIMIT_NOTES).map(([name, { text, unit }]) => {
    const value = limits[name as keyof typeof limits];
    return `.It ${value}${unit === '' ? '' : `\\ ${unit}`} Ta ${text}`;
  });
  return ['.Bl -column "300000 milliseconds" "characters of text in one output notification"', ...rows, '.El'];
}

/** Words the notes leave to the tables. */
const LISTS: Readonly<Record<string, readonly string[]>> = { TYPES: ENQUEUE_TYPES, MODES: JOB_MODES, GOALS: SHUTDOWN_GOALS, OPERATIONS: UNIT_FILE_OPERATIONS };

function parameter(name: string, note: string): readonly string[] {
  const optional = note.endsWith('?');
  const word = optional ? note.slice(0, -1) : note;
  const list = LISTS[word];
  const text = list === undefined ? word : `one of ${list.slice(0, -1).join(', ')} or ${list.at(-1) ?? ''}`;
  return [`.It Li ${name}${optional ? ' Pq optional' : ''}`, plain(text)];
}

function methods(...kinds: readonly string[]): readonly string[] {
  const items = (Object.keys(METHOD_NOTES) as Method[]).filter((method) => kinds.includes(METHOD_KINDS[method])).flatMap((method) => {
    const { text, params } = METHOD_NOTES[method];
    const rows = Object.entries(params).flatMap(([name, note]) => parameter(name, note));
    return [`.It Li ${method}`, ...sentences(text), ...(rows.length === 0 ? [] : ['.Pp', '.Bl -tag -width "exitStatus (optional)" -compact', ...rows, '.El'])];
  });
  return ['.Bl -tag -width Ds', ...items, '.El'];
}

function meaningText(meaning: SignalMeaning, ends: boolean): string {
  switch (meaning.do) {
    case 'shutdown': return `${meaning.force ? 'at once, without stopping units: ' : ''}${ends || meaning.goal === 'exit' ? 'stop and exit' : meaning.goal}`;
    case 'isolate': return `isolate ${meaning.unit}`;
    case 'reload': return 'read all unit files again';
    case 'reexec': return 'execute itself anew';
  }
}

function signals(mode: keyof typeof SIGNAL_MEANINGS): readonly string[] {
  const rows = Object.entries(SIGNAL_MEANINGS[mode]).map(([name, meaning]) => `.It Dv ${name} Ta ${meaning === undefined ? '' : meaningText(meaning, mode !== 'system')}`);
  return ['.Bl -column "SIGRTMIN+16" "at once, without stopping units: stop and exit"', ...rows, '.El'];
}

/** By the name after `.\" generated:` in a page. */
export const GENERATED_BLOCKS: Readonly<Record<string, () => readonly string[]>> = {
  'verbs about units': () => verbsOf('Units'),
  'verbs about unit files': () => verbsOf('Unit files'),
  'verbs that explain': () => verbsOf('Explanations'),
  'verbs about the manager': () => verbsOf('Manager'),
  'other verbs': () => verbsOf('Tools'),
  'options of verbs': verbOptions,
  'error codes': errors,
  limits: limitRows,
  'methods of the conversation': () => methods('session'),
  'methods that read': () => methods('read'),
  'methods that change': () => methods('change', 'manage'),
  'signals of a machine': () => signals('system'),
  'signals of a container': () => signals('container'),
  'signals of a user': () => signals('user'),
};
