/**
 * Parameters of a request, described once: what is checked, and what the OpenAPI document says.
 */
import { HttpProblem } from '../http/http-problem.ts';

export interface Field {
  readonly type: 'string' | 'boolean' | 'integer' | 'strings';
  readonly summary: string;
  /** The words it may have; empty = any. */
  readonly choices?: readonly string[];
  readonly required?: boolean;
  /** Of an integer. */
  readonly max?: number;
}

export type Fields = Readonly<Record<string, Field>>;
export type Value = string | boolean | number | readonly string[];
export type Values = Readonly<Record<string, Value | undefined>>;

const STRINGS_MAX = 256;
const STRING_CHARS_MAX = 64 << 10;

/** @throws HttpProblem 400 naming the field */
export function readQueryFields(fields: Fields, query: URLSearchParams): Values {
  const raw: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const all = query.getAll(name);
    const field = fields[name];
    if (field?.type === 'strings') raw[name] = all.flatMap((value) => value.split(','));
    else if (all.length > 1) throw bad(`${name} is there twice`);
    else if (field?.type === 'boolean') raw[name] = all[0] === '' || all[0] === 'true' || all[0] === '1' ? true : all[0] === 'false' || all[0] === '0' ? false : all[0];
    else raw[name] = field?.type === 'integer' && /^\d{1,15}$/.test(all[0] ?? '') ? Number(all[0]) : all[0];
  }
  return readFields(fields, raw);
}

/** @throws HttpProblem 400 naming the field */
export function readFields(fields: Fields, given: Readonly<Record<string, unknown>>): Values {
  const values: Record<string, Value> = {};
  for (const [name, value] of Object.entries(given)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) throw bad(`${name.slice(0, 64)} is not known here; there are ${Object.keys(fields).join(', ') || 'no parameters'}`);
    values[name] = check(name, field, value);
  }
  for (const [name, { required }] of Object.entries(fields)) if (required === true && values[name] === undefined) throw bad(`${name} is missing`);
  return values;
}

function check(name: string, field: Field, value: unknown): Value {
  const isText = (text: unknown): text is string => typeof text === 'string' && text.length <= STRING_CHARS_MAX && !text.includes('\0');
  const isChoice = (text: string): boolean => field.choices === undefined || field.choices.includes(text);
  switch (field.type) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw bad(`${name} is to be true or false`);
    case 'integer':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= (field.max ?? Number.MAX_SAFE_INTEGER)) return value;
      throw bad(`${name} is to be a whole number${field.max === undefined ? '' : ` up to ${field.max}`}`);
    case 'string':
      if (isText(value) && isChoice(value)) return value;
      break;
    case 'strings':
      if (Array.isArray(value) && value.length <= STRINGS_MAX && value.every((item) => isText(item) && isChoice(item))) return value as readonly string[];
  }
  throw bad(`${name} is to be ${field.type === 'strings' ? 'a list of strings' : 'a string'}${field.choices === undefined ? '' : `: ${field.choices.join(', ')}`}`);
}

function bad(message: string): HttpProblem {
  return new HttpProblem(400, 'invalid-params', message);
}
