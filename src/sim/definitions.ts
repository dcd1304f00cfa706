/** Unit definitions for simulations and tests: every field at its default, so that a scenario states only what it is about. */
import { assert } from '../base/assert.ts';
import type { Signal, UnitName, Usec } from '../base/brand.ts';
import type { SocketUnit } from '../core/unit/socket.ts';
import type { SliceUnit, TargetUnit } from '../core/unit/definition.ts';
import type { Dependency, DependencyKind } from '../core/unit/dependency.ts';
import type { CgroupContext, ExecCommand, ExecContext, KillContext } from '../core/unit/exec-context.ts';
import type { ServiceUnit } from '../core/unit/service.ts';
import type { UnitCommon } from '../core/unit/unit-common.ts';
import { formatCalendar, parseCalendar } from '../core/time/calendar.ts';
import { UTC_ZONE, type TimeZone } from '../core/time/time-zone.ts';
import { NO_RENEWAL } from '../core/unit/renewal.ts';
import { PLAIN_PACING } from '../core/unit/restart-pacing.ts';
import type { DeviceUnit } from '../core/unit/device.ts';
import type { PathUnit, PathWatch, PathWatchKind } from '../core/unit/path.ts';
import type { TimerBase, TimerTrigger, TimerUnit } from '../core/unit/timer.ts';

const SECOND = 1_000_000;
const ORIGIN = { file: '/sim/unit', line: 1 };

function common(name: string): UnitCommon {
  return {
    name: name as UnitName, loadState: 'loaded', loadError: null, names: [name as UnitName], fragmentPath: `/sim/${name}`, dropInPaths: [],
    sourceHash: '', description: name, documentation: [], dependencies: [], requiresMountsFor: [], conditions: [], assertions: [], defaultDependencies: false,
    stopWhenUnneeded: false, refuseManualStart: false, refuseManualStop: false, allowIsolate: false, ignoreOnIsolate: false,
    onFailureJobMode: 'replace', onSuccessJobMode: 'fail', jobTimeoutUsec: null, jobRunningTimeoutUsec: null, jobTimeoutAction: 'none',
    failureAction: 'none', successAction: 'none', startLimitIntervalUsec: (10 * SECOND) as Usec, startLimitBurst: 5, startLimitAction: 'none',
    install: { wantedBy: [], requiredBy: [], upheldBy: [], also: [], alias: [], defaultInstance: null },
    entries: [], diagnostics: [], notEffective: [], recorded: {},
  };
}

const EXEC: ExecContext = {
  user: null, group: null, supplementaryGroups: [], dynamicUser: false, workingDirectory: null, rootDirectory: null, environment: [],
  environmentFiles: [], passEnvironment: [], unsetEnvironment: [], umask: 0o022, limits: {}, nice: null, oomScoreAdjust: null,
  ioSchedulingClass: null, ioSchedulingPriority: null, cpuSchedulingPolicy: null, cpuSchedulingPriority: null, cpuAffinity: null,
  noNewPrivileges: false, capabilityBoundingSet: null, ambientCapabilities: [], ignoreSigpipe: true, directories: [],
  directoryModes: { runtime: 0o755, state: 0o755, cache: 0o755, logs: 0o755, configuration: 0o755 }, runtimeDirectoryPreserve: 'no',
  privateTmp: false, confinement: null, standardInput: { kind: 'null' }, standardOutput: { kind: 'null' }, standardError: { kind: 'null' }, standardInputData: null,
  ttyPath: '/dev/console', ttyReset: false, ttyHangup: false, syslogIdentifier: null, syslogLevel: 6, syslogLevelPrefix: true, logLevelMax: 7,
};

const KILL: KillContext = {
  killMode: 'control-group', killSignal: 15 as Signal, restartKillSignal: null, sendSighup: false, sendSigkill: true,
  finalKillSignal: 9 as Signal, watchdogSignal: 6 as Signal,
};

