/** The outcome of something that may fail for a reason a person will read: operating errors are values. */
export type Result<T, E = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: E };

/** A success. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A failure; `problem` is part of a sentence, without capital and full stop, so that callers can put it into theirs. */
export function problem<E>(reason: E): { readonly ok: false; readonly problem: E } {
  return { ok: false, problem: reason };
}
