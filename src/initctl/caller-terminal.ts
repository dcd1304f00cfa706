/** Where the text of a verb goes when the client is Node. The same as in native/initctl/main.c. */
import { parseBoolean } from '../core/unit-file/value/number.ts';
import type { Terminal } from './terminal.ts';

/** Wider than any terminal; more is a slip of the keyboard. */
const COLUMNS_MAX = 10_000;

/** Other words of $SYSTEMD_COLORS that mean yes. */
const PALETTES: readonly string[] = ['16', '256'];

type Streams = Readonly<Record<'stdout' | 'stderr', { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Source: systemctl(1), "Environment". */
export function callerTerminal({ stdout, stderr }: Streams, env: Environment): Terminal {
  // apt gives the scripts of packages a terminal, and writes what they say there into a log: nobody watches progress.
  const [stdoutTty, stderrTty] = [stdout.isTTY === true, stderr.isTTY === true && env['DPKG_MAINTSCRIPT_NAME'] === undefined];
  return {
    columns: stdoutTty ? widthAsked(env['COLUMNS']) ?? stdout.columns ?? 0 : 0,
    rows: stdoutTty ? stdout.rows ?? 0 : 0,
    stdoutTty, stderrTty,
    colour: wantsColour(stdoutTty && stderrTty, env),
    // The console of Linux has colours in its place.
    underline: env['TERM'] !== 'linux',
    unicode: speaksUnicode(env),
  };
}

function widthAsked(text: string | undefined): number | null {
  const columns = /^\d+$/.test(text ?? '') ? Number(text) : 0;
  return columns > 0 && columns <= COLUMNS_MAX ? columns : null;
}

/** $SYSTEMD_COLORS decides, then $NO_COLOR, then whether this is a terminal that can. Sources: systemctl(1), no-color.org. */
function wantsColour(isTerminal: boolean, env: Environment): boolean {
  const asked = env['SYSTEMD_COLORS'] ?? '';
  const said = parseBoolean(asked);
  if (said.ok || PALETTES.includes(asked)) return !said.ok || said.value;
  return isTerminal && env['NO_COLOR'] === undefined && env['TERM'] !== undefined && env['TERM'] !== 'dumb';
}

function speaksUnicode(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return locale !== 'C' && locale !== 'POSIX';
}
