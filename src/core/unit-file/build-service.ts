/** Services. Source: systemd.service(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import type { StandardStream } from '../unit/exec-context.ts';
import { isSettable } from '../unit/probe.ts';
import type { ExitStatusSet, RestartPolicy, ServiceType, ServiceUnit } from '../unit/service.ts';
import type { Entry } from '../unit/source.ts';
import { withKind } from '../unit/unit-name.ts';
import { busIsMissing, busProbes } from './bus-name-settings.ts';
import { readCgroupContext, readSlice } from './cgroup-context.ts';
import { readOomPolicy } from './oom-policy-setting.ts';
import { addExecDependencies, addServiceDefaults, addSlice } from './default-dependencies.ts';
import { readExecContext } from './exec-context.ts';
import { readCommands, readNamedCommands } from './exec-commands.ts';
import { withAccess } from './group-access.ts';
import { readScriptedService } from './scripted-service.ts';
import { onTerminal, readTerminalService } from './terminal-service.ts';
import { readKillContext } from './kill-context.ts';
import {
  entriesFor, ignore, leaveOut, oneOf, originOf, parseAbsolutePath, plainWordsOf, readExpanded, readScalar, readWords, type SettingReader, withoutVarRun,
} from './setting-reader.ts';
import { parseDelay, parseSpan, parseTimeout } from './time-setting.ts';
import { readOpenFiles } from './open-file-setting.ts';
import { PROBE_NAMES, readProbes } from './probe-settings.ts';
import { readRenewal } from './renewal-settings.ts';
import { readRestartPacing } from './restart-settings.ts';
import { finishCommon, type UnitDraft } from './unit-draft.ts';
import { meantUnit, readUnitSection } from './unit-section.ts';
import { NO_EXIT_STATUS, addExitStatuses } from './value/exit-status.ts';
import { parseBoolean, parseUnsigned } from './value/number.ts';
import { parseSignal } from './value/signal.ts';
import { SIGHUP } from '../../base/signals.ts';

const DBUS_SOCKET = 'dbus.socket' as UnitName;

const parseType = oneOf<ServiceType>('simple', 'exec', 'forking', 'oneshot', 'notify', 'notify-reload', 'dbus', 'idle');
const parseRestart = oneOf<RestartPolicy>('no', 'on-success', 'on-failure', 'on-abnormal', 'on-abort', 'on-watchdog', 'always');
const parseFailureMode = oneOf<ServiceUnit['timeoutStartFailureMode']>('terminate', 'abort', 'kill');
const parseNotifyAccess = oneOf<ServiceUnit['notifyAccess']>('none', 'main', 'exec', 'all');
/** A boolean or `restart`. */
function parsePreserve(text: string): Result<ServiceUnit['fileDescriptorStorePreserve']> {
  if (text === 'restart') return ok('restart');
  const flag = parseBoolean(text);
  return flag.ok ? ok(flag.value ? 'yes' : 'no') : problem(`'${text.slice(0, 80)}' is not one of no, yes, restart`);
}

function readStatuses(reader: SettingReader, name: string): ExitStatusSet {
  let set = NO_EXIT_STATUS;
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') {
      set = NO_EXIT_STATUS;
      continue;
    }
    const added = addExitStatuses(set, plainWordsOf(reader, entry, 'bare'));
    set = added.set;
    for (const wrong of added.problems) ignore(reader, entry, wrong);
  }
  return set;
}

function readSockets(draft: UnitDraft): readonly UnitName[] {
  const { reader, context, sources, dependencies } = draft;
  const sockets = new Set<UnitName>();
  for (const { word, entry } of readWords(reader, 'Sockets', 'raw', reader.expandName)) {
    const socket = meantUnit(word, sources.name);
    if (socket === null || !socket.endsWith('.socket')) {
      leaveOut(reader, entry, word, 'it is not the name of a socket');
      continue;
    }
    sockets.add(socket);
    dependencies.add('Wants', socket, originOf(entry));
    dependencies.add('After', socket, originOf(entry));
  }
  for (const name of sources.names) {
    const own = withKind(name, 'socket');
    if (context.hasUnitFile(own)) sockets.add(own);
  }
  return [...sockets];
}

/** A relative PID file is in the runtime directory. */
function readPidFile(reader: SettingReader, runtimeRoot: string): string | null {
  let file: string | null = null;
  for (const entry of entriesFor(reader, 'PIDFile')) {
    const text = reader.expand(entry.value);
    if (!text.ok) {
      ignore(reader, entry, text.problem);
      continue;
    }
    const path = parseAbsolutePath(text.value.startsWith('/') ? text.value : `${runtimeRoot}/${text.value}`);
    if (entry.value === '') file = null;
    else if (path.ok) file = withoutVarRun(path.value);
    // As in systemd; a main process that is never found would be restarted for ever.
    else reader.fail(entry, `The unit cannot be used with this PIDFile=: ${path.problem}.`);
  }
  return file;
}

