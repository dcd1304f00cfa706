/** Units that start another one when something happens (timers, paths, sockets), and what they make of that unit's changes. */
import type { UnitName } from '../../../base/brand.ts';
import { neighbours } from '../../graph/graph.ts';
import { onAutomountedChanged } from './automount-driver.ts';
import { onWatchedForUnitChanged } from './path-driver.ts';
import { onSocketServiceChanged } from './socket-driver.ts';
import { onTimedUnitChanged } from './timer-driver.ts';
import type { Turn } from '../turn.ts';

/** The unit changed, or a job of it ended: those that start it look at it again. */
export function onTriggeredUnitChanged(turn: Turn, name: UnitName): void {
  for (const by of neighbours(turn.graph, name, 'TriggeredBy')) {
    const unit = turn.unit(by);
    if (unit?.runtime.kind === 'timer') onTimedUnitChanged(turn, unit.name);
    else if (unit?.runtime.kind === 'path') onWatchedForUnitChanged(turn, unit.name);
    else if (unit?.runtime.kind === 'automount') onAutomountedChanged(turn, unit.name);
    else if (unit?.runtime.kind === 'socket') onSocketServiceChanged(turn, unit.name, name);
  }
}
