/** What a signal to the manager means, by mode. Sources: systemd(1) "Signals"; for containers what docker stop and lxc-stop send. */
import type { UnitName } from '../../base/brand.ts';
import type { EventOf } from './event.ts';
import { enqueueInternal } from './jobs.ts';
import { beginShutdown } from './shutdown.ts';
import type { ManagerConfig, ShutdownGoal } from './state.ts';
import type { Turn } from './turn.ts';

type SignalName = EventOf<'signal'>['signal'];
export type SignalMeaning =
  | { readonly do: 'shutdown'; readonly goal: ShutdownGoal; readonly force: boolean }
  | { readonly do: 'isolate'; readonly unit: string }
  | { readonly do: 'reload' }
  | { readonly do: 'reexec' };

const stop = (goal: ShutdownGoal, force = false): SignalMeaning => ({ do: 'shutdown', goal, force });
const isolate = (unit: string): SignalMeaning => ({ do: 'isolate', unit });

/** Real-time signals of systemd(1), the same in a machine and in a container; there every way down ends in an exit. */
const REAL_TIME: Readonly<Partial<Record<SignalName, SignalMeaning>>> = {
  'SIGRTMIN+0': isolate('default.target'),
  'SIGRTMIN+1': isolate('rescue.target'),
  'SIGRTMIN+2': isolate('emergency.target'),
  'SIGRTMIN+3': stop('halt'),
  'SIGRTMIN+4': stop('poweroff'),
  'SIGRTMIN+5': stop('reboot'),
  'SIGRTMIN+6': stop('kexec'),
  'SIGRTMIN+7': stop('soft-reboot'),
  'SIGRTMIN+13': stop('halt', true),
  'SIGRTMIN+14': stop('poweroff', true),
  'SIGRTMIN+15': stop('reboot', true),
  'SIGRTMIN+16': stop('kexec', true),
  'SIGRTMIN+17': stop('soft-reboot', true),
};

/** By mode; a signal that is missing means nothing. The manual page is made from it. */
export const SIGNAL_MEANINGS: Readonly<Record<ManagerConfig['mode'], Readonly<Partial<Record<SignalName, SignalMeaning>>>>> = {
  system: {
    ...REAL_TIME,
    SIGTERM: { do: 'reexec' },
    // The kernel sends SIGINT to init for ctrl-alt-del.
    SIGINT: stop('reboot'),
    SIGPWR: stop('poweroff'),
    SIGHUP: { do: 'reload' },
  },
  container: { ...REAL_TIME, SIGTERM: stop('exit'), SIGINT: stop('exit'), SIGPWR: stop('exit'), SIGHUP: { do: 'reload' } },
  user: { SIGTERM: stop('exit'), SIGINT: stop('exit'), SIGHUP: { do: 'reload' }, 'SIGRTMIN+24': stop('exit', true) },
};

export function onSignal(turn: Turn, signal: SignalName): void {
  const { mode } = turn.config;
  const meaning = SIGNAL_MEANINGS[mode][signal];
  if (meaning === undefined) return;
  switch (meaning.do) {
    case 'shutdown':
      beginShutdown(turn, mode === 'system' ? meaning.goal : 'exit', { exitStatus: 0, force: meaning.force, rebootArgument: '' });
      return;
    case 'isolate': {
      const unit = turn.unit(meaning.unit as UnitName);
      if (unit === undefined) turn.log('warning', '', `${signal}: ${meaning.unit} is not loaded`);
      else enqueueInternal(turn, unit.name, 'start', 'isolate', { reason: 'requested', uid: 0, pid: 0, verb: signal });
      return;
    }
    case 'reload':
      turn.emit({ kind: 'reload-definitions' });
      return;
    case 'reexec':
      turn.emit({ kind: 'reexec', request: null });
  }
}
