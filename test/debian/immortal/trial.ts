/**
 * The trial of immortality: Debian's daemons under load with Heartwood as PID 1, whose engine dies again and again, in every way there
 * is. What must not change is written down before and compared afterwards.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nextRandom, seedRandom } from '../../../src/base/random.ts';
import { CHECKOUT_INSIDE, NODE_INSIDE, withRig, type Rig } from '../../namespace/rig.ts';
import { WAYS_TO_DIE, survive, zombies, type WayToDie } from '../../namespace/ways-to-die.ts';

const HERE_INSIDE = `${CHECKOUT_INSIDE}/test/debian/immortal`;
const STOP_FILE = '/tmp/stop-load';
/** A boot of seven daemons on a busy machine. */
const BOOT_LIMIT_MS = 60_000;
/** Between two deaths, so that they fall into quiet and into busy moments: from at once to this. */
const PAUSE_MS_MAX = 600;
/** Enough to see what the last engines said. */
const CONSOLE_SHOWN = 6000;
/** What lives for longer than this is no process of a moment. */
const MOMENT_MS = 3000;
/** A child that ended may be seen before the manager has had its turn. */
const REAPED_LIMIT_MS = 2000;

const UNITS: Readonly<Record<string, string>> = {
  'numbers.service': `[Service]\nExecStart=${NODE_INSIDE}/node ${HERE_INSIDE}/numbered-lines.mjs\n`,
  // Would be restarted if the manager were away for longer than its service waits.
  'heartbeat.service': `[Service]\nType=notify\nNotifyAccess=all\nWatchdogSec=5\nExecStart=/bin/sh -c 'while :; do ${CHECKOUT_INSIDE}/dist/native/heartwood-notify READY=1 WATCHDOG=1; sleep 1; done'\n`,
  'tick.service': '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
  'multi-user.target.d/trial.conf': '[Unit]\nWants=numbers.service heartbeat.service\n',
};

/** A death between two steps of the work itself: the work is asked for, and must be done all the same. */
function inWork(place: string, ...work: readonly string[]): WayToDie {
  return {
    name: `fault segv at ${place}`,
    happen: async (rig) => {
      await asked(rig, 'fault', 'segv', 'at', place);
      await asked(rig, ...work);
      if (place === 'in-recovery') rig.signal('SIGSEGV');
    },
  };
}

const WAYS: readonly WayToDie[] = [
  ...WAYS_TO_DIE,
  ...['after-poll', 'after-journal', 'in-step', 'in-effect', 'between-effects', 'after-spawn', 'after-reap', 'after-record'].map((place) => inWork(place, 'start', 'tick.service')),
  inWork('in-snapshot', 'daemon-reload'),
  inWork('in-recovery', 'is-system-running'),
];

async function asked(rig: Rig, ...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await rig.initctl(...words);
  if (status !== 0) throw new Error(`initctl ${words.join(' ')} ended with status ${String(status)}: ${stderr}`);
  return stdout;
}

interface Service {
  readonly unit: string;
  readonly pid: string;
  readonly restarts: string;
}

async function runningServices(rig: Rig): Promise<readonly Service[]> {
  const units = (JSON.parse(await asked(rig, 'list', '--type=service', '--json')) as readonly { readonly unit: string; readonly sub: string }[])
    .filter(({ sub }) => sub === 'running').map(({ unit }) => unit);
  return Promise.all(units.map(async (unit) => ({ unit, pid: await rig.property(unit, 'MainPID'), restarts: await rig.property(unit, 'NRestarts') })));
}

/** One claim, and whether it held. */
export interface Finding {
  readonly claim: string;
  readonly found: string;
  readonly holds: boolean;
}

export interface TrialReport {
  /** How often each way of dying was taken. */
  readonly ways: ReadonlyMap<string, number>;
  /** For each death the manager's own word: milliseconds from it to being back at work. */
  readonly awayMsec: readonly number[];
  readonly findings: readonly Finding[];
}

/**
 * @param options.deaths how often the engine is to die; ways are taken in turn, in an order that the seed shuffles
 * @param options.tell hears what goes on
 */
export function immortalTrial(options: { readonly root: string; readonly deaths: number; readonly seed: number; readonly tell: (text: string) => void }): Promise<TrialReport> {
  const rigOptions = {
    root: options.root, run: 'root', units: UNITS,
    args: ['--log-target', 'console', '--log-level', 'notice'], env: { HEARTWOOD_FAULTS: '1', HEARTWOOD_HANG_MSEC: '1000' },
  } as const;
  return withRig(rigOptions, (rig) => trial(rig, options));
}

/** The console of a container has what services say, too; one of them says something every few milliseconds. */
function wordsOfManager(rig: Rig): string {
  return rig.console.split('\n').filter((line) => line.startsWith('heartwood')).join('\n').slice(-CONSOLE_SHOWN);
}

