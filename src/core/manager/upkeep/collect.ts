/**
 * Transient units are forgotten when they have ended and nobody speaks of them any more: CollectMode= of systemd.unit(5).
 *
 * The host is asked first: a client that waits for the end of a unit still wants to read how it ended.
 */
import type { UnitName } from '../../../base/brand.ts';
import { getEntry } from '../../../base/persistent-map.ts';
import { removeFromGraph, type GraphNode } from '../../graph/graph.ts';
import { INVERSE, type EdgeKind } from '../../graph/atoms.ts';
import { isCollectedFailed } from './garbage.ts';
import type { Unit } from '../state.ts';
import type { Turn } from '../turn.ts';

/** The unit changed or a job of it ended: perhaps this was the last of it. */
export function considerCollecting(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (unit !== undefined && isCollectable(turn, unit)) turn.emit({ kind: 'collect', unit: name });
}

/** The host has nothing against it. */
export function onCollect(turn: Turn, name: UnitName): void {
  const unit = turn.unit(name);
  if (unit === undefined || !isCollectable(turn, unit)) return;
  for (const alias of unit.definition.names) if (alias !== name) turn.removeAlias(alias);
  turn.removeUnit(name);
  turn.graph = removeFromGraph(turn.graph, name);
  turn.emit({ kind: 'remove-transient', unit: name });
  for (const { other } of unit.definition.dependencies) considerCollecting(turn, turn.resolve(other));
}

function isCollectable(turn: Turn, unit: Unit): boolean {
  const { definition } = unit;
  if (definition.transient !== true || unit.job !== null) return false;
  const isOver = unit.activeState === 'inactive' || (unit.activeState === 'failed' && isCollectedFailed(definition));
  return isOver && !isNamed(turn, unit.name);
}

/** Whether the definition of another unit speaks of this one. */
function isNamed(turn: Turn, name: UnitName): boolean {
  const node: GraphNode = getEntry(turn.graph, name) ?? {};
  for (const [kind, others] of Object.entries(node) as [EdgeKind, readonly UnitName[]][]) {
    for (const other of others) {
      if (turn.unit(other)?.definition.dependencies.some((each) => each.kind === INVERSE[kind] && turn.resolve(each.other) === name) === true) return true;
    }
  }
  return false;
}
