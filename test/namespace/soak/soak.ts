/**
 * The soak: a manager under all the work a bad week brings, for as long as one likes, while its engine dies every few seconds. Services
 * crash and are restarted, units are changed and reloaded, logs flood, clients come, go and talk nonsense. In the end nothing may have
 * piled up, and whoever had no part in it must not have noticed.
 */
import { closeSync, openSync, readFileSync, readSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { nextRandom, seedRandom } from '../../../src/base/random.ts';
import { CHECKOUT_INSIDE, NODE_INSIDE, withRig, type Rig } from '../rig.ts';
import { gatherEvidence } from './evidence.ts';
import { WAYS_TO_DIE, deaths as deathsIn, zombies } from '../ways-to-die.ts';

const STEADY = 20;
const CRASHERS = 5;
const SAMPLE_MSEC = 5000;
/** Everything that only works now and then must have come to rest; logd gives pipes back when their writers are gone. */
const SETTLE_MSEC = 4000;
const DEATH_PAUSE_MSEC = [1000, 4000] as const;
/** How much more memory a process may have in the last third than in the second. Collections come when they like: logd goes up and down by so much. */
const GROWTH_BYTES_MAX = 24 * 2 ** 20;
/** Fds that differ from one quiet moment to the next: a client, a file being read. */
const FD_SLACK = 4;
const LOG_LIMIT_MS = 120_000;
/** Of the manager's log, when something fails. */
const LOG_SHOWN = 4000;
const NUMBERS = `${CHECKOUT_INSIDE}/test/debian/immortal/numbered-lines.mjs`;

/** Shorter than in the field, for the deaths by endless loops; with less, a busy machine makes hangs of its own, and a crash loop of those. */
const ENGINE_HANG_MSEC = 2000;

/** Not on the console: there the floods are. */
const MANAGER_LOG = '/tmp/manager.log';

function units(): Record<string, string> {
  const wants: string[] = ['numbers.service', 'flood.service', 'tick.timer', 'watched.service'];
  const all: Record<string, string> = {
    'numbers.service': `[Service]\nExecStart=${NODE_INSIDE}/node ${NUMBERS}\n`,
    'flood.service': `[Service]\nExecStart=/bin/sh -c 'while :; do seq 1 20000; sleep 0.5; done'\n`,
    'tick.service': '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo tick"\n',
    'tick.timer': '[Timer]\nOnActiveSec=1s\nOnUnitActiveSec=1s\nAccuracySec=10ms\n',
    'toggled.service': '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 99999\n',
    'orphans.service': "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/bin/sh -c 'for i in 1 2 3 4 5; do (sleep 0.1 &) ; done'\nKillMode=process\n",
    'watched.service': `[Service]\nType=notify\nNotifyAccess=all\nWatchdogSec=8\nExecStart=/bin/sh -c 'while :; do ${CHECKOUT_INSIDE}/dist/native/heartwood-notify READY=1 WATCHDOG=1; sleep 1; done'\n`,
  };
  for (let index = 0; index < STEADY; index++) {
    all[`steady${String(index)}.service`] = '[Service]\nExecStart=/bin/sleep 99999\nRestart=always\n';
    wants.push(`steady${String(index)}.service`);
  }
  for (let index = 0; index < CRASHERS; index++) {
    all[`crasher${String(index)}.service`] = `[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sh -c 'echo here; sleep 0.${String(index + 1)}; exit 1'\nRestart=always\nRestartSec=20ms\n`;
    wants.push(`crasher${String(index)}.service`);
  }
  all['default.target'] = `[Unit]\nWants=${wants.join(' ')}\n`;
  return all;
}

/** One claim, and whether it held. */
export interface Finding {
  readonly claim: string;
  readonly found: string;
  readonly holds: boolean;
}

/** What a process had at one moment. */
interface Footprint {
  readonly dirtyBytes: number;
  readonly fds: number;
}

interface Sample {
  readonly manager: Footprint;
  readonly logd: Footprint;
}

export interface SoakReport {
  readonly deaths: number;
  readonly commands: number;
  readonly restarts: number;
  readonly findings: readonly Finding[];
}

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Whether the engine dies. */
  readonly deaths: boolean;
  readonly tell: (text: string) => void;
}

