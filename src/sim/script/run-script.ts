/** Runs a script on a folder of real unit files: the manager's own code, a virtual clock, programs that do what the script says. */
import type { RealtimeUsec, RequestId, UnitName } from '../../base/brand.ts';
import { valuesOf } from '../../base/persistent-map.ts';
import type { SpawnEffect } from '../../core/manager/effect.ts';
import { PROBE_NAMES } from '../../core/unit-file/probe-settings.ts';
import { BUILT_IN_DEFAULTS } from '../../core/unit-file/unit-defaults.ts';
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { ExecUnit } from '../../core/unit/exec-context.ts';
import type { ProbeKind } from '../../core/unit/probe.ts';
import type { ServiceUnit } from '../../core/unit/service.ts';
import { readSpecifierFacts } from '../../host/unit-loader/specifier-facts.ts';
import { createUnitLoader } from '../../host/unit-loader/unit-loader.ts';
import { target } from '../definitions.ts';
import { SimulatedKernel } from '../kernel.ts';
import type { Script } from '../process-table.ts';
import type { Expectation, PlaceAct, ScriptAction, ScriptProblem, WorldScript } from './script-text.ts';
import { Timeline, unitEnd, type TimelineEntry, type UnitEnd } from './timeline.ts';

/** What became of an `expect` line. */
export interface ExpectationOutcome {
  readonly line: number;
  readonly text: string;
  readonly holds: boolean;
  /** What was found instead; '' when it holds. */
  readonly found: string;
}

export interface ScriptRun {
  readonly entries: readonly TimelineEntry[];
  readonly expectations: readonly ExpectationOutcome[];
  /** The units that are loaded, at the end. */
  readonly units: readonly UnitEnd[];
  readonly endedUsec: number;
}

export interface ScriptRunOptions {
  /** Folders of unit files, the first wins. */
  readonly directories: readonly string[];
  readonly mode: 'system' | 'user';
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The manager's quiet log lines too. */
  readonly isFull: boolean;
}

const DEFAULT_TARGET = 'default.target' as UnitName;
/** 2026-01-05 12:00:00 UTC, a Monday: far from any change of clocks. */
const CLOCK_USEC = 1_767_614_400_000_000 as RealtimeUsec;

/** What a script file calls the programs of probes: by the settings that ask for them. */
const PROGRAM_NAMES: Readonly<Record<ProbeKind, string>> = { ...PROBE_NAMES, 'bus-name': 'BusName', 'bus-loss': 'BusNameLost' };

export function runScript(script: WorldScript, options: ScriptRunOptions): ScriptRun {
  const load = folderLoader(options);
  const boot = script.boot ?? DEFAULT_TARGET;
  const withBoot = (names: readonly UnitName[]): readonly UnitDefinition[] => load(names).map((unit) => (unit.name === DEFAULT_TARGET && unit.loadState === 'not-found' && script.boot === null ? target(DEFAULT_TARGET) : unit));
  const kernel: SimulatedKernel = new SimulatedKernel({
    config: { mode: options.mode, bootUnit: boot }, load: withBoot, realtimeUsec: script.clockUsec ?? CLOCK_USEC,
    conditionHolds: (kind, parameter) => script.conditions.get(`${kind}=${parameter}`) ?? true,
    scriptOf: (spawn) => programOf(script, spawn, runs),
    probeOf: ({ unit, probe }) => nextRun(script.programs, runs, `${unit} ${PROGRAM_NAMES[probe]}`),
    observe: (look) => { timeline.observe(look, kernel.nowUsec); },
  });
  const runs = new Map<string, number>();
  const timeline = new Timeline(kernel.nowUsec, options.isFull);
  const beginUsec = kernel.nowUsec;
  const expectations: ExpectationOutcome[] = [];
  timeline.add(kernel.nowUsec, 'action', '', `boot ${boot}`);
  kernel.boot(withBoot([boot]));
  for (const { atUsec, line, text, action } of script.actions) {
    if (atUsec <= script.untilUsec && kernel.finished === null) kernel.run(beginUsec + atUsec - kernel.nowUsec);
    // What the world does not live to see is not as expected.
    if (atUsec > script.untilUsec || kernel.finished !== null) {
      if (action.act === 'expect') expectations.push({ line, text, holds: false, found: 'the simulation was over before' });
      continue;
    }
    if (action.act === 'expect') {
      const found = judge(kernel, timeline, action.unit, action.expectation);
      expectations.push({ line, text, holds: found === '', found });
      timeline.add(kernel.nowUsec, 'expectation', action.unit, `${text}: ${found === '' ? 'as expected' : `NOT SO, ${found}`}`);
    } else {
      timeline.add(kernel.nowUsec, 'action', '', text);
      perform(kernel, action, withBoot);
    }
  }
  kernel.run(Math.max(0, beginUsec + script.untilUsec - kernel.nowUsec));
  const units = valuesOf(kernel.state.units).flatMap(({ name }) => unitEnd(kernel.state, name, timeline) ?? []);
  return { entries: timeline.entries, expectations, units, endedUsec: kernel.nowUsec - beginUsec };
}

