/**
 * Splits a line typed at the prompt into words: blanks separate, single and double quotes and backslashes keep them. Nothing is
 * expanded: this is no shell.
 *
 * @returns a sentence when a quote is not closed
 */
export function splitLine(line: string): readonly string[] | string {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let i = 0; i < line.length; i++) {
    const char = line[i] as string;
    if (char === '\\' && quote !== "'") {
      word = (word ?? '') + (line[++i] ?? '\\');
    } else if (quote !== null) {
      if (char === quote) quote = null;
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === ' ' || char === '\t') {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== null) return `a ${quote} is not closed`;
  if (word !== null) words.push(word);
  return words;
}
