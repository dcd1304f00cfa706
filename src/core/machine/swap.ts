/**
 * The life of a swap unit. Source: systemd.swap(5), and what systemd 252 does.
 *
 *     dead -> activating -> activating-done -> active -> deactivating -> dead | failed
 *     activating, deactivating -> deactivating-sigterm -> deactivating-sigkill when the command takes too long
 *
 * swapon(8) and swapoff(8) do the work. What the kernel's table says counts as well: swap that somebody else turns on is `active`, and
 * what somebody else turns off is `dead`.
 */
import { addUsec } from '../../base/time.ts';
import type { ActiveState, Reason, SwapResult, SwapRuntime, SwapState } from '../manager/state.ts';
import type { ExecCommand, SwapRole } from '../unit/exec-context.ts';
import type { SwapPoint, SwapUnit } from '../unit/swap.ts';
import { NO_CONTROL, signalControl, spawnControl, type CommandEnd, type ControlContext, type ControlMachine } from './control/control-process.ts';
import { ownCommand } from './own-command.ts';
import { killPatienceUsec } from './kill-patience.ts';

export type SwapContext = ControlContext<SwapUnit>;

export const SWAP_NEVER_STARTED: SwapRuntime = { ...NO_CONTROL, kind: 'swap', state: 'dead', result: 'success', found: null };

export const SWAP_ACTIVE_STATE: Readonly<Record<SwapState, ActiveState>> = {
  dead: 'inactive', activating: 'activating', 'activating-done': 'active', active: 'active', deactivating: 'deactivating',
  'deactivating-sigterm': 'deactivating', 'deactivating-sigkill': 'deactivating', failed: 'failed',
};

const SWAPON_PROGRAM = '/sbin/swapon';
const SWAPOFF_PROGRAM = '/sbin/swapoff';

/** What swapon(8) is told with `-o`. Priority= counts for more than `pri=` among the options. */
function swapOptions({ options, priority }: SwapUnit): string {
  const given = options.split(',').filter((option) => option !== '' && (priority === null || !option.startsWith('pri=')));
  return [...given, ...(priority === null ? [] : [`pri=${String(priority)}`])].join(',');
}

/** The command line of a role. */
export function swapCommands(definition: SwapUnit, _run: SwapRuntime, role: SwapRole): readonly ExecCommand[] {
  if (role === 'ExecDeactivate') return [ownCommand(SWAPOFF_PROGRAM, [definition.what])];
  const options = swapOptions(definition);
  // A swap area made by a kernel with another page size is made anew.
  return [ownCommand(SWAPON_PROGRAM, ['--fixpgsz', ...(options === '' ? [] : ['-o', options]), definition.what])];
}

export const SWAP_MACHINE: ControlMachine<SwapUnit, SwapRole, SwapRuntime> = {
  commandsOf: swapCommands,
  isSignalled: (run) => run.state === 'deactivating-sigterm' || run.state === 'deactivating-sigkill',
  onCommandsDone,
  onGroupEmpty: (_c, run) => run,
};

function enter(c: SwapContext, run: SwapRuntime, state: SwapState): SwapRuntime {
  const waits = state !== 'active' && state !== 'dead' && state !== 'failed';
  const timeoutUsec = state.endsWith('sigkill') ? killPatienceUsec(c.definition.timeoutUsec) : c.definition.timeoutUsec;
  return { ...run, state, deadlineUsec: waits && timeoutUsec !== null ? addUsec(c.now.monotonicUsec, timeoutUsec) : null };
}

/** The first failure decides. */
function withResult(run: SwapRuntime, result: SwapResult, reason: Reason | null): SwapRuntime {
  return result === 'success' || run.result !== 'success' ? run : { ...run, result, endReason: reason };
}

function enterDead(c: SwapContext, run: SwapRuntime, result: SwapResult, reason: Reason | null): SwapRuntime {
  const over = withResult(run, result, reason);
  c.effects.push({ kind: 'release-control-group', unit: c.definition.name });
  return enter(c, over, over.result === 'success' ? 'dead' : 'failed');
}

