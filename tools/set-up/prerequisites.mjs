/** What the native build needs from the machine, and the Debian packages it comes in. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetUpError } from './set-up-error.mjs';

/** Any program of `anyOf` will do; `debian` is the package to install when there is none. */
const NEEDED = [
  { what: 'a C compiler', anyOf: ['cc', 'gcc', 'clang'], debian: 'gcc' },
  { what: 'a C++ compiler', anyOf: ['c++', 'g++', 'clang++'], debian: 'g++' },
  { what: 'cmake', anyOf: ['cmake'], debian: 'cmake' },
  { what: 'make or ninja', anyOf: ['make', 'ninja'], debian: 'make' },
];

/** The static programs link libc.a, which Debian keeps in this package with the headers. */
const LIBC_HEADER = '/usr/include/stdio.h';

/** @throws {SetUpError} one line: all that is missing, and the one command that installs it */
export function checkPrerequisites() {
  const missing = NEEDED.filter(({ anyOf }) => !anyOf.some(isOnPath)).map(({ what, debian }) => ({ what, debian }));
  if (!isReadable(LIBC_HEADER)) missing.push({ what: 'the C library headers', debian: 'libc6-dev' });
  if (missing.length === 0) return;
  const names = missing.map(({ what }) => what).join(', ');
  const packages = missing.map(({ debian }) => debian).join(' ');
  throw new SetUpError(`missing ${names}: sudo apt-get install ${packages}`);
}

/** Whether we may do everything: getuid is missing only on systems Heartwood does not run on. */
export function isRoot() {
  return process.getuid?.() === 0;
}

/** @param {string} program a bare name */
export function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function isReadable(path) {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
