/** A unit as people type it: a name without a type is a service, a path of a mount point or device stands for its unit. */
import { isGlob } from '../control/glob.ts';

const SUFFIXES = ['.service', '.socket', '.target', '.slice', '.scope', '.timer', '.path', '.mount', '.automount', '.swap', '.device'];

/** @param fallback the type a bare name gets; list verbs take patterns as they are */
export function unitArgument(word: string, fallback = '.service'): string {
  if (isGlob(word) || SUFFIXES.some((suffix) => word.endsWith(suffix))) return word;
  return word.startsWith('/') ? word : word + fallback;
}

export function unitArguments(words: readonly string[]): readonly string[] {
  return words.map((word) => unitArgument(word));
}
