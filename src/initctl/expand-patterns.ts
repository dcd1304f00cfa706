import { isGlob } from '../control/glob.ts';
import { request, type VerbRun } from './verb.ts';

/** Patterns become the names of the units that are loaded and have a file or are known to the kernel; other words stay as they are and come first, as in systemctl. */
export function* expandPatterns(words: readonly string[]): VerbRun<readonly string[]> {
  const units = words.filter((word) => !isGlob(word));
  for (const word of words.filter(isGlob)) {
    const reply = yield* request('list-units', { patterns: [word], all: true });
    if (reply.ok) units.push(...reply.value.units.filter((unit) => unit.load !== 'not-found').map((unit) => unit.unit));
  }
  return units;
}
