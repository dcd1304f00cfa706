/** The keys that leave a unit's terminal: `^]`, or several as `^P^Q`, or `none`. */

/** As with systemd-run(1) and machinectl(1): who knows those finds out of here. */
export const DEFAULT_DETACH_KEYS = '\x1d\x1d\x1d';

/** A longer sequence nobody types by intention. */
const KEYS_MAX = 8;

/** @returns the bytes that are typed, '' for none; null when the text is none of that */
export function parseDetachKeys(text: string): string | null {
  if (text === 'none') return '';
  let keys = '';
  for (const match of text.matchAll(/\^([@-_a-z?])|([!-~])|(.)/gsu)) {
    const [, control, plain] = match;
    if (control !== undefined) keys += control === '?' ? '\x7f' : String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f);
    else if (plain !== undefined && plain !== '^') keys += plain;
    else return null;
  }
  // The keys end as a string does in the program that watches for them.
  return keys === '' || keys.length > KEYS_MAX || keys.includes('\0') ? null : keys;
}

/** As people read it: `^]^]^]`. */
export function showDetachKeys(keys: string): string {
  return keys.replace(/[\x00-\x1f\x7f]/g, (key) => (key === '\x7f' ? '^?' : `^${String.fromCharCode(key.charCodeAt(0) + 0x40)}`));
}
