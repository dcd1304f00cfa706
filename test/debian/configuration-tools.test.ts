/**
 * Ansible's, Puppet's and needrestart's ways of managing services, against Heartwood as PID 1 of the machine they run on. They come from
 * Debian's archive and are not told what they have before them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Rig, whyNoNamespaces } from '../namespace/rig.ts';
import type { DebianRoot } from './debian-root.ts';
import { aptInstall, derivedRoot } from './derived-root.ts';

const made: DebianRoot = whyNoNamespaces() === null ? derivedRoot({
  name: 'tools',
  file: import.meta.filename,
  commands: [['apt-get', 'update'], aptInstall('ansible-core', 'puppet-agent', 'needrestart'), ['apt-get', 'clean']],
}) : { ok: false, why: whyNoNamespaces() ?? '' };
const skip = made.ok ? false : made.why;
let rig: Rig;

/** Each of these tools takes seconds to begin, and more on a busy machine. */
const TOOL_LIMIT_MS = 240_000;

before(async () => {
  if (!made.ok) return;
  rig = await Rig.boot({ root: made.path });
  assert.equal(await rig.booted(60_000), 'running', rig.console.slice(-3000));
});

after(async () => {
  if (made.ok) await rig.destroy();
});

async function systemctl(...args: string[]): Promise<string> {
  return (await rig.run(['systemctl', ...args])).stdout.trim();
}

interface TaskResult {
  readonly changed: boolean;
  readonly failed?: boolean;
  readonly msg?: string;
}

/** Runs a play against this machine. Tasks are written in JSON, which is YAML. */
async function play(tasks: readonly Readonly<Record<string, unknown>>[]): Promise<readonly TaskResult[]> {
  const told = { 'ansible.builtin.copy': { dest: '/root/results.json', content: `{{ [${tasks.map((_, index) => `r${String(index)}`).join(', ')}] | to_json }}` } };
  const text = JSON.stringify([{ hosts: 'localhost', connection: 'local', gather_facts: false, tasks: [...tasks.map((task, index) => ({ ignore_errors: true, register: `r${String(index)}`, ...task })), told] }]);
  await rig.run(['sh', '-c', 'cat > /root/play.yml'], { input: text });
  const { status, stdout, stderr } = await rig.run(['ansible-playbook', '-i', 'localhost,', '/root/play.yml'], { timeoutMs: TOOL_LIMIT_MS });
  assert.equal(status, 0, (stdout + stderr).slice(-4000));
  return JSON.parse(readFileSync(rig.path('/root/results.json'), 'utf8')) as readonly TaskResult[];
}

const CHANGED = 'changed';
const SAME = 'same';

/** What each task did, in one word. */
function outcomes(results: readonly TaskResult[]): readonly string[] {
  return results.map(({ changed, failed, msg }) => (failed === true ? `failed: ${msg ?? ''}` : changed ? CHANGED : SAME));
}

test('Ansible finds that systemd\'s ways hold here', { skip }, async () => {
  const { stdout } = await rig.run(['ansible', 'localhost', '-i', 'localhost,', '-c', 'local', '-m', 'setup', '-a', 'filter=ansible_service_mgr'], { timeoutMs: TOOL_LIMIT_MS });
  assert.match(stdout, /"ansible_service_mgr": "systemd"/);
});

