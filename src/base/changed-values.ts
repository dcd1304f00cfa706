/** What differs between two persistent maps, found by the shards they do not share. */
import type { PersistentMap } from './persistent-map.ts';

/** The values of `after` that are new or other objects than in `before`. Takes time in proportion to what was written in between. */
export function changedValues<K extends string | number, V>(before: PersistentMap<K, V>, after: PersistentMap<K, V>): readonly V[] {
  const changed: V[] = [];
  if (before === after) return changed;
  for (let index = 0; index < after.shards.length; index++) {
    const shard = after.shards[index];
    const former = before.shards[index];
    if (shard === undefined || shard === former) continue;
    for (const [key, value] of shard) if (former?.get(key) !== value) changed.push(value);
  }
  return changed;
}
