/** A failure of a unit's own processes in words: what failed, how, and the line that decides it. For `why`; each text goes on after the unit's name. */
import type { Usec } from '../../../base/brand.ts';
import type { DependencyOrigin } from '../../unit/dependency.ts';
import type { ExecCommand, ServiceRole } from '../../unit/exec-context.ts';
import type { ServiceUnit } from '../../unit/service.ts';
import { commandsOf } from '../../machine/service/context.ts';
import { formatTimeSpan } from '../../time/time-span.ts';
import { errnoText } from './errno-text.ts';
import { describeExit, describeReason } from '../query.ts';
import type { ExecRecord, Reason, ServiceRuntime, Unit } from '../state.ts';

export interface OwnFailure {
  readonly text: string;
  /** Where the deciding line stands; null when no file says it. */
  readonly origin: DependencyOrigin | null;
  /** The process whose end decided, when one did. */
  readonly exec: ExecRecord | null;
}

type Span = { readonly setting: string; readonly usec: Usec | null };

export function describeOwnFailure(unit: Unit, reason: Reason): OwnFailure {
  const { runtime, definition } = unit;
  if (reason.reason === 'timeout' && reason.state === 'job') return jobTimeout(unit);
  if (runtime.kind !== 'service' || definition.kind !== 'service') return { text: `failed: ${describeReason(reason)}`, origin: null, exec: null };
  switch (reason.reason) {
    case 'spawn-failed': return spawnFailed(unit, runtime, commandsOf(definition, reason.role as ServiceRole)[0], reason.role);
    case 'exit': {
      const record = [...runtime.execs].reverse().find((each) => each.role === reason.role && each.exit !== null) ?? null;
      const command = commandsOf(definition, (record?.role ?? reason.role) as ServiceRole)[record?.index ?? 0];
      const text = `${reason.role}=${command?.argv.join(' ') ?? ''} ${record === null ? 'ended' : `(PID ${String(record.pid)}) ${describeExit(record)}`}${runtime.stopRequested ? ' when the unit was stopped' : ''}`;
      return { text, origin: command?.origin ?? null, exec: record };
    }
    case 'timeout': {
      const { setting, usec } = timeLimit(definition, reason.state);
      const span = usec === null ? '' : ` after ${formatTimeSpan(usec)}`;
      return { text: `timed out${span} in state ${reason.state} (${setting}=)`, origin: settingOrigin(unit, 'Service', setting) ?? settingOrigin(unit, 'Service', 'TimeoutSec'), exec: null };
    }
    case 'oom-kill':
      return { text: 'had a process that the kernel ended for want of memory (OOMPolicy=)', origin: settingOrigin(unit, 'Service', 'MemoryMax'), exec: null };
    case 'watchdog': {
      const usec = runtime.watchdogOverrideUsec ?? definition.watchdogUsec;
      return { text: `did not send WATCHDOG=1 ${usec === null ? 'in time' : `for ${formatTimeSpan(usec)}`} (WatchdogSec=)`, origin: settingOrigin(unit, 'Service', 'WatchdogSec'), exec: null };
    }
    case 'protocol': {
      const main = runtime.mainExit;
      const command = definition.execStart[0];
      const ended = main === null || !reason.detail.startsWith('the main process ended') ? '' : `: ExecStart=${command?.argv.join(' ') ?? ''} (PID ${String(main.pid)}) ${describeExit(main)}`;
      return { text: `failed: ${reason.detail}${ended}`, origin: settingOrigin(unit, 'Service', 'Type') ?? command?.origin ?? null, exec: ended === '' ? null : main };
    }
    default:
      return { text: `failed: ${describeReason(reason)}`, origin: null, exec: null };
  }
}

/** Which setting a stage of the executor comes from, where it is one that its value explains. */
const SETTING_OF_STAGE: Readonly<Record<string, string>> = {
  chdir: 'WorkingDirectory', chroot: 'RootDirectory', user: 'User', group: 'Group', environment: 'EnvironmentFile',
  stdin: 'StandardInput', stdout: 'StandardOutput', stderr: 'StandardError',
};

function spawnFailed(unit: Unit, { spawnFailure: failure }: ServiceRuntime, command: ExecCommand | undefined, role: string): OwnFailure {
  const origin = command?.origin ?? null;
  const what = `${role}=${command?.path ?? ''} could not be run`;
  if (failure === null) return { text: what, origin, exec: null };
  const { stage, errno, subject } = failure;
  const setting = SETTING_OF_STAGE[stage];
  const problem = errno === 'ESRCH' && (stage === 'user' || stage === 'group') ? `there is no such ${stage}` : `${errnoText(errno)} (${errno})`;
  const place = setting !== undefined ? `${setting}=${subject}: ` : stage === 'exec' ? (subject === '' || subject === command?.path ? '' : `${subject}: `) : `${stage}${subject === '' ? '' : ` of ${subject}`}: `;
  return { text: `${what}: ${place}${problem}`, origin: (setting === undefined ? null : settingOrigin(unit, 'Service', setting)) ?? origin, exec: null };
}

function jobTimeout(unit: Unit): OwnFailure {
  const { jobTimeoutUsec, jobRunningTimeoutUsec } = unit.definition;
  const setting = jobTimeoutUsec !== null ? 'JobTimeoutSec' : 'JobRunningTimeoutSec';
  const usec = jobTimeoutUsec ?? jobRunningTimeoutUsec;
  return { text: `was not started: its job timed out${usec === null ? '' : ` after ${formatTimeSpan(usec)}`} (${setting}=)`, origin: settingOrigin(unit, 'Unit', setting), exec: null };
}

function timeLimit(definition: ServiceUnit, state: string): Span {
  if (state === 'running') return { setting: 'RuntimeMaxSec', usec: definition.runtimeMaxUsec };
  if (state.endsWith('watchdog')) return { setting: 'TimeoutAbortSec', usec: definition.timeoutAbortUsec };
  if (state.startsWith('stop') || state.startsWith('final')) return { setting: 'TimeoutStopSec', usec: definition.timeoutStopUsec };
  return { setting: 'TimeoutStartSec', usec: definition.timeoutStartUsec };
}

/** The line that sets `key` last; null where it has its default. */
export function settingOrigin(unit: Unit, section: string, key: string): DependencyOrigin | null {
  const entry = [...unit.definition.entries].reverse().find((each) => each.section === section && each.key === key);
  return entry === undefined ? null : { file: entry.file, line: entry.line };
}
