/**
 * The one table of directives: every name that systemd 252 to 257 knows, where it may stand, what its value looks like,
 * its default, and whether this manager puts it into effect. Parser, `verify`, help, completion and the reference page
 * are all made from it.
 */
import type { UnitKind } from '../unit/unit-common.ts';
import { EXEC_DIRECTIVES } from './directives/exec.ts';
import { KILL_DIRECTIVES } from './directives/kill.ts';
import { AUTOMOUNT_DIRECTIVES, MOUNT_DIRECTIVES, SWAP_DIRECTIVES } from './directives/mount.ts';
import { RESOURCE_CONTROL_DIRECTIVES, SCOPE_DIRECTIVES, SLICE_DIRECTIVES } from './directives/resource-control.ts';
import type { Directive, Page } from './directives/row.ts';
import { CALL_DIRECTIVES, PROBE_DIRECTIVES, RESTART_DIRECTIVES, SERVICE_DIRECTIVES } from './directives/service.ts';
import { SOCKET_DIRECTIVES } from './directives/socket.ts';
import { PATH_DIRECTIVES, TIMER_DIRECTIVES, TRIGGER_DIRECTIVES } from './directives/timer-and-path.ts';
import { EXIT_DIRECTIVES, INSTALL_DIRECTIVES, LEGACY_SERVICE_DIRECTIVES, UNIT_DIRECTIVES } from './directives/unit.ts';

export type { Directive, DirectiveState, ValueKind } from './directives/row.ts';
export { CONDITION_KINDS } from './directives/unit.ts';

/**
 * Manual page by manual page. Where two pages define a name for the same section, the earlier one wins: a section's own page stands before
 * the pages it shares with others.
 */
const PAGES: readonly Page[] = [
  UNIT_DIRECTIVES, EXIT_DIRECTIVES, INSTALL_DIRECTIVES,
  SERVICE_DIRECTIVES, CALL_DIRECTIVES, PROBE_DIRECTIVES, RESTART_DIRECTIVES, LEGACY_SERVICE_DIRECTIVES, SOCKET_DIRECTIVES, TIMER_DIRECTIVES, PATH_DIRECTIVES, TRIGGER_DIRECTIVES,
  MOUNT_DIRECTIVES, AUTOMOUNT_DIRECTIVES, SWAP_DIRECTIVES, SLICE_DIRECTIVES, SCOPE_DIRECTIVES,
  EXEC_DIRECTIVES, KILL_DIRECTIVES, RESOURCE_CONTROL_DIRECTIVES,
];

/** All directives, in the order of the pages. */
export function allDirectives(): readonly Directive[] {
  return PAGES.flatMap((page) => page.names().map((name) => page.make(name) as Directive));
}

/** The section that belongs to a kind of unit alone; null where there is none. */
const OWN_SECTION: Readonly<Record<UnitKind, string | null>> = {
  service: 'Service', target: null, slice: 'Slice', scope: 'Scope', socket: 'Socket', timer: 'Timer', path: 'Path',
  mount: 'Mount', automount: 'Automount', swap: 'Swap', device: null,
};

/** The directives of one section, of which those are made that were asked for. */
export class SectionDirectives {
  readonly #pages: readonly Page[];
  readonly #made = new Map<string, Directive>();

  constructor(section: string) {
    this.#pages = PAGES.filter((page) => page.sections.includes(section));
  }

  /** The directive of this name, or undefined; the same object each time. */
  get(name: string): Directive | undefined {
    let directive = this.#made.get(name);
    if (directive !== undefined) return directive;
    for (const page of this.#pages) {
      directive = page.make(name);
      if (directive === undefined) continue;
      this.#made.set(name, directive);
      return directive;
    }
    return undefined;
  }

  names(): readonly string[] {
    return [...new Set(this.#pages.flatMap((page) => page.names()))];
  }
}

/** All sections, in the order of the manual pages. */
export const SECTIONS: readonly string[] = ['Unit', 'Install', 'Service', 'Socket', 'Timer', 'Path', 'Mount', 'Automount', 'Swap', 'Slice', 'Scope'];

const BY_SECTION = new Map<string, SectionDirectives>();

/** All directives of a section, undefined for an unknown section. */
export function directivesOf(section: string): SectionDirectives | undefined {
  const known = BY_SECTION.get(section);
  if (known !== undefined || !SECTIONS.includes(section)) return known;
  const directives = new SectionDirectives(section);
  BY_SECTION.set(section, directives);
  return directives;
}

/** The directive of this name in this section, or undefined. */
export function findDirective(section: string, name: string): Directive | undefined {
  return directivesOf(section)?.get(name);
}

/** Sections that a unit of this kind may have. */
export function sectionsOf(kind: UnitKind): readonly string[] {
  const own = OWN_SECTION[kind];
  return own === null ? ['Unit', 'Install'] : ['Unit', own, 'Install'];
}
