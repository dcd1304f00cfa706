import type { UnitName } from '../../../base/brand.ts';
import { getEntry } from '../../../base/persistent-map.ts';
import type { ConditionAnswer, ExecAnswer, UnitStatusAnswer } from '../../../control/answers.ts';
import { neighbours } from '../../../core/graph/graph.ts';
import { describeProbes } from '../../../core/machine/service/probes.ts';
import { isSocket, type SocketRecord } from '../../../core/manager/drivers/socket-record.ts';
import { listenText } from '../../../core/unit/socket.ts';
import type { ConditionOutcome, ExecRecord, ManagerState, ServiceRuntime, Unit } from '../../../core/manager/state.ts';
import { isTimer } from '../../../core/manager/drivers/timer-driver.ts';
import type { UnitDefinition } from '../../../core/unit/definition.ts';
import type { ServiceUnit } from '../../../core/unit/service.ts';
import type { Condition } from '../../../core/unit/unit-common.ts';
import type { Engine } from '../../engine.ts';
import { unitFileState } from '../unit-file-states.ts';
import { meantInstead } from '../unit-hint.ts';
import type { ReadContext, Reader } from './context.ts';
import { describeProcesses, groupPath, groupUse, processCommand, processName } from './process-facts.ts';
import { jobAnswer, jobOf, notEffectiveAnswers, resultOf, subState, wallClock } from './unit-words.ts';
import { nextElapse } from './timer-list.ts';
import { lastCause } from './why.ts';

/** Processes shown of one unit: a fork bomb must not become an answer of megabytes. */
const PROCESSES_SHOWN_MAX = 256;
/** Names that were probably meant: each is looked for among all there are. */
const MEANT_MAX = 8;
/** Units in one answer: each costs some reads of /proc. */
const UNITS_MAX = 512;

export const readStatus: Reader<'status'> = (context) => {
  const { engine, units } = context;
  if (units.length > UNITS_MAX) {
    return { ok: false, failure: { name: 'answer-too-large', message: `status of at most ${String(UNITS_MAX)} units at once` } };
  }
  const state = engine.state();
  const found: UnitStatusAnswer[] = [];
  const missing: string[] = [];
  for (const name of units) {
    const unit = getEntry(state.units, name);
    if (unit === undefined || (unit.definition.loadState === 'not-found' && unit.activeState === 'inactive')) missing.push(name);
    else found.push(unitStatus(context, state, unit));
  }
  const meant = Object.fromEntries(missing.slice(0, MEANT_MAX).flatMap((name) => {
    const other = meantInstead(engine, name);
    return other === null ? [] : [[name, other]];
  }));
  return { ok: true, value: { units: found, missing, meant } };
};

function unitStatus({ engine }: ReadContext, state: ManagerState, unit: Unit): UnitStatusAnswer {
  const now = engine.now();
  const { definition } = unit;
  const service = unit.runtime.kind === 'service' ? unit.runtime : null;
  const mainExit = service?.mainExit ?? null;
  const job = jobOf(state, unit.job);
  const pids = unit.activeState === 'inactive' ? [] : engine.processesOf(unit.name);
  const group = groupPath(engine, unit.name);
  const use = groupUse(engine, unit);
  const file = unitFileState(engine, definition);
  return {
    unit: unit.name,
    names: definition.names,
    kind: definition.kind,
    description: definition.description,
    documentation: definition.documentation,
    load: definition.loadState,
    loadError: definition.loadError,
    fragmentPath: definition.fragmentPath,
    dropInPaths: definition.dropInPaths,
    fileState: file.state,
    preset: file.preset,
    needsReload: engine.changedOnDisk(definition),
    active: unit.activeState,
    sub: subState(unit),
    result: resultOf(unit),
    sinceUsec: unit.times.stateChange.realtimeUsec,
    nowUsec: now.realtimeUsec,
    activeEnterUsec: unit.times.activeEnter.realtimeUsec,
    activeExitUsec: unit.times.activeExit.realtimeUsec,
    invocationId: unit.invocationId,
    job: job === undefined ? null : jobAnswer(state, job, now),
    conditionResult: unit.conditionResult && unit.assertResult,
    conditionUsec: unit.times.condition.realtimeUsec,
    conditions: [...outcomes('Condition', unit.conditions, definition.conditions), ...outcomes('Assert', unit.assertions, definition.assertions)],
    triggers: neighbours(state.graph, unit.name, 'Triggers').map((name) => ({ unit: name, active: activeOf(state, name) })),
    ...(isTimer(unit) ? { nextElapseUsec: nextElapse(unit, now) } : {}),
    ...(isSocket(unit) ? { socket: socketFacts(unit) } : {}),
    triggeredBy: neighbours(state.graph, unit.name, 'TriggeredBy').map((name) => ({ unit: name, active: activeOf(state, name) })),
    ...placeOf(unit),
    main: processOf(engine, service?.mainPid ?? null),
    control: processOf(engine, service?.controlPid ?? null),
    mainExit: mainExit === null ? null : execAnswer(definition, mainExit),
    execs: finishedExecs(definition, service),
    statusText: service?.statusText ?? '',
    ...(service === null || service.probes.length === 0 ? {} : { probes: describeProbes(service) }),
    statusErrno: service?.statusErrno ?? 0,
    restarts: service?.restarts ?? 0,
    restartUsec: service?.state === 'auto-restart' ? wallClock(service.deadlineUsec, now) : 0,
    spawnFailure: spawnFailureText(service),
    tasks: use.tasks ?? (pids.length > 0 ? pids.length : null),
    tasksMax: use.tasksMax,
    memoryBytes: use.memoryBytes,
    cpuUsec: use.cpuUsec,
    ...(use.ip === null ? {} : { ip: use.ip }),
    controlGroup: group === '' ? null : group,
    processes: describeProcesses(engine, pids, group, PROCESSES_SHOWN_MAX),
    processCount: pids.length,
    notEffective: notEffectiveAnswers(unit),
    diagnostics: definition.diagnostics,
    why: lastCause(engine, unit),
  };
}

