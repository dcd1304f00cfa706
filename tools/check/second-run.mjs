/** Which test files deserve a second run: a machine busy elsewhere is a reason to fail once, not to fail twice. */

/** More failures than this have a reason that is not the machine's load. */
const MOST_FILES = 4;

/**
 * @param {{ file: string, name: string }[]} failures of the first run
 * @returns {string[]} the files to run again; none when nothing failed, when too much did, or when the runner itself failed
 */
export function filesToRunAgain(failures) {
  if (failures.some(({ file }) => file === '')) return [];
  const files = [...new Set(failures.map(({ file }) => file))];
  return files.length <= MOST_FILES ? files : [];
}
