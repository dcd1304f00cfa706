/**
 * Scripts of `initctl simulate`: what programs do, what the world is like, and what is asked of the manager when. One statement a line.
 *
 *     script    = *( [ statement ] [ "#" comment ] LF )
 *     statement = "boot" UNIT
 *               | "clock" DATE TIME                                    the wall clock at the beginning
 *               | "condition" KIND "=" PARAMETER ( "holds" | "fails" )
 *               | "program" ( UNIT [ ROLE ] | PATH ) ":" behaviour *( "," behaviour )
 *               | "at" ( SPAN | "+" SPAN ) action                      since the beginning, or since the line before
 *               | "until" SPAN
 *     behaviour = "ready after" SPAN | "exits" [ STATUS ] "after" SPAN | "dies of" SIGNAL "after" SPAN | "runs" | "cannot start" ERRNO
 *               | "stops in" SPAN | "stops with" STATUS | "ignores TERM" | "pings every" SPAN [ "for" SPAN ] | "leaves a child"
 *               | "stores" NUMBER "as" FDNAME | "takes back" FDNAME
 *     action    = VERB UNIT... | "reset-failed" [ UNIT ] | "daemon-reload" | "kill" UNIT [ SIGNAL ] | "oom" UNIT
 *               | "exit" UNIT [ STATUS ]
 *               | "notify" UNIT TEXT | "connect" UNIT [ SOURCE ] | "touch" PATH | "remove" PATH | "step-clock" [ "-" ] SPAN | "shutdown"
 *               | ( "mount" | "umount" | "visit" | "swapon" | "swapoff" ) PATH
 *               | "expect" UNIT ( STATE [ SUBSTATE ] | "restarts" NUMBER | "runs" NUMBER | "stored" NUMBER | "result" WORD )
 *     VERB      = "start" | "stop" | "restart" | "try-restart" | "reload" | "reload-or-restart" | "isolate"
 *
 * The first `program` line of a program is its first run, the second its second, the last one all that follow.
 */
import type { RealtimeUsec, Signal, UnitName } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import { SIGKILL } from '../../base/signals.ts';
import { parseCalendar } from '../../core/time/calendar.ts';
import { nextElapse } from '../../core/time/calendar-elapse.ts';
import { parseTimeSpan } from '../../core/time/time-span.ts';
import { UTC_ZONE } from '../../core/time/time-zone.ts';
import { escapeUnitPath, isUnitName } from '../../core/unit/unit-name.ts';
import { parseSignal } from '../../core/unit-file/value/signal.ts';
import type { Script } from '../process-table.ts';

const VERBS = ['start', 'stop', 'restart', 'try-restart', 'reload', 'reload-or-restart', 'isolate'] as const;
export type ScriptVerb = (typeof VERBS)[number];

const STATES = ['active', 'reloading', 'inactive', 'failed', 'activating', 'deactivating'] as const;
const PLACE_ACTS = ['mount', 'umount', 'visit', 'swapon', 'swapoff'] as const;
/** What somebody does at a path by hand. */
export type PlaceAct = (typeof PLACE_ACTS)[number];
const ROLES: readonly string[] = ['ExecCondition', 'ExecStartPre', 'ExecStart', 'ExecStartPost', 'ExecReload', 'ExecStopPre', 'ExecStop', 'ExecStopPost', 'ExecMount', 'ExecUnmount', 'ExecRemount', 'ExecActivate', 'ExecDeactivate', 'StartupProbe', 'ReadinessProbe', 'LivenessProbe', 'BusName', 'BusNameLost'];

/** What is expected of a unit. */
export type Expectation =
  | { readonly what: 'state'; readonly activeState: string; readonly subState: string | null }
  /** `restarts`: automatic ones since the last manual start. `runs`: how often its main process was started. `stored`: fds in its store. */
  | { readonly what: 'restarts' | 'runs' | 'stored'; readonly count: number }
  | { readonly what: 'result'; readonly result: string };

