/** Instants, ages and sizes for people. Spans without an instant are `formatTimeSpan` of core. */

/** `3min 5s ago`: two units at most. Source: the "Active:" line of systemctl(1). */
export function formatAgo(atUsec: number, nowUsec: number): string {
  const past = nowUsec >= atUsec;
  const span = Math.abs(nowUsec - atUsec);
  const tail = past ? 'ago' : 'left';
  const pair = (big: number, bigName: string, small: number, smallName: string): string =>
    `${name(Math.floor(span / big), bigName)} ${name(Math.floor((span % big) / small), smallName)} ${tail}`;
  const one = (size: number, word: string): string => `${Math.floor(span / size)}${word} ${tail}`;
  const [S, MIN, H, DAY, WEEK, MONTH, YEAR] = [1e6, 60e6, 3600e6, 86400e6, 604800e6, 2629800e6, 31557600e6];
  if (span >= YEAR) return pair(YEAR, 'year', MONTH, 'month');
  if (span >= MONTH) return pair(MONTH, 'month', DAY, 'day');
  if (span >= WEEK) return pair(WEEK, 'week', DAY, 'day');
  if (span >= 2 * DAY) return `${Math.floor(span / DAY)} days ${tail}`;
  if (span >= 25 * H) return `1 day ${Math.floor((span - DAY) / H)}h ${tail}`;
  if (span >= 6 * H) return one(H, 'h');
  if (span >= H) return `${Math.floor(span / H)}h ${Math.floor((span % H) / MIN)}min ${tail}`;
  if (span >= 5 * MIN) return one(MIN, 'min');
  if (span >= MIN) return `${Math.floor(span / MIN)}min ${Math.floor((span % MIN) / S)}s ${tail}`;
  if (span >= S) return one(S, 's');
  if (span >= 1000) return one(1000, 'ms');
  return span > 0 ? one(1, 'us') : 'now';
}

function name(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** `12.3M`: binary units with one decimal below ten thousand, as format_bytes of systemctl(1)'s "Memory:" line. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  const units = ['K', 'M', 'G', 'T', 'P', 'E'];
  let value = bytes;
  let at = -1;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return `${(Math.floor(value * 10) / 10).toFixed(1)}${units[at] as string}`;
}
