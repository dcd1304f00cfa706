/**
 * A map that is replaced, never changed: `set` and `delete` return a new map and share almost everything with the old one.
 *
 * Keys (strings or numbers) are spread over shards by hash; a write copies the array of shards and one shard. With
 * 10,000 entries a write copies about 300 references, and a read costs one hash and one look-up. A trie would copy less but
 * is slower at our sizes and far longer. `Batch` makes many writes for the price of one copy of each touched shard.
 */
const SHARDS = 128;

/** Names of units differ before `.service`, or a suffix about as long. */
const SUFFIX_LENGTH = 8;

/**
 * Of a name only the length and some characters before the suffix are looked at: this is asked for thousands of times in a turn, and
 * the engine's code is interpreted. Names that are too short give NaN for a character, which the shifts make 0.
 */
function shardOf(key: string | number): number {
  if (typeof key === 'number') return key & (SHARDS - 1);
  const end = key.length - SUFFIX_LENGTH;
  return (key.length ^ key.charCodeAt(end - 1) ^ (key.charCodeAt(end - 2) << 3) ^ (key.charCodeAt(end - 3) << 1)
    ^ (key.charCodeAt(end - 4) << 5) ^ (key.charCodeAt(end - 5) << 4) ^ (key.charCodeAt(end - 6) << 2)) & (SHARDS - 1);
}

type Shard<K, V> = ReadonlyMap<K, V>;

export interface PersistentMap<K extends string | number, V> {
  readonly size: number;
  readonly shards: readonly (Shard<K, V> | undefined)[];
}

const EMPTY: PersistentMap<never, never> = { size: 0, shards: new Array<undefined>(SHARDS).fill(undefined) };

export function emptyMap<K extends string | number, V>(): PersistentMap<K, V> {
  return EMPTY;
}

export function getEntry<K extends string | number, V>(map: PersistentMap<K, V>, key: K): V | undefined {
  return map.shards[shardOf(key)]?.get(key);
}

export function hasEntry<K extends string | number, V>(map: PersistentMap<K, V>, key: K): boolean {
  return map.shards[shardOf(key)]?.has(key) ?? false;
}

/** All entries; the order is that of the shards, stable for one map but without meaning. Sort where order shows. */
export function entriesOf<K extends string | number, V>(map: PersistentMap<K, V>): readonly (readonly [K, V])[] {
  const entries: (readonly [K, V])[] = [];
  for (const shard of map.shards) if (shard !== undefined) for (const entry of shard) entries.push(entry);
  return entries;
}

/** All keys, in the order of `entriesOf`. */
export function keysOf<K extends string | number, V>(map: PersistentMap<K, V>): readonly K[] {
  const keys: K[] = [];
  for (const shard of map.shards) if (shard !== undefined) for (const key of shard.keys()) keys.push(key);
  return keys;
}

export function valuesOf<K extends string | number, V>(map: PersistentMap<K, V>): readonly V[] {
  return valuesIn(map.shards);
}

/** As an array and not one by one: a generator within a generator takes several times as long. */
function valuesIn<K extends string | number, V>(shards: PersistentMap<K, V>['shards']): readonly V[] {
  const values: V[] = [];
  for (const shard of shards) if (shard !== undefined) for (const value of shard.values()) values.push(value);
  return values;
}

export function setEntry<K extends string | number, V>(map: PersistentMap<K, V>, key: K, value: V): PersistentMap<K, V> {
  const batch = new Batch(map);
  batch.set(key, value);
  return batch.finish();
}

export function deleteEntry<K extends string | number, V>(map: PersistentMap<K, V>, key: K): PersistentMap<K, V> {
  const batch = new Batch(map);
  batch.delete(key);
  return batch.finish();
}

export function mapFrom<K extends string | number, V>(entries: Iterable<readonly [K, V]>): PersistentMap<K, V> {
  const batch = new Batch<K, V>(emptyMap());
  for (const [key, value] of entries) batch.set(key, value);
  return batch.finish();
}

/** The writable view of one step: reads see its own writes; `finish` gives the new map and ends the batch. */
export class Batch<K extends string | number, V> {
  #base: PersistentMap<K, V>;
  #size: number;
  #shards: (Shard<K, V> | undefined)[] | null = null;
  /** Bit per shard would do; a Set is only made when something is written. */
  #own: Set<number> | null = null;

  constructor(base: PersistentMap<K, V>) {
    this.#base = base;
    this.#size = base.size;
  }

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    return (this.#shards ?? this.#base.shards)[shardOf(key)]?.get(key);
  }

  has(key: K): boolean {
    return (this.#shards ?? this.#base.shards)[shardOf(key)]?.has(key) ?? false;
  }

  set(key: K, value: V): void {
    const shard = this.#writable(shardOf(key));
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
  }

  delete(key: K): void {
    if (!this.has(key)) return;
    this.#writable(shardOf(key)).delete(key);
    this.#size -= 1;
  }

  /** As they are now; what is written later does not show. */
  values(): readonly V[] {
    return valuesIn(this.#shards ?? this.#base.shards);
  }

  finish(): PersistentMap<K, V> {
    if (this.#shards !== null) this.#base = { size: this.#size, shards: this.#shards };
    this.#shards = null;
    this.#own = null;
    return this.#base;
  }

  #writable(index: number): Map<K, V> {
    this.#shards ??= [...this.#base.shards];
    this.#own ??= new Set();
    const shard = this.#shards[index];
    if (shard !== undefined && this.#own.has(index)) return shard as Map<K, V>;
    const copy = new Map(shard);
    this.#shards[index] = copy;
    this.#own.add(index);
    return copy;
  }
}
