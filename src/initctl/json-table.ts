/**
 * Tables as `--output=json` prints them: an array with an object for each row. Field names and the places of blanks are systemctl's, so
 * that programs made for it can read them; `--json` prints what Heartwood knows, in shapes of its own (docs/json.md).
 */
import { optionText } from './options.ts';
import { EXIT } from './exit-status.ts';
import { complain, print, type Invocation, type VerbRun } from './verb.ts';

/** Names of log formats count too: lists take them for a plain table. Source: systemctl(1), "--output". */
const FORMATS = [
  'short', 'short-full', 'short-iso', 'short-iso-precise', 'short-precise', 'short-monotonic', 'short-delta', 'short-unix', 'verbose', 'export', 'json',
  'json-pretty', 'json-sse', 'json-seq', 'cat', 'with-unit',
] as const;

type JsonFormat = 'json' | 'json-pretty' | 'json-sse' | 'json-seq';

type JsonField = string | number | boolean | null;
export type JsonRow = Readonly<Record<string, JsonField>>;

/** @returns null when `--output` is one of the formats; else the exit status: `help` was asked for, or the word is not known */
export function* checkOutputFormat(call: Invocation): VerbRun<number | null> {
  const asked = optionText(call.options, 'output');
  if (asked === 'help') {
    yield* print(FORMATS.join('\n'));
    return EXIT.done;
  }
  if (asked === null || FORMATS.some((format) => format === asked)) return null;
  yield* complain(`Unknown output '${asked}'.`);
  return EXIT.usage;
}

/** Which of the formats that are JSON was asked for; null = a table for people. */
export function jsonFormat(call: Invocation): JsonFormat | null {
  const asked = optionText(call.options, 'output');
  return asked !== null && asked.startsWith('json') ? (asked as JsonFormat) : null;
}

export function* printJsonTable(format: JsonFormat, rows: readonly JsonRow[]): VerbRun<void> {
  yield* print(wrap(format, format === 'json-pretty' ? pretty(rows, '') : JSON.stringify(rows)));
}

export function* printJsonObject(format: JsonFormat, row: JsonRow): VerbRun<void> {
  yield* print(wrap(format, format === 'json-pretty' ? pretty(row, '') : JSON.stringify(row)));
}

/** `json-sse`: an event of server-sent events; `json-seq`: RFC 7464. */
function wrap(format: JsonFormat, text: string): string {
  switch (format) {
    case 'json-sse': return `data: ${text}\n\n`;
    case 'json-seq': return `\x1e${text}\n`;
    default: return text;
  }
}

function pretty(value: JsonField | JsonRow | readonly JsonRow[], indent: string): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}\t`;
  if (Array.isArray(value)) {
    const items = (value as readonly JsonRow[]).map((item) => inner + pretty(item, inner));
    return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value as JsonRow).map(([name, field]) => `${inner}${JSON.stringify(name)} : ${pretty(field, inner)}`);
  return fields.length === 0 ? '{}' : `{\n${fields.join(',\n')}\n${indent}}`;
}
