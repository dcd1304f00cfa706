/**
 * What a script threw, as `FILE:LINE: message`. Errors of another context are no instances of this one's Error.
 *
 * @param file the script, looked for when the error does not say its place itself
 */
export function describeError(thrown: unknown, file: string): string {
  const { message, stack, loc } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as { readonly message?: unknown; readonly stack?: unknown; readonly loc?: { readonly line?: unknown } };
  const text = typeof message === 'string' ? message : String(thrown);
  // The compiler tells the line apart, and in brackets at the end of its message.
  if (typeof loc?.line === 'number') return `${file}:${String(loc.line)}: ${text.replace(/^Error transforming [^:]*: /, '').replace(/ \(\d+:\d+\)$/, '')}`;
  const lines = typeof stack === 'string' ? stack : '';
  const place = lines.indexOf(`${file}:`);
  const line = place < 0 ? '' : (/^:(\d+)/.exec(lines.slice(place + file.length))?.[1] ?? '');
  if (line === '' || text.startsWith(file)) return text.startsWith(file) ? text : `${file}: ${text}`;
  return `${file}:${line}: ${text}`;
}
