/** Cells a text takes in a terminal: colour codes none, East Asian wide characters two, combining marks none. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of stripColour(text)) {
    const code = char.codePointAt(0) as number;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || isCombining(code)) continue;
    width += isWide(code) ? 2 : 1;
  }
  return width;
}

export function stripColour(text: string): string {
  return text.replace(/\x1b\[[0-9;]*m/g, '');
}

/** Shortens to at most `max` cells with an ellipsis at the end. A coloured text loses its colour. */
export function shorten(text: string, max: number, unicode = true): string {
  if (widthOf(text) <= max) return text;
  const ellipsis = unicode ? '…' : '...';
  const room = max - ellipsis.length;
  if (room <= 0) return ellipsis.slice(0, Math.max(0, max));
  let width = 0;
  let kept = '';
  for (const char of stripColour(text)) {
    const next = widthOf(char);
    if (width + next > room) break;
    width += next;
    kept += char;
  }
  return kept + ellipsis;
}

/**
 * Text from outside (descriptions, command lines, status texts) must not steer the terminal: control characters become `?`.
 */
export function harmless(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '?');
}

function isCombining(code: number): boolean {
  return (code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200f) || (code >= 0xfe00 && code <= 0xfe0f);
}

function isWide(code: number): boolean {
  return code >= 0x1100 && (code <= 0x115f || (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3)
    || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60)
    || (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd));
}
