/** What a step came to, in the words of the table of branches. */
import { getEntry } from '../base/persistent-map.ts';
import { isStoredFd } from '../core/machine/service/fd-store.ts';
import type { Effect } from '../core/manager/effect.ts';
import type { UnstampedEvent } from '../core/manager/event.ts';
import type { ManagerState } from '../core/manager/state.ts';
import type { StepLook } from './kernel.ts';

type Reach = (what: string) => void;

/** @param reach called with each word */
export function countReached({ event, effects, after }: Pick<StepLook, 'event' | 'effects' | 'after'>, reach: Reach): void {
  ofEvent(event, reach);
  for (const effect of effects) ofEffect(effect, after, reach);
}

function ofEvent(event: UnstampedEvent, reach: Reach): void {
  switch (event.event) {
    case 'notify':
      if (event.fds.length > 0) reach('fd stored');
      return;
    case 'probe-answer': reach(event.holds ? 'probe holds' : 'probe fails'); return;
    case 'automount-opened':
      if (event.outcome !== 'trapped') reach('autofs refused');
      return;
    case 'automount-gone': reach('autofs taken away'); return;
    default:
  }
}

function ofEffect(effect: Effect, after: ManagerState, reach: Reach): void {
  switch (effect.kind) {
    case 'publish': ofChange(effect.change, after, reach); return;
    case 'reply':
      if (!effect.result.ok) reach(`refused: ${effect.result.code}`);
      return;
    case 'spawn':
      if (effect.role === 'ExecProbe') reach('probe program');
      else if (effect.fds.some(({ key }) => isStoredFd(key))) reach('stored fd given back');
      return;
    case 'close-fds':
      if (effect.names.some(isStoredFd)) reach('stored fd closed');
      return;
    case 'answer-automount':
      if (effect.tokens.length > 0) reach(effect.errno === 0 ? 'visitor let in' : 'visitor turned away');
      return;
    case 'freeze-control-group': reach(effect.freeze ? 'frozen' : 'thawed'); return;
    case 'probe': reach('probe asked'); return;
    case 'log':
      if (/\(RestartA(?:waitsNeeds|fterLimitSec)=\)/.test(effect.message)) reach('restart put off');
      else if (effect.message.endsWith('(ExitOn=)')) reach('exit rule');
      return;
    default:
  }
}

function ofChange(change: Extract<Effect, { readonly kind: 'publish' }>['change'], { jobs }: ManagerState, reach: Reach): void {
  if (change.change === 'unit') reach(change.subState);
  else if (change.change === 'job-removed') reach(`job ${change.result}`);
  else if (change.type === 'start' && getEntry(jobs, change.job)?.reason.reason === 'auto-restart') reach('direct restart');
}
