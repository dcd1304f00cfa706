/** A folder of unit files in memory, read by the manager's own parser. */
import type { UnitName } from '../base/brand.ts';
import { isUnitName, templateOf, unitKind } from '../core/unit/unit-name.ts';
import type { UnitDefinition } from '../core/unit/definition.ts';
import { UTC_ZONE } from '../core/time/time-zone.ts';
import { buildUnit, buildUnusable } from '../core/unit-file/build-unit.ts';
import { orderTarget } from '../core/unit-file/default-dependencies.ts';
import { lexUnitFile, type LexedFile } from '../core/unit-file/lexer.ts';
import { hashSources } from '../core/unit-file/source-hash.ts';
import type { SpecifierContext } from '../core/unit-file/specifiers.ts';
import { BUILT_IN_DEFAULTS } from '../core/unit-file/unit-defaults.ts';
import type { BuildContext } from '../core/unit-file/unit-draft.ts';

const FOLDER = '/sim';

/** A machine that does not exist. */
const SPECIFIERS: SpecifierContext = {
  architecture: 'x86-64', machineId: '0'.repeat(32), bootId: '1'.repeat(32), hostname: 'sim', prettyHostname: null, kernelRelease: '6.1.0',
  osId: 'sim', osVersionId: '', osVariantId: '', osBuildId: '', osImageId: '', osImageVersion: '',
  userName: 'root', uid: 0, groupName: 'root', gid: 0, home: '/root', shell: '/bin/sh',
  runtimeRoot: '/run', stateRoot: '/var/lib', cacheRoot: '/var/cache', logsRoot: '/var/log', configurationRoot: '/etc',
  sharedDataRoot: '/usr/share', temporaryDirectory: '/tmp', persistentTemporaryDirectory: '/var/tmp',
};

/** What was made of a unit's files, and which other units it was asked for whether they have one. */
interface Reading {
  readonly definition: UnitDefinition;
  readonly asked: ReadonlySet<UnitName>;
}

export class UnitFolder {
  readonly #texts: Map<string, string>;
  /** Definitions by name, as long as their files are what they were, and those there that they asked for. */
  readonly #read = new Map<UnitName, Reading>();
  /** The lines of files, as long as they are what they were. */
  readonly #lexed = new Map<string, LexedFile>();
  readonly #context: BuildContext;
  /** Names that the definition being built has asked for a file of. */
  #asked = new Set<UnitName>();

  /** @param texts file name (`a.service`, `a@.service`, `a.service.d/x.conf`) to content */
  constructor(texts: Readonly<Record<string, string>>) {
    this.#texts = new Map(Object.entries(texts));
    this.#context = {
      mode: 'system', defaults: BUILT_IN_DEFAULTS, specifiers: SPECIFIERS, hasDevices: true,
      hasUnitFile: (name) => {
        this.#asked.add(name);
        return this.#fileOf(name) !== null;
      },
      timeZones: { local: UTC_ZONE, find: (name) => (name === 'UTC' ? UTC_ZONE : null) },
    };
  }

  /** Replaces a file; null removes it. */
  write(file: string, text: string | null): void {
    const wasThere = this.#texts.has(file);
    if (text === null) this.#texts.delete(file);
    else this.#texts.set(file, text);
    this.#lexed.delete(file);
    // Whether a file is there counts for other units too: a socket has a service of its name.
    const isAnother = wasThere !== this.#texts.has(file);
    for (const [name, { asked }] of this.#read) {
      if (isFileOf(name, file) || (isAnother && [...asked].some((each) => isFileOf(each, file)))) this.#read.delete(name);
    }
  }

  /** The units and everything they refer to; names without a file are among them as not found. */
  load(names: readonly UnitName[]): readonly UnitDefinition[] {
    const found = new Map<UnitName, UnitDefinition>();
    const queue = [...names];
    for (const name of queue) {
      if (found.has(name)) continue;
      const unit = this.#definition(name);
      found.set(name, unit);
      for (const { other } of unit.dependencies) queue.push(other);
    }
    return [...found.values()].map((unit) => (unit.kind === 'target' ? orderTarget(unit, (name) => found.get(name)) : unit));
  }

  #fileOf(name: UnitName): string | null {
    if (this.#texts.has(name)) return name;
    const template = templateOf(name);
    return template !== null && this.#texts.has(template) ? template : null;
  }

  #definition(name: UnitName): UnitDefinition {
    const known = this.#read.get(name);
    if (known !== undefined) return known.definition;
    this.#asked = new Set();
    const definition = this.#build(name);
    this.#read.set(name, { definition, asked: this.#asked });
    return definition;
  }

  /** The fragment, if there is one, and the drop-ins in their order. */
  #filesOf(name: UnitName): readonly string[] {
    const file = this.#fileOf(name);
    const dropIns = [...this.#texts.keys()].filter((each) => each.startsWith(`${name}.d/`)).sort();
    return file === null ? dropIns : [file, ...dropIns];
  }

  #lex(file: string): LexedFile {
    let lexed = this.#lexed.get(file);
    if (lexed === undefined) this.#lexed.set(file, lexed = lexUnitFile(this.#texts.get(file) as string, pathOf(file)));
    return lexed;
  }

  #build(name: UnitName): UnitDefinition {
    const file = this.#fileOf(name);
    const files = this.#filesOf(name);
    const sources = {
      name, names: [name], links: [],
      fragment: file === null ? null : this.#lex(file),
      dropIns: files.filter((each) => each !== file).map((each) => this.#lex(each)),
      sourceHash: hashSources(files.map((each) => ({ path: pathOf(each), text: this.#texts.get(each) as string }))),
    };
    if (file !== null || unitKind(name) === 'slice') return buildUnit(sources, this.#context);
    return buildUnusable(sources, this.#context, { loadState: 'not-found', loadError: `There is no unit file ${name}.`, fragmentPath: null });
  }
}

/** The file is, or would be, the unit's fragment, its template's or a drop-in of it. */
function isFileOf(name: UnitName, file: string): boolean {
  return file === name || file.startsWith(`${name}.d/`) || templateOf(name) === file;
}

function pathOf(file: string): string {
  return `${FOLDER}/${file}`;
}

/** The names of a folder's units; files of drop-ins and templates are not among them. */
export function unitNamesIn(texts: Readonly<Record<string, string>>): readonly UnitName[] {
  return Object.keys(texts).filter((file): file is UnitName => isUnitName(file));
}
