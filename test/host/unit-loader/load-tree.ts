/** A load path made of temporary directories, for the tests beside this file. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { BUILT_IN_DEFAULTS } from '../../../src/core/unit-file/unit-defaults.ts';
import { createUnitLoader, type UnitLoader } from '../../../src/host/unit-loader/unit-loader.ts';
import { MACHINE } from '../../core/unit-file/unit-rig.ts';

export interface LoadTree {
  readonly root: string;
  /** Absolute directories in order: `etc` before `lib`. */
  readonly directories: readonly [string, string];
  /** Writes `etc/a.service` and the like; `-> target` makes a link. */
  write(files: Readonly<Record<string, string>>): void;
  readonly loader: UnitLoader;
  load(...names: string[]): ReadonlyMap<string, UnitDefinition>;
}

export const SERVICE = '[Service]\nExecStart=/bin/true\n';

export function makeLoadTree(context: TestContext, files: Readonly<Record<string, string>> = {}): LoadTree {
  const root = mkdtempSync(join(tmpdir(), 'heartwood-load-'));
  context.after(() => { rmSync(root, { recursive: true, force: true }); });
  const directories = [join(root, 'etc'), join(root, 'lib')] as const;
  for (const directory of directories) mkdirSync(directory);
  const write = (entries: Readonly<Record<string, string>>): void => {
    for (const [path, content] of Object.entries(entries)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      if (content.startsWith('-> ')) symlinkSync(content.slice(3).replace('ROOT', root), join(root, path));
      else writeFileSync(join(root, path), content);
    }
  };
  write(files);
  const loader = createUnitLoader({ mode: 'system', hasDevices: false, directories, root: '', defaults: BUILT_IN_DEFAULTS, specifiers: MACHINE });
  return {
    root, directories, write, loader,
    load: (...names) => {
      const units = new Map<string, UnitDefinition>();
      for (const unit of loader.loadClosure(names as UnitName[], () => undefined)) for (const name of unit.names) units.set(name, unit);
      return units;
    },
  };
}
