/** Which shared libraries of the host a set of executables needs to run in the guest. */
import { basename } from 'node:path';
import { realpathSync } from 'node:fs';
import { runProgram } from './run-program.ts';
import { VmError } from './vm-error.ts';

export interface SharedLibrary {
  /** Where the dynamic linker looks for it in the guest, without the leading slash. */
  readonly guestPath: string;
  /** The file on this machine. */
  readonly hostPath: string;
}

/** The one path that is written into executables; everything else is found by name. */
const LINKER_GUEST_PATH = 'usr/lib64/ld-linux-x86-64.so.2';
const LIBRARY_GUEST_DIRECTORY = 'usr/lib/x86_64-linux-gnu';

/**
 * @param executables paths of dynamically linked programs and addons
 * @returns each library once, sorted by guest path
 * @throws VmError naming a library that this machine has not
 */
export function sharedLibrariesOf(executables: readonly string[]): readonly SharedLibrary[] {
  const byGuestPath = new Map<string, SharedLibrary>();
  for (const executable of executables) {
    for (const line of runProgram('ldd', [executable], { debianPackage: 'libc-bin' }).toString().split('\n')) {
      const library = parseLddLine(line, executable);
      if (library !== null) byGuestPath.set(library.guestPath, library);
    }
  }
  return [...byGuestPath.values()].sort((a, b) => (a.guestPath < b.guestPath ? -1 : 1));
}

/**
 *     line := name "=>" path "(" address ")" | linker-path "(" address ")" | name "=> not found" | vdso | remark
 */
function parseLddLine(line: string, executable: string): SharedLibrary | null {
  const missing = /^\s*(\S+) => not found/.exec(line);
  if (missing !== null) throw new VmError(`${executable} needs ${String(missing[1])}, which is not installed`);
  const found = /^\s*(?:\S+ => )?(\/\S+) \(0x/.exec(line);
  const path = found?.[1];
  if (path === undefined) return null;
  const name = basename(path);
  const guestPath = name.startsWith('ld-linux') ? LINKER_GUEST_PATH : `${LIBRARY_GUEST_DIRECTORY}/${name}`;
  return { guestPath, hostPath: realpathSync(path) };
}