const CGROUP: CgroupContext = {
  slice: null, delegate: false, tasksMax: null, memoryMin: null, memoryLow: null, memoryHigh: null, memoryMax: null, memorySwapMax: null, oomGroup: false,
  cpuWeight: null, cpuQuotaUsecPerSec: null, ioWeight: null, access: null,
};

/** A command line that runs `path`; the simulated kernel looks its behaviour up by that path. */
export function command(path: string, options: { readonly ignoreFailure?: boolean } = {}): ExecCommand {
  return {
    path, argv: [path], ignoreFailure: options.ignoreFailure ?? false, noEnvironmentExpansion: false, privilege: 'normal', origin: ORIGIN,
  };
}

/** `{ Requires: ['a.service'], After: ['a.service'] }` as edges. */
export type Edges = Readonly<Partial<Record<DependencyKind, readonly string[]>>>;

export function edges(map: Edges): readonly Dependency[] {
  return Object.entries(map).flatMap(([kind, others]) =>
    others.map((other) => ({ kind: kind as DependencyKind, other: other as UnitName, origin: ORIGIN })));
}

export function service(name: string, overrides: Partial<ServiceUnit> & { readonly edges?: Edges } = {}): ServiceUnit {
  const { edges: edgeMap = {}, ...rest } = overrides;
  return {
    ...common(name), kind: 'service', type: 'simple', execCondition: [], execStartPre: [], execStart: [command(`/bin/${name}`)], execStartPost: [],
    execReload: [], execStop: [], execStopPost: [], probes: [], openFiles: [], calls: [], remainAfterExit: false, guessMainPid: true, pidFile: null, busName: null, restart: 'no',
    restartUsec: 100_000 as Usec, restartSteps: 0, restartMaxDelayUsec: null, restartPacing: PLAIN_PACING, renewal: NO_RENEWAL, timeoutStartUsec: (90 * SECOND) as Usec,
    timeoutStopUsec: (90 * SECOND) as Usec, timeoutAbortUsec: (90 * SECOND) as Usec, timeoutStartFailureMode: 'terminate',
    timeoutStopFailureMode: 'terminate', runtimeMaxUsec: null, watchdogUsec: null, notifyAccess: 'none', successExitStatus: { codes: [], signals: [] },
    restartPreventExitStatus: { codes: [], signals: [] }, restartForceExitStatus: { codes: [], signals: [] }, rootDirectoryStartOnly: false,
    nonBlocking: false, oomPolicy: 'stop', fileDescriptorStoreMax: 0, fileDescriptorStorePreserve: 'restart', reloadSignal: 1 as Signal, sockets: [], exec: EXEC, kill: KILL, cgroup: CGROUP,
    dependencies: edges(edgeMap), ...rest,
  };
}

export function target(name: string, edgeMap: Edges = {}, overrides: Partial<TargetUnit> = {}): TargetUnit {
  return { ...common(name), kind: 'target', dependencies: edges(edgeMap), ...overrides };
}

export function slice(name: string): SliceUnit {
  return { ...common(name), kind: 'slice', cgroup: CGROUP, ignoreOnIsolate: true };
}

/** A timer for the service of the same name. */
export function timer(name: string, overrides: Partial<TimerUnit> & { readonly edges?: Edges } = {}): TimerUnit {
  const { edges: edgeMap = {}, ...rest } = overrides;
  const unit = overrides.unit ?? name.replace(/timer$/, 'service') as UnitName;
  return {
    ...common(name), kind: 'timer', unit, triggerJob: 'start', triggers: [], accuracyUsec: 1 as Usec, randomizedDelayUsec: 0 as Usec, fixedDelayUsec: null,
    deferReactivation: false, onClockChange: false, onTimezoneChange: false, persistent: false, wakeSystem: false, remainAfterElapse: true,
    dependencies: edges({ ...edgeMap, Triggers: [unit] }), ...rest,
  };
}

