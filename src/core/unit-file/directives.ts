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
import type { Directive } from './directives/row.ts';
import { CALL_DIRECTIVES, PROBE_DIRECTIVES, RESTART_DIRECTIVES, SERVICE_DIRECTIVES } from './directives/service.ts';
import { SOCKET_DIRECTIVES } from './directives/socket.ts';
import { PATH_DIRECTIVES, TIMER_DIRECTIVES, TRIGGER_DIRECTIVES } from './directives/timer-and-path.ts';
import { EXIT_DIRECTIVES, INSTALL_DIRECTIVES, LEGACY_SERVICE_DIRECTIVES, UNIT_DIRECTIVES } from './directives/unit.ts';

export type { Directive, DirectiveState, ValueKind } from './directives/row.ts';
export { CONDITION_KINDS } from './directives/unit.ts';

/**
 * All rows, manual page by manual page. Where two pages define a name for the same section, the earlier row wins: a
 * section's own page stands before the pages it shares with others.
 */
export const DIRECTIVES: readonly Directive[] = [
  ...UNIT_DIRECTIVES, ...EXIT_DIRECTIVES, ...INSTALL_DIRECTIVES,
  ...SERVICE_DIRECTIVES, ...CALL_DIRECTIVES, ...PROBE_DIRECTIVES, ...RESTART_DIRECTIVES, ...LEGACY_SERVICE_DIRECTIVES, ...SOCKET_DIRECTIVES, ...TIMER_DIRECTIVES, ...PATH_DIRECTIVES, ...TRIGGER_DIRECTIVES,
  ...MOUNT_DIRECTIVES, ...AUTOMOUNT_DIRECTIVES, ...SWAP_DIRECTIVES, ...SLICE_DIRECTIVES, ...SCOPE_DIRECTIVES,
  ...EXEC_DIRECTIVES, ...KILL_DIRECTIVES, ...RESOURCE_CONTROL_DIRECTIVES,
];

/** The section that belongs to a kind of unit alone; null where there is none. */
const OWN_SECTION: Readonly<Record<UnitKind, string | null>> = {
  service: 'Service', target: null, slice: 'Slice', scope: 'Scope', socket: 'Socket', timer: 'Timer', path: 'Path',
  mount: 'Mount', automount: 'Automount', swap: 'Swap', device: null,
};

function indexBySection(): ReadonlyMap<string, ReadonlyMap<string, Directive>> {
  const sections = new Map<string, Map<string, Directive>>();
  for (const directive of DIRECTIVES) {
    for (const section of directive.sections) {
      let names = sections.get(section);
      if (names === undefined) {
        names = new Map<string, Directive>();
        sections.set(section, names);
      }
      if (!names.has(directive.name)) names.set(directive.name, directive);
    }
  }
  return sections;
}

const BY_SECTION = indexBySection();

/** All sections, in the order of the manual pages. */
export const SECTIONS: readonly string[] = [...BY_SECTION.keys()];

/** The directive of this name in this section, or undefined. */
export function findDirective(section: string, name: string): Directive | undefined {
  return BY_SECTION.get(section)?.get(name);
}

/** All directives of a section, undefined for an unknown section. */
export function directivesOf(section: string): ReadonlyMap<string, Directive> | undefined {
  return BY_SECTION.get(section);
}

/** Sections that a unit of this kind may have. */
export function sectionsOf(kind: UnitKind): readonly string[] {
  const own = OWN_SECTION[kind];
  return own === null ? ['Unit', 'Install'] : ['Unit', own, 'Install'];
}
