/**
 * What a line contains, with `*` for anything in between. Not a regular expression: a hostile one would keep logd, and with it the output
 * of all services, busy.
 */

/** Tests lines in one pass, whatever the pattern. */
export function linePattern(pattern: string): { readonly test: (line: string) => boolean } {
  const pieces = pattern.split('*').filter((piece) => piece !== '');
  return {
    test: (line) => {
      let at = 0;
      for (const piece of pieces) {
        const found = line.indexOf(piece, at);
        if (found === -1) return false;
        at = found + piece.length;
      }
      return true;
    },
  };
}