export type ScriptAction =
  | { readonly act: 'request'; readonly verb: ScriptVerb; readonly units: readonly UnitName[] }
  | { readonly act: 'reset-failed'; readonly units: readonly UnitName[] }
  | { readonly act: 'daemon-reload' | 'shutdown' }
  /** The main process ends by the signal, by nobody's request. */
  | { readonly act: 'kill'; readonly unit: UnitName; readonly signal: Signal }
  /** The kernel ends the main process for want of memory. */
  | { readonly act: 'oom'; readonly unit: UnitName }
  /** The main process exits by itself. */
  | { readonly act: 'exit'; readonly unit: UnitName; readonly status: number }
  | { readonly act: 'notify'; readonly unit: UnitName; readonly text: string }
  | { readonly act: 'connect'; readonly unit: UnitName; readonly source: string }
  | { readonly act: 'touch' | 'remove'; readonly path: string }
  /** By hand: `mount` a tmpfs at the path, `visit`: go there, `swapon`: page to it. */
  | { readonly act: PlaceAct; readonly path: string; /** What units of the path are called, without what they end in. */ readonly name: string }
  | { readonly act: 'step-clock'; readonly byUsec: number }
  | { readonly act: 'expect'; readonly unit: UnitName; readonly expectation: Expectation };

export interface TimedAction {
  /** Since the beginning. */
  readonly atUsec: number;
  /** Of the script, from 1. */
  readonly line: number;
  /** The action as it was written. */
  readonly text: string;
  readonly action: ScriptAction;
}

export interface WorldScript {
  /** null = default.target where there is one. */
  readonly boot: UnitName | null;
  /** The wall clock at the beginning; null = a day in 2026. */
  readonly clockUsec: RealtimeUsec | null;
  /** `KIND=PARAMETER` to whether it holds. */
  readonly conditions: ReadonlyMap<string, boolean>;
  /** Runs by `UNIT ROLE` or by path. */
  readonly programs: ReadonlyMap<string, readonly Script[]>;
  /** Units that have programs, with the first line about one. */
  readonly programLines: ReadonlyMap<UnitName, number>;
  /** In the order of time; those of one instant as they were written. */
  readonly actions: readonly TimedAction[];
  readonly untilUsec: number;
}

export interface ScriptProblem {
  readonly line: number;
  readonly problem: string;
}

/** How long the world goes on after the last action when the script does not say. */
const AFTERMATH_USEC = 60_000_000;
/** Enough for any test, and an end to a script that was generated by mistake. */
const LINES_MAX = 100_000;

/** What is read so far. */
interface Draft {
  boot: UnitName | null;
  clockUsec: RealtimeUsec | null;
  untilUsec: number | null;
  lastUsec: number;
  readonly conditions: Map<string, boolean>;
  readonly programs: Map<string, Script[]>;
  readonly programLines: Map<UnitName, number>;
  readonly actions: TimedAction[];
}

