/**
 * Small validators for what comes over the socket. A validator turns an unknown value into a typed one or into a sentence.
 *
 * No schema library: the manager checks a dozen shapes, and a library would be the largest thing it loads.
 */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** @param path what the value is called in a message: `params.units[3]` */
export type Validator<T> = (value: unknown, path: string) => Checked<T>;

export type Valid<V> = V extends Validator<infer T> ? T : never;

function bad(path: string, expected: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message: `${path} must be ${expected}` };
}

/** A string of at most `max` UTF-16 units without NUL: every one of them ends up in a C string. */
export function text(max: number): Validator<string> {
  return (value, path) => {
    if (typeof value !== 'string') return bad(path, 'a string');
    if (value.length > max) return bad(path, `at most ${max} characters long`);
    if (value.includes('\0')) return bad(path, 'free of NUL characters');
    return { ok: true, value };
  };
}

export function integer(min: number, max: number): Validator<number> {
  return (value, path) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? { ok: true, value }
      : bad(path, `a whole number from ${min} to ${max}`);
}

export const flag: Validator<boolean> = (value, path) =>
  typeof value === 'boolean' ? { ok: true, value } : bad(path, 'true or false');

export function oneOf<const T extends string>(choices: readonly T[]): Validator<T> {
  return (value, path) =>
    (choices as readonly unknown[]).includes(value) ? { ok: true, value: value as T } : bad(path, `one of ${choices.join(', ')}`);
}

export function nullable<T>(inner: Validator<T>): Validator<T | null> {
  return (value, path) => (value === null ? { ok: true, value: null } : inner(value, path));
}

export function list<T>(item: Validator<T>, max: number): Validator<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return bad(path, 'an array');
    if (value.length > max) return bad(path, `at most ${max} items long`);
    const items: T[] = [];
    for (let i = 0; i < value.length; i++) {
      const checked = item(value[i], `${path}[${i}]`);
      if (!checked.ok) return checked;
      items.push(checked.value);
    }
    return { ok: true, value: items };
  };
}

/** A field that may be left out; it then has the default. */
export interface Optional<T> {
  readonly optional: Validator<T>;
  readonly fallback: T;
}

export function optional<T>(inner: Validator<T>, fallback: T): Optional<T> {
  return { optional: inner, fallback };
}

type Fields = Readonly<Record<string, Validator<unknown> | Optional<unknown>>>;
type Shape<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Optional<infer T> ? T : F[K] extends Validator<infer T> ? T : never;
};

/** An object with these fields and no others: a misspelt option must not be ignored in silence. */
export function shape<const F extends Fields>(fields: F): Validator<Shape<F>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad(path, 'an object');
    const given = value as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(fields, key)) return { ok: false, message: `${path} has an unknown field "${key.slice(0, 64)}"` };
    }
    const result: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(fields)) {
      const present = Object.hasOwn(given, key) ? given[key] : undefined;
      if (typeof field === 'function') {
        if (present === undefined) return { ok: false, message: `${path}.${key} is missing` };
        const checked = field(present, `${path}.${key}`);
        if (!checked.ok) return checked;
        result[key] = checked.value;
      } else {
        const checked = present === undefined ? { ok: true as const, value: field.fallback } : field.optional(present, `${path}.${key}`);
        if (!checked.ok) return checked;
        result[key] = checked.value;
      }
    }
    return { ok: true, value: result as Shape<F> };
  };
}
