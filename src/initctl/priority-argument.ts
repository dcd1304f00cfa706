const LEVELS: readonly string[] = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
const OTHER_NAMES: Readonly<Record<string, string>> = { panic: 'emerg', error: 'err', warn: 'warning' };

/**
 * `err`, `3`, `warning..debug`: one level means it and everything worse. Source: journalctl(1), "--priority".
 *
 * @param text null = all levels
 * @returns both ends, or a sentence
 */
export function parsePriorities(text: string | null): readonly [number, number] | string {
  if (text === null) return [0, 7];
  const [from = '', to] = text.split('..');
  const first = level(from);
  const last = to === undefined ? first : level(to);
  if (first === null || last === null) return `--priority: "${text}" is none of ${LEVELS.join(', ')}, 0 to 7`;
  return to === undefined ? [0, first] : [Math.min(first, last), Math.max(first, last)];
}

function level(word: string): number | null {
  if (/^[0-7]$/.test(word)) return Number(word);
  const at = LEVELS.indexOf(OTHER_NAMES[word] ?? word);
  return at === -1 ? null : at;
}
