/**
 * A map that is replaced, never changed: `set` and `delete` return a new map and share almost everything with the old one.
 *
 * Keys (strings or numbers) are spread over shards by hash; a write copies the array of shards and one shard. With
 * 10,000 entries a write copies about 300 references, and a read costs one hash and one look-up. A trie would copy less but
 * is slower at our sizes and far longer. `Batch` makes many reads and writes for the price of one look-up a key and one copy of each touched shard.
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

/** As an array and not one by one: a generator within a generator takes several times as long. */
export function valuesOf<K extends string | number, V>(map: PersistentMap<K, V>): readonly V[] {
  const values: V[] = [];
  for (const shard of map.shards) if (shard !== undefined) for (const value of shard.values()) values.push(value);
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

/** What a batch knows of one key: its value now (undefined = not there), and whether the map has still to be told. */
interface Slot<K, V> {
  readonly key: K;
  readonly shard: number;
  value: V | undefined;
  isWritten: boolean;
}

/**
 * The writable view of one step: reads see its own writes; `finish` gives the new map and ends the batch.
 *
 * A step asks for the same few keys again and again. Each is looked up once and kept in a slot; shards are copied when the step is over,
 * each once, and only those with a slot that was written to.
 */
export class Batch<K extends string | number, V> {
  #base: PersistentMap<K, V>;
  #size: number;
  #slots: Map<K, Slot<K, V>> | null = null;
  /** In the order of the first writes, which is that of new entries in the map. */
  #written: Slot<K, V>[] = [];

  constructor(base: PersistentMap<K, V>) {
    this.#base = base;
    this.#size = base.size;
  }

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    return (this.#slots?.get(key) ?? this.#open(key)).value;
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  set(key: K, value: V): void {
    const slot = this.#slots?.get(key) ?? this.#open(key);
    if (slot.value === undefined) this.#size += 1;
    this.#write(slot, value);
  }

  delete(key: K): void {
    const slot = this.#slots?.get(key) ?? this.#open(key);
    if (slot.value === undefined) return;
    this.#size -= 1;
    this.#write(slot, undefined);
  }

  /** As they are now; what is written later does not show. */
  values(): readonly V[] {
    return valuesOf(this.#settle());
  }

  finish(): PersistentMap<K, V> {
    const map = this.#settle();
    this.#slots = null;
    return map;
  }

  #open(key: K): Slot<K, V> {
    const shard = shardOf(key);
    const slot = { key, shard, value: this.#base.shards[shard]?.get(key), isWritten: false };
    this.#slots ??= new Map();
    this.#slots.set(key, slot);
    return slot;
  }

  #write(slot: Slot<K, V>, value: V | undefined): void {
    slot.value = value;
    if (slot.isWritten) return;
    slot.isWritten = true;
    this.#written.push(slot);
  }

  /** Takes what was written into a new map, which is the base from now on. */
  #settle(): PersistentMap<K, V> {
    if (this.#written.length === 0) return this.#base;
    const former = this.#base.shards;
    const shards = [...former];
    for (const slot of this.#written) {
      const index = slot.shard;
      // A shard that is no longer the former one is this batch's own.
      if (shards[index] === former[index]) shards[index] = new Map(former[index]);
      const shard = shards[index] as Map<K, V>;
      if (slot.value === undefined) shard.delete(slot.key);
      else shard.set(slot.key, slot.value);
      slot.isWritten = false;
    }
    this.#written = [];
    this.#base = { size: this.#size, shards };
    return this.#base;
  }
}
