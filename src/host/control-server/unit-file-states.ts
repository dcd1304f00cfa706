/** The unit files of the running manager. */
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { Engine } from '../engine.ts';
import { UnitFiles, hasPreset, type UnitFileState } from '../unit-files/unit-files.ts';
import { buildLoadPath } from '../unit-loader/load-path.ts';
import { readSpecifierFacts } from '../unit-loader/specifier-facts.ts';

const UNIT_FILES = new WeakMap<Engine, UnitFiles>();

/** Made when first asked for: most managers are never asked to enable anything. */
export function unitFilesOf(engine: Engine): UnitFiles {
  const known = UNIT_FILES.get(engine);
  if (known !== undefined) return known;
  const mode = engine.facts.mode === 'user' ? 'user' : 'system';
  const directories = engine.facts.unitPath;
  const builtIn = buildLoadPath({ mode, unitPath: null, shippedUnits: null, generatorDirectory: null, environment: process.env });
  // Links are made where the manager finds them: with a load path of its own, in the first directory of that.
  const writable = (directory: string): string => (directories.includes(directory) ? directory : (directories[0] ?? directory));
  const unitFiles = new UnitFiles({
    mode,
    loadPath: {
      directories,
      configurationDirectory: writable(builtIn.configurationDirectory),
      runtimeDirectory: writable(builtIn.runtimeDirectory),
      controlDirectories: builtIn.controlDirectories !== null && directories.includes(builtIn.controlDirectories.lasting) ? builtIn.controlDirectories : null,
      generatorDirectory: `${engine.facts.runtimeDirectory}/generator`,
    },
    specifiers: readSpecifierFacts({
      mode, root: '', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, environment: process.env,
      runtimeRoot: mode === 'user' ? (process.env['XDG_RUNTIME_DIR'] ?? '/tmp') : '/run',
    }),
    root: '',
  });
  UNIT_FILES.set(engine, unitFiles);
  return unitFiles;
}

/** What `status` says of a loaded unit: whether it is enabled, and of what can be enabled what the presets say. Units without a file say nothing. */
export function unitFileState(engine: Engine, definition: UnitDefinition): UnitFileState {
  if (definition.fragmentPath === null) return { state: definition.loadState === 'masked' ? 'masked' : '', preset: '' };
  if (definition.transient === true) return { state: 'transient', preset: '' };
  const { state, preset } = stateOf(engine, definition);
  return { state, preset: hasPreset(state) ? preset : '' };
}

/** What `show` says: the presets of every unit that has a file. */
export function unitFileFacts(engine: Engine, definition: UnitDefinition): UnitFileState {
  return definition.fragmentPath === null || definition.transient === true ? unitFileState(engine, definition) : stateOf(engine, definition);
}

/** Presets are asked by the file's name: what they say of a template holds for its instances. */
function stateOf(engine: Engine, { name, fragmentPath }: UnitDefinition): UnitFileState {
  const files = unitFilesOf(engine);
  const { state, preset } = files.stateOf(name);
  const ofFile = fragmentPath === null ? '' : fragmentPath.slice(fragmentPath.lastIndexOf('/') + 1);
  return { state, preset: preset === '' || ofFile === name || ofFile === '' ? preset : files.stateOf(ofFile).preset };
}