export function soak(options: SoakOptions): Promise<SoakReport> {
  const rigOptions = {
    units: units(), args: ['--log-target', `file:${MANAGER_LOG}`, '--log-level', 'notice'],
    env: { HEARTWOOD_FAULTS: '1', HEARTWOOD_HANG_MSEC: String(ENGINE_HANG_MSEC) },
  };
  return withRig(rigOptions, async (rig) => {
    try {
      return await run(rig, options);
    } catch (error) {
      options.tell(`evidence of what went wrong is in ${await gatherEvidence(rig, RESTLESS, MANAGER_LOG)}`);
      const { status, signal } = await Promise.race([rig.ended, sleep(0, { status: 'alive', signal: null })]);
      options.tell(`the manager: ${String(signal ?? status)}; its console:\n${rig.console.slice(-LOG_SHOWN)}`);
      throw error;
    }
  });
}

async function run(rig: Rig, { seconds, seed, deaths, tell }: SoakOptions): Promise<SoakReport> {
  await rig.booted();
  const random = fractions(seed);
  const steady = await mainPids(rig);
  await quieten(rig);
  const before = sample(rig);
  await wake(rig);
  const endMsec = performance.now() + seconds * 1000;
  const isOver = (): boolean => performance.now() > endMsec;
  const counts = { deaths: 0, commands: 0 };
  const samples: Sample[] = [];
  await Promise.all([
    ...(deaths ? [killAgainAndAgain(rig, random, isOver, counts)] : []),
    askAgainAndAgain(rig, random, isOver, counts),
    talkNonsense(rig, isOver),
    watch(rig, isOver, samples, (text) => { tell(`${text}, ${String(counts.deaths)} deaths, ${String(counts.commands)} commands`); }),
  ]);
  const restarts = await restartsOfCrashers(rig);
  await quieten(rig);
  const after = sample(rig);
  const findings = [
    compare('the same processes for services that had no part in it', steady, await mainPids(rig)),
    atMost('no fd of the manager is left over', after.manager.fds, before.manager.fds + FD_SLACK),
    atMost('no fd of logd is left over', after.logd.fds, before.logd.fds + FD_SLACK),
    growth('the memory of the manager is flat', samples.map(({ manager }) => manager.dirtyBytes)),
    growth('the memory of logd is flat', samples.map(({ logd }) => logd.dirtyBytes)),
    await noZombie(rig),
    await judgeLines(rig),
    atMost('no crash loop ended in the rescue program', (await rig.initctl('is-system-running')).stdout.includes('maintenance') ? 1 : 0, 0),
  ];
  return { ...counts, restarts, findings };
}

async function killAgainAndAgain(rig: Rig, random: () => number, isOver: () => boolean, counts: { deaths: number }): Promise<void> {
  const [least, most] = DEATH_PAUSE_MSEC;
  const told = new DeathCounter(rig);
  while (!isOver()) {
    await sleep(least + random() * (most - least));
    const way = WAYS_TO_DIE[Math.floor(random() * WAYS_TO_DIE.length)];
    if (way === undefined) continue;
    const before = told.count();
    await way.happen(rig);
    await rig.until(() => told.count() > before, { limitMs: 60_000, what: `the manager to come back after ${way.name}` });
    counts.deaths += 1;
  }
}

/** Counts in the manager's log how often it came back, reading only what is new. */
class DeathCounter {
  readonly #path: string;
  #offset = 0;
  #rest = '';
  #count = 0;

  constructor(rig: Rig) {
    this.#path = rig.path(MANAGER_LOG);
  }

