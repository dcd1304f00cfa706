/**
 * The directories of PrivateTmp= while their units run, below the runtime directory:
 *
 *     private-tmp/UNIT    the unit's own, or a link to that of a unit whose name spaces it shares (JoinsNamespaceOf=)
 *
 * Who shares with whom stands in the links alone, so that a manager that takes over from one that died knows it, too.
 */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { UnitName } from '../../base/brand.ts';
import type { NativeBinding } from '../native.ts';
import { TreeRemoval, isGone } from './tree-removal.ts';

export interface PrivateTmpOptions {
  readonly native: NativeBinding;
  readonly runtimeDirectory: string;
}

export class PrivateTmp {
  readonly #native: NativeBinding;
  readonly #holder: string;
  /** Units that have one: a stop need not look for what most units have not. */
  readonly #inhabited: Set<string>;
  readonly #removal: TreeRemoval;

  constructor({ native, runtimeDirectory }: PrivateTmpOptions) {
    this.#native = native;
    this.#holder = `${runtimeDirectory}/private-tmp`;
    this.#inhabited = new Set(existsSync(this.#holder) ? readdirSync(this.#holder).filter((name) => !isGone(name)) : []);
    this.#removal = new TreeRemoval(this.#holder);
  }

  /**
   * The directory for processes of the unit, made if there is none yet.
   *
   * @param joined units whose name spaces it shares: those that are down, or have no PrivateTmp=, have no directory
   */
  prepare(unit: UnitName, joined: readonly UnitName[]): string {
    const path = this.#pathOf(unit);
    this.#inhabited.add(unit);
    if (existsSync(path)) return path;
    // A link to nothing: a manager died while it handed the directory on.
    rmSync(path, { force: true });
    const shared = joined.map((other) => this.#pathOf(other)).find((other) => existsSync(other));
    if (shared === undefined || !this.#link(path, basename(realpathSync(shared)))) {
      this.#native.makeDirectory(this.#holder, 0o700);
      this.#native.makeDirectory(path, 0o700);
    }
    return path;
  }

  /** The unit is down. What is in its directory goes with the last unit that shares it; until then another one has it. */
  release(unit: UnitName): void {
    if (!this.#inhabited.delete(unit)) return;
    const path = this.#pathOf(unit);
    try {
      const [heir, ...others] = this.#sharers(unit);
      // Of a link only the link goes.
      if (heir === undefined) {
        if (lstatSync(path).isSymbolicLink()) rmSync(path);
        else this.#removal.remove(path);
        return;
      }
      rmSync(this.#pathOf(heir));
      renameSync(path, this.#pathOf(heir));
      for (const other of others) this.#link(this.#pathOf(other), heir);
    } catch {
      // A manager without privileges may meet what its service has locked: it stays as long as the runtime directory.
    }
  }

  #pathOf(unit: string): string {
    return `${this.#holder}/${unit}`;
  }

  /** Units that have a link to the directory of this one. */
  #sharers(unit: UnitName): readonly string[] {
    return readdirSync(this.#holder, { withFileTypes: true })
      .filter((entry) => entry.isSymbolicLink() && readlinkSync(this.#pathOf(entry.name)) === unit)
      .map(({ name }) => name);
  }

  /** False when the file system does not take it. */
  #link(path: string, to: string): boolean {
    try {
      rmSync(path, { force: true });
      symlinkSync(to, path);
      return true;
    } catch {
      return false;
    }
  }
}