/** A line of a timer: `after('OnBootSec', 5)` with seconds. */
export function after(base: TimerBase, spanSeconds: number): TimerTrigger {
  return { base, afterUsec: (spanSeconds * SECOND) as Usec, origin: ORIGIN };
}

/** A path unit for the service of the same name. */
export function path(name: string, overrides: Partial<PathUnit> & { readonly edges?: Edges } = {}): PathUnit {
  const { edges: edgeMap = {}, ...rest } = overrides;
  const unit = overrides.unit ?? name.replace(/path$/, 'service') as UnitName;
  return {
    ...common(name), kind: 'path', unit, triggerJob: 'start', watches: [], makeDirectoryMode: null, directoryMode: 0o755,
    triggerLimitIntervalUsec: (2 * SECOND) as Usec, triggerLimitBurst: 200, dependencies: edges({ ...edgeMap, Triggers: [unit] }), ...rest,
  };
}

/** A line of a path unit. */
export function watching(kind: PathWatchKind, watched: string): PathWatch {
  return { kind, path: watched, origin: ORIGIN };
}

/** A line of a timer that elapses by the calendar, in UTC or in a zone. */
export function onCalendar(text: string, zone: TimeZone = UTC_ZONE): TimerTrigger {
  const parsed = parseCalendar(text, { hasZone: () => false, localAbbreviations: { standard: null, summer: null } });
  assert(parsed.ok, `${text} is a calendar expression`);
  return { base: 'OnCalendar', calendar: parsed.value, text: formatCalendar(parsed.value), zone, origin: ORIGIN };
}

const SOCKET_OPTIONS: SocketUnit['options'] = {
  protocol: null, bindIpv6Only: 'default', backlog: 4096, bindToDevice: null, reusePort: false, freeBind: false, transparent: false,
  broadcast: false, passCredentials: false, passSecurity: false, passPacketInfo: false, timestamping: 'off', keepAlive: false,
  keepAliveTimeSec: null, keepAliveIntervalSec: null, keepAliveProbes: null, noDelay: false, deferAcceptSec: null, priority: null,
  receiveBufferBytes: null, sendBufferBytes: null, ipTos: null, ipTtl: null, mark: null, tcpCongestion: null, pipeSizeBytes: null,
  messageQueueMaxMessages: null, messageQueueMessageBytes: null,
};

/** A socket at /run/NAME; with Accept=yes for instances, else for the service of the same name. */
export function socket(name: string, overrides: Partial<SocketUnit> = {}): SocketUnit {
  const own = name.replace(/\.socket$/, '.service') as UnitName;
  const service = overrides.accept === true ? null : overrides.service ?? own;
  return {
    ...common(name), kind: 'socket', listen: [{ kind: 'Stream', address: { family: 'unix', path: `/run/${name}` }, portOnly: false }],
    options: SOCKET_OPTIONS, socketUser: null, socketGroup: null, socketMode: 0o666, directoryMode: 0o755, accept: false, writable: false,
    flushPending: false, maxConnections: 64, maxConnectionsPerSource: 0, removeOnStop: false, symlinks: [], fileDescriptorName: null,
    triggerLimit: { intervalUsec: (2 * SECOND) as Usec, burst: overrides.accept === true ? 200 : 20 },
    pollLimit: { intervalUsec: 0 as Usec, burst: 0 }, execStartPre: [], execStartPost: [], execStopPre: [], execStopPost: [],
    timeoutUsec: (90 * SECOND) as Usec, exec: EXEC, kill: KILL, cgroup: CGROUP,
    dependencies: service === null ? [] : edges({ Triggers: [service], Before: [service] }),
    ...overrides, service,
  };
}

/** A device, as in a container where nobody can know of it unless `isKnowable`. */
export function device(name: string, path: string, isKnowable: boolean): DeviceUnit {
  return { ...common(name), kind: 'device', path, isKnowable };
}

export function missing(name: string): TargetUnit {
  return { ...target(name), loadState: 'not-found', fragmentPath: null };
}
