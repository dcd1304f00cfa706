/** Properties of services: systemd's interface `org.freedesktop.systemd1.Service`, its own part first. */
import type { Signal, Usec } from '../../base/brand.ts';
import { isSettable } from '../unit/probe.ts';
import { describeProbes } from '../machine/service/probes.ts';
import type { ExecRecord, ServiceRuntime } from '../manager/state.ts';
import type { ExitStatusSet, ServiceUnit } from '../unit/service.ts';
import { signalName } from '../unit-file/value/signal.ts';
import { commandRows } from './command-rows.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { hasFile, span, words, yesNo } from './value-text.ts';

export interface ServiceContext extends PropertyContext {
  readonly service: ServiceUnit;
  readonly runtime: ServiceRuntime;
}

type Row = PropertyRow<ServiceContext>;

/** CLD_EXITED, CLD_KILLED, CLD_DUMPED of sigaction(2). */
const EXIT_CODES = { exited: 1, killed: 2, dumped: 3 } as const;

function statusSet(set: ExitStatusSet): string {
  return words([...set.codes, ...set.signals.map((signal) => signalName(signal).replace(/^SIG/, ''))]);
}

/** The newest run of a main process: the one that runs, else the one that ended last. */
function mainExec({ service, runtime }: ServiceContext): ExecRecord | null {
  return runtime.execs.findLast((exec) => exec.role === 'ExecStart' && exec.pid === runtime.mainPid) ?? runtime.mainExit
    // What a forking service has as ExecStart= is no main process.
    ?? (service.type === 'forking' ? null : runtime.execs.findLast((exec) => exec.role === 'ExecStart') ?? null);
}

function codeNumber(exec: ExecRecord | null): string {
  const exit = exec?.exit ?? null;
  return String(exit === null ? 0 : EXIT_CODES[exit.code]);
}

function signalText(signal: Signal | null): string {
  return String(signal ?? 0);
}

export const SERVICE_ROWS: readonly Row[] = [
  ['Type', ({ service }) => service.type],
  ['Restart', ({ service }) => service.restart],
  ['PIDFile', ({ service }) => service.pidFile ?? ''],
  ['NotifyAccess', ({ service }) => service.notifyAccess],
  ['RestartUSec', ({ service }) => span(service.restartUsec)],
  ['RestartSteps', ({ service }) => String(service.restartSteps)],
  ['RestartMaxDelayUSec', ({ service }) => span(service.restartMaxDelayUsec)],
  // Of a unit without a file nothing is known, nor that it has no command and so would be a oneshot.
  ['TimeoutStartUSec', ({ service }) => (hasFile(service.loadState) ? span(service.timeoutStartUsec) : null)],
  ['TimeoutStopUSec', ({ service }) => span(service.timeoutStopUsec)],
  ['TimeoutAbortUSec', ({ service }) => span(service.timeoutAbortUsec ?? service.timeoutStopUsec)],
  ['TimeoutStartFailureMode', ({ service }) => service.timeoutStartFailureMode],
  ['TimeoutStopFailureMode', ({ service }) => service.timeoutStopFailureMode],
  ['RuntimeMaxUSec', ({ service }) => span(service.runtimeMaxUsec)],
  // What is asked for is in force from the first start on; 0 is none.
  ['WatchdogUSec', ({ unit, service, runtime }) => (unit.times.inactiveExit.monotonicUsec === 0 ? 'infinity' : span(runtime.watchdogOverrideUsec ?? service.watchdogUsec ?? (0 as Usec)))],
  ['RootDirectoryStartOnly', ({ service }) => yesNo(service.rootDirectoryStartOnly)],
  ['RemainAfterExit', ({ service }) => yesNo(service.remainAfterExit)],
  ['GuessMainPID', ({ service }) => yesNo(service.guessMainPid)],
  ['RestartPreventExitStatus', ({ service }) => statusSet(service.restartPreventExitStatus)],
  ['RestartForceExitStatus', ({ service }) => statusSet(service.restartForceExitStatus)],
  ['SuccessExitStatus', ({ service }) => statusSet(service.successExitStatus)],
  ['MainPID', ({ runtime }) => String(runtime.mainPid ?? 0)],
  ['ControlPID', ({ runtime }) => String(runtime.controlPid ?? 0)],
  ['BusName', ({ service }) => service.busName ?? ''],
  ['FileDescriptorStoreMax', ({ service }) => String(service.fileDescriptorStoreMax)],
  ['NFileDescriptorStore', ({ runtime }) => String(runtime.fdStore.length)],
  ['StatusText', ({ runtime }) => runtime.statusText],
  ['Probes', ({ service, runtime }) => (!service.probes.some(({ kind }) => isSettable(kind)) ? null : describeProbes(runtime))],
  ['StatusErrno', ({ runtime }) => String(runtime.statusErrno)],
  ['Result', ({ runtime }) => runtime.result],
  ['ReloadResult', ({ runtime }) => runtime.reloadResult],
  ['CleanResult', () => 'success'],
  ['NRestarts', ({ runtime }) => String(runtime.restarts)],
  ['OOMPolicy', ({ service }) => service.oomPolicy],
  ['ReloadSignal', ({ service }) => signalText(service.reloadSignal)],
  ['ExecMainStartTimestamp', (context) => context.formatInstant(mainExec(context)?.startRealtimeUsec ?? 0)],
  ['ExecMainStartTimestampMonotonic', (context) => String(mainExec(context)?.startMonotonicUsec ?? 0)],
  ['ExecMainExitTimestamp', (context) => context.formatInstant(mainExec(context)?.exit?.realtimeUsec ?? 0)],
  ['ExecMainExitTimestampMonotonic', (context) => String(mainExec(context)?.exit?.monotonicUsec ?? 0)],
  ['ExecMainPID', (context) => String(mainExec(context)?.pid ?? 0)],
  ['ExecMainCode', (context) => codeNumber(mainExec(context))],
  ['ExecMainStatus', (context) => String(mainExec(context)?.exit?.status ?? 0)],
  // Ours: of a service that was started again at once the above is about the new process, and this about the end of the former one.
  ['LastExitPID', ({ runtime }) => String(runtime.lastExit?.pid ?? 0)],
  ['LastExitCode', ({ runtime }) => codeNumber(runtime.lastExit)],
  ['LastExitStatus', ({ runtime }) => String(runtime.lastExit?.exit?.status ?? 0)],
  ...commandRows<ServiceContext>('ExecCondition', ({ service }) => service.execCondition),
  ...commandRows<ServiceContext>('ExecStartPre', ({ service }) => service.execStartPre),
  ...commandRows<ServiceContext>('ExecStart', ({ service }) => service.execStart),
  ...commandRows<ServiceContext>('ExecStartPost', ({ service }) => service.execStartPost),
  ...commandRows<ServiceContext>('ExecReload', ({ service }) => service.execReload),
  ...commandRows<ServiceContext>('ExecStop', ({ service }) => service.execStop),
  ...commandRows<ServiceContext>('ExecStopPost', ({ service }) => service.execStopPost),
];
