/** All properties of a unit, as systemctl(1), "show", names and prints them. */
import type { UnitDefinition } from '../unit/definition.ts';
import type { Entry } from '../unit/source.ts';
import { isRecorded } from '../unit-file/recorded/recorders.ts';
import { parseTimeSpan, formatTimeSpan } from '../time/time-span.ts';
import { AUTOMOUNT_ROWS } from './automount-rows.ts';
import { CGROUP_ROWS } from './cgroup-rows.ts';
import { CONFINEMENT_ROWS } from './confinement-rows.ts';
import { PROPERTY_DEFAULTS, type DefaultGroup } from './defaults.ts';
import { EXEC_ROWS } from './exec-rows.ts';
import { KILL_ROWS } from './kill-rows.ts';
import { MOUNT_ROWS } from './mount-rows.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { SERVICE_ROWS } from './service-rows.ts';
import { PATH_ROWS } from './path-rows.ts';
import { SOCKET_ROWS, socketContext } from './socket-rows.ts';
import { SWAP_ROWS } from './swap-rows.ts';
import { TIMER_ROWS } from './timer-rows.ts';
import { UNIT_ROWS } from './unit-rows.ts';

/** Kinds whose units may run programs, so that they have all properties of systemd.exec(5) and systemd.kill(5). */
const EXEC_KINDS: readonly string[] = ['service', 'socket', 'mount', 'swap'];

/**
 * @param only names wanted; null = all there are
 * @returns name to value, the kind's own properties first, as systemctl orders them
 */
export function unitProperties(context: PropertyContext, only: ReadonlySet<string> | null): Readonly<Record<string, string>> {
  const properties: Record<string, string> = {};
  const add = <C>(rows: readonly PropertyRow<C>[], own: C): void => {
    for (const [name, value] of rows) {
      if (only !== null && !only.has(name)) continue;
      const text = value(own);
      if (text !== null) properties[name] = text;
    }
  };
  const { definition, runtime } = context.unit;
  if (definition.kind === 'service' && runtime.kind === 'service') add(SERVICE_ROWS, { ...context, service: definition, runtime });
  if (definition.kind === 'timer' && runtime.kind === 'timer') add(TIMER_ROWS, { ...context, timer: definition, runtime });
  if (definition.kind === 'path' && runtime.kind === 'path') add(PATH_ROWS, { ...context, path: definition, runtime });
  const socket = socketContext(context);
  if (socket !== null) add(SOCKET_ROWS, socket);
  if (definition.kind === 'mount' && runtime.kind === 'mount') add(MOUNT_ROWS, { ...context, mount: definition, runtime });
  if (definition.kind === 'automount' && runtime.kind === 'automount') add(AUTOMOUNT_ROWS, { ...context, automount: definition, runtime });
  if (definition.kind === 'swap' && runtime.kind === 'swap') add(SWAP_ROWS, { ...context, swap: definition, runtime });
  if (runtime.kind === 'scope') add([['Result', ({ unit }) => ('result' in unit.runtime ? unit.runtime.result : 'success')], ['OOMPolicy', ({ unit }) => ('oomPolicy' in unit.definition ? unit.definition.oomPolicy : null)]], context);
  if ('cgroup' in definition) add(CGROUP_ROWS, { ...context, cgroup: definition.cgroup });
  if ('exec' in definition) add([...EXEC_ROWS, ...CONFINEMENT_ROWS], { ...context, exec: definition.exec });
  if ('kill' in definition) add(KILL_ROWS, { ...context, kill: definition.kill });
  addRecorded(properties, definition, only);
  addDefaults(properties, definition, only);
  add(UNIT_ROWS, context);
  return properties;
}

/** Settings that are read but not put into effect are shown too. What a row of the tables says is left as it is. */
function addRecorded(properties: Record<string, string>, definition: UnitDefinition, only: ReadonlySet<string> | null): void {
  for (const [name, value] of Object.entries(definition.recorded)) {
    if ((only === null || only.has(name)) && !Object.hasOwn(properties, name)) properties[name] = value;
  }
}

function addDefaults(properties: Record<string, string>, definition: UnitDefinition, only: ReadonlySet<string> | null): void {
  const { kind } = definition;
  const groups: DefaultGroup[] = kind === 'scope' || kind === 'device' ? [] : [kind];
  if (EXEC_KINDS.includes(kind)) groups.push('cgroup', 'exec');
  else if (kind === 'slice' || kind === 'scope') groups.push('cgroup');
  groups.push('unit');
  let written: ReadonlyMap<string, readonly Entry[]> | null = null;
  for (const group of groups) {
    for (const row of PROPERTY_DEFAULTS[group]) {
      const equals = row.indexOf('=');
      const name = row.slice(0, equals);
      if ((only !== null && !only.has(name)) || Object.hasOwn(properties, name)) continue;
      written ??= entriesByKey(definition.entries);
      // Whatever is right in the lines of a recorded setting is among the recorded properties already.
      const isKnown = isRecorded(name) || isRecorded(name.replace(/USec$/, 'Sec'));
      properties[name] = isKnown ? row.slice(equals + 1) : valueWritten(name, written, row.slice(equals + 1));
    }
  }
}

function entriesByKey(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const byKey = new Map<string, Entry[]>();
  for (const entry of entries) {
    const list = byKey.get(entry.key);
    if (list === undefined) byKey.set(entry.key, [entry]);
    else list.push(entry);
  }
  return byKey;
}

/**
 * A directive this manager does not act on is shown as the unit's files ask for it. The form of the default tells the kind of value:
 * yes/no are booleans, an empty one a list that grows with each line and starts anew with an empty line.
 */
function valueWritten(property: string, written: ReadonlyMap<string, readonly Entry[]>, fallback: string): string {
  const isSpan = property.endsWith('USec');
  const entries = written.get(property) ?? (isSpan ? written.get(`${property.slice(0, -'USec'.length)}Sec`) : undefined);
  const last = entries?.at(-1);
  if (entries === undefined || last === undefined) return fallback;
  if (fallback === '') {
    const sinceReset = entries.slice(entries.findLastIndex((entry) => entry.value === '') + 1);
    return sinceReset.map((entry) => entry.value).join(' ');
  }
  if (last.value === '') return fallback;
  if (isSpan) {
    const span = parseTimeSpan(last.value);
    return span.ok ? formatTimeSpan(span.value) : fallback;
  }
  if (fallback === 'yes' || fallback === 'no') return booleanWord(last.value);
  return last.value;
}

function booleanWord(value: string): string {
  if (/^(1|yes|y|true|t|on)$/i.test(value)) return 'yes';
  return /^(0|no|n|false|f|off)$/i.test(value) ? 'no' : value;
}
