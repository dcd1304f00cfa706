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

/** Without effect in systemd too. */
export function obsolete(note: string): DirectiveState {
  return { state: 'obsolete', note };
}

export type DirectiveRow =
  | readonly [name: string, kind: ValueKind, fallback: string, status: DirectiveState, systemdVersion?: number]
  /** `[old name, '->', name]` */
  | readonly [oldName: string, arrow: '->', name: string];

/** The rows of one manual page. */
export function page(manual: string, sections: readonly string[], rows: readonly DirectiveRow[]): readonly Directive[] {
  const directives: Directive[] = [];
  const byName = new Map<string, Directive>();
  const later: (readonly [string, string])[] = [];
  for (const row of rows) {
    if (row[1] === '->') {
      later.push([row[0], row[2]]);
      continue;
    }
    const [name, kind, fallback, status, systemdVersion] = row;
    const directive = { name, sections, kind, fallback, status, manual, systemdVersion: systemdVersion ?? null, aliasOf: null };
    directives.push(directive);
    byName.set(name, directive);
  }
  for (const [oldName, name] of later) {
    const meant = byName.get(name);
    if (meant === undefined) throw new Error(`law broken: ${oldName} is another spelling of ${name}, which the same page has`);
    directives.push({ ...meant, name: oldName, aliasOf: name });
  }
  return directives;
}
