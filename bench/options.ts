import { parseArgs } from 'node:util';

/** What the caller asked for. */
export interface Options {
  readonly quick: boolean;
  /** Prefixes of load names; empty for all. */
  readonly only: readonly string[];
  /** Names of contestants; empty for all. */
  readonly with: readonly string[];
  /** Rounds of every load; `null` for each load's own number. */
  readonly rounds: number | null;
  /** Where the table is written; `null` for standard output alone. */
  readonly results: string | null;
  readonly install: boolean;
  readonly help: boolean;
}

export const HELP = `npm run bench -- [OPTION...]

Measures Heartwood beside other managers, each as PID 1 of its own container, and prints a Markdown table.
Needs root (it makes namespaces) and a C compiler.

  --quick            fewer rounds, shorter waits: a few minutes
  --only LOAD,...    boot, boot-100, chain, restart, control, orphans, stop, log, idle, churn, dark, checkpoint (a beginning of the name is enough)
  --with NAME,...    heartwood, systemd, runit, s6, dinit, supervisord, pm2, ... (with their variants, such as systemd+journald)
  --rounds N         rounds of each load
  --results FILE     where the table goes (default bench/RESULTS.md for a complete run, nowhere for a selection)
  --no-install       do not install missing Debian and npm packages
`;

/**
 * Reads the command line.
 * @throws TypeError for an unknown option or a bad value
 */
export function readOptions(argv: readonly string[], defaultResults: string): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      with: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      results: { type: 'string' },
      'no-install': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only.flatMap((list) => list.split(','));
  const contestants = values.with.flatMap((list) => list.split(','));
  const isComplete = only.length === 0 && contestants.length === 0 && !values.quick;
  return {
    quick: values.quick,
    only,
    with: contestants,
    rounds: values.rounds === undefined ? null : positiveInteger(values.rounds),
    results: values.results ?? (isComplete ? defaultResults : null),
    install: !values['no-install'],
    help: values.help,
  };
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`--rounds wants a positive whole number, not '${text}'`);
  return value;
}
