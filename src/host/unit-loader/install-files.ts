/** [Install] sections and presets read from disk, and the performing of what install verbs plan. */
import { mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, statSync, symlinkSync } from 'node:fs';
import { posix } from 'node:path';
import type { UnitName } from '../../base/brand.ts';
import type { InstallSection } from '../../core/unit/unit-common.ts';
import { unitNameForm, withInstance } from '../../core/unit/unit-name.ts';
import type { LinkOperation } from '../../core/unit-file/install/change.ts';
import type { InstallReader } from '../../core/unit-file/install/install-context.ts';
import { parsePresets, type PresetRule } from '../../core/unit-file/install/preset.ts';
import { readInstallSection } from '../../core/unit-file/install-section.ts';
import { lexUnitFile } from '../../core/unit-file/lexer.ts';
import { readSettings } from '../../core/unit-file/setting-reader.ts';
import { specifierExpander, type SpecifierContext } from '../../core/unit-file/specifiers.ts';

/** Reads [Install] sections with these specifiers. */
export function installReader(specifiers: SpecifierContext): InstallReader {
  return (name, path, texts) => {
    const files = texts.map((each) => lexUnitFile(each.text, each.path));
    const read = (unit: UnitName): InstallSection => readInstallSection(readSettings(unit, files, specifierExpander(specifiers, { name: unit, fragmentPath: path })));
    const install = read(name as UnitName);
    // `%i` of a template is that of the instance it is enabled with by default.
    const instance = install.defaultInstance === null || unitNameForm(name) !== 'template' ? null : withInstance(name, install.defaultInstance);
    return instance === null ? install : { ...read(instance), defaultInstance: install.defaultInstance };
  };
}

/** The outcome of performing a plan: null, or the operation that failed and its errno by name. */
export type InstallFailure = { readonly operation: LinkOperation; readonly code: string } | null;

/** Makes and removes the links of a plan, in order, and stops at the first that fails. */
export function performInstall(operations: readonly LinkOperation[], root: string): InstallFailure {
  for (const operation of operations) {
    try {
      perform(operation, root);
    } catch (error) {
      return { operation, code: (error as NodeJS.ErrnoException).code ?? 'unknown error' };
    }
  }
  return null;
}

const OWNER = /\.(?:wants|requires|upholds)$/;

function perform(operation: LinkOperation, root: string): void {
  const path = root + operation.path;
  if (operation.kind === 'symlink') {
    mkdirSync(posix.dirname(path), { recursive: true, mode: 0o755 });
    symlinkSync(operation.target, path);
    return;
  }
  rmSync(path, { recursive: true });
  if (!OWNER.test(posix.dirname(path))) return;
  try {
    rmdirSync(posix.dirname(path));
  } catch {
    // Other links are still in it.
  }
}

/**
 * All preset rules in the order in which they count: files of all directories by name, a name only from the first directory.
 *
 * @param directories most important first, such as /etc/systemd/system-preset
 */
export function readPresets(directories: readonly string[], root: string): readonly PresetRule[] {
  const files = new Map<string, string>();
  for (const directory of directories) {
    for (const name of listNames(root + directory)) {
      if (name.endsWith('.preset') && !files.has(name)) files.set(name, `${root}${directory}/${name}`);
    }
  }
  return [...files.keys()].sort().flatMap((name) => {
    try {
      const path = files.get(name) as string;
      return statSync(path).isFile() ? parsePresets(readFileSync(path, 'utf8')) : [];
    } catch {
      return [];
    }
  });
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Where preset files are. */
export function presetDirectories(mode: 'system' | 'user', shipped: string | null): readonly string[] {
  return [
    `/etc/heartwood/${mode}-preset`, `/etc/systemd/${mode}-preset`, `/run/systemd/${mode}-preset`, `/usr/local/lib/systemd/${mode}-preset`,
    shipped ?? `/usr/lib/heartwood/${mode}-preset`, `/usr/lib/systemd/${mode}-preset`, `/lib/systemd/${mode}-preset`,
  ];
}
