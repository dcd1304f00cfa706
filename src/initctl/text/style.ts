/** Colours by meaning. Plain text when the terminal has none. */
import type { Terminal } from '../terminal.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong' | 'plain' | 'busy';

const CODES: Readonly<Record<Tone, string>> = {
  good: '1;32', bad: '1;31', warn: '1;33', busy: '1;34', dim: '2', strong: '1', plain: '',
};

export function paint(terminal: Terminal, tone: Tone, text: string): string {
  return terminal.colour && tone !== 'plain' && text !== '' ? `\x1b[${CODES[tone]}m${text}\x1b[0m` : text;
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
