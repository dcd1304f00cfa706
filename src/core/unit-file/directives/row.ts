/**
 * What the tables in this folder are made of: one row for each directive.
 *
 * The rows of one manual page are in one file. `../directives.ts` puts them together and is what everybody imports.
 */

/** Shape of a value. `VALUE_KINDS` says for each whether it is a list, and in words what may be written. */
export type ValueKind =
  | 'boolean' | 'text' | 'time-span' | 'number' | 'integer' | 'size' | 'memory' | 'percentage' | 'mode' | 'path' | 'unit'
  | 'signal' | 'resource-limit' | 'weight' | 'user' | 'slice'
  | 'texts' | 'paths' | 'units' | 'commands' | 'environment' | 'words' | 'users' | 'condition' | 'signals-and-statuses'
  | 'cpu-set' | 'capabilities' | 'addresses' | 'rules' | 'calendar' | 'time-spans'
  /** One of fixed words. */
  | readonly string[];

/**
 * - `honoured`: put into effect; `since` is the version of Heartwood that first did
 * - `parsed`: read and checked, shown as requested, not put into effect
 * - `obsolete`: taken without complaint by systemd 252 too, but without effect there as well; `note` says what replaced it
 */
export type DirectiveState =
  | { readonly state: 'honoured'; readonly since: string }
  | { readonly state: 'parsed' }
  | { readonly state: 'obsolete'; readonly note: string };

export interface Directive {
  readonly name: string;
  /** Sections it may stand in; the first is the usual one. */
  readonly sections: readonly string[];
  readonly kind: ValueKind;
  /** What holds when it is not set, as `show` prints it or in words; '' = nothing. */
  readonly fallback: string;
  readonly status: DirectiveState;
  /** The manual page, as `systemd.exec(5)`. */
  readonly manual: string;
  /** First systemd version that has it, where that is later than 252. */
  readonly systemdVersion: number | null;
  /** For an older spelling: the name under which it is read. */
  readonly aliasOf: string | null;
}

/** Put into effect since the first version. */
export const HONOURED: DirectiveState = { state: 'honoured', since: '0.1' };
/** Known and checked, without effect for now. */
export const PARSED: DirectiveState = { state: 'parsed' };

/** A state as it stands in a row: a table of constants is a part of the program's code cache, and costs nothing at start. */
type RowState = 'honoured' | 'parsed' | { readonly obsolete: string };

export type DirectiveRow =
  | readonly [name: string, kind: ValueKind, fallback: string, state: RowState, systemdVersion?: number]
  /** `[old name, '->', name]` */
  | readonly [oldName: string, arrow: '->', name: string];

function isOldName(row: DirectiveRow): row is readonly [string, '->', string] {
  return row[1] === '->';
}

function statusOf(state: RowState): DirectiveState {
  if (state === 'honoured') return HONOURED;
  return state === 'parsed' ? PARSED : { state: 'obsolete', note: state.obsolete };
}

/**
 * The rows of one manual page for some sections. Nothing is made of them before a unit of such a section is read, and a directive when it
 * is first met: most units set a handful of the five hundred there are.
 */
export class Page {
  readonly manual: string;
  readonly sections: readonly string[];
  readonly #rows: () => readonly DirectiveRow[];
  #byName: ReadonlyMap<string, DirectiveRow> | null = null;

  constructor(manual: string, sections: readonly string[], rows: () => readonly DirectiveRow[]) {
    this.manual = manual;
    this.sections = sections;
    this.#rows = rows;
  }

  /** In the order of the page; older spellings come last. */
  names(): readonly string[] {
    const [names, oldNames]: [string[], string[]] = [[], []];
    for (const row of this.#named().values()) (isOldName(row) ? oldNames : names).push(row[0]);
    return [...names, ...oldNames];
  }

  /** A new object each time; undefined for a name that the page does not have. */
  make(name: string): Directive | undefined {
    const row = this.#named().get(name);
    if (row === undefined) return undefined;
    const { manual, sections } = this;
    if (!isOldName(row)) return { name, sections, kind: row[1], fallback: row[2], status: statusOf(row[3]), manual, systemdVersion: row[4] ?? null, aliasOf: null };
    const meant = this.make(row[2]);
    if (meant === undefined) throw new Error(`law broken: ${name} is another spelling of ${row[2]}, which the same page has`);
    return { ...meant, name, aliasOf: row[2] };
  }

  #named(): ReadonlyMap<string, DirectiveRow> {
    if (this.#byName !== null) return this.#byName;
    const byName = new Map<string, DirectiveRow>();
    for (const row of this.#rows()) byName.set(row[0], row);
    this.#byName = byName;
    return byName;
  }
}
