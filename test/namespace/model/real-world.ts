/** Lives a script through on the real kernel: the real manager in namespaces, programs that do what the simulated ones do. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Script } from '../../../src/sim/process-table.ts';
import type { Expectation, ScriptAction, TimedAction, WorldScript } from '../../../src/sim/script/script-text.ts';
import type { Rig } from '../rig.ts';

/** Where the programs of scripts are: `program /run/model/NAME: …`. */
export const PROGRAMS = '/run/model/';

/** A unit came to a state, as subscribers are told. */
export interface StateChange {
  readonly unit: string;
  readonly state: string;
}

export interface WorldOutcome {
  readonly changes: readonly StateChange[];
  /** Expectations that do not hold, with what was found. */
  readonly broken: readonly string[];
}

/** A client that says nothing and goes. */
const CONNECT = 'IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!"';

const SIGNAL_NAMES: Readonly<Record<number, string>> = { 6: 'ABRT', 9: 'KILL', 11: 'SEGV', 15: 'TERM' };

function lineOf(script: Script): string {
  const { forks, spawnFails, exitSignal, ignoresTerm, stores, takesBack, ...numbers } = script;
  if (spawnFails !== undefined) throw new Error('a program that cannot start is a file that is not there');
  const fields = Object.entries(numbers).map(([key, value]) => `${key}=${String(value)}`);
  if (exitSignal !== undefined) fields.push(`exitSignal=${SIGNAL_NAMES[exitSignal] ?? String(exitSignal)}`);
  if (ignoresTerm === true) fields.push('ignoresTerm=1');
  if (stores !== undefined) fields.push(`storesName=${stores.name} storesCount=${String(stores.count)}`);
  if (takesBack !== undefined) fields.push(`takesBack=${takesBack}`);
  if (forks !== undefined) fields.push('leavesChild=1');
  return fields.join(' ');
}

/** Puts the programs of a script in place. */
export async function installPrograms(rig: Rig, { programs }: WorldScript): Promise<void> {
  const source = readFileSync(join(import.meta.dirname, 'scripted-program.pl'), 'utf8');
  await rig.run(['sh', '-c', `mkdir -p ${PROGRAMS} && cat > ${PROGRAMS}program && chmod 755 ${PROGRAMS}program`], { input: source });
  for (const [path, scripts] of programs) {
    // That a mount or swap cannot be is up to mount(8) or swapon(8).
    if (/ Exec(?:Mount|Activate)$/.test(path)) continue;
    if (!path.startsWith(PROGRAMS)) throw new Error(`${path} is a program that the real world has not`);
    await rig.run(['sh', '-c', `ln -f ${PROGRAMS}program ${path} && cat > ${path}.runs`], { input: scripts.map((script) => `${lineOf(script)}\n`).join('') });
  }
}

interface State {
  readonly activeState: string;
  readonly subState: string;
}

type Message = { readonly params?: State & { readonly change: string; readonly unit: string } };

const SUBSCRIBE = '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}}\n{"jsonrpc":"2.0","id":2,"method":"subscribe","params":{}}\n';
/** A new engine listens again after a fraction of a second. */
const RECONNECT_MSEC = 20;

/** Hears of every change of state; of those while no engine listens it sees where they led to. */
class Watcher {
  readonly changes: StateChange[] = [];
  readonly #states = new Map<string, State>();
  readonly #rig: Rig;
  #socket: Socket | null = null;
  #isOver = false;

  private constructor(rig: Rig) {
    this.#rig = rig;
  }

  static async open(rig: Rig): Promise<Watcher> {
    const watcher = new Watcher(rig);
    await watcher.#connect();
    return watcher;
  }

  async #connect(): Promise<void> {
    const socket = connect(this.#rig.path('/run/heartwood/control'));
    this.#socket = socket;
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.#hear(JSON.parse(line) as Message);
    });
    socket.on('error', () => undefined).on('close', () => { if (!this.#isOver) void sleep(RECONNECT_MSEC).then(() => this.#connectAgain()); });
    socket.write(SUBSCRIBE);
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  }

  async #connectAgain(): Promise<void> {
    await this.#connect();
    if (this.#socket?.destroyed === true) return;
    const { status, stdout } = await this.#rig.initctl('list-units', '--all', '--json');
    if (status === 0) for (const { unit, active, sub } of JSON.parse(stdout) as readonly { readonly unit: string; readonly active: string; readonly sub: string }[]) this.#see(unit, { activeState: active, subState: sub });
  }

  #hear({ params }: Message): void {
    if (params?.change === 'unit') this.#see(params.unit, params);
  }

  #see(unit: string, { activeState, subState }: State): void {
    const before = this.stateOf(unit);
    if (before.activeState === activeState && before.subState === subState) return;
    this.changes.push({ unit, state: `${activeState} (${subState})` });
    this.#states.set(unit, { activeState, subState });
  }

  stateOf(unit: string): State {
    return this.#states.get(unit) ?? { activeState: 'inactive', subState: 'dead' };
  }

  close(): void {
    this.#isOver = true;
    this.#socket?.destroy();
  }
}