/** Units whose programs the script tells of, and of which there is no file: a name was misspelt, for such a line says nothing. */
export function programsOfNobody({ programLines }: WorldScript, options: ScriptRunOptions): readonly ScriptProblem[] {
  const missing = new Set(folderLoader(options)([...programLines.keys()]).filter(({ loadState }) => loadState === 'not-found').map(({ name }) => name));
  return [...programLines].filter(([name]) => missing.has(name)).map(([name, line]) => ({ line, problem: `there is no unit file ${name} in ${options.directories.join(':')}` }));
}

function folderLoader({ directories, mode, environment }: ScriptRunOptions): (names: readonly UnitName[]) => readonly UnitDefinition[] {
  const loader = createUnitLoader({
    mode, hasDevices: false, directories, root: '', defaults: BUILT_IN_DEFAULTS,
    specifiers: readSpecifierFacts({ mode, root: '', uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, environment, runtimeRoot: mode === 'user' ? (environment['XDG_RUNTIME_DIR'] ?? '/tmp') : '/run' }),
  });
  return (names) => loader.loadClosure(names, () => undefined);
}

/** What a program does in this run: as the script says, else what one of its kind does when all is well. */
function programOf({ programs }: WorldScript, spawn: SpawnEffect, runs: Map<string, number>): Script {
  const { path } = spawn.command;
  return nextRun(programs, runs, programs.has(path) ? path : `${spawn.unit} ${roleOf(spawn)}`) ?? usualProgram(spawn);
}

/** The script of the next run of a program; undefined where the script file has no line for it. */
function nextRun(programs: WorldScript['programs'], runs: Map<string, number>, key: string): Script | undefined {
  const scripts = programs.get(key);
  const run = runs.get(key) ?? 0;
  runs.set(key, run + 1);
  return scripts?.[Math.min(run, scripts.length - 1)];
}

/** A command is named by its setting. */
function roleOf({ role, index, definition }: SpawnEffect): string {
  const probe = role === 'ExecProbe' && isServiceUnit(definition) ? definition.probes[index] : undefined;
  return probe === undefined ? role : PROGRAM_NAMES[probe.kind];
}

function isServiceUnit(definition: ExecUnit): definition is ServiceUnit {
  return definition.kind === 'service';
}

function usualProgram(spawn: SpawnEffect): Script {
  const { role, definition } = spawn;
  // A name on the bus is kept.
  if (roleOf(spawn) === PROGRAM_NAMES['bus-loss']) return {};
  if (role !== 'ExecStart' || !isServiceUnit(definition) || definition.type === 'oneshot') return { exitAfterUsec: 0 };
  if (definition.type === 'forking') return { exitAfterUsec: 0, forks: {} };
  const pings = definition.watchdogUsec === null ? {} : { pingsEveryUsec: Math.max(1, Math.floor(definition.watchdogUsec / 2)) };
  return definition.type === 'notify' || definition.type === 'notify-reload' ? { readyAfterUsec: 0, ...pings } : pings;
}

