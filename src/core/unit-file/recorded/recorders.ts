/** All recorders by directive. */
import type { SettingReader } from '../setting-reader.ts';
import { EXEC_RECORDERS } from './exec.ts';
import type { RecordedProperties, Recorder } from './recorder.ts';
import { NOTHING } from './recorder.ts';
import { RESOURCE_CONTROL_RECORDERS } from './resource-control.ts';
import { SERVICE_RECORDERS, SOCKET_RECORDERS, UNIT_RECORDERS } from './unit.ts';

const RECORDERS: ReadonlyMap<string, Recorder> = new Map<string, Recorder>([
  ...UNIT_RECORDERS, ...SERVICE_RECORDERS, ...SOCKET_RECORDERS, ...EXEC_RECORDERS, ...RESOURCE_CONTROL_RECORDERS,
]);

/** Whether the values of a directive are checked by its recorder. */
export function isRecorded(directive: string): boolean {
  return RECORDERS.has(directive);
}

/** Reads all settings that are recorded; gives the properties that differ from systemd's defaults. */
export function readRecorded(reader: SettingReader): RecordedProperties {
  let properties: Record<string, string> | null = null;
  for (const [name, entries] of reader.byName) {
    const recorder = RECORDERS.get(name);
    const read = recorder === undefined ? NOTHING : recorder(reader, entries);
    if (read !== NOTHING) properties = { ...(properties ?? NOTHING), ...read };
  }
  return properties ?? NOTHING;
}
