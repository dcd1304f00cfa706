/**
 * Who is due when: an ordered set of (instant, key) that is replaced, never changed.
 *
 * A treap: a search tree by instant and key, and a heap by a weight that follows from the key. The same entries make the same tree in
 * whatever order they came, so that an index made anew after a recovery is the one that was lost. Reading the earliest, putting in and
 * taking out take time in proportion to the logarithm of the number of entries.
 */
export type DueIndex<K extends string | number> = DueNode<K> | null;

export interface DueNode<K extends string | number> {
  readonly dueUsec: number;
  readonly key: K;
  readonly weight: number;
  readonly left: DueIndex<K>;
  readonly right: DueIndex<K>;
}

/** A key files under another instant than before; null = not at all. */
export function refile<K extends string | number>(index: DueIndex<K>, key: K, beforeUsec: number | null, afterUsec: number | null): DueIndex<K> {
  if (beforeUsec === afterUsec) return index;
  const without = beforeUsec === null ? index : takeOut(index, beforeUsec, key);
  if (afterUsec === null) return without;
  const [earlier, later] = split(without, afterUsec, key);
  return join(join(earlier, { dueUsec: afterUsec, key, weight: weightOf(key), left: null, right: null }), later);
}

/** The keys that are due by then, earliest first, those of one instant by key. */
export function dueBy<K extends string | number>(index: DueIndex<K>, nowUsec: number): readonly K[] {
  const due: K[] = [];
  const walk = (node: DueIndex<K>): void => {
    if (node === null) return;
    walk(node.left);
    if (node.dueUsec > nowUsec) return;
    due.push(node.key);
    walk(node.right);
  };
  walk(index);
  return due;
}

/** The earliest instant after the given one; null = there is none. */
export function earliestAfter<K extends string | number>(index: DueIndex<K>, afterUsec: number): number | null {
  let found: number | null = null;
  for (let node = index; node !== null;) {
    if (node.dueUsec <= afterUsec) {
      node = node.right;
    } else {
      found = node.dueUsec;
      node = node.left;
    }
  }
  return found;
}

function isBefore(aUsec: number, aKey: string | number, bUsec: number, bKey: string | number): boolean {
  return aUsec < bUsec || (aUsec === bUsec && aKey < bKey);
}

function takeOut<K extends string | number>(node: DueIndex<K>, dueUsec: number, key: K): DueIndex<K> {
  if (node === null) return null;
  if (node.key === key && node.dueUsec === dueUsec) return join(node.left, node.right);
  return isBefore(dueUsec, key, node.dueUsec, node.key)
    ? withEnds(node, takeOut(node.left, dueUsec, key), node.right) : withEnds(node, node.left, takeOut(node.right, dueUsec, key));
}

/** What comes before the entry, and what after. */
function split<K extends string | number>(node: DueIndex<K>, dueUsec: number, key: K): readonly [DueIndex<K>, DueIndex<K>] {
  if (node === null) return [null, null];
  if (isBefore(node.dueUsec, node.key, dueUsec, key)) {
    const [earlier, later] = split(node.right, dueUsec, key);
    return [withEnds(node, node.left, earlier), later];
  }
  const [earlier, later] = split(node.left, dueUsec, key);
  return [earlier, withEnds(node, later, node.right)];
}

/** Everything in `a` comes before everything in `b`. */
function join<K extends string | number>(a: DueIndex<K>, b: DueIndex<K>): DueIndex<K> {
  if (a === null) return b;
  if (b === null) return a;
  return a.weight >= b.weight ? withEnds(a, a.left, join(a.right, b)) : withEnds(b, join(a, b.left), b.right);
}

function withEnds<K extends string | number>({ dueUsec, key, weight }: DueNode<K>, left: DueIndex<K>, right: DueIndex<K>): DueNode<K> {
  return { dueUsec, key, weight, left, right };
}

/** As good as random: names and numbers that follow one another must not make a list of the tree. */
function weightOf(key: string | number): number {
  let hash = typeof key === 'number' ? key : 0;
  if (typeof key === 'string') for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
