/** A label with its value. */
export type Field = readonly [label: string, value: string];

/** One line for each field, the colons below each other. */
export function renderFields(fields: readonly Field[]): string {
  const width = Math.max(0, ...fields.map(([label]) => label.length));
  return fields.map(([label, value]) => `${label.padStart(width)}: ${value}`.trimEnd()).map((line) => `${line}\n`).join('');
}