test('Ansible\'s service and systemd modules change what is not so yet, and nothing a second time', { skip }, async () => {
  const earlier = await systemctl('show', '-p', 'MainPID', '--value', 'cron');
  const stop = { 'ansible.builtin.service': { name: 'cron', state: 'stopped', enabled: false } };
  assert.deepEqual(outcomes(await play([stop, stop])), [CHANGED, SAME]);
  assert.deepEqual([await systemctl('is-active', 'cron'), await systemctl('is-enabled', 'cron')], ['inactive', 'disabled']);
  const start = { 'ansible.builtin.systemd': { name: 'cron', state: 'started', enabled: true } };
  const mask = { 'ansible.builtin.systemd': { name: 'redis-server', state: 'stopped', masked: true } };
  assert.deepEqual(outcomes(await play([
    start, start,
    { 'ansible.builtin.service': { name: 'cron', state: 'restarted' } },
    { 'ansible.builtin.systemd': { name: 'nginx', state: 'reloaded' } },
    mask, mask,
  ])), [CHANGED, SAME, CHANGED, CHANGED, CHANGED, SAME]);
  assert.deepEqual([await systemctl('is-active', 'cron'), await systemctl('is-enabled', 'cron')], ['active', 'enabled']);
  assert.notEqual(await systemctl('show', '-p', 'MainPID', '--value', 'cron'), earlier);
  assert.deepEqual([await systemctl('is-active', 'redis-server'), await systemctl('is-enabled', 'redis-server')], ['inactive', 'masked']);
  assert.deepEqual(outcomes(await play([{ 'ansible.builtin.systemd': { name: 'redis-server', state: 'started', masked: false } }])), [CHANGED]);
  assert.equal(await systemctl('is-active', 'redis-server'), 'active');
});

test('Ansible brings a unit file of its own, and is told why one does not start', { skip }, async () => {
  const file = (name: string, command: string): Readonly<Record<string, unknown>> => ({
    'ansible.builtin.copy': { dest: `/etc/systemd/system/${name}.service`, content: `[Service]\nExecStart=${command}\n[Install]\nWantedBy=multi-user.target\n` },
  });
  const [copied, started, again, , broken, unknown] = outcomes(await play([
    file('mine', '/bin/sleep 1000'),
    { 'ansible.builtin.systemd': { name: 'mine', state: 'started', enabled: true, daemon_reload: true } },
    { 'ansible.builtin.systemd': { name: 'mine', state: 'started', enabled: true } },
    file('broken', '/nowhere/program'),
    { 'ansible.builtin.systemd': { name: 'broken', state: 'started', daemon_reload: true } },
    { 'ansible.builtin.systemd': { name: 'nowhere', state: 'started' } },
  ]));
  assert.deepEqual([copied, started, again], [CHANGED, CHANGED, SAME]);
  assert.match(broken ?? '', /^failed: Unable to start service broken: .*\/nowhere\/program/s);
  assert.match(unknown ?? '', /^failed: Could not find the requested service nowhere/);
  assert.deepEqual([await systemctl('is-active', 'mine'), await systemctl('is-enabled', 'mine')], ['active', 'enabled']);
});

/** A daemon of the days before units. */
const INIT_SCRIPT = `#!/bin/sh
### BEGIN INIT INFO
# Provides: oldone
# Required-Start: $remote_fs
# Required-Stop: $remote_fs
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: an old daemon
### END INIT INFO
case "$1" in
start) start-stop-daemon --start --quiet --oknodo --background --make-pidfile --pidfile /run/oldone.pid --exec /bin/sleep -- 98761;;
stop) start-stop-daemon --stop --quiet --oknodo --pidfile /run/oldone.pid --remove-pidfile --retry 5;;
restart|force-reload) $0 stop; $0 start;;
esac
`;

test('Ansible enables and disables a service that has an init script alone, and update-rc.d and is-enabled agree', { skip }, async () => {
  await rig.run(['sh', '-c', 'cat > /etc/init.d/oldone && chmod 755 /etc/init.d/oldone && systemctl daemon-reload'], { input: INIT_SCRIPT });
  const service = (more: object): Readonly<Record<string, unknown>> => ({ 'ansible.builtin.service': { name: 'oldone', ...more } });
  const [on, off] = [service({ enabled: true }), service({ enabled: false })];
  assert.deepEqual(outcomes(await play([service({ state: 'started' }), on, on, off, off, service({ state: 'restarted', enabled: true })])), [CHANGED, CHANGED, SAME, CHANGED, SAME, CHANGED]);
  assert.deepEqual([await systemctl('is-active', 'oldone'), await systemctl('is-enabled', 'oldone')], ['active', 'enabled']);
  assert.equal((await rig.run(['update-rc.d', 'oldone', 'disable'])).status, 0);
  assert.equal(await systemctl('is-enabled', 'oldone'), 'disabled');
});

