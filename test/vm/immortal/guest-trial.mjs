// The trial of immortality inside a virtual machine: kills the engine of process 1 in every way, while clients ask nginx and a service
// numbers its lines, and compares afterwards. Prints one line of JSON: { ways, awayMsec, findings }.
//
//   node guest-trial.mjs DEATHS SEED
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [deaths, seed] = process.argv.slice(2).map(Number);
const SERVICES = ['nginx', 'numbers', ...Array.from({ length: 8 }, (_, index) => `steady${index}`)].map((name) => `${name}.service`);
/** Emulation is slow, and the machine below may be busy: from a death to the answer of the next engine. */
const BACK_LIMIT_MS = 120_000;
const ANSWER_LIMIT_MS = 60_000;
const BREATH_MS = 100;
const PAUSE_MS_MAX = 400;
/** What lives for longer than this is no process of a moment, however slow the machine is emulated. */
const MOMENT_MS = 10_000;
const LINES_LIMIT_MS = 120_000;
const REAPED_LIMIT_MS = 20_000;

const WAYS = [
  ...['SEGV', 'ABRT', 'BUS', 'FPE', 'ILL', 'TRAP', 'SYS'].map((name) => ({ name: `kill -${name}`, happen: () => process.kill(1, `SIG${name}`) })),
  ...['abort', 'exit', 'throw', 'reject', 'recursion', 'native-recursion', 'loop', 'native-loop'].map((how) => ({ name: `fault ${how}`, happen: () => must('fault', how) })),
  { name: 'daemon-reexec', happen: () => must('daemon-reexec') },
  ...['after-poll', 'after-journal', 'in-step', 'in-effect', 'between-effects', 'after-spawn', 'after-reap', 'after-record'].map((place) => inWork(place, 'start', 'tick.service')),
  inWork('in-snapshot', 'daemon-reload'),
  inWork('in-recovery', 'fault', 'segv'),
];

/** A death between two steps of the work itself: the work is asked for, and must be done all the same. */
function inWork(place, ...work) {
  return {
    name: `fault segv at ${place}`,
    happen: async () => {
      await must('fault', 'segv', 'at', place);
      await must(...work);
    },
  };
}

/** The same numbers from 0 to below 1 for the same seed: Lehmer's generator. */
let randomState = (seed % 2147483646) + 1;
function random() {
  randomState = (randomState * 48271) % 2147483647;
  return randomState / 2147483647;
}

function initctl(...words) {
  return new Promise((resolve) => {
    execFile('initctl', words, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => resolve({ status: error === null ? 0 : error.code, stdout, stderr }));
  });
}

async function must(...words) {
  const { status, stdout, stderr } = await initctl(...words);
  if (status !== 0) throw new Error(`initctl ${words.join(' ')} ended with status ${status}: ${stderr}`);
  return stdout;
}

/** Differs in each engine: where the kernel put the stack of process 1 when it was last executed (proc(5), startstack). */
function engine() {
  const stat = readFileSync('/proc/1/stat', 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[25];
}

async function until(holds, limitMs, what) {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await sleep(20);
  }
}

async function services() {
  const text = await must('show', '--property', 'Id,MainPID,NRestarts', ...SERVICES);
  return text.trim().split('\n\n').map((each) => each.split('\n').sort().join(' '));
}

const load = { requests: 0, failures: [], longestMsec: 0, stopping: false };

async function ask(agent) {
  while (!load.stopping) {
    const begin = performance.now();
    const failure = await new Promise((resolve) => {
      const request = get({ host: '127.0.0.1', port: 80, agent, timeout: ANSWER_LIMIT_MS }, (response) => {
        let bytes = 0;
        response.on('data', (chunk) => (bytes += chunk.length));
        response.on('end', () => resolve(response.statusCode === 200 && bytes === Number(response.headers['content-length']) ? null : `status ${response.statusCode}, ${bytes} bytes`));
        response.on('error', (error) => resolve(error.message));
      });
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', (error) => resolve(error.message));
    });
    load.requests += 1;
    load.longestMsec = Math.max(load.longestMsec, performance.now() - begin);
    if (failure !== null) load.failures.push(failure);
    await sleep(BREATH_MS);
  }
}

