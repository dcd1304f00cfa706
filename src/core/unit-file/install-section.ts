import type { InstallSection } from '../unit/unit-common.ts';
import { readScalar, readWords, type SettingReader } from './setting-reader.ts';

export const EMPTY_INSTALL: InstallSection = { wantedBy: [], requiredBy: [], upheldBy: [], also: [], alias: [], defaultInstance: null };

const NAMES = ['WantedBy', 'RequiredBy', 'UpheldBy', 'Also', 'Alias', 'DefaultInstance'] as const;

/** The [Install] section: what `enable` and `disable` do. It has no effect on a running unit. Source: systemd.unit(5). */
export function readInstallSection(reader: SettingReader): InstallSection {
  if (NAMES.every((name) => !reader.byName.has(name))) return EMPTY_INSTALL;
  const words = (name: string): readonly string[] => readWords(reader, name, 'drop', reader.expandName).map(({ word }) => word);
  return {
    wantedBy: words('WantedBy'),
    requiredBy: words('RequiredBy'),
    upheldBy: words('UpheldBy'),
    also: words('Also'),
    alias: words('Alias'),
    defaultInstance: readScalar<string | null>(reader, 'DefaultInstance', reader.expandName, null, 'resets'),
  };
}