function enterDeadOrActive(c: SwapContext, run: SwapRuntime, result: SwapResult, reason: Reason | null): SwapRuntime {
  return run.found === null ? enterDead(c, run, result, reason) : enter(c, withResult(run, result, reason), 'active');
}

function enterSignal(c: SwapContext, run: SwapRuntime, state: 'deactivating-sigterm' | 'deactivating-sigkill', result: SwapResult, reason: Reason | null): SwapRuntime {
  const failed = withResult(run, result, reason);
  if (signalControl(c, failed, state === 'deactivating-sigkill')) return enter(c, failed, state);
  return enterDeadOrActive(c, failed, 'success', null);
}

/** A start job. */
export function startSwap(c: SwapContext, run: SwapRuntime): SwapRuntime {
  const fresh: SwapRuntime = { ...run, result: 'success', endReason: null, spawnFailure: null };
  return spawnControl<SwapUnit, SwapRole, SwapRuntime>(SWAP_MACHINE, c, enter(c, fresh, 'activating'), 'ExecActivate', 0);
}

/** A stop job. */
export function stopSwap(c: SwapContext, run: SwapRuntime): SwapRuntime {
  switch (run.state) {
    case 'activating': case 'activating-done': return enterSignal(c, run, 'deactivating-sigterm', 'success', null);
    case 'active': {
      const fresh: SwapRuntime = { ...run, result: 'success', endReason: null, spawnFailure: null };
      return spawnControl<SwapUnit, SwapRole, SwapRuntime>(SWAP_MACHINE, c, enter(c, fresh, 'deactivating'), 'ExecDeactivate', 0);
    }
    default: return run;
  }
}

function onCommandsDone(c: SwapContext, run: SwapRuntime, { result, reason }: CommandEnd<SwapRole>): SwapRuntime {
  switch (run.state) {
    case 'activating': case 'activating-done':
      return result === 'success' || run.found !== null ? enter(c, withResult(run, result, reason), 'active') : enterDead(c, run, result, reason);
    // It failed, and the swap is gone all the same: somebody else was quicker.
    case 'deactivating': return result !== 'success' && run.found === null ? enterDead(c, run, 'success', null) : enterDeadOrActive(c, run, result, reason);
    case 'deactivating-sigterm': case 'deactivating-sigkill': return enterDeadOrActive(c, run, result, reason);
    default: return run;
  }
}

/** The state has timed out. */
export function onSwapDue(c: SwapContext, run: SwapRuntime): SwapRuntime {
  const late: Reason = { reason: 'timeout', state: run.state };
  switch (run.state) {
    case 'activating': case 'activating-done': case 'deactivating': return enterSignal(c, run, 'deactivating-sigterm', 'timeout', late);
    case 'deactivating-sigterm':
      return c.definition.kill.sendSigkill ? enterSignal(c, run, 'deactivating-sigkill', 'timeout', late) : enterDeadOrActive(c, run, 'timeout', late);
    case 'deactivating-sigkill': return enterDeadOrActive(c, run, 'timeout', late);
    default: return run;
  }
}

/** What the kernel's table has of it now; null = it is not used. */
export function onSwapTableEntry(c: SwapContext, run: SwapRuntime, found: SwapPoint | null): SwapRuntime {
  if (found === null) {
    if (run.found === null) return run;
    const gone: SwapRuntime = { ...run, found: null };
    return run.state === 'active' ? enterDead(c, { ...gone, result: 'success', endReason: null }, 'success', null) : gone;
  }
  const isSame = run.found?.what === found.what && run.found.priority === found.priority;
  const seen: SwapRuntime = isSame ? run : { ...run, found };
  if (run.state === 'dead' || run.state === 'failed') return enter(c, { ...seen, result: 'success', endReason: null, spawnFailure: null }, 'active');
  return run.state === 'activating' ? { ...seen, state: 'activating-done' } : seen;
}