/** Time-outs: TimeoutSec= stands for both, and whichever line comes last counts. */
function readTimeout(reader: SettingReader, name: 'TimeoutStartSec' | 'TimeoutStopSec', fallback: Usec | null): Usec | null {
  if (!reader.byName.has(name) && !reader.byName.has('TimeoutSec')) return fallback;
  let value = fallback;
  for (const { directive, entry } of reader.settings) {
    if (directive.name !== name && directive.name !== 'TimeoutSec') continue;
    const parsed = parseTimeout(entry.value);
    if (parsed.ok) value = parsed.value;
    else if (directive.name === name || name === 'TimeoutStartSec') ignore(reader, entry, parsed.problem);
  }
  return value;
}

function parseCount(text: string): Result<number> {
  return parseUnsigned(text);
}

type Verifiable = Pick<ServiceUnit, 'type' | 'execStart' | 'execStop' | 'restart' | 'restartForceExitStatus' | 'remainAfterExit' | 'successAction' | 'busName'>;

/** Why the settings contradict each other so that the service cannot exist; null when they do not. */
function refusalOf(service: Verifiable, exitTypeIsCgroup: boolean): string | null {
  const { type, execStart } = service;
  if (execStart.length === 0 && service.execStop.length === 0 && service.successAction === 'none') return 'The service has no ExecStart=, ExecStop=, or SuccessAction=.';
  if (execStart.length === 0 && type !== 'oneshot') return 'The service has no ExecStart=, which only a service of Type=oneshot may lack.';
  if (execStart.length === 0 && !service.remainAfterExit && service.successAction === 'none') return 'The service has no ExecStart= and no SuccessAction=, and not RemainAfterExit=yes either.';
  if (execStart.length > 1 && type !== 'oneshot') return 'The service has more than one ExecStart=, which only a service of Type=oneshot may have.';
  if (type === 'oneshot' && (service.restart === 'always' || service.restart === 'on-success')) return `A service of Type=oneshot cannot have Restart=${service.restart}.`;
  if (type === 'oneshot' && service.restartForceExitStatus.codes.length + service.restartForceExitStatus.signals.length > 0) return 'A service of Type=oneshot cannot have RestartForceExitStatus=.';
  if (type === 'oneshot' && exitTypeIsCgroup) return 'A service of Type=oneshot cannot have ExitType=cgroup.';
  if (type === 'dbus' && service.busName === null) return 'A service of Type=dbus needs BusName=.';
  return null;
}

/**
 * Finishes a draft as a service.
 *
 * The object is one literal without spreads, for the reason given at `finishCommon`.
 */
