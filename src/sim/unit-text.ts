/** Unit files as text, from sections and lines. */

/** Keys and values in order; a line with an empty value is left away. */
export type Lines = readonly (readonly [string, string])[];

export function unitText(sections: Readonly<Record<string, Lines>>): string {
  return Object.entries(sections).map(([section, lines]) => `[${section}]\n${lines.filter(([, value]) => value !== '').map(([key, value]) => `${key}=${value}\n`).join('')}`).join('');
}