test('Ansible\'s other parameters: no_block, force, daemon_reexec, an instance, a mask taken off a unit that stays enabled', { skip }, async () => {
  const systemd = (settings: object): Readonly<Record<string, unknown>> => ({ 'ansible.builtin.systemd': settings });
  const file = (name: string, text: string): Readonly<Record<string, unknown>> => ({ 'ansible.builtin.copy': { dest: `/etc/systemd/system/${name}`, content: text } });
  assert.deepEqual(outcomes(await play([
    file('slow.service', '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "while [ ! -e /run/go ]; do sleep 0.1; done"\n'),
    file('each@.service', '[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n'),
    systemd({ daemon_reload: true }), systemd({ daemon_reexec: true }),
    systemd({ name: 'slow', state: 'started', no_block: true }),
    systemd({ name: 'each@one', state: 'started', enabled: true, force: true }), systemd({ name: 'each@one', enabled: true }),
    systemd({ name: 'cron', masked: true }), systemd({ name: 'cron', masked: false, state: 'restarted' }),
  ])), [CHANGED, CHANGED, SAME, SAME, CHANGED, CHANGED, SAME, CHANGED, CHANGED]);
  assert.deepEqual([await systemctl('is-active', 'slow'), await systemctl('is-enabled', 'each@one'), await systemctl('is-enabled', 'cron')], ['activating', 'enabled', 'enabled']);
  await rig.run(['touch', '/run/go']);
  await rig.until(async () => (await systemctl('is-active', 'slow')) === 'active', { what: 'the slow start to end' });
});

/** @returns 0 = nothing was to be done, 2 = something was changed */
async function puppet(manifest: string): Promise<number | null> {
  const { status, stdout, stderr } = await rig.run(['puppet', 'apply', '--detailed-exitcodes', '-e', manifest], { timeoutMs: TOOL_LIMIT_MS });
  assert.ok(status === 0 || status === 2, (stdout + stderr).slice(-4000));
  return status;
}

test('Puppet\'s service type takes systemctl by itself, changes what is not so yet, and nothing a second time', { skip }, async () => {
  const { stdout } = await rig.run(['puppet', 'resource', 'service', 'cron'], { timeoutMs: TOOL_LIMIT_MS });
  assert.match(stdout, /provider *=> 'systemd'/);
  const down = 'service { ["cron", "memcached"]: ensure => stopped, enable => false }';
  assert.equal(await puppet(down), 2);
  assert.deepEqual([await systemctl('is-active', 'cron'), await systemctl('is-enabled', 'cron')], ['inactive', 'disabled']);
  assert.equal(await puppet(down), 0);
  assert.equal(await puppet('service { "cron": ensure => running, enable => true } service { "memcached": enable => mask }'), 2);
  assert.deepEqual([await systemctl('is-active', 'cron'), await systemctl('is-enabled', 'cron'), await systemctl('is-enabled', 'memcached')], ['active', 'enabled', 'masked']);
});

test('needrestart finds the service whose program was replaced, and restarts it', { skip }, async () => {
  const earlier = await systemctl('show', '-p', 'MainPID', '--value', 'cron');
  await rig.run(['sh', '-c', 'cp /usr/sbin/cron /usr/sbin/cron.new && mv /usr/sbin/cron.new /usr/sbin/cron']);
  assert.match((await rig.run(['needrestart', '-b', '-r', 'l'])).stdout, /^NEEDRESTART-SVC: cron\.service$/m);
  assert.equal((await rig.run(['needrestart', '-q', '-r', 'a'])).status, 0);
  assert.notEqual(await systemctl('show', '-p', 'MainPID', '--value', 'cron'), earlier);
  assert.equal(await systemctl('is-active', 'cron'), 'active');
});