/**
 * Several scripts at the same time, each about units of its own.
 *
 * @param deaths signals of which the engine dies meanwhile, in turn
 */
export async function liveThrough(rig: Rig, scripts: readonly WorldScript[], deaths: readonly NodeJS.Signals[] = []): Promise<WorldOutcome[]> {
  for (const script of scripts) await installPrograms(rig, script);
  const watcher = await Watcher.open(rig);
  const began = performance.now();
  const lives = Promise.all(scripts.map((script) => liveOne(rig, script, watcher, began)));
  if (deaths.length > 0) await dieAgainAndAgain(rig, deaths, began + Math.max(...scripts.map(({ untilUsec }) => untilUsec)) / 1000);
  const broken = await lives;
  watcher.close();
  return broken.map((each) => ({ changes: watcher.changes, broken: each }));
}

/** Between deaths: scripts leave a second and more between what they do and what they expect. */
const DEATH_EVERY_MSEC = 1300;

async function dieAgainAndAgain(rig: Rig, deaths: readonly NodeJS.Signals[], untilMsec: number): Promise<void> {
  for (let count = 0; performance.now() + DEATH_EVERY_MSEC < untilMsec; count++) {
    await sleep(DEATH_EVERY_MSEC);
    rig.signal(deaths[count % deaths.length] as NodeJS.Signals);
  }
}

async function liveOne(rig: Rig, script: WorldScript, watcher: Watcher, began: number): Promise<string[]> {
  const broken: string[] = [];
  const until = async (usec: number): Promise<void> => { await sleep(Math.max(0, began + usec / 1000 - performance.now())); };
  for (const { atUsec, action, text } of script.actions) {
    await until(atUsec);
    if (action.act === 'expect') {
      const found = await judge(rig, watcher, action.unit, action.expectation, script);
      if (found !== '') broken.push(`${text}: ${found}`);
    } else {
      await perform(rig, action, text);
    }
  }
  await until(script.untilUsec);
  return broken;
}

async function perform(rig: Rig, action: Exclude<ScriptAction, { readonly act: 'expect' }>, text: TimedAction['text']): Promise<void> {
  switch (action.act) {
    case 'request': await rig.initctl(action.verb, '--no-block', ...action.units); return;
    case 'reset-failed': await rig.initctl('reset-failed', ...action.units); return;
    case 'kill': await rig.initctl('kill', '--kill-whom=main', `--signal=${String(action.signal)}`, action.unit); return;
    case 'touch': await rig.run(['touch', action.path]); return;
    case 'connect': await rig.run(['perl', '-MIO::Socket::UNIX', '-e', CONNECT, `${PROGRAMS}${action.unit.replace(/\.socket$/, '')}.sock`]); return;
    // Who goes to a place that cannot be is told so.
    case 'visit': await rig.run(['ls', `${action.path}/`]); return;
    case 'swapon': case 'swapoff': await rig.run([action.act, action.path]); return;
    case 'mount': await rig.run(['mount', '-t', 'tmpfs', 'by-hand', action.path]); return;
    case 'umount': await rig.run(['umount', action.path]); return;
    case 'remove': await rig.run(['rm', '-f', action.path]); return;
    default: throw new Error(`the real world cannot do "${text}"`);
  }
}

async function judge(rig: Rig, watcher: Watcher, unit: string, expectation: Expectation, script: WorldScript): Promise<string> {
  switch (expectation.what) {
    case 'state': {
      const { activeState, subState } = watcher.stateOf(unit);
      return activeState === expectation.activeState && (expectation.subState === null || subState === expectation.subState) ? '' : `it is ${activeState} (${subState})`;
    }
    case 'restarts': {
      const restarts = await rig.property(unit, 'NRestarts');
      return Number(restarts) === expectation.count ? '' : `it was restarted ${restarts} times`;
    }
    case 'stored': {
      const stored = await rig.property(unit, 'NFileDescriptorStore');
      return Number(stored) === expectation.count ? '' : `${stored} fds are stored`;
    }
    case 'result': {
      const result = await rig.property(unit, 'Result');
      return result === expectation.result ? '' : `the result is ${result}`;
    }
    case 'runs': {
      const path = [...script.programs.keys()].find((each) => each === `${PROGRAMS}${unit.replace(/\.service$/, '')}`);
      const runs = (await rig.run(['sh', '-c', `wc -l < ${path ?? '/dev/null'}.count`])).stdout.trim();
      return Number(runs) === expectation.count ? '' : `it was run ${runs} times`;
    }
  }
}
