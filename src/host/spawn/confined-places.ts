/**
 * What the confinement of a unit leaves in the file system while it runs, below the runtime directory:
 *
 *     namespaces/UNIT.net, UNIT.ipc    its private network and IPC name spaces, mounted by the executor so that all its processes
 *                                      and the units that join it find them
 *     credentials/UNIT/                its credentials
 */
import { readdirSync, rmSync, unlinkSync } from 'node:fs';
import type { UnitName } from '../../base/brand.ts';
import { confinementFilters, type NamedProgram } from '../../core/system-call/confinement-filters.ts';
import type { NativeArchitecture } from '../../core/system-call/program.ts';
import type { Confinement } from '../../core/unit/confinement.ts';
import type { ConfinementSpec } from './exec-spec.ts';
import type { NativeBinding } from '../native.ts';

/** umount2(2): away at once from where it is seen, gone when nobody uses it any more. */
const MNT_DETACH = 2;

const ARCHITECTURES: Readonly<Record<string, NativeArchitecture>> = { x64: 'x86-64', arm64: 'arm64' };

/** Where a credential with a relative path is looked for. Source: systemd.exec(5), LoadCredential=. */
export const CREDENTIAL_STORES: readonly string[] = [
  '/etc/credstore', '/run/credstore', '/usr/local/lib/credstore', '/usr/lib/credstore', '/run/credentials/@system',
];

export interface ConfinedPlacesOptions {
  readonly native: NativeBinding;
  readonly runtimeDirectory: string;
}

export class ConfinedPlaces {
  readonly #options: ConfinedPlacesOptions;
  /** Programs by the wishes they were made for: a unit restarts with the same ones. */
  readonly #filters = new WeakMap<Confinement, readonly NamedProgram[]>();
  /** Units of which there may be something: a stop need not look for what nearly no unit has. */
  readonly #inhabited: Set<string>;

  constructor(options: ConfinedPlacesOptions) {
    this.#options = options;
    this.#inhabited = new Set([
      ...namesIn(`${options.runtimeDirectory}/namespaces`).map((name) => name.replace(/\.(net|ipc)$/, '')),
      ...namesIn(`${options.runtimeDirectory}/credentials`),
    ]);
  }

  /**
   * What the executor is to be told.
   *
   * @returns `refused`: directives that cannot be carried out on this machine, and why
   */
  prepare(wishes: Confinement, unit: UnitName, joined: readonly UnitName[]): {
    readonly confinement: ConfinementSpec; readonly refused: readonly { readonly directive: string; readonly why: string }[];
  } {
    const { native, runtimeDirectory } = this.#options;
    const keepers = (suffix: 'net' | 'ipc'): readonly string[] => [unit, ...joined].map((name) => this.#keeper(name, suffix));
    if (wishes.privateNetwork || wishes.privateIpc) native.makeDirectory(`${runtimeDirectory}/namespaces`, 0o700);
    const hasCredentials = wishes.credentials.length > 0;
    if (hasCredentials) native.makeDirectory(`${runtimeDirectory}/credentials`, 0o755);
    if (hasCredentials || wishes.privateNetwork || wishes.privateIpc) this.#inhabited.add(unit);
    const filters = this.#filtersOf(wishes);
    return {
      confinement: {
        wishes, filters: filters ?? [],
        networkKeepers: wishes.privateNetwork ? keepers('net') : [],
        ipcKeepers: wishes.privateIpc ? keepers('ipc') : [],
        credentialsDirectory: hasCredentials ? this.#credentials(unit) : null,
        credentialSearch: CREDENTIAL_STORES,
      },
      refused: filters === null ? this.#refusedFilters(wishes) : [],
    };
  }

  /** The unit is down: nothing of it stays. */
  release(unit: UnitName): void {
    if (!this.#inhabited.delete(unit)) return;
    for (const suffix of ['net', 'ipc'] as const) {
      const keeper = this.#keeper(unit, suffix);
      this.#options.native.umount(keeper, MNT_DETACH);
      try {
        unlinkSync(keeper);
      } catch {
        // It has only one of them, or credentials alone.
      }
    }
    rmSync(this.#credentials(unit), { recursive: true, force: true });
  }

  #keeper(unit: UnitName, suffix: 'net' | 'ipc'): string {
    return `${this.#options.runtimeDirectory}/namespaces/${unit}.${suffix}`;
  }

  #credentials(unit: UnitName): string {
    return `${this.#options.runtimeDirectory}/credentials/${unit}`;
  }

  /** null: there is no table of system calls for this machine. */
  #filtersOf(wishes: Confinement): readonly NamedProgram[] | null {
    const native = ARCHITECTURES[process.arch];
    if (native === undefined) return null;
    const known = this.#filters.get(wishes);
    if (known !== undefined) return known;
    const made = confinementFilters(wishes, native);
    this.#filters.set(wishes, made);
    return made;
  }

  #refusedFilters(wishes: Confinement): readonly { readonly directive: string; readonly why: string }[] {
    const why = `there is no table of system calls for ${process.arch}`;
    return confinementFilters(wishes, 'x86-64').map(({ directive }) => ({ directive, why }));
  }
}

/** What a former engine left; nothing when the directory is not there. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