  count(): number {
    const buffer = Buffer.alloc(1 << 20);
    const fd = this.#open();
    if (fd === null) return this.#count;
    try {
      const length = readSync(fd, buffer, 0, buffer.length, this.#offset);
      this.#offset += length;
      const text = this.#rest + buffer.toString('utf8', 0, length);
      const end = text.lastIndexOf('\n') + 1;
      this.#count += deathsIn(text.slice(0, end));
      this.#rest = text.slice(end);
    } finally {
      closeSync(fd);
    }
    return this.#count;
  }

  /** A process that is just executed by another thread than its first has no root directory for a moment. */
  #open(): number | null {
    try {
      return openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

/** What an administrator, a monitoring system and a deployment ask for, all at once. */
async function askAgainAndAgain(rig: Rig, random: () => number, isOver: () => boolean, counts: { commands: number }): Promise<void> {
  const commands: readonly (readonly string[])[] = [
    ['status', 'steady1.service'], ['list-units', '--all'], ['show', 'crasher1.service'], ['restart', 'toggled.service'], ['stop', 'toggled.service'],
    ['start', 'orphans.service'], ['daemon-reload'], ['why', 'crasher2.service'], ['plan', 'stop', 'default.target'], ['log', '-n', '20', 'flood.service'],
    ['reset-failed'], ['kill', 'crasher3.service'], ['run', '--wait', '--collect', '/bin/true'], ['crash'], ['set-property', '--runtime', 'toggled.service', 'TasksMax=100'],
  ];
  while (!isOver()) {
    const words = commands[Math.floor(random() * commands.length)] ?? [];
    await rig.initctl(...words);
    counts.commands += 1;
    await sleep(random() * 100);
  }
}

/** Clients that are wrong, slow, silent or gone. */
async function talkNonsense(rig: Rig, isOver: () => boolean): Promise<void> {
  const script = `
    import { connect } from 'node:net';
    const texts = ['', 'GET / HTTP/1.1\\r\\n\\r\\n', '{"jsonrpc":"2.0","id":1,"method":"hello"', 'x'.repeat(1 << 21), '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1,"client":"soak"}}\\n{"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"jobs":true}}\\n'];
    for (const text of texts) {
      const socket = connect('/run/heartwood/control');
      socket.on('error', () => undefined);
      socket.write(text);
      setTimeout(() => socket.destroy(), 700);
    }
    setTimeout(() => process.exit(0), 900);
  `;
  while (!isOver()) {
    await rig.node(script);
    await sleep(500);
  }
}

async function watch(rig: Rig, isOver: () => boolean, samples: Sample[], tell: (text: string) => void): Promise<void> {
  while (!isOver()) {
    await sleep(SAMPLE_MSEC);
    const now = sample(rig);
    samples.push(now);
    tell(`manager ${mebibytes(now.manager.dirtyBytes)} and ${String(now.manager.fds)} fds, logd ${mebibytes(now.logd.dirtyBytes)} and ${String(now.logd.fds)} fds`);
  }
}

const RESTLESS = ['flood.service', 'tick.timer', ...Array.from({ length: CRASHERS }, (_, index) => `crasher${String(index)}.service`)];

async function quieten(rig: Rig): Promise<void> {
  await must(rig, 'stop', ...RESTLESS, 'toggled.service', 'orphans.service', 'tick.service');
  await sleep(SETTLE_MSEC);
}

async function wake(rig: Rig): Promise<void> {
  await must(rig, 'start', ...RESTLESS);
}

/** A stop of these units takes half a second. What hangs is looked at while it does: the client, too, knows something. */
const HANG_MSEC = 30_000;

async function must(rig: Rig, ...words: readonly string[]): Promise<void> {
  const hanging = new AbortController();
  const alarm = sleep(HANG_MSEC, undefined, { signal: hanging.signal }).then(async () => {
    console.error(`initctl ${words.join(' ')} hangs; evidence is in ${await gatherEvidence(rig, RESTLESS, MANAGER_LOG)}`);
  }).catch(() => undefined);
  const { status, stderr } = await rig.initctl(...words);
  hanging.abort();
  await alarm;
  if (status === 0) return;
  const jobs = await rig.initctl('list-jobs', '--json');
  throw new Error(`initctl ${words.join(' ')} ended with status ${String(status)}: ${stderr}\njobs: ${jobs.stdout}\n${readFileSync(rig.path(MANAGER_LOG), 'utf8').slice(-LOG_SHOWN)}`);
}

/** Of the services that are to be left alone. */
async function mainPids(rig: Rig): Promise<string> {
  const names = ['numbers', 'watched', ...Array.from({ length: STEADY }, (_, index) => `steady${String(index)}`)];
  const pids = await Promise.all(names.map((name) => rig.property(`${name}.service`, 'MainPID')));
  return pids.join(' ');
}

async function restartsOfCrashers(rig: Rig): Promise<number> {
  const counts = await Promise.all(Array.from({ length: CRASHERS }, (_, index) => rig.property(`crasher${String(index)}.service`, 'NRestarts')));
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

function sample(rig: Rig): Sample {
  const logd = rig.processes().find(({ command }) => command.includes('logd.js'))?.pid;
  return { manager: footprint(rig.pid), logd: logd === undefined ? { dirtyBytes: 0, fds: 0 } : footprint(logd) };
}

function footprint(pid: number): Footprint {
  try {
    const dirty = /^Private_Dirty:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8'))?.[1];
    return { dirtyBytes: Number(dirty) * 1024, fds: fdsOf(pid) };
  } catch {
    // Just dying.
    return { dirtyBytes: 0, fds: 0 };
  }
}

/** Files are not counted: logd keeps those of units open that have said something, up to a bound of its own. */
function fdsOf(pid: number): number {
  const directory = `/proc/${String(pid)}/fd`;
  return readdirSync(directory).filter((name) => /^(pipe|socket|anon_inode):/.test(readlinkSync(`${directory}/${name}`))).length;
}

function compare(claim: string, before: string, after: string): Finding {
  return { claim, found: before === after ? `${String(before.split(' ').length)} services` : `before ${before}, after ${after}`, holds: before === after };
}

function atMost(claim: string, found: number, limit: number): Finding {
  return { claim, found: `${String(found)}, at most ${String(limit)}`, holds: found <= limit };
}

/** The first third is warming up to the work; a run too short to have thirds says nothing. */
function growth(claim: string, samples: readonly number[]): Finding {
  const real = samples.filter((bytes) => bytes > 0);
  const third = Math.floor(real.length / 3);
  const [early, late] = [median(real.slice(third, 2 * third)), median(real.slice(2 * third))];
  const found = `${mebibytes(early)} in the second third, ${mebibytes(late)} in the last`;
  return { claim, found, holds: late - early <= GROWTH_BYTES_MAX };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function noZombie(rig: Rig): Promise<Finding> {
  let left: readonly string[] = [];
  try {
    await rig.until(() => (left = zombies(rig)).length === 0, { limitMs: 3000, what: 'zombies to be reaped' });
  } catch {
    // Told below.
  }
  return atMost('no zombie is left', left.length, 0);
}

/** Every number once, and in order. */
async function judgeLines(rig: Rig): Promise<Finding> {
  const { stdout } = await rig.run([`${CHECKOUT_INSIDE}/bin/initctl`, 'log', '-o', 'cat', 'numbers.service'], { timeoutMs: LOG_LIMIT_MS });
  const numbers = stdout.split('\n').flatMap((line) => /^(?:line )?(\d+)$/.exec(line)?.[1] ?? []).map(Number);
  const first = numbers[0] ?? 0;
  const wrong = numbers.findIndex((number, index) => number !== first + index);
  return { claim: 'every line of the service that counts is stored once, in order', found: wrong < 0 ? `${String(numbers.length)} lines` : `line ${String(wrong)} is ${String(numbers[wrong])}`, holds: wrong < 0 && numbers.length > 0 };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
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
