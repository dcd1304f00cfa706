/** Type first, then the name, in both without regard to case: the order of systemctl's lists of units and unit files. */
export function byTypeAndName(a: string, b: string): number {
  return compareLower(a.slice(a.lastIndexOf('.')), b.slice(b.lastIndexOf('.'))) || compareLower(a, b) || compare(a, b);
}

function compareLower(a: string, b: string): number {
  return compare(a.toLowerCase(), b.toLowerCase());
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