function activeOf(state: ManagerState, name: UnitName): string {
  return getEntry(state.units, name)?.activeState ?? 'inactive';
}

/** Before a unit's first start nothing is tested, and the files alone say what will be. */
function outcomes(prefix: 'Condition' | 'Assert', tested: readonly ConditionOutcome[], written: readonly Condition[]): readonly ConditionAnswer[] {
  return (tested.length > 0 ? tested : written.map((each): ConditionOutcome => ({ ...each, holds: null, error: '' }))).map((outcome) => conditionAnswer(prefix, outcome));
}

function conditionAnswer(prefix: 'Condition' | 'Assert', outcome: ConditionOutcome): ConditionAnswer {
  return {
    directive: prefix + outcome.kind,
    value: `${outcome.trigger ? '|' : ''}${outcome.negate ? '!' : ''}${outcome.parameter}`,
    holds: outcome.holds,
    error: outcome.error,
  };
}

function processOf(engine: Engine, pid: number | null): { readonly pid: number; readonly command: string } | null {
  if (pid === null) return null;
  return { pid, command: processName(engine, pid) ?? processCommand(engine, pid) ?? 'n/a' };
}

/** Finished commands of the unit; the main one only when it was not the last main process, which has a line of its own. */
function finishedExecs(definition: UnitDefinition, service: ServiceRuntime | null): readonly ExecAnswer[] {
  if (service === null) return [];
  return service.execs.filter((exec) => exec.exit !== null).map((exec) => execAnswer(definition, exec));
}

function placeOf({ definition, runtime }: Unit): Pick<UnitStatusAnswer, 'place'> {
  if (definition.kind === 'automount') return { place: { where: definition.where } };
  if (definition.kind === 'swap') return { place: { what: runtime.kind === 'swap' ? (runtime.found?.what ?? definition.what) : definition.what } };
  if (definition.kind !== 'mount') return {};
  return { place: { where: definition.where, what: runtime.kind === 'mount' ? (runtime.found?.what ?? definition.what) : definition.what } };
}

function socketFacts({ definition, runtime }: SocketRecord): NonNullable<UnitStatusAnswer['socket']> {
  return {
    listen: definition.listen.map((listen) => `${listenText(listen)} (${listen.kind})`),
    accept: definition.accept, accepted: runtime.accepted, connected: runtime.connections.length, refused: runtime.refused,
  };
}

const COMMANDS: Readonly<Record<string, keyof ServiceUnit>> = {
  ExecCondition: 'execCondition', ExecStartPre: 'execStartPre', ExecStart: 'execStart', ExecStartPost: 'execStartPost',
  ExecReload: 'execReload', ExecStop: 'execStop', ExecStopPost: 'execStopPost',
};

function execAnswer(definition: UnitDefinition, exec: ExecRecord): ExecAnswer {
  const list = COMMANDS[exec.role];
  const commands = definition.kind === 'service' && list !== undefined ? (definition[list] as ServiceUnit['execStart']) : [];
  const command = commands[exec.index];
  return {
    role: exec.role,
    argv: command === undefined ? [] : [command.path, ...command.argv.slice(1)],
    pid: exec.pid,
    startUsec: exec.startRealtimeUsec,
    exit: exec.exit === null ? null : {
      code: exec.exit.code,
      status: exec.exit.status,
      success: (command?.ignoreFailure ?? false) || isCleanExit(definition, exec.exit),
      atUsec: exec.exit.realtimeUsec,
    },
  };
}

/** Signals by which a service may end without having failed: HUP, INT, PIPE, TERM. Source: systemd.service(5), SuccessExitStatus=. */
const CLEAN_SIGNALS: readonly number[] = [1, 2, 13, 15];

function isCleanExit(definition: UnitDefinition, exit: { readonly code: string; readonly status: number }): boolean {
  const allowed = definition.kind === 'service' ? definition.successExitStatus : { codes: [], signals: [] };
  if (exit.code === 'exited') return exit.status === 0 || allowed.codes.includes(exit.status);
  return exit.code === 'killed' && (CLEAN_SIGNALS.includes(exit.status) || (allowed.signals as readonly number[]).includes(exit.status));
}

function spawnFailureText(service: ServiceRuntime | null): string | null {
  const failure = service?.spawnFailure ?? null;
  if (failure === null) return null;
  return `${failure.role}= could not be run: ${failure.stage}${failure.subject === '' ? '' : ` ${failure.subject}`}: ${failure.errno}`;
}
