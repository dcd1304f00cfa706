import type { ShowAnswer } from '../../../control/answers.ts';
import { getEntry } from '../../../base/persistent-map.ts';
import type { Unit } from '../../../core/manager/state.ts';
import type { UnitFacts } from '../../../core/property/property-row.ts';
import { unitProperties } from '../../../core/property/unit-properties.ts';
import type { LimitName, ResourceLimit } from '../../../core/unit/exec-context.ts';
import { formatInstant } from '../../../initctl/verbs.ts';
import type { Engine } from '../../engine.ts';
import { memoryOfMachine, tasksOfMachine } from '../../processes/machine-size.ts';
import { unitFileFacts } from '../unit-file-states.ts';
import type { Reader } from './context.ts';
import { managerProperties } from './manager-properties.ts';
import { NO_USE, groupPath, groupUse } from './process-facts.ts';

/** Units in one answer: each may have three hundred properties. Clients that want more ask in portions. */
const UNITS_MAX = 256;
/** Properties that need the kernel or the unit folders to be asked. */
const KERNEL_PROPERTIES = ['MemoryCurrent', 'CPUUsageNSec', 'TasksCurrent', 'IPIngressBytes', 'IPIngressPackets', 'IPEgressBytes', 'IPEgressPackets'];
const FILE_PROPERTIES = ['UnitFileState', 'UnitFilePreset'];
const USER_PROPERTIES = ['UID', 'GID'];
const NO_USER = { uid: null, gid: null };
/** Resource numbers of getrlimit(2) on Linux, in order from 0. */
const LIMIT_NAMES: readonly LimitName[] = [
  'CPU', 'FSIZE', 'DATA', 'STACK', 'CORE', 'RSS', 'NPROC', 'NOFILE', 'MEMLOCK', 'AS', 'LOCKS', 'SIGPENDING', 'MSGQUEUE', 'NICE', 'RTPRIO', 'RTTIME',
];

export const readProperties: Reader<'show'> = ({ engine, units }, params) => {
  const only = params.properties.length === 0 ? null : new Set(params.properties);
  if (params.units.length === 0) return { ok: true, value: { units: [{ unit: '', properties: managerProperties(engine, only) }] } };
  if (units.length > UNITS_MAX) {
    return { ok: false, failure: { name: 'answer-too-large', message: `properties of at most ${String(UNITS_MAX)} units at once` } };
  }
  const state = engine.state();
  const now = engine.now();
  const inheritedLimits = only === null || params.properties.some((name) => name.startsWith('Limit')) ? limitsOf(engine) : {};
  const answer: ShowAnswer['units'][number][] = [];
  for (const name of units) {
    const unit = getEntry(state.units, name);
    if (unit === undefined) {
      answer.push({ unit: name, properties: propertiesOfUnknown(name, only) });
      continue;
    }
    answer.push({ unit: unit.name, properties: unitProperties({ state, unit, facts: { ...factsOf(engine, unit, only), inheritedLimits }, now, formatInstant }, only) });
  }
  return { ok: true, value: { units: answer } };
};

function factsOf(engine: Engine, unit: Unit, only: ReadonlySet<string> | null): Omit<UnitFacts, 'inheritedLimits'> {
  const asks = (names: readonly string[]): boolean => only === null || names.some((name) => only.has(name));
  const use = asks(KERNEL_PROPERTIES) ? groupUse(engine, unit) : NO_USE;
  const file = asks(FILE_PROPERTIES) ? unitFileFacts(engine, unit.definition) : { state: '', preset: '' };
  const needsReload = asks(['NeedDaemonReload']) && engine.changedOnDisk(unit.definition);
  const isUp = unit.activeState !== 'inactive' && unit.activeState !== 'failed';
  const user = isUp && asks(USER_PROPERTIES) ? engine.userOf(unit.name) : NO_USER;
  return { user, fileState: file.state, preset: file.preset, needsReload, memoryBytes: use.memoryBytes, cpuUsec: use.cpuUsec, tasks: use.tasks, ip: use.ip, hasControlGroups: engine.facts.cgroupRoot !== null, controlGroup: groupPath(engine, unit.name), machineMemoryBytes: memoryOfMachine(), machineTasks: tasksOfMachine() };
}

/** A name nobody has: systemctl shows it as a unit that is not there. */
function propertiesOfUnknown(name: string, only: ReadonlySet<string> | null): Readonly<Record<string, string>> {
  const all = Object.entries({ Id: name, Names: name, Description: name, LoadState: 'not-found', ActiveState: 'inactive', SubState: 'dead', UnitFileState: '', FragmentPath: '' });
  return Object.fromEntries(all.filter(([property]) => only === null || only.has(property)));
}

function limitsOf(engine: Engine): UnitFacts['inheritedLimits'] {
  const value = (limit: number): number | 'infinity' => (Number.isFinite(limit) ? limit : 'infinity');
  const limits: Partial<Record<LimitName, ResourceLimit>> = {};
  for (const [resource, soft, hard] of engine.native.inheritedLimits()) {
    const name = LIMIT_NAMES[resource];
    if (name !== undefined) limits[name] = { soft: value(soft), hard: value(hard) };
  }
  return limits;
}