export function buildService(draft: UnitDraft): ServiceUnit {
  const { reader, context, dependencies, sources } = draft;
  const { defaults, mode, specifiers } = context;
  const flag = (name: string, fallback: boolean): boolean => readScalar(reader, name, parseBoolean, fallback);
  const section = readUnitSection(reader, defaults, { description: sources.name, ignoreOnIsolate: false });

  const ownStart = readCommands(reader, 'ExecStart');
  const script = readScriptedService(reader, sources.name, ownStart.length > 0);
  const execStart = script === null ? ownStart : [script.start];
  const execStop = readCommands(reader, 'ExecStop');
  const execCondition = readCommands(reader, 'ExecCondition');
  const execStartPre = readCommands(reader, 'ExecStartPre');
  const execStartPost = readCommands(reader, 'ExecStartPost');
  const execReload = readCommands(reader, 'ExecReload');
  const execStopPost = readCommands(reader, 'ExecStopPost');
  const ownCalls = readNamedCommands(reader, 'ExecCall');
  const calls = script === null ? ownCalls : [...ownCalls, ...script.calls];
  const busName = readExpanded<string | null>(reader, 'BusName', parseBusName, null);
  const impliedType: ServiceType = busName !== null ? 'dbus' : script !== null ? 'notify-reload' : execStart.length > 0 ? 'simple' : 'oneshot';
  const type = readScalar<ServiceType>(reader, 'Type', parseType, impliedType);
  const isOnBus = type === 'dbus' && busName !== null;
  const hasBus = isOnBus && context.hasUnitFile(DBUS_SOCKET);
  const ownProbes = readProbes(reader, type);
  const probes = hasBus ? [...busProbes(reader, busName, mode), ...ownProbes] : ownProbes;
  const openFiles = readOpenFiles(reader);
  const restart = readScalar<RestartPolicy>(reader, 'Restart', parseRestart, 'no');
  const remainAfterExit = flag('RemainAfterExit', false);
  const restartForceExitStatus = readStatuses(reader, 'RestartForceExitStatus');
  const watchdogUsec = readScalar<Usec | null>(reader, 'WatchdogSec', parseTimeout, null);
  const runtimeMaxUsec = readScalar<Usec | null>(reader, 'RuntimeMaxSec', parseSpan, null);
  const fileDescriptorStoreMax = readScalar(reader, 'FileDescriptorStoreMax', parseCount, 0);
  const fileDescriptorStorePreserve = readScalar<ServiceUnit['fileDescriptorStorePreserve']>(reader, 'FileDescriptorStorePreserve', parsePreserve, 'restart');
  const notifyAccess = readScalar<ServiceUnit['notifyAccess']>(reader, 'NotifyAccess', parseNotifyAccess, 'none');
  const needsNotify = type === 'notify' || type === 'notify-reload' || watchdogUsec !== null || fileDescriptorStoreMax > 0;
  const slice = readSlice(reader, mode);
  const cgroup = readCgroupContext(reader, slice, defaults.tasksMax);
  const ownKill = readKillContext(reader);
  const terminal = readTerminalService(reader, dependencies, sources.name, specifiers.runtimeRoot);
  const kill = {
    ...ownKill,
    // The children of a script are its host's to end; what is left after that is killed with it.
    ...(script === null || reader.byName.has('KillMode') ? {} : { killMode: 'mixed' as const }),
    // A shell at a terminal cares for nothing but the end of that.
    ...(terminal === null || reader.byName.has('SendSIGHUP') ? {} : { sendSighup: true }),
  };
  const ownExec = readExecContext(reader, defaults);
  const exec = onTerminal(script === null ? ownExec : { ...ownExec, directories: [script.directory, ...ownExec.directories] }, terminal, reader);
  const sockets = readSockets(draft);
  const pidFile = readPidFile(reader, specifiers.runtimeRoot);
  const guessMainPid = flag('GuessMainPID', true);
  const restartUsec = readScalar(reader, 'RestartSec', parseDelay, defaults.restartUsec);
  const restartSteps = readScalar(reader, 'RestartSteps', parseCount, 0);
  const restartPacing = readRestartPacing(reader);
  const renewal = readRenewal(reader, type, context.timeZones);
  const restartMaxDelayUsec = readScalar<Usec | null>(reader, 'RestartMaxDelaySec', parseSpan, null);
  // A oneshot is its commands; how long they take is their own affair unless the file says otherwise.
  const timeoutStartUsec = readTimeout(reader, 'TimeoutStartSec', type === 'oneshot' ? null : defaults.timeoutStartUsec);
  const timeoutStopUsec = readTimeout(reader, 'TimeoutStopSec', defaults.timeoutStopUsec);
  const timeoutAbortUsec = readScalar(reader, 'TimeoutAbortSec', parseTimeout, defaults.timeoutAbortUsec, 'resets');
  const timeoutStartFailureMode = readScalar<ServiceUnit['timeoutStartFailureMode']>(reader, 'TimeoutStartFailureMode', parseFailureMode, 'terminate');
  const timeoutStopFailureMode = readScalar<ServiceUnit['timeoutStopFailureMode']>(reader, 'TimeoutStopFailureMode', parseFailureMode, 'terminate');
  const successExitStatus = readStatuses(reader, 'SuccessExitStatus');
  const restartPreventExitStatus = readStatuses(reader, 'RestartPreventExitStatus');
  const rootDirectoryStartOnly = flag('RootDirectoryStartOnly', false);
  const nonBlocking = flag('NonBlocking', false);
  // A service that divides its own control group knows best what an out-of-memory kill in a part of it means.
  const oomPolicy = readOomPolicy(reader, cgroup.delegate, defaults.oomPolicy);
  const reloadSignal = readScalar(reader, 'ReloadSignal', parseSignal, SIGHUP);

  addSlice(dependencies, slice);
  addExecDependencies(dependencies, exec, {
    runtime: specifiers.runtimeRoot, state: specifiers.stateRoot, cache: specifiers.cacheRoot, logs: specifiers.logsRoot,
    configuration: specifiers.configurationRoot,
  }, mode, context.hasUnitFile);
  if (hasBus) {
    dependencies.add('Requires', DBUS_SOCKET, 'implicit');
    dependencies.add('After', DBUS_SOCKET, 'implicit');
  }
  if (section.defaultDependencies) addServiceDefaults(dependencies, mode);
  remarkOnService(reader, { type, runtimeMaxUsec, kill, probes, exec });
  const refusal = refusalOf({
    type, execStart, execStop, restart, restartForceExitStatus, remainAfterExit, successAction: section.successAction, busName,
  }, entriesFor(reader, 'ExitType').at(-1)?.value === 'cgroup');
  const common = finishCommon(draft, section, refusal);
  return {
    kind: 'service',
    name: common.name,
    loadState: common.loadState,
    loadError: common.loadError,
    names: common.names,
    fragmentPath: common.fragmentPath,
    dropInPaths: common.dropInPaths,
    sourceHash: common.sourceHash,
    description: common.description,
    documentation: common.documentation,
    dependencies: common.dependencies,
    requiresMountsFor: common.requiresMountsFor,
    conditions: common.conditions,
    assertions: common.assertions,
    defaultDependencies: common.defaultDependencies,
    stopWhenUnneeded: common.stopWhenUnneeded,
    refuseManualStart: common.refuseManualStart,
    refuseManualStop: common.refuseManualStop,
    allowIsolate: common.allowIsolate,
    ignoreOnIsolate: common.ignoreOnIsolate,
    onFailureJobMode: common.onFailureJobMode,
    onSuccessJobMode: common.onSuccessJobMode,
    jobTimeoutUsec: common.jobTimeoutUsec,
    jobRunningTimeoutUsec: common.jobRunningTimeoutUsec,
    jobTimeoutAction: common.jobTimeoutAction,
    failureAction: common.failureAction,
    successAction: common.successAction,
    startLimitIntervalUsec: common.startLimitIntervalUsec,
    startLimitBurst: common.startLimitBurst,
    startLimitAction: common.startLimitAction,
    install: common.install,
    entries: common.entries,
    diagnostics: common.diagnostics,
    notEffective: isOnBus && !hasBus ? [...common.notEffective, busIsMissing(reader, busName)] : common.notEffective,
    recorded: common.recorded,
    type, execCondition, execStartPre, execStart, execStartPost, execReload, execStop, execStopPost, calls, probes,
    remainAfterExit, guessMainPid, pidFile, busName,
    restart, restartUsec, restartSteps, restartMaxDelayUsec, restartPacing, renewal,
    timeoutStartUsec, timeoutStopUsec, timeoutAbortUsec, timeoutStartFailureMode, timeoutStopFailureMode,
    runtimeMaxUsec, watchdogUsec,
    notifyAccess: notifyAccess === 'none' && needsNotify ? 'main' : notifyAccess,
    successExitStatus, restartPreventExitStatus, restartForceExitStatus,
    rootDirectoryStartOnly, nonBlocking, oomPolicy, fileDescriptorStoreMax, fileDescriptorStorePreserve, reloadSignal, sockets, openFiles,
    exec, kill, cgroup: { ...withAccess(cgroup, common.recorded, exec.confinement), oomGroup: oomPolicy === 'kill' },
  };
}

