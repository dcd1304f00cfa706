/** `heartwood -- CMD`: what tini and dumb-init do, and the whole tree with it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { CHECKOUT, whyNoNamespaces, withRig } from './rig.ts';
import type { RigOptions } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

async function run(command: readonly string[], options: RigOptions = {}): Promise<{ status: number | null; console: string }> {
  return withRig({ ...options, command }, async (rig) => {
    const { status } = await rig.ended;
    return { status, console: rig.console };
  });
}

const ENDS: readonly (readonly [string, readonly string[], number])[] = [
  ['its exit status', ['/bin/sh', '-c', 'exit 7'], 7],
  ['128 + the signal that killed it', ['/bin/sh', '-c', 'kill -KILL $$'], 137],
  ['127 when the command does not exist', ['/no/such/program'], 127],
  ['126 when the command cannot be executed', ['/etc/passwd'], 126],
  ['0, with the command found in PATH', ['true'], 0],
];

for (const [what, command, status] of ENDS) {
  test(`heartwood -- CMD ends with ${what}`, { skip, timeout: 30_000 }, async () => {
    assert.equal((await run(command)).status, status);
  });
}

test('the command has the standard streams, the environment and the arguments it would have without us', { skip, timeout: 30_000 }, async () => {
  const script = 'echo "out $FLAVOUR $# $1"; echo err >&2; env | cut -d= -f1 | sort | tr "\\n" " "';
  const { console } = await run(['/bin/sh', '-c', script, 'sh', '$HOME'], { env: { FLAVOUR: 'sweet' } });
  assert.match(console, /out sweet 1 \$HOME/);
  assert.match(console, /^err$/m);
  assert.doesNotMatch(console, /INVOCATION_ID|SYSTEMD_EXEC_PID|NOTIFY_SOCKET|LISTEN_/);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGQUIT'] as const) {
  test(`${signal} goes to the command, which decides what it means`, { skip, timeout: 30_000 }, async () => {
    const script = `trap 'echo got it; exit 3' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
    await withRig({ command: ['/bin/sh', '-c', script] }, async (rig) => {
      await rig.until(() => rig.console.includes('ready'), { what: 'the trap' });
      rig.signal(signal);
      assert.equal((await rig.ended).status, 3);
      assert.match(rig.console, /got it/);
    });
  });
}

test('orphans of the command are reaped while it runs', { skip, timeout: 30_000 }, async () => {
  const script = 'for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.05 &) ; done; sleep 0.4; grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l';
  const { console, status } = await run(['/bin/sh', '-c', script]);
  assert.equal(status, 0);
  assert.match(console, /^0$/m, 'no zombie is left');
});

for (const cgroup of ['v2', 'none'] as const) {
  test(`what the command leaves behind ends with it (control groups: ${cgroup})`, { skip, timeout: 30_000 }, async () => {
    const script = 'setsid sh -c "trap \\"\\" HUP; sleep 300" & setsid sh -c "trap \\"echo told; exit\\" TERM; echo up; while :; do sleep 0.05; done" & sleep 0.3; exit 5';
    const options: RigOptions = cgroup === 'none' ? { cgroup } : {};
    const start = performance.now();
    const { console, status } = await run(['/bin/sh', '-c', script], options);
    assert.equal(status, 5);
    assert.match(console, /told/, 'the rest is asked to end before it is killed');
    assert.ok(performance.now() - start < 15_000);
  });
}

test('what the command leaves behind may ignore SIGTERM for ten seconds, no longer', { skip, timeout: 60_000 }, async () => {
  const script = 'setsid sh -c "trap \\"\\" TERM; echo deaf; while :; do sleep 0.05; done" & sleep 0.5; exit 5';
  const start = performance.now();
  const { console, status } = await run(['/bin/sh', '-c', script]);
  const took = performance.now() - start;
  assert.equal(status, 5);
  assert.match(console, /deaf/);
  assert.ok(took > 9_000 && took < 40_000, `it took ${String(Math.round(took))} ms`);
});

test('on a terminal the command is the foreground group: Ctrl-C reaches it and not its supervisor', { skip, timeout: 30_000 }, async () => {
  // script(1) gives us a terminal, and types Ctrl-C when its input has it.
  const inner = `${CHECKOUT}/bin/heartwood -- /bin/sh -c 'trap "echo interrupted; exit 9" INT; echo ready; [ "$(ps -o tpgid= -p $$ | tr -d " ")" = "$(ps -o pgid= -p $$ | tr -d " ")" ] && echo foreground; while :; do sleep 0.05; done'`;
  const child = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', 'script', '-qec', inner, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  let typed = false;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    if (typed || !output.includes('foreground')) return;
    typed = true;
    child.stdin.write('\x03');
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(status, 9, output);
  assert.match(output, /ready[^]*foreground[^]*interrupted/);
});

test('beside other processes, not as PID 1, the manager adopts the orphans of its command', { skip, timeout: 30_000 }, async () => {
  const inner = `exec 3>&1; ${CHECKOUT}/bin/heartwood -- /bin/sh -c '(setsid sleep 333 &) ; sleep 0.2; exit 4'; echo "status $?"; pgrep -c -f "^sleep 333"`;
  const child = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', '/bin/sh', '-c', `${inner}; exit 0`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  assert.match(output, /status 4/);
  assert.match(output, /^0$/m, 'nothing of the command is left');
});
