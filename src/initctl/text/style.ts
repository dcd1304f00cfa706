/** Colours by meaning. Plain text when the terminal has none. */
import type { Terminal } from '../terminal.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong' | 'plain' | 'busy';

/** Each begins anew (0). Yellow and grey are of the 256 colours: the plain ones are hard to read on a white ground. Source: systemctl(1) draws in the same. */
const CODES: Readonly<Record<Tone, string>> = {
  good: '0;1;32', bad: '0;1;31', warn: '0;1;38;5;185', busy: '0;1;34', dim: '0;38;5;245', strong: '0;1;39', plain: '0',
};

/** @param underlined with its blanks, as the header of a table */
export function paint(terminal: Terminal, tone: Tone, text: string, underlined = false): string {
  if (!terminal.colour || text === '' || (tone === 'plain' && !underlined)) return text;
  return `\x1b[${CODES[tone]}${underlined ? ';4' : ''}m${text}\x1b[0m`;
}

/** The tone of an active state. */
export function toneOf(active: string, load = 'loaded'): Tone {
  if (active === 'failed') return 'bad';
  if (active === 'activating' || active === 'deactivating' || active === 'maintenance') return 'warn';
  if (active === 'active' || active === 'reloading') return 'good';
  return load === 'loaded' || load === 'masked' ? 'plain' : 'warn';
}

/** The dot before a unit, by shape as well as colour: systemctl(1), "status". */
export function dotOf(terminal: Terminal, active: string): string {
  if (!terminal.unicode) return active === 'failed' ? 'x' : '*';
  switch (active) {
    case 'inactive': case 'maintenance': return '○';
    case 'failed': return '×';
    case 'reloading': return '↻';
    default: return '●';
  }
}

/** Of a tree: to the last child, or to one with others after it. */
export function branch(terminal: Terminal, last: boolean): string {
  if (!terminal.unicode) return last ? '`-' : '|-';
  return last ? '└─' : '├─';
}