async function judgeLines() {
  await must('stop', 'numbers.service');
  let text = '';
  await until(async () => {
    text = await must('log', '--output=cat', 'numbers.service');
    return /^that were \d+ lines$/m.test(text);
  }, LINES_LIMIT_MS, 'the last line to be stored');
  const said = Number(/^that were (\d+) lines$/m.exec(text)[1]);
  const numbers = [...text.matchAll(/^line (\d+)$/gm)].map((match) => Number(match[1]));
  const holds = said > 0 && numbers.length === said && numbers.every((number, index) => number === index + 1);
  return { claim: 'no line of the log is lost, doubled or out of order', found: `${said} lines written, ${numbers.length} stored`, holds };
}

/** Command lines by pid; processes of the kernel have none. */
function processes() {
  return new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      return command === '' ? [] : [[pid, command]];
    } catch {
      return [];
    }
  }));
}

/** Workers and logd too, but not what lives for a moment. */
async function lastingProcesses() {
  const first = processes();
  await sleep(MOMENT_MS);
  const second = processes();
  return new Map([...first].filter(([pid]) => second.has(pid)));
}

function judgeProcesses(former) {
  const now = processes();
  const gone = [...former].filter(([pid]) => !now.has(pid));
  return { claim: 'no process of before is gone: workers, logd', found: gone.length === 0 ? `${former.size} processes` : `gone: ${gone.map(([, command]) => command).join(', ')}`, holds: former.size > before.length && gone.length === 0 };
}

function zombies() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return stat.slice(stat.lastIndexOf(')')).startsWith(') Z 1 ');
    } catch {
      return false;
    }
  });
}

async function judgeZombies() {
  const deadline = performance.now() + REAPED_LIMIT_MS;
  while (zombies().length > 0 && performance.now() < deadline) await sleep(50);
  const left = zombies().length;
  return { claim: 'no zombie is left', found: left === 0 ? 'none' : String(left), holds: left === 0 };
}

function judgeSystem(state) {
  return { claim: 'the system is running, nothing failed', found: state, holds: state === 'running' };
}

await until(async () => (await initctl('is-active', ...SERVICES)).status === 0, BACK_LIMIT_MS, 'the services to run');
const before = await services();
const processesBefore = await lastingProcesses();
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const clients = [ask(agent), ask(undefined)];
await until(() => load.requests > 4, BACK_LIMIT_MS, 'nginx to answer');
const ways = {};
const awayMsec = [];
let order = [];
for (let death = 0; death < deaths; death += 1) {
  if (order.length === 0) order = WAYS.map((way) => ({ way, at: random() })).sort((a, b) => a.at - b.at).map(({ way }) => way);
  const way = order.pop();
  const former = engine();
  const begin = performance.now();
  await way.happen();
  await until(() => engine() !== former, BACK_LIMIT_MS, `the end of the engine by ${way.name}`);
  await until(async () => (await initctl('is-system-running')).stdout === 'running\n', BACK_LIMIT_MS, `the next engine after ${way.name}`);
  awayMsec.push(Math.round(performance.now() - begin));
  ways[way.name] = (ways[way.name] ?? 0) + 1;
  console.error(`death ${death + 1} of ${deaths}: ${way.name}`);
  await sleep(random() * PAUSE_MS_MAX);
}
load.stopping = true;
await Promise.all(clients);
agent.destroy();
const after = await services();
const changed = before.filter((each) => !after.includes(each));
const findings = [
  { claim: 'every service has its main process of before, and was not restarted', found: changed.length === 0 ? `${before.length} services, the same PIDs` : changed.join('; '), holds: changed.length === 0 },
  judgeProcesses(processesBefore),
  { claim: 'no request of a client failed', found: `${load.requests} to nginx, ${load.failures.length} failed${load.failures.slice(0, 3).map((each) => `: ${each}`).join('')}; the longest took ${Math.round(load.longestMsec)} ms`, holds: load.failures.length === 0 && load.requests > 0 },
  await judgeLines(),
  await judgeZombies(),
  judgeSystem((await initctl('is-system-running')).stdout.trim()),
];
process.stdout.write(`${JSON.stringify({ ways, awayMsec, findings })}\n`);
process.exit(0);
