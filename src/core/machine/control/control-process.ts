/**
 * One command at a time: how a unit without a main process (socket, mount, swap) runs its commands.
 *
 * A kind of unit describes itself as a `ControlMachine`; here the events of its processes become calls of that machine, so that
 * each kind says only what follows when a command is over.
 */
import type { InvocationId, Pid } from '../../../base/brand.ts';
import type { ClockReading } from '../../../base/time.ts';
import type { Effect } from '../../manager/effect.ts';
import type { ProcessEvent } from '../../manager/event.ts';
import type { CommandResult, ControlRuntime, Reason, SpawnFailure } from '../../manager/state.ts';
import type { ExecCommand, ExecRole, ExecUnit, KillContext } from '../../unit/exec-context.ts';
import { NO_EXIT_STATUS } from '../../unit-file/value/exit-status.ts';
import { recordExit, recordStart } from '../exec-records.ts';
import { endBeforeExec, endOf, judgeExit, type Ended } from '../service/judge-exit.ts';
import { SIGCONT, SIGHUP, SIGKILL } from '../../../base/signals.ts';

/** What a transition of one unit may look at, and where it puts its effects. */
export interface ControlContext<Definition extends ExecUnit> {
  readonly definition: Definition;
  readonly now: ClockReading;
  readonly invocationId: InvocationId;
  readonly managerEnvironment: readonly string[];
  readonly effects: Effect[];
}

/** How a command of the unit ended; `reason` is null for success. */
export interface CommandEnd<Role extends ExecRole> {
  readonly role: Role;
  readonly index: number;
  readonly result: CommandResult;
  readonly reason: Reason | null;
}

export interface ControlMachine<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>> {
  /** The command lines of a role, in order. */
  readonly commandsOf: (definition: Definition, run: Run, role: Role) => readonly ExecCommand[];
  /** The unit is being ended by signals: no further command is run, and one that was on its way is killed. */
  readonly isSignalled: (run: Run) => boolean;
  /** All commands of the role are through, or one of them failed. In a signalled state: the process is gone. */
  readonly onCommandsDone: (c: ControlContext<Definition>, run: Run, end: CommandEnd<Role>) => Run;
  /** Nothing runs in the unit's group any more. */
  readonly onGroupEmpty: (c: ControlContext<Definition>, run: Run) => Run;
}

/** The runtime fields of a unit that has run nothing yet. */
export const NO_CONTROL: ControlRuntime<never> = {
  spawnCount: 0, pendingSpawn: null, controlPid: null, controlCommand: null, groupEmpty: true, deadlineUsec: null, execs: [],
  spawnFailure: null, endReason: null,
};

/** Asks for command `index` of `role`. The answer is a `spawned` or `spawn-failed` event. */
export function spawnControl<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>>(
  machine: ControlMachine<Definition, Role, Run>, c: ControlContext<Definition>, run: Run, role: Role, index: number,
): Run {
  const command = machine.commandsOf(c.definition, run, role)[index];
  if (command === undefined) return run;
  const token = run.spawnCount + 1;
  c.effects.push({
    kind: 'spawn', unit: c.definition.name, token, role, index, command, definition: c.definition, invocationId: c.invocationId,
    extraEnvironment: [], managerEnvironment: c.managerEnvironment, notify: false, controlGroup: 'main', fds: [],
  });
  return { ...run, spawnCount: token, pendingSpawn: { token, role, index }, groupEmpty: false };
}

/** Takes an event of the unit's processes. One that nobody waits for changes nothing. */
export function onControlEvent<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>>(
  machine: ControlMachine<Definition, Role, Run>, c: ControlContext<Definition>, run: Run, event: ProcessEvent,
): Run {
  switch (event.event) {
    case 'spawned': return onSpawned(machine, c, run, event.token, event.pid);
    case 'spawn-failed': return onSpawnFailed(machine, c, run, event.token, event);
    case 'exec-done': return run;
    case 'exec-failed': {
      const record = run.execs.find((each) => each.pid === event.pid);
      return record === undefined ? run : { ...run, spawnFailure: failureOf(event, record.role) };
    }
    case 'exited': {
      const left = event.groupEmpty === true ? onGroupEmpty(machine, c, run) : run;
      return event.pid === left.controlPid ? onExit(machine, c, left, event.pid, event) : left;
    }
    case 'cgroup-empty': return onGroupEmpty(machine, c, run);
  }
}

function onGroupEmpty<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>>(
  machine: ControlMachine<Definition, Role, Run>, c: ControlContext<Definition>, run: Run,
): Run {
  if (run.pendingSpawn !== null) return run;
  // The command has ended too when there is one: its exit is on the way.
  const empty = { ...run, groupEmpty: true };
  return run.controlPid === null ? machine.onGroupEmpty(c, empty) : empty;
}

/** An event of the unit that could not be handled at all: the manager died of it. */
export interface LostCommand {
  /** A process whose end the event was about; null = it was about no end. */
  readonly gone: Pid | null;
  /** The event was the answer to a spawn. */
  readonly isAnswer: boolean;
  readonly reason: Reason;
}

