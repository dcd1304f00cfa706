/**
 * The life of a mount unit. Source: systemd.mount(5), and what systemd 252 does.
 *
 *     dead -> mounting -> mounting-done -> mounted -> unmounting -> dead | failed
 *     mounted <-> remounting
 *     mounting, remounting, unmounting -> …-sigterm -> …-sigkill when the command takes too long
 *
 * mount(8) and umount(8) do the work; that there is a mount, the kernel's table alone says. What somebody else mounts is `mounted` as
 * well, and what somebody else unmounts is `dead`.
 */
import { addUsec } from '../../base/time.ts';
import type { ActiveState, CommandResult, MountResult, MountRuntime, MountState, Reason } from '../manager/state.ts';
import type { ExecCommand, MountRole } from '../unit/exec-context.ts';
import type { MountPoint, MountUnit } from '../unit/mount.ts';
import { NO_CONTROL, signalControl, spawnControl, type CommandEnd, type ControlContext, type ControlMachine } from './control/control-process.ts';
import { ownCommand } from './own-command.ts';
import { killPatienceUsec } from './kill-patience.ts';

export type MountContext = ControlContext<MountUnit>;

export const MOUNT_NEVER_STARTED: MountRuntime = { ...NO_CONTROL, kind: 'mount', state: 'dead', result: 'success', reloadResult: 'success', found: null, unmountRounds: 0 };

export const MOUNT_ACTIVE_STATE: Readonly<Record<MountState, ActiveState>> = {
  dead: 'inactive', mounting: 'activating', 'mounting-done': 'activating', mounted: 'active', remounting: 'reloading', unmounting: 'deactivating',
  'remounting-sigterm': 'reloading', 'remounting-sigkill': 'reloading', 'unmounting-sigterm': 'deactivating', 'unmounting-sigkill': 'deactivating',
  failed: 'failed',
};

type SignalState = 'remounting-sigterm' | 'remounting-sigkill' | 'unmounting-sigterm' | 'unmounting-sigkill';

/** Mounts may be stacked on one place, and each umount(8) takes one away. systemd gives up after as many. */
const UNMOUNT_ROUNDS_MAX = 32;

const MOUNT_PROGRAM = '/bin/mount';
const UNMOUNT_PROGRAM = '/bin/umount';

/** Options for whoever reads fstab(5), which mount(8) is not told. */
const OPTIONS_OF_FSTAB: ReadonlySet<string> = new Set(['nofail', 'noauto', 'auto']);

/** The command line of a role. */
export function mountCommands(definition: MountUnit, run: Pick<MountRuntime, 'found'>, role: MountRole): readonly ExecCommand[] {
  const { where, type } = definition;
  const options = definition.options.split(',').filter((option) => option !== '' && !OPTIONS_OF_FSTAB.has(option));
  if (role === 'ExecUnmount') {
    return [ownCommand(UNMOUNT_PROGRAM, [where, '-c', ...(definition.lazyUnmount ? ['-l'] : []), ...(definition.forceUnmount ? ['-f'] : [])])];
  }
  const what = definition.what === '' ? run.found?.what ?? '' : definition.what;
  const isRemount = role === 'ExecRemount';
  const wanted = isRemount ? ['remount', ...options] : options;
  return [ownCommand(MOUNT_PROGRAM, [
    what, where, ...(definition.sloppyOptions && !isRemount ? ['-s'] : []), ...(definition.readWriteOnly && !isRemount ? ['-w'] : []),
    ...(type === null ? [] : ['-t', type]), ...(wanted.length === 0 ? [] : ['-o', wanted.join(',')]),
  ])];
}

export const MOUNT_MACHINE: ControlMachine<MountUnit, MountRole, MountRuntime> = {
  commandsOf: mountCommands,
  isSignalled: (run) => run.state.endsWith('-sigterm') || run.state.endsWith('-sigkill'),
  onCommandsDone,
  // A file system in user space has its process in the group for as long as it is mounted: that it ends says nothing new.
  onGroupEmpty: (_c, run) => run,
};

function enter(c: MountContext, run: MountRuntime, state: MountState): MountRuntime {
  const waits = state !== 'mounted' && state !== 'dead' && state !== 'failed';
  const timeoutUsec = state.endsWith('sigkill') ? killPatienceUsec(c.definition.timeoutUsec) : c.definition.timeoutUsec;
  return { ...run, state, deadlineUsec: waits && timeoutUsec !== null ? addUsec(c.now.monotonicUsec, timeoutUsec) : null };
}

/** The first failure decides. */
function withResult(run: MountRuntime, result: MountResult, reason: Reason | null): MountRuntime {
  return result === 'success' || run.result !== 'success' ? run : { ...run, result, endReason: reason };
}

function enterDead(c: MountContext, run: MountRuntime, result: MountResult, reason: Reason | null): MountRuntime {
  const over = withResult(run, result, reason);
  c.effects.push({ kind: 'release-control-group', unit: c.definition.name });
  return enter(c, over, over.result === 'success' ? 'dead' : 'failed');
}

function enterMounted(c: MountContext, run: MountRuntime, result: MountResult, reason: Reason | null): MountRuntime {
  return enter(c, withResult(run, result, reason), 'mounted');
}

function enterDeadOrMounted(c: MountContext, run: MountRuntime, result: MountResult, reason: Reason | null): MountRuntime {
  return run.found === null ? enterDead(c, run, result, reason) : enterMounted(c, run, result, reason);
}

