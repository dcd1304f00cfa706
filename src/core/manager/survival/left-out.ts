/**
 * What becomes of a unit of which an event or effect was left out, because the manager died of it or threw: nobody waits for an answer that was
 * lost, and a unit of which it is not known any more what it is in, fails with the reason.
 */
import type { UnitName } from '../../../base/brand.ts';
import type { LostCommand } from '../../machine/control/control-process.ts';
import { onServiceEventLeftOut } from '../../machine/service/left-out.ts';
import { failUnansweredAutomount } from '../drivers/automount-driver.ts';
import type { EventOf } from '../event.ts';
import { finishJob } from '../jobs.ts';
import { onMountCommandLost } from '../drivers/mount-driver.ts';
import { driveService } from '../drivers/service-driver.ts';
import { onSocketLeftOut } from '../drivers/socket-driver.ts';
import type { Reason, Unit } from '../state.ts';
import { onSwapCommandLost } from '../drivers/swap-driver.ts';
import { failAwaitedStamp } from '../drivers/timer-driver.ts';
import type { Turn } from '../turn.ts';

export function onEventLeftOut(turn: Turn, { unit: name, what, goneProcess }: EventOf<'event-left-out'>): void {
  if (goneProcess !== null) turn.removeOwner(goneProcess);
  const unit = turn.unit(name);
  if (unit === undefined) return;
  const reason: Reason = { reason: 'protocol', detail: `the manager failed at "${what}" and left it out` };
  if (what === 'conditions-tested' || what === 'test-conditions') failUntested(turn, unit, reason);
  else tellKind(turn, unit.name, what, { gone: goneProcess, isAnswer: what === 'spawned' || what === 'spawn-failed', reason });
}

/** Nobody will ever say whether its conditions hold. */
function failUntested(turn: Turn, unit: Unit, reason: Reason): void {
  if (unit.conditionToken === null) return;
  turn.setUnit({ ...unit, conditionToken: null, endReason: reason });
  if (unit.job !== null) finishJob(turn, unit.job, 'failed', true);
}

function tellKind(turn: Turn, name: UnitName, what: string, lost: LostCommand): void {
  const { kind } = turn.require(name).runtime;
  switch (kind) {
    case 'service': driveService(turn, name, (c, run) => onServiceEventLeftOut(c, run, lost.reason, lost.gone)); return;
    case 'socket': onSocketLeftOut(turn, name, lost); return;
    case 'mount': onMountCommandLost(turn, name, lost); return;
    case 'swap': onSwapCommandLost(turn, name, lost); return;
    case 'timer': failAwaitedStamp(turn, name, lost.reason); return;
    case 'automount': failUnansweredAutomount(turn, name, what, lost.reason); return;
    // Nothing of them waits for an answer that a recovery does not ask for again.
    default:
  }
}