/** A command nobody will hear of any more is over, and has failed. Nothing changes when it was none of the unit's. */
export function onCommandLost<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>>(
  machine: ControlMachine<Definition, Role, Run>, c: ControlContext<Definition>, run: Run, { gone, isAnswer, reason }: LostCommand,
): Run {
  const lost = isAnswer ? run.pendingSpawn : gone !== null && gone === run.controlPid ? run.controlCommand : null;
  if (lost === null) return run;
  // What it was before it was lost may still run, without a name.
  c.effects.push({ kind: 'kill-control-group', unit: c.definition.name, signal: SIGKILL, except: [], alsoSighup: false });
  const over: Run = { ...run, pendingSpawn: null, controlPid: null, controlCommand: null };
  return machine.onCommandsDone(c, over, { role: lost.role, index: lost.index, result: 'resources', reason });
}

function failureOf({ stage, errno, subject }: Omit<SpawnFailure, 'role'>, role: string): SpawnFailure {
  return { stage, errno, subject, role };
}

function onSpawned<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>>(
  machine: ControlMachine<Definition, Role, Run>, c: ControlContext<Definition>, run: Run, token: number, pid: Pid,
): Run {
  const pending = run.pendingSpawn;
  const isWanted = pending !== null && pending.token === token;
  // The answer to a question nobody asks any more, or a stop overtook the spawn: this process must not live on.
  if (!isWanted || machine.isSignalled(run)) c.effects.push({ kind: 'kill-process', unit: c.definition.name, pid, signal: SIGKILL, value: null });
  if (!isWanted) return run;
  const known = recordStart(c, { ...run, pendingSpawn: null, spawnFailure: null, groupEmpty: false }, pending.role, pending.index, pid);
  return { ...known, controlPid: pid, controlCommand: { role: pending.role, index: pending.index } };
}

function onSpawnFailed<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>>(
  machine: ControlMachine<Definition, Role, Run>, c: ControlContext<Definition>, run: Run, token: number, failure: Omit<SpawnFailure, 'role'>,
): Run {
  const pending = run.pendingSpawn;
  if (pending === null || pending.token !== token) return run;
  const { role, index } = pending;
  const failed = { ...run, pendingSpawn: null, spawnFailure: failureOf(failure, role) };
  const ended = endBeforeExec(failure, machine.commandsOf(c.definition, run, role)[index]);
  return onCommandEnd(machine, c, failed, { role, index }, ended, 'spawn-failed');
}

function onExit<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>>(
  machine: ControlMachine<Definition, Role, Run>, c: ControlContext<Definition>, run: Run, pid: Pid, told: Ended,
): Run {
  const command = run.controlCommand;
  const ended = command === null ? told : endOf(run, command.role, told, machine.commandsOf(c.definition, run, command.role)[command.index]);
  const [recorded] = recordExit(c, { ...run, controlPid: null, controlCommand: null }, pid, ended);
  if (command === null) return recorded;
  return onCommandEnd(machine, c, recorded, command, ended, run.spawnFailure?.role === command.role ? 'spawn-failed' : 'exit');
}

function onCommandEnd<Definition extends ExecUnit, Role extends ExecRole, Run extends ControlRuntime<Role>>(
  machine: ControlMachine<Definition, Role, Run>, c: ControlContext<Definition>, run: Run,
  { role, index }: { readonly role: Role; readonly index: number }, ended: Ended, why: 'spawn-failed' | 'exit',
): Run {
  const commands = machine.commandsOf(c.definition, run, role);
  const result = judgeExit({ successExitStatus: NO_EXIT_STATUS }, ended, 'command', commands[index]) as CommandResult;
  if (result === 'success' && index + 1 < commands.length && !machine.isSignalled(run)) return spawnControl(machine, c, run, role, index + 1);
  return machine.onCommandsDone(c, run, { role, index, result, reason: result === 'success' ? null : { reason: why, role } });
}

/** The signal of a stop (`last`: the final one) goes to all processes of the unit, not to the running command alone. */
export function killsWholeGroup({ killMode }: KillContext, last: boolean): boolean {
  return killMode === 'control-group' || (killMode === 'mixed' && last);
}

/**
 * Sends the signal of a stop (`last`: the final one) to the running command and what it left behind, as KillMode= says.
 * Returns whether there is anything to wait for.
 */
export function signalControl<Definition extends ExecUnit & { readonly kill: KillContext }>(
  c: ControlContext<Definition>, run: ControlRuntime, last: boolean,
): boolean {
  const { kill, name } = c.definition;
  if (kill.killMode === 'none') return run.pendingSpawn !== null;
  const signal = last ? kill.finalKillSignal : kill.killSignal;
  const pids = run.controlPid === null ? [] : [run.controlPid];
  for (const pid of pids) {
    c.effects.push({ kind: 'kill-process', unit: name, pid, signal, value: null });
    if (!last && signal !== SIGCONT) c.effects.push({ kind: 'kill-process', unit: name, pid, signal: SIGCONT, value: null });
    if (!last && kill.sendSighup) c.effects.push({ kind: 'kill-process', unit: name, pid, signal: SIGHUP, value: null });
  }
  const wholeGroup = killsWholeGroup(kill, last) && !run.groupEmpty;
  if (wholeGroup) {
    c.effects.push({ kind: 'kill-control-group', unit: name, signal, except: pids, alsoSighup: kill.sendSighup && !last });
    c.effects.push({ kind: 'watch-control-group', unit: name });
  }
  return run.controlPid !== null || run.pendingSpawn !== null || wholeGroup;
}