/** @returns the script, or all that is wrong with it in the order of its lines */
export function parseScript(text: string): { readonly ok: true; readonly script: WorldScript } | { readonly ok: false; readonly problems: readonly ScriptProblem[] } {
  const draft: Draft = { boot: null, clockUsec: null, untilUsec: null, lastUsec: 0, conditions: new Map(), programs: new Map(), programLines: new Map(), actions: [] };
  const problems: ScriptProblem[] = [];
  const lines = text.split('\n');
  if (lines.length > LINES_MAX) return { ok: false, problems: [{ line: LINES_MAX + 1, problem: `a script has at most ${String(LINES_MAX)} lines` }] };
  for (const [index, raw] of lines.entries()) {
    const statement = raw.replace(/(^|\s)#.*$/, '').trim();
    if (statement === '') continue;
    const outcome = readStatement(draft, statement, index + 1);
    if (!outcome.ok) problems.push({ line: index + 1, problem: outcome.problem });
  }
  if (problems.length > 0) return { ok: false, problems };
  const actions = draft.actions.sort((a, b) => a.atUsec - b.atUsec);
  return {
    ok: true,
    script: {
      boot: draft.boot, clockUsec: draft.clockUsec, conditions: draft.conditions, programs: draft.programs, programLines: draft.programLines, actions,
      untilUsec: draft.untilUsec ?? (actions.at(-1)?.atUsec ?? 0) + AFTERMATH_USEC,
    },
  };
}

const DONE = ok(undefined);

function readStatement(draft: Draft, statement: string, line: number): Result<undefined> {
  const [word = '', ...rest] = statement.split(/\s+/);
  const after = statement.slice(word.length).trim();
  switch (word) {
    case 'boot': {
      const unit = unitIn(rest[0]);
      if (!unit.ok) return unit;
      draft.boot = unit.value;
      return rest.length > 1 ? problem(`"boot" takes one unit, and "${rest.slice(1).join(' ')}" is too much`) : DONE;
    }
    case 'clock': return readClock(draft, after);
    case 'condition': return readCondition(draft, after);
    case 'program': return readProgram(draft, after, line);
    case 'at': return readTimed(draft, after, line);
    case 'until': {
      const span = spanIn(after);
      if (!span.ok) return span;
      draft.untilUsec = span.value;
      return DONE;
    }
    default: return problem(`"${word}" begins no statement; known are boot, clock, condition, program, at and until`);
  }
}

function unitIn(word: string | undefined): Result<UnitName> {
  if (word === undefined || word === '') return problem('the name of a unit is missing');
  return isUnitName(word) ? ok(word) : problem(`"${word}" is not the name of a unit, which ends in .service, .target, .socket, .timer, .path, …`);
}

function spanIn(text: string): Result<number> {
  const span = parseTimeSpan(text);
  if (!span.ok || span.value === 'infinity') return problem(`"${text}" is not a time span such as 5s, 200ms or 1min 30s`);
  return ok(span.value);
}

function readClock(draft: Draft, text: string): Result<undefined> {
  const parsed = parseCalendar(`${text} UTC`, { hasZone: () => false, localAbbreviations: { standard: null, summer: null } });
  const instant = parsed.ok && /^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]+$/.test(text) ? nextElapse(parsed.value, 0 as RealtimeUsec, UTC_ZONE) : null;
  if (instant === null) return problem(`"${text}" is not an instant in UTC such as 2026-03-29 00:59:30`);
  draft.clockUsec = instant;
  return DONE;
}

function readCondition(draft: Draft, text: string): Result<undefined> {
  const match = /^(?:Condition|Assert)?([A-Za-z]+)=(.*\S)\s+(holds|fails)$/.exec(text);
  if (match === null) return problem(`"condition ${text}" should be as: condition PathExists=/etc/app.conf fails`);
  draft.conditions.set(`${match[1] as string}=${match[2] as string}`, match[3] === 'holds');
  return DONE;
}

function readProgram(draft: Draft, text: string, line: number): Result<undefined> {
  const colon = /:(?=\s|$)/.exec(text)?.index ?? -1;
  if (colon < 0) return problem('after the program comes a colon, and then what it does: program web.service: exits 1 after 5s');
  const [who = '', role, ...more] = text.slice(0, colon).trim().split(/\s+/);
  if (more.length > 0) return problem(`"${more.join(' ')}" is too much before the colon`);
  let key = who;
  if (!who.startsWith('/')) {
    const unit = unitIn(who);
    if (!unit.ok) return problem(`a program is the absolute path of a command or a unit, and ${unit.problem}`);
    if (role !== undefined && !ROLES.includes(role)) return problem(`"${role}" is no command of a unit; known are ${ROLES.join(', ')}`);
    key = `${who} ${role ?? 'ExecStart'}`;
    if (!draft.programLines.has(unit.value)) draft.programLines.set(unit.value, line);
  } else if (role !== undefined) {
    return problem(`a program named by its path is meant wherever it runs, and takes no "${role}"`);
  }
  let script: Script = {};
  for (const behaviour of text.slice(colon + 1).split(',')) {
    const read = readBehaviour(script, behaviour.trim());
    if (!read.ok) return read;
    script = read.value;
  }
  draft.programs.set(key, [...draft.programs.get(key) ?? [], script]);
  return DONE;
}

const STATUS_MAX = 255;

function statusIn(text: string): Result<number> {
  return /^\d{1,3}$/.test(text) && Number(text) <= STATUS_MAX ? ok(Number(text)) : problem(`"${text}" is not an exit status from 0 to ${String(STATUS_MAX)}`);
}

type BehaviourReader = (script: Script, match: RegExpExecArray) => Result<Script>;

/** Adds a field whose value is read from the text. */
function withField<T>(script: Script, value: Result<T>, field: (value: T) => Script): Result<Script> {
  return value.ok ? ok({ ...script, ...field(value.value) }) : value;
}