function mainPidOf(kernel: SimulatedKernel, unit: UnitName): number | null {
  return kernel.processesOf(unit).find(({ role }) => role === 'ExecStart' || role === null)?.pid ?? null;
}

function perform(kernel: SimulatedKernel, action: Exclude<ScriptAction, { readonly act: 'expect' }>, load: (names: readonly UnitName[]) => readonly UnitDefinition[]): RequestId | undefined {
  switch (action.act) {
    case 'request': {
      const isIsolate = action.verb === 'isolate';
      return kernel.request({ method: 'enqueue', type: action.verb === 'isolate' ? 'start' : action.verb, units: action.units, mode: isIsolate ? 'isolate' : 'replace', wait: true, verb: action.verb });
    }
    case 'reset-failed': return kernel.request({ method: 'reset-failed', units: action.units });
    case 'daemon-reload': kernel.reload(load(valuesOf(kernel.state.units).map(({ name }) => name))); return undefined;
    case 'shutdown': return kernel.request({ method: 'shutdown', goal: 'poweroff', exitStatus: 0, force: false });
    case 'kill': kernel.kill(mainPidOf(kernel, action.unit) ?? 0, action.signal); return undefined;
    case 'oom': kernel.oomKill(action.unit, mainPidOf(kernel, action.unit) ?? 0); return undefined;
    case 'exit': kernel.exit(mainPidOf(kernel, action.unit) ?? 0, action.status); return undefined;
    case 'notify': kernel.notify(action.unit, mainPidOf(kernel, action.unit) ?? 0, action.text); return undefined;
    case 'connect': kernel.arrive(action.unit, action.source); return undefined;
    case 'touch': kernel.writeFile(action.path); return undefined;
    case 'remove': kernel.removeFile(action.path); return undefined;
    case 'mount': case 'umount': case 'visit': case 'swapon': case 'swapoff': atPlace(kernel, action); return undefined;
    case 'step-clock': kernel.stepClock(action.byUsec); return undefined;
  }
}

/** Somebody does something at a path by hand. */
function atPlace(kernel: SimulatedKernel, { act, path, name }: Extract<ScriptAction, { readonly act: PlaceAct }>): void {
  switch (act) {
    case 'mount': kernel.takeIntoUse(`${name}.mount`, path); return;
    case 'umount': kernel.takeOutOfUse(`${name}.mount`, path); return;
    case 'visit': kernel.visit(`${name}.automount`, path); return;
    case 'swapon': kernel.takeIntoUse(`${name}.swap`, path); return;
    case 'swapoff': kernel.takeOutOfUse(`${name}.swap`, path); return;
  }
}

/** What is found in place of what is expected; '' when it is as expected. */
function judge(kernel: SimulatedKernel, timeline: Timeline, name: UnitName, expectation: Expectation): string {
  const end = unitEnd(kernel.state, name, timeline);
  if (end === null) return 'the unit is not loaded';
  switch (expectation.what) {
    case 'state': {
      const isSo = end.activeState === expectation.activeState && (expectation.subState === null || end.subState === expectation.subState);
      return isSo ? '' : `it is ${end.activeState} (${end.subState})`;
    }
    case 'restarts': return end.restarts === expectation.count ? '' : `it was restarted ${String(end.restarts)} times`;
    case 'runs': return end.runs === expectation.count ? '' : `it was run ${String(end.runs)} times`;
    case 'stored': return end.stored === expectation.count ? '' : `${String(end.stored)} fds are stored`;
    case 'result': return end.result === expectation.result ? '' : `the result is ${end.result ?? 'none'}`;
  }
}
