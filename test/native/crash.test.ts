/** The guard alone, with a program of a few lines below it: what it executes, what it counts, and when it gives up. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { addonPath, nodeEnvironment } from './native-under-test.ts';

/** Dies as told until it was executed so often; says how often that was and what the record of the last death says. */
const PROGRAM = `
const native = require(process.argv[1]);
const [how, times] = process.argv.slice(2);
const round = Number(process.env.ROUND ?? 0);
const fd = process.env.CHECKPOINT === undefined ? native.memfd('test') : Number(process.env.CHECKPOINT);
native.checkpointMap(fd, 2097152);
const words = new Int32Array(native.checkpointPart(0, 2097152));
if (round > 0) console.log('round', round, 'signal', words[3], 'code', words[4] > -1000 ? 'kernel' : words[4], 'in row', words[2]);
const argv = [process.execPath, '-e', process.env.PROGRAM, ...process.argv.slice(1)];
const env = [...Object.entries(process.env).filter(([name]) => name !== 'ROUND' && name !== 'CHECKPOINT').map(([name, value]) => name + '=' + value),
  'ROUND=' + (round + 1), 'CHECKPOINT=' + fd];
const kept = native.memfd('kept');
new Uint8Array(words.buffer)[4096 + (kept >> 3)] |= 1 << (kept & 7);
const result = native.guardStart(process.execPath, argv, env, process.env.RESCUE ?? null, 200);
if (result !== 0) throw new Error(result);
if (process.env.PROGRESS !== undefined) words[14]++;
if (round >= Number(times)) {
  native.guardEnd();
  process.exit(round);
}
const recurse = () => recurse() + 1;
const ways = {
  segv: () => process.kill(process.pid, 'SIGSEGV'),
  fpe: () => process.kill(process.pid, 'SIGFPE'),
  abort: () => process.abort(),
  exit: () => process.exit(0),
  throw: () => { throw new Error('uncaught'); },
  reject: () => { void Promise.reject(new Error('unhandled')); },
  recursion: () => recurse(),
  memory: () => { const hoard = []; for (;;) hoard.push(new Array(1e5).fill(0).map((_, i) => String(i))); },
  loop: () => { for (;;); },
  ticks: () => { const again = () => { process.nextTick(again); }; again(); },
  command: () => native.guardExecute(),
  sent: () => { require('node:child_process').spawn('/bin/sh', ['-c', 'kill -SEGV ' + process.pid]); },
};
setImmediate(ways[how]);
setTimeout(() => undefined, 10000);
`;

function run(how: string, times: number, environment: Readonly<Record<string, string>> = {}): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const own = Object.fromEntries(nodeEnvironment.map((assignment) => assignment.split(/=(.*)/s).slice(0, 2) as [string, string]));
  return spawnSync(process.execPath, ['--max-old-space-size=32', '-e', PROGRAM, addonPath, how, String(times)], {
    encoding: 'utf8', timeout: 30_000, env: { ...own, PROGRAM, ...(how === 'memory' ? { NODE_OPTIONS: '--max-old-space-size=32' } : {}), ...environment },
  });
}

for (const how of ['segv', 'fpe', 'abort', 'exit', 'throw', 'reject', 'recursion', 'memory', 'loop', 'ticks', 'command']) {
  test(`after death by ${how} the same process runs the program again`, () => {
    const { status, stdout, stderr } = run(how, 2);
    assert.equal(status, 2, stdout + stderr);
    assert.match(stdout, /^round 2 /m);
  });
}

test('the record says what it was: a signal, a call of exit, a hang, or nothing but a command', () => {
  assert.match(run('segv', 1).stdout, /signal 11 code kernel in row 1/);
  assert.match(run('exit', 1).stdout, /signal 6 code -1001 in row 1/);
  assert.match(run('loop', 1).stdout, /signal 6 code -1002 in row 1/);
  assert.match(run('command', 1).stdout, /signal 0 code kernel in row 0/);
});

test('who dies again and again without getting anything done is replaced by the rescue program, which is told how to start it again', () => {
  const { stdout, stderr } = run('segv', 100, { RESCUE: '/bin/echo' });
  assert.match(stdout, /round 10 /);
  assert.doesNotMatch(stdout, /round 11 /);
  assert.match(stdout, new RegExp(`^--rescue it died again and again without getting anything done, the last time of signal 11 --control -1 -- ${process.execPath} ${process.execPath} -e`, 'm'));
  assert.match(stderr, /going over to the rescue program/);
});

test('deaths with something done in between, and those that somebody else sent, do not add up', () => {
  const progress = run('segv', 12, { PROGRESS: '1', RESCUE: '/bin/echo' });
  assert.equal(progress.status, 12, progress.stdout + progress.stderr);
  assert.match(progress.stdout, /^round 12 .* in row 1$/m);
  const sent = run('sent', 12, { RESCUE: '/bin/echo' });
  assert.equal(sent.status, 12, sent.stdout + sent.stderr);
  assert.match(sent.stdout, /^round 12 .* in row 0$/m);
});