const BEHAVIOURS: readonly (readonly [RegExp, BehaviourReader])[] = [
  [/^runs$/, (script) => ok(script)],
  [/^ignores TERM$/, (script) => ok({ ...script, ignoresTerm: true })],
  [/^leaves a child$/, (script) => ok({ ...script, forks: {} })],
  [/^stores ([1-9]\d?) as ([A-Za-z0-9_.-]+)$/, (script, [, count = '', name = '']) => ok({ ...script, stores: { name, count: Number(count) } })],
  [/^takes back ([A-Za-z0-9_.-]+)$/, (script, [, takesBack = '']) => ok({ ...script, takesBack })],
  [/^ready after (.+)$/, (script, [, span = '']) => withField(script, spanIn(span), (readyAfterUsec) => ({ readyAfterUsec }))],
  [/^exits after (.+)$/, (script, [, span = '']) => withField(script, spanIn(span), (exitAfterUsec) => ({ exitAfterUsec }))],
  [/^exits (\S+) after (.+)$/, (script, [, status = '', span = '']) => {
    const exit = statusIn(status);
    return exit.ok ? withField(script, spanIn(span), (exitAfterUsec) => ({ exitAfterUsec, exitStatus: exit.value })) : exit;
  }],
  [/^dies of (\S+) after (.+)$/, (script, [, name = '', span = '']) => {
    const signal = parseSignal(name);
    return signal.ok ? withField(script, spanIn(span), (exitAfterUsec) => ({ exitAfterUsec, exitSignal: signal.value })) : signal;
  }],
  [/^stops in (.+)$/, (script, [, span = '']) => withField(script, spanIn(span), (termTakesUsec) => ({ termTakesUsec }))],
  [/^stops with (.+)$/, (script, [, status = '']) => withField(script, statusIn(status), (termStatus) => ({ termStatus }))],
  [/^cannot start (E[A-Z0-9]+)$/, (script, [, errno = '']) => ok({ ...script, spawnFails: { stage: 'exec', errno } })],
  [/^pings every (.+?) for (.+)$/, (script, [, every = '', span = '']) => {
    const pings = spanIn(every);
    return pings.ok ? withField(script, spanIn(span), (pingsForUsec) => ({ pingsEveryUsec: pings.value, pingsForUsec })) : pings;
  }],
  [/^pings every (.+)$/, (script, [, every = '']) => withField(script, spanIn(every), (pingsEveryUsec) => ({ pingsEveryUsec }))],
];

function readBehaviour(script: Script, text: string): Result<Script> {
  for (const [pattern, read] of BEHAVIOURS) {
    const match = pattern.exec(text);
    if (match !== null) return read(script, match);
  }
  return problem(`"${text}" is nothing a program does; known are: runs, ready after T, exits [STATUS] after T, dies of SIGNAL after T, stops in T, stops with STATUS, ignores TERM, pings every T [for T], leaves a child, stores N as FDNAME, takes back FDNAME, cannot start ERRNO`);
}

/** Words of a time span at the beginning of a text: `1min 30s start …`. */
const SPAN_WORDS = /^(\+?\s*(?:\d+(?:\.\d+)?\s*(?:us|ms|sec|s|min|m|hours|hour|h|days|day|d|weeks|week|w)?\s+)+)/;

function readTimed(draft: Draft, text: string, line: number): Result<undefined> {
  const match = SPAN_WORDS.exec(`${text} `);
  if (match === null) return problem('after "at" comes a time such as 5s or +200ms, and then what happens: at 5s stop web.service');
  const when = (match[1] as string).trim();
  const span = spanIn(when.replace(/^\+\s*/, ''));
  if (!span.ok) return span;
  const atUsec = when.startsWith('+') ? draft.lastUsec + span.value : span.value;
  const what = text.slice((match[1] as string).length).trim();
  const action = readAction(what);
  if (!action.ok) return action;
  draft.lastUsec = atUsec;
  draft.actions.push({ atUsec, line, text: what, action: action.value });
  return DONE;
}

