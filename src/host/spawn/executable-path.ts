import { accessSync, constants, statSync } from 'node:fs';
import { ownProgramDirectory } from '../program-paths.ts';

/** systemd's fixed search path for commands without a slash (systemd.service(5), "Command lines"). */
const SEARCH_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Where bare names were found; bounded because names come from unit files that are reloaded for years. */
const CACHE_ENTRIES_MAX = 1024;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Finds commands that are written without a path, and remembers where. */
export class ExecutablePath {
  readonly #found = new Map<string, string>();
  readonly #root: string;

  /** @param root folder below which programs are looked for; '' for the running system */
  constructor(root = '') {
    this.#root = root;
  }

  /** Whether a path, or a command of the search path, is an executable file. */
  isThere(command: string): boolean {
    const path = this.resolve(command);
    return path !== null && isExecutable(`${this.#root}${path}`);
  }

  /** The absolute path of a command; null when no folder of the search path has it. A path is returned as it is. */
  resolve(command: string): string | null {
    if (command.includes('/')) return command;
    const known = this.#found.get(command);
    if (known !== undefined && isExecutable(`${this.#root}${known}`)) return known;
    // Shipped units name Heartwood's own programs, wherever it is installed.
    const folders = this.#root === '' ? [...SEARCH_PATH, ownProgramDirectory()] : SEARCH_PATH;
    const folder = folders.find((candidate) => isExecutable(`${this.#root}${candidate}/${command}`));
    if (folder === undefined) return null;
    if (this.#found.size >= CACHE_ENTRIES_MAX) this.#found.clear();
    const path = `${folder}/${command}`;
    this.#found.set(command, path);
    return path;
  }
}
