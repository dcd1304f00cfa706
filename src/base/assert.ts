/** Thrown when the program contradicts itself. Operating errors are values and never come this way. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/**
 * States a law the code relies on.
 *
 * @param condition what must hold
 * @param law       a sentence that is true when the condition holds; it becomes the error message
 * @param subject   what it is about, where the law is asserted so often that no text is to be made while it holds
 * @throws AssertionError when it does not hold
 */
export function assert(condition: boolean, law: string, subject: string | number = ''): asserts condition {
  if (!condition) throw new AssertionError(`law broken: ${law}${subject === '' ? '' : ` (${String(subject)})`}`);
}

/** Marks the branch of an exhaustive `switch` that no value can reach. */
export function unreachable(value: never): never {
  throw new AssertionError(`law broken: no case for ${JSON.stringify(value)}`);
}
