import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { checkoutRoot } from '../../initramfs/cache.ts';
import { kernelImage, staticBusybox } from '../../initramfs/debian-package.ts';
import { nodeRuntime } from '../../initramfs/node-runtime.ts';
import { VmError } from '../../initramfs/vm-error.ts';

/** A boot takes seconds on an idle machine; the limit is for one that runs everything else at the same time. */
const BOOT_LIMIT_MS = 200_000;
/** Node and the kernel are 80 MB. */
const FETCH_LIMIT_MS = 5 * 60_000;

interface VmRun {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** As `npm run vm -- ARGS`, after the build. */
async function vm(...args: readonly string[]): Promise<VmRun> {
  const program = [process.execPath, '--import', 'tsx', join(checkoutRoot, 'initramfs/vm.ts')] as const;
  const child = spawn(program[0], [...program.slice(1), ...args], { cwd: checkoutRoot, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('latin1').on('data', (chunk: string) => (errors += chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output, errors };
}

const hasQemu = spawnSync('qemu-system-x86_64', ['--version']).status === 0;
const skip = hasQemu ? false : 'no qemu-system-x86_64: sudo apt-get install --no-install-recommends qemu-system-x86';

function fetchAll(): void {
  nodeRuntime(() => undefined);
  kernelImage(() => undefined);
  staticBusybox(() => undefined);
}

before(
  () => {
    if (!hasQemu) return;
    try {
      fetchAll();
    } catch (error) {
      // A machine whose package lists were never fetched, or are older than the archive.
      if (!(error instanceof VmError) || process.getuid?.() !== 0) throw error;
      spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
      fetchAll();
    }
  },
  { timeout: FETCH_LIMIT_MS },
);

/** Each line is `name=value`, so that one boot answers all questions. */
const QUESTIONS = `
echo "init=$(cat /proc/1/comm)"
echo "state=$(initctl is-system-running)"
echo "multi-user=$(initctl is-active multi-user.target)"
echo "hostname=$(cat /proc/sys/kernel/hostname)"
echo "loopback=$(cat /sys/class/net/lo/operstate /sys/class/net/lo/flags | tr '\\n' ' ')"
echo "machine-id=$(cat /etc/machine-id)"
for point in /proc /sys /dev /run /dev/pts /dev/shm /sys/fs/cgroup; do
  echo "mount:$point=$(awk -v point=$point '$2 == point { print $3 }' /proc/mounts)"
done
echo "own-group=$(cat /proc/self/cgroup)"
echo to-errors >&2
printf 'bytes=\\001\\377\\r\\n'
seq 1 5000
exit 42
`;

test('a virtual machine boots with Heartwood as PID 1, runs a command, powers off and returns its status', { skip, timeout: BOOT_LIMIT_MS }, async () => {
  const run = await vm('--console', '--exec', QUESTIONS);
  assert.equal(run.status, 42, run.errors);
  const answer = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(run.output)?.[1]?.trim();

  // The image has our systemctl, so that is the name programs that look for it find (docs/debian.md).
  assert.equal(answer('init'), 'systemd');
  assert.equal(answer('state'), 'running', run.errors);
  assert.equal(answer('multi-user'), 'active');
  assert.equal(answer('hostname'), 'heartwood-vm');
  // IFF_UP and IFF_LOOPBACK; the device's operstate stays "unknown" for ever.
  assert.match(answer('loopback') ?? '', /0x9$/);
  assert.match(answer('machine-id') ?? '', /^[0-9a-f]{32}$/);
  for (const [point, type] of [['/proc', 'proc'], ['/sys', 'sysfs'], ['/dev', 'devtmpfs'], ['/run', 'tmpfs'], ['/dev/pts', 'devpts'], ['/dev/shm', 'tmpfs'], ['/sys/fs/cgroup', 'cgroup2']]) {
    assert.equal(answer(`mount:${String(point)}`), type, `what is mounted on ${String(point)}`);
  }
  assert.match(answer('own-group') ?? '', /vm-command\.service/);

  assert.ok(run.output.includes('bytes=\x01\xff\r\n'), 'the serial line changes no byte');
  const numbers = Array.from({ length: 5000 }, (_, index) => `${index + 1}\n`).join('');
  assert.ok(run.output.endsWith(numbers), 'no output is lost');
  assert.match(run.errors, /^to-errors$/m);

  assert.match(run.errors, /OK.*Reached target .*Multi-User System/, 'status lines are on the console');
  assert.match(run.errors, /reboot: Power down/, 'the machine went off through reboot(2)');
  assert.doesNotMatch(run.errors, /Kernel panic|Attempted to kill init|AssertionError/);
});

/** The guest has a memory controller of its own. A drill and the kernel fight over one processor, again and again. */
const OUT_OF_MEMORY = `
cat > /etc/heartwood/system/hungry.service <<'UNIT'
[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh -c 'while :; do : $(echo more); done'
Restart=on-failure
RestartSec=0
UNIT
initctl start hungry
for round in 1 2 3; do
  initctl fault oom hungry 2m --assert hungry.NRestarts=$round --assert hungry=active --within 2m >&2
  echo "drill$round=$? $(cat /sys/fs/cgroup/system.slice/hungry.service/memory.max)"
done
initctl stop hungry
printf '#!/bin/sh\\nx=0123456789abcdef\\nwhile :; do x=$x$x; done\\n' > /run/eat
chmod +x /run/eat
for name in main child spared grouped; do
  printf '[Service]\\nMemoryMax=16M\\nExecStart=%s\\n' "/bin/sh -c '/run/eat; sleep 99999'" > /etc/heartwood/system/$name.service
done
printf '[Service]\\nMemoryMax=16M\\nExecStart=/run/eat\\n' > /etc/heartwood/system/main.service
echo OOMPolicy=continue >> /etc/heartwood/system/spared.service
echo OOMPolicy=kill >> /etc/heartwood/system/grouped.service
initctl daemon-reload
initctl start main child spared
kills() { awk '$1 == "oom_kill" { print $2 }' /sys/fs/cgroup/system.slice/$1/memory.events; }
until_so() { for round in $(seq 600); do eval "$1" && break; sleep 0.1; done; }
until_so '[ "$(kills spared.service)" = 1 ] && [ "$(initctl is-failed main child)" = "failed
failed" ]'
echo "main=$(initctl show -p Result --value main)"
echo "child=$(initctl show -p Result --value child)"
echo "spared=$(initctl is-active spared) $(initctl show -p Result --value spared)"
initctl stop spared
initctl start --no-block grouped
until_so '[ -e /sys/fs/cgroup/system.slice/grouped.service/memory.oom.group ]'
echo "group=$(cat /sys/fs/cgroup/system.slice/grouped.service/memory.oom.group)"
until_so 'initctl is-failed -q grouped'
echo "grouped=$(initctl show -p Result --value grouped)"
for policy in stop continue; do
  initctl run -q --scope --unit=$policy -p MemoryMax=16M -p OOMPolicy=$policy /bin/sh -c '/run/eat; sleep 99999' &
done
until_so '[ "$(initctl is-failed stop.scope)" = failed ] && [ "$(kills continue.scope)" = 1 ]'
echo "stopped-scope=$(initctl show -p Result --value stop.scope)"
echo "spared-scope=$(initctl is-active continue.scope)"
initctl stop continue.scope
exit 42
`;

test('who runs out of memory is ended by the kernel, as a drill and in earnest, and OOMPolicy= says what follows', { skip, timeout: 2 * BOOT_LIMIT_MS }, async () => {
  const run = await vm('--console', '--timeout', String(2 * BOOT_LIMIT_MS / 1000 - 10), '--cpus', '1', '--append', 'HEARTWOOD_FAULTS=1', '--exec', OUT_OF_MEMORY);
  assert.equal(run.status, 42, run.errors);
  const answer = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(run.output)?.[1]?.trim();
  for (const round of [1, 2, 3]) assert.equal(answer(`drill${String(round)}`), '0 max', run.errors);
  assert.equal(answer('main'), 'oom-kill', run.errors);
  assert.equal(answer('child'), 'oom-kill', 'the kernel ended another process than the main one');
  assert.equal(answer('spared'), 'active success', 'OOMPolicy=continue');
  assert.equal(answer('group'), '1', 'OOMPolicy=kill is the kernel\'s to carry out');
  assert.equal(answer('grouped'), 'oom-kill');
  assert.equal(answer('stopped-scope'), 'oom-kill');
  assert.equal(answer('spared-scope'), 'active');
});

/**
 * No udev runs. Taking the keyboard's controller from its driver makes the kernel tell of objects below /sys that go; giving it back makes new
 * ones, whose numbers go on.
 */
const DEVICES = `
first=sys-devices-platform-i8042-serio0.device
next=sys-devices-platform-i8042-serio2.device
mkdir -p /run/systemd/system
printf '[Unit]\\nBindsTo=%s\\nAfter=%s\\n[Service]\\nExecStart=/bin/sleep 1000\\n' $first $first > /run/systemd/system/first.service
printf '[Unit]\\nBindsTo=%s\\nAfter=%s\\n[Service]\\nExecStart=/bin/sleep 1000\\n' $next $next > /run/systemd/system/next.service
printf '[Unit]\\nSuccessAction=reboot\\nRebootArgument=recovery\\n[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > /run/systemd/system/again.service
initctl daemon-reload
until_is() { for i in $(seq 200); do [ "$(initctl is-active $1)" = $2 ] && break; sleep 0.2; done; echo "$3=$(initctl is-active $1)"; }
initctl start first.service
until_is first.service active with-device
initctl start --no-block next.service
echo "waiting=$(initctl is-active next.service)"
echo i8042 > /sys/bus/platform/drivers/i8042/unbind
until_is first.service inactive without-device
echo i8042 > /sys/bus/platform/drivers/i8042/bind
until_is next.service active new-device
initctl start again.service
sleep 100
`;

test('units follow devices that come and go, and the reboot argument of a unit reaches the kernel', { skip, timeout: BOOT_LIMIT_MS }, async () => {
  const run = await vm('--console', '--exec', DEVICES);
  const said = run.output + run.errors;
  const answer = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(said)?.[1]?.trim();
  assert.equal(answer('with-device'), 'active', said);
  assert.equal(answer('waiting'), 'inactive');
  assert.equal(answer('without-device'), 'inactive');
  assert.equal(answer('new-device'), 'active', said);
  assert.match(run.errors, /reboot: Restarting system with command 'recovery'/);
  assert.equal(run.status, 125, 'the machine was rebooted before its command ended');
});

test('a machine that dies is told apart from a command that fails', { skip, timeout: BOOT_LIMIT_MS }, async () => {
  const run = await vm('--append', 'rdinit=/no-such-init', '--exec', 'exit 42');
  assert.equal(run.status, 125);
  assert.match(run.errors, /Kernel panic/, 'the end of the console is shown');
  assert.match(run.errors, /the guest ended without running the command to its end/);
});