function enterSignal(c: MountContext, run: MountRuntime, state: SignalState, result: MountResult, reason: Reason | null): MountRuntime {
  const failed = withResult(run, result, reason);
  if (signalControl(c, failed, state.endsWith('sigkill'))) return enter(c, failed, state);
  return enterDeadOrMounted(c, failed, 'success', null);
}

/** A start job. */
export function startMount(c: MountContext, run: MountRuntime): MountRuntime {
  const fresh: MountRuntime = { ...run, result: 'success', reloadResult: 'success', endReason: null, spawnFailure: null, unmountRounds: 0 };
  return spawnControl<MountUnit, MountRole, MountRuntime>(MOUNT_MACHINE, c, enter(c, fresh, 'mounting'), 'ExecMount', 0);
}

/** A stop job. */
export function stopMount(c: MountContext, run: MountRuntime): MountRuntime {
  switch (run.state) {
    case 'mounting': case 'mounting-done': case 'remounting': return enterSignal(c, run, 'unmounting-sigterm', 'success', null);
    case 'remounting-sigterm': return { ...run, state: 'unmounting-sigterm' };
    case 'remounting-sigkill': return { ...run, state: 'unmounting-sigkill' };
    case 'mounted': return enterUnmounting(c, { ...run, result: 'success', endReason: null, spawnFailure: null, unmountRounds: 0 });
    default: return run;
  }
}

function enterUnmounting(c: MountContext, run: MountRuntime): MountRuntime {
  return spawnControl<MountUnit, MountRole, MountRuntime>(MOUNT_MACHINE, c, enter(c, run, 'unmounting'), 'ExecUnmount', 0);
}

/** A reload job: the options are put on the mount that is there. */
export function reloadMount(c: MountContext, run: MountRuntime): MountRuntime {
  return spawnControl<MountUnit, MountRole, MountRuntime>(MOUNT_MACHINE, c, enter(c, { ...run, reloadResult: 'success', spawnFailure: null }, 'remounting'), 'ExecRemount', 0);
}

function onCommandsDone(c: MountContext, run: MountRuntime, end: CommandEnd<MountRole>): MountRuntime {
  const { result, reason } = end;
  switch (run.state) {
    case 'mounting':
      // mount(8) is content, and the kernel knows of nothing.
      return result === 'success' ? enterDead(c, run, 'protocol', { reason: 'protocol', detail: 'mount(8) succeeded, but nothing is mounted' }) : enterDeadOrMounted(c, run, result, reason);
    case 'mounting-done': return enterDeadOrMounted(c, run, result, reason);
    case 'remounting': case 'remounting-sigterm': case 'remounting-sigkill':
      return enterDeadOrMounted(c, { ...run, reloadResult: run.reloadResult === 'success' ? result : run.reloadResult }, 'success', null);
    case 'unmounting': return onUnmounted(c, run, result, reason);
    case 'unmounting-sigterm': case 'unmounting-sigkill': return enterDeadOrMounted(c, run, result, reason);
    default: return run;
  }
}

function onUnmounted(c: MountContext, run: MountRuntime, result: CommandResult, reason: Reason | null): MountRuntime {
  // It failed, and the mount is gone all the same: somebody else was quicker.
  if (result !== 'success' && run.found === null) return enterDead(c, run, 'success', null);
  if (result !== 'success' || run.found === null) return enterDeadOrMounted(c, run, result, reason);
  if (run.unmountRounds >= UNMOUNT_ROUNDS_MAX) return enterMounted(c, run, 'success', null);
  return enterUnmounting(c, { ...run, unmountRounds: run.unmountRounds + 1 });
}

/** The state has timed out. */
export function onMountDue(c: MountContext, run: MountRuntime): MountRuntime {
  const { sendSigkill } = c.definition.kill;
  const late: Reason = { reason: 'timeout', state: run.state };
  switch (run.state) {
    case 'mounting': case 'mounting-done': case 'unmounting': return enterSignal(c, run, 'unmounting-sigterm', 'timeout', late);
    case 'remounting': return enterSignal(c, { ...run, reloadResult: 'timeout' }, 'remounting-sigterm', 'success', null);
    case 'remounting-sigterm':
      return sendSigkill ? enterSignal(c, { ...run, reloadResult: 'timeout' }, 'remounting-sigkill', 'success', null) : enterMounted(c, run, 'success', null);
    case 'unmounting-sigterm':
      return sendSigkill ? enterSignal(c, run, 'unmounting-sigkill', 'timeout', late) : enterDeadOrMounted(c, run, 'timeout', late);
    case 'remounting-sigkill': case 'unmounting-sigkill': return enterDeadOrMounted(c, run, 'timeout', late);
    default: return run;
  }
}

/** What the kernel's table has at the place now; null = nothing. */
export function onMountTableEntry(c: MountContext, run: MountRuntime, found: MountPoint | null): MountRuntime {
  if (found === null) {
    if (run.found === null) return run;
    const gone: MountRuntime = { ...run, found: null };
    return run.state === 'mounted' ? enterDead(c, { ...gone, result: 'success', endReason: null }, 'success', null) : gone;
  }
  const known = run.found;
  const isSame = known !== null && known.what === found.what && known.type === found.type && known.options === found.options;
  const seen: MountRuntime = isSame ? run : { ...run, found };
  if (run.state === 'dead' || run.state === 'failed') return enterMounted(c, { ...seen, result: 'success', reloadResult: 'success', endReason: null, spawnFailure: null }, 'success', null);
  return run.state === 'mounting' ? { ...seen, state: 'mounting-done' } : seen;
}
