/** The recorded answers of systemd 252 about changed unit files, made by `test/systemd/mutated.ts`: where they are and what they hold. */

export const MUTATED_ANSWERS = new URL('./mutated-answers.jsonl', import.meta.url).pathname;
/** The files that are changed. */
export const MUTATION_BASES = new URL('./mutation-bases', import.meta.url).pathname;

export interface MutatedAnswer {
  readonly name: string;
  /** For `mutate`, after the name and a colon; 0 = the file as it is. */
  readonly seed: number;
  /** Whether systemd-analyze verify ends with another status than 0. */
  readonly fails: boolean;
  /** Lines it has something to say about, ascending. */
  readonly lines: readonly number[];
}
