/** The native client and the Node client as whole commands, against the control server. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { service, target } from '../../src/sim/definitions.ts';
import { endPoll, openControlRig, type ControlRig } from '../control/control-rig.ts';

const CLIENT = join(import.meta.dirname, '../../dist/native/initctl');
const MANY = 3000;

let rig: ControlRig;
let directory: string;

before(() => {
  rig = openControlRig({
    units: [
      target('default.target', { Wants: ['web.service'] }), service('web.service', { description: 'Üben "quotes"\\ and\ttabs 🦊' }), service('idle.service'),
      service('slow.service', { type: 'notify', notifyAccess: 'main' }),
      ...Array.from({ length: MANY }, (_, i) => service(`many-${String(i)}.service`, { description: 'x'.repeat(200) })),
    ],
    scripts: { '/bin/slow.service': { readyAfterUsec: 3_600_000_000 } },
  });
  directory = mkdtempSync(join(tmpdir(), 'heartwood-client-'));
  for (const name of ['systemctl', 'runlevel', 'telinit', 'shutdown']) symlinkSync(CLIENT, join(directory, name));
});

after(() => {
  rig.close();
  rmSync(directory, { recursive: true, force: true });
  endPoll();
});

interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

interface RunOptions {
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called when the process runs. */
  readonly meanwhile?: (child: ReturnType<typeof spawn>) => void;
}

function run(argv: readonly string[], { program = CLIENT, env = {}, meanwhile }: RunOptions = {}): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(program, argv, { env: { PATH: process.env['PATH'], HEARTWOOD_SOCKET: rig.socketPath, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text; });
    child.on('close', (status) => { resolve({ status, out, err }); });
    meanwhile?.(child);
  });
}

test('text of every kind comes through as it is, and the exit status with it', async () => {
  const listed = await run(['list-units', '--plain', '--no-legend', 'web*']);
  assert.deepEqual(listed, { status: 0, out: 'web.service loaded active running Üben "quotes"\\ and?tabs 🦊\n', err: '' });
  assert.deepEqual(await run(['is-active', 'idle']), { status: 3, out: 'inactive\n', err: '' });
  assert.deepEqual(await run(['start', 'no "such" unit\\\n']), { status: 5, out: '', err: 'Failed to start no\\x20\\x22such\\x22\\x20unit\\\\x0a.service: Unit no\\x20\\x22such\\x22\\x20unit\\\\x0a.service not found.\n' });
});

test('megabytes of answer arrive whole, however slowly they are read', async () => {
  const { out, status } = await run(['list-units', '--all', '--json', 'many-*'], {
    meanwhile: (child) => {
      child.stdout?.pause();
      setTimeout(() => { child.stdout?.resume(); }, 500);
    },
  });
  assert.equal(status, 0);
  assert.equal((JSON.parse(out) as unknown[]).length, MANY);
});

test('called as systemctl it has systemctl\'s exit statuses', async () => {
  assert.equal((await run(['dance'])).status, 2);
  assert.equal((await run(['dance'], { program: join(directory, 'systemctl') })).status, 1);
});

test('Ctrl-C ends the waiting and not the job', async () => {
  const { status, err } = await run(['start', 'slow'], {
    meanwhile: (child) => {
      const look = setInterval(() => {
        if (rig.kernel.unit('slow.service').activeState !== 'activating') return;
        clearInterval(look);
        child.kill('SIGINT');
      }, 10);
    },
  });
  assert.deepEqual({ status, err }, { status: 130, err: 'Not waiting any longer; the jobs go on.\n' });
  assert.equal(rig.kernel.unit('slow.service').activeState, 'activating');
});

test('a reader that closes its end stops the client', async () => {
  const { status } = await run(['list-units', '--all', 'many-*'], { meanwhile: (child) => { child.stdout?.destroy(); } });
  assert.equal(status, 1);
});

