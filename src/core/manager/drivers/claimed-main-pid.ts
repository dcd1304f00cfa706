/** MAINPID= of a readiness message names a process; whether it can be the service's own is checked against what else is known of it. */
import type { Pid } from '../../../base/brand.ts';
import type { EventOf } from '../event.ts';
import type { Turn } from '../turn.ts';

/**
 * The message without MAINPID= when that names a process of another unit or the command that runs beside the main process: a service
 * must not take over what is not its own, and no process has two owners. The host has seen to it that the process exists.
 */
export function withoutForeignMainPid(turn: Turn, event: EventOf<'notify'>): EventOf<'notify'> {
  const claim = event.fields.find(([key]) => key === 'MAINPID');
  if (claim === undefined) return event;
  const pid = Number(claim[1]) as Pid;
  const owner = turn.ownerOf(pid);
  const runtime = turn.unit(event.unit)?.runtime;
  const isControl = runtime?.kind === 'service' && runtime.controlPid === pid;
  if ((owner === undefined || owner === event.unit) && !isControl) return event;
  turn.log('warning', event.unit, `MAINPID=${claim[1]} ignored: the process ${isControl ? 'runs a command of the unit' : `belongs to ${String(owner)}`}`);
  return { ...event, fields: event.fields.filter(([key]) => key !== 'MAINPID') };
}