/** What is written there becomes lines of the unit's log. */
function goesToLog({ kind }: StandardStream): boolean {
  return kind === 'journal' || kind === 'kmsg' || kind === 'inherit';
}

function parseBusName(text: string): Result<string> {
  return /^(?::[\w-]+(?:\.[\w-]+)+|[A-Za-z_-][\w-]*(?:\.[A-Za-z_-][\w-]*)+)$/.test(text) && text.length <= 255 ? ok(text) : problem(`'${text.slice(0, 80)}' is not the name of a bus service`);
}

/** Remarks on settings that are accepted but do not do what one may think. */
function remarkOnService(reader: SettingReader, service: Pick<ServiceUnit, 'type' | 'runtimeMaxUsec' | 'kill' | 'probes' | 'exec'>): void {
  const last = (name: string): Entry | undefined => entriesFor(reader, name).at(-1);
  const killMode = last('KillMode');
  if (service.kill.killMode === 'none' && killMode !== undefined) {
    reader.log.add('warning', killMode, 'KillMode=none leaves processes behind when the service stops; KillMode=mixed or control-group is safer.');
  }
  if (!goesToLog(service.exec.standardOutput) && (service.exec.standardError.kind === 'inherit' || !goesToLog(service.exec.standardError))) {
    for (const { kind, check } of service.probes) {
      if (!isSettable(kind)) continue;
      const entry = last(PROBE_NAMES[kind]);
      if (check.kind === 'log' && entry !== undefined) reader.log.add('warning', entry, `What the service prints does not go to the log (StandardOutput=): ${PROBE_NAMES[kind]}= waits for a message to /dev/log.`);
    }
  }
  const runtimeMax = last('RuntimeMaxSec');
  if (service.type === 'oneshot' && service.runtimeMaxUsec !== null && runtimeMax !== undefined) {
    reader.log.add('warning', runtimeMax, 'RuntimeMaxSec= has no effect on a service of Type=oneshot; TimeoutStartSec= limits how long it may run.');
  }
}