test('without a manager it says where it looked, with status 4 for what asks for a state', async () => {
  const env = { HEARTWOOD_SOCKET: join(directory, 'nobody') };
  const started = await run(['start', 'a'], { env });
  assert.equal(started.status, 1);
  assert.match(started.err, /no manager answers at .*nobody: ENOENT/);
  assert.equal((await run(['is-active', 'a'], { env })).status, 4);
  const withoutNode = await run(['start', 'a'], { env: { ...env, HEARTWOOD_NODE: '/nonexistent' } });
  assert.equal(withoutNode.status, 1);
  assert.match(withoutNode.err, /no manager answers at .*nobody/);
});

test('a manager that may not write the usual place is found in the private directory of its user, and nobody else\'s is trusted', { skip: existsSync('/run/heartwood/control') && 'a manager runs on this machine' }, async () => {
  const parent = join(directory, 'temporary');
  const own = join(parent, `heartwood-${String(process.getuid?.())}`);
  mkdirSync(own, { recursive: true, mode: 0o700 });
  symlinkSync(rig.socketPath, join(own, 'control'));
  const env = { HEARTWOOD_SOCKET: '', TMPDIR: parent };
  assert.deepEqual(await run(['is-active', 'web'], { env }), { status: 0, out: 'active\n', err: '' });
  chmodSync(own, 0o755);
  assert.equal((await run(['is-active', 'web'], { env })).status, 4);
});

test('verbs about files run in Node, without a manager: enable below another root makes its link', async () => {
  const root = join(directory, 'root');
  mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
  mkdirSync(join(root, 'usr/lib/systemd/system'), { recursive: true });
  writeFileSync(join(root, 'usr/lib/systemd/system/app.service'), '[Service]\nExecStart=/bin/true\nTypo=1\n[Install]\nWantedBy=multi-user.target\n');
  writeFileSync(join(root, 'usr/lib/systemd/system/multi-user.target'), '[Unit]\nDescription=Multi\n');
  const enabled = await run(['--root', root, 'enable', 'app']);
  assert.equal(enabled.status, 0, enabled.err);
  assert.equal(enabled.err, `Created symlink ${root}/etc/systemd/system/multi-user.target.wants/app.service → /usr/lib/systemd/system/app.service.\n`);
  assert.equal(readlinkSync(join(root, 'etc/systemd/system/multi-user.target.wants/app.service')), '/usr/lib/systemd/system/app.service');
  assert.deepEqual(await run([`--root=${root}`, 'is-enabled', 'app']), { status: 0, out: 'enabled\n', err: '' });
  const verified = await run(['verify', join(root, 'usr/lib/systemd/system/app.service')]);
  assert.match(verified.out, /app\.service:3.*Typo/);
});

test('the completion script of bash completes verbs and names of units', { skip: spawnSync('bash', ['-c', 'true']).status !== 0 && 'needs bash' }, async () => {
  const script = (await run(['completion', 'bash'])).out;
  const file = join(directory, 'completion.bash');
  writeFileSync(file, script);
  symlinkSync(CLIENT, join(directory, 'initctl'));
  const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
    const line = `source ${file}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${String(words.length - 1)}; _initctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { out } = await run(['-c', line], { program: 'bash', env: { PATH: `${directory}:${process.env['PATH'] ?? ''}` } });
    return out.trim().split('\n');
  };
  assert.deepEqual(await complete('initctl', 'is-a'), ['is-active']);
  assert.deepEqual(await complete('initctl', 'stop', 'we'), ['web.service']);
  assert.ok((await complete('initctl', '--user', 'start', '--no-b')).includes('--no-block'));
});

test('what the client is made of is small: it starts in a moment', () => {
  assert.ok(readFileSync(CLIENT).length < 1_500_000);
});

test('by the names of old it does what they did', async () => {
  assert.deepEqual(await run([], { program: join(directory, 'runlevel') }), { status: 1, out: 'unknown\n', err: '' });
  assert.deepEqual(await run(['q'], { program: join(directory, 'telinit') }), { status: 0, out: '', err: '' });
  const wrong = await run(['tomorrow'], { program: join(directory, 'shutdown') });
  assert.deepEqual([wrong.status, wrong.err], [1, 'shutdown: "tomorrow" is no time: now, +MINUTES or HH:MM\n']);
});