function readAction(text: string): Result<ScriptAction> {
  const [act = '', first, ...more] = text.split(/\s+/);
  if ((VERBS as readonly string[]).includes(act)) {
    const units: UnitName[] = [];
    for (const word of [first, ...more]) {
      const unit = unitIn(word);
      if (!unit.ok) return unit;
      units.push(unit.value);
    }
    return ok({ act: 'request', verb: act as ScriptVerb, units });
  }
  const rest = text.slice(act.length).trim();
  switch (act) {
    case 'reset-failed': {
      if (first === undefined) return ok({ act, units: [] });
      const unit = unitIn(first);
      return unit.ok ? ok({ act, units: [unit.value] }) : unit;
    }
    case 'daemon-reload':
    case 'shutdown': return rest === '' ? ok({ act }) : problem(`"${act}" takes nothing, and "${rest}" is too much`);
    case 'touch':
    case 'remove': return rest.startsWith('/') ? ok({ act, path: rest }) : problem(`"${act}" takes an absolute path, not "${rest}"`);
    case 'mount': case 'umount': case 'visit': case 'swapon': case 'swapoff': {
      const name = escapeUnitPath(rest);
      return rest.startsWith('/') && name.ok ? ok({ act, path: rest, name: name.value }) : problem(`"${act}" takes an absolute path without "..", not "${rest}"`);
    }
    case 'step-clock': {
      const span = spanIn(rest.replace(/^[-+]\s*/, ''));
      return span.ok ? ok({ act, byUsec: rest.startsWith('-') ? -span.value : span.value }) : span;
    }
    case 'kill':
    case 'oom':
    case 'exit':
    case 'notify':
    case 'connect':
    case 'expect': {
      const unit = unitIn(first);
      return unit.ok ? readUnitAction(act, unit.value, more, rest.slice((first ?? '').length).trim()) : unit;
    }
    default: return problem(`"${act}" is nothing that can happen; known are ${[...VERBS, 'reset-failed', 'daemon-reload', 'kill', 'oom', 'exit', 'notify', 'connect', 'touch', 'remove', ...PLACE_ACTS, 'step-clock', 'shutdown', 'expect'].join(', ')}`);
  }
}

function readUnitAction(act: 'kill' | 'oom' | 'exit' | 'notify' | 'connect' | 'expect', unit: UnitName, words: readonly string[], text: string): Result<ScriptAction> {
  switch (act) {
    case 'kill': {
      const signal = text === '' ? ok(SIGKILL) : parseSignal(text);
      return signal.ok ? ok({ act, unit, signal: signal.value }) : signal;
    }
    case 'oom': return text === '' ? ok({ act, unit }) : problem(`"${text}" is too much`);
    case 'exit': {
      const status = statusIn(text === '' ? '0' : text);
      return status.ok ? ok({ act, unit, status: status.value }) : status;
    }
    case 'notify': return /^[A-Z_0-9]+=/.test(text) ? ok({ act, unit, text: text.replaceAll(/\s+(?=[A-Z_0-9]+=)/g, '\n') }) : problem(`"${text}" is no message of sd_notify(3) such as READY=1 STATUS=up`);
    case 'connect': return unit.endsWith('.socket') ? ok({ act, unit, source: text === '' ? '127.0.0.1' : text }) : problem(`"${unit}" is not a socket`);
    case 'expect': {
      const expectation = readExpectation(words);
      return expectation.ok ? ok({ act, unit, expectation: expectation.value }) : expectation;
    }
  }
}

function readExpectation([word = '', value, ...more]: readonly string[]): Result<Expectation> {
  if (more.length > 0) return problem(`"${more.join(' ')}" is too much`);
  if (word === 'restarts' || word === 'runs' || word === 'stored') {
    return value !== undefined && /^\d{1,9}$/.test(value) ? ok({ what: word, count: Number(value) }) : problem(`after "${word}" comes a number`);
  }
  if (word === 'result') return value === undefined ? problem('after "result" comes a word such as success, exit-code or timeout') : ok({ what: 'result', result: value });
  if ((STATES as readonly string[]).includes(word)) return ok({ what: 'state', activeState: word, subState: value ?? null });
  return problem(`"${word}" is nothing to expect; known are ${STATES.join(', ')} (with a sub-state behind it), restarts N, runs N, stored N and result WORD`);
}
