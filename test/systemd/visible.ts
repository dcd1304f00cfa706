/**
 * What a text looks like on a terminal, whatever escape sequences draw it: runs of one look in braces, `{1;31}failed{}`. A blank
 * that is not underlined has no look of its own; links (OSC 8) are left out.
 */
export function visible(text: string): string {
  return text.replace(/\x1b\]8;[^\x07\x1b]*(\x07|\x1b\\)/g, '').split('\n').map(visibleLine).join('\n');
}

interface Look {
  readonly bold: boolean;
  readonly underlined: boolean;
  /** '' = the terminal's own. */
  readonly colour: string;
}

const PLAIN: Look = { bold: false, underlined: false, colour: '' };

function visibleLine(line: string): string {
  /** `look`: null = a blank, which looks like what is before it. */
  const cells: { readonly char: string; readonly look: string | null }[] = [];
  let look = PLAIN;
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    const codes = /^\x1b\[([0-9;]*)m$/.exec(part);
    if (codes !== null) look = changed(look, (codes[1] as string).split(';').map(Number));
    else for (const char of part) cells.push({ char, look: char !== ' ' ? nameOf(look) : look.underlined ? nameOf({ ...PLAIN, underlined: true }) : null });
  }
  let [told, present] = ['', ''];
  for (const { char, look: asked } of cells) {
    const own = asked ?? (present.split(';').includes('4') ? '' : present);
    if (own !== present) told += `{${own}}`;
    present = own;
    told += char;
  }
  const bare = told.replace(/ +$/, '');
  return present === '' ? bare : `${bare}{}`;
}

function changed(look: Look, codes: readonly number[]): Look {
  let next = look;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (code === 0) next = PLAIN;
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 4) next = { ...next, underlined: true };
    else if (code === 38) next = { ...next, colour: String(codes[(at += 2)]) };
    else next = { ...next, colour: code === 39 ? '' : String(code) };
  }
  return next;
}

function nameOf({ bold, underlined, colour }: Look): string {
  return [bold ? '1' : '', underlined ? '4' : '', colour].filter((each) => each !== '').join(';');
}