async function trial(rig: Rig, { deaths, seed, tell }: { readonly deaths: number; readonly seed: number; readonly tell: (text: string) => void }): Promise<TrialReport> {
  await rig.booted(BOOT_LIMIT_MS);
  const random = fractions(seed);
  const services = await runningServices(rig);
  const processes = await lastingProcesses(rig);
  tell(`booted: ${services.map(({ unit }) => unit).join(', ')}`);
  const load = rig.run([`${NODE_INSIDE}/node`, `${HERE_INSIDE}/request-load.mjs`, STOP_FILE], { timeoutMs: 3600_000 });
  await sleep(PAUSE_MS_MAX);
  const ways = new Map<string, number>();
  let order: WayToDie[] = [];
  for (let death = 1; death <= deaths; death++) {
    if (order.length === 0) order = shuffled(WAYS, random);
    const way = order.pop() as WayToDie;
    try {
      await survive(rig, way);
    } catch (error) {
      throw new Error(`death ${String(death)}, ${way.name}: ${error instanceof Error ? error.message : String(error)}\nthe manager said last:\n${wordsOfManager(rig)}`, { cause: error });
    }
    ways.set(way.name, (ways.get(way.name) ?? 0) + 1);
    tell(`death ${String(death)} of ${String(deaths)}: ${way.name}`);
    await sleep(random() * PAUSE_MS_MAX);
  }
  await rig.run(['touch', STOP_FILE]);
  const answered = await load;
  const findings = [
    sameServices(services, await runningServices(rig)),
    sameProcesses(processes, rig.processes()),
    judgeLoad(answered.stdout, answered.stderr),
    await judgeLines(rig),
    await noZombie(rig),
    judgeSystem((await rig.initctl('is-system-running')).stdout.trim()),
  ];
  return { ways, awayMsec: [...rig.console.matchAll(/back after (\d+) ms/g)].map((match) => Number(match[1])), findings };
}

/** Numbers from 0 to below 1, the same for the same seed. */
function fractions(seed: number): () => number {
  let state = seedRandom(seed);
  return () => {
    const [word, next] = nextRandom(state);
    state = next;
    return word / 0x1_0000_0000;
  };
}

function shuffled(ways: readonly WayToDie[], random: () => number): WayToDie[] {
  return ways.map((way) => ({ way, at: random() })).sort((a, b) => a.at - b.at).map(({ way }) => way);
}

function sameServices(before: readonly Service[], after: readonly Service[]): Finding {
  const changed = before.filter(({ unit, pid, restarts }) => !after.some((other) => other.unit === unit && other.pid === pid && other.restarts === restarts));
  return {
    claim: 'every service has its main process of before, and was not restarted', holds: before.length > 0 && changed.length === 0,
    found: changed.length === 0 ? `${String(before.length)} services, the same PIDs` : `changed: ${changed.map(({ unit }) => unit).join(', ')}`,
  };
}

type Processes = ReturnType<Rig['processes']>;

/** Workers and logd too, but not what a daemon starts for a moment (a shell's sleep, a script of its own start). */
async function lastingProcesses(rig: Rig): Promise<Processes> {
  const first = rig.processes();
  await sleep(MOMENT_MS);
  const second = rig.processes();
  return first.filter(({ pid }) => second.some((other) => other.pid === pid));
}

function sameProcesses(before: Processes, after: Processes): Finding {
  const gone = before.filter(({ pid }) => !after.some((other) => other.pid === pid));
  return {
    claim: 'no process of before is gone: workers, logd', holds: before.length > 0 && gone.length === 0,
    found: gone.length === 0 ? `${String(before.length)} processes` : `gone: ${gone.map(({ command }) => command).join(', ')}`,
  };
}

function judgeLoad(stdout: string, stderr: string): Finding {
  const claim = 'no request of a client failed';
  if (!stdout.startsWith('{')) return { claim, holds: false, found: `the load ended early: ${stderr.slice(0, 300)}` };
  const { http, redis, failures, longestMsec, reasons } = JSON.parse(stdout) as { readonly http: number; readonly redis: number; readonly failures: number; readonly longestMsec: number; readonly reasons: readonly string[] };
  const why = reasons.length === 0 ? '' : `: ${reasons.slice(0, 3).join('; ')}`;
  return {
    claim, holds: failures === 0 && http > 0 && redis > 0,
    found: `${String(http)} to nginx, ${String(redis)} to redis, ${String(failures)} failed${why}; the longest took ${String(Math.round(longestMsec))} ms`,
  };
}

/** The service is stopped, so that its last words say how many lines there were; logd has then stored them all. */
async function judgeLines(rig: Rig): Promise<Finding> {
  await asked(rig, 'stop', 'numbers.service');
  let text = '';
  await rig.until(async () => {
    text = await asked(rig, 'log', '--output=cat', 'numbers.service');
    return /^that were \d+ lines$/m.test(text);
  }, { what: 'the last line to be stored', limitMs: 30_000 });
  const said = Number(/^that were (\d+) lines$/m.exec(text)?.[1]);
  const numbers = [...text.matchAll(/^line (\d+)$/gm)].map((match) => Number(match[1]));
  const isWhole = numbers.length === said && numbers.every((number, index) => number === index + 1);
  return { claim: 'no line of the log is lost, doubled or out of order', holds: isWhole && said > 0, found: `${String(said)} lines written, ${String(numbers.length)} stored${isWhole ? '' : ', not in order'}` };
}

async function noZombie(rig: Rig): Promise<Finding> {
  const deadline = performance.now() + REAPED_LIMIT_MS;
  while (zombies(rig).length > 0 && performance.now() < deadline) await sleep(20);
  const left = zombies(rig);
  return { claim: 'no zombie is left', holds: left.length === 0, found: left.length === 0 ? 'none' : left.join('; ') };
}

function judgeSystem(state: string): Finding {
  return { claim: 'the system is running, nothing failed', holds: state === 'running', found: state };
}
