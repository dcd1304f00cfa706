/** Each directive of confinement, as the executor puts it on a real process in the real kernel. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { confinementFilters } from '../../src/core/system-call/confinement-filters.ts';
import { UNCONFINED, type ConfinedPath, type Confinement } from '../../src/core/unit/confinement.ts';
import { serialiseExecSpec, type ConfinementSpec, type ExecSpec } from '../../src/host/spawn/exec-spec.ts';
import { execute, outputOf, run, shell } from './executor-run.ts';
import { plain } from './plain-exec-spec.ts';
import { isRoot, native } from './native-under-test.ts';

const needsRoot = { skip: !isRoot && 'needs root' };
const needsPython = { skip: !isRoot ? 'needs root' : !existsSync('/usr/bin/python3') && 'needs python3' };
const SIGSYS = 31;
const MNT_DETACH = 2;

const directory = mkdtempSync(join(tmpdir(), 'heartwood-confinement-'));
chmodSync(directory, 0o755);
after(() => {
  for (const name of ['net', 'ipc']) native.umount(join(directory, name), MNT_DETACH);
  rmSync(directory, { recursive: true, force: true });
});

function confined(wishes: Partial<Confinement>, more: Partial<ConfinementSpec> = {}): Partial<ExecSpec> {
  const whole = { ...UNCONFINED, ...wishes };
  const filters = confinementFilters(whole, process.arch === 'arm64' ? 'arm64' : 'x86-64');
  return { confinement: { wishes: whole, filters, networkKeepers: [], ipcKeepers: [], credentialsDirectory: null, credentialSearch: [], ...more } };
}

function paths(...texts: readonly string[]): readonly ConfinedPath[] {
  return texts.map((text) => ({ path: text.replace(/^-/, ''), optional: text.startsWith('-'), inRoot: false }));
}

/** A script's output under these wishes. */
const under = (wishes: Partial<Confinement>, script: string, changes: Partial<ExecSpec> = {}): Promise<string> => outputOf(script, { ...confined(wishes), ...changes });

/** `PATH yes` or `PATH no`, for each: whether a file can be made there. */
const attempts = (...places: readonly string[]): string =>
  places.map((path) => `(: > ${path}/heartwood-test) 2>/dev/null && { rm ${path}/heartwood-test; echo yes; } || echo no`).join('; ');

test('protected paths cannot be written, hidden ones not be seen, the longest rule wins', needsRoot, async () => {
  const base = join(directory, 'sandbox');
  for (const path of ['ro/rw', 'secret', 'rw']) mkdirSync(join(base, path), { recursive: true });
  writeFileSync(join(base, 'secret/key'), 'x');
  writeFileSync(join(base, 'ro/hidden-file'), 'x');
  const script = [
    attempts(...['ro', 'ro/rw', 'rw', 'secret'].map((path) => join(base, path)), '/usr', '/etc'),
    `ls ${base}/secret | wc -l`, `wc -c < ${base}/ro/hidden-file`, 'ls -A /root | wc -l',
  ].join('; ');
  const lines = (await under({
    readOnlyPaths: paths(join(base, 'ro'), '-/no/such'), readWritePaths: paths(join(base, 'ro/rw')),
    inaccessiblePaths: paths(join(base, 'secret'), join(base, 'ro/hidden-file')), protectSystem: 'full', protectHome: 'yes',
  }, script)).split('\n');
  assert.deepEqual(lines, ['no', 'yes', 'yes', 'no', 'no', 'no', '0', '0', '0']);
  const strict = await under({ protectSystem: 'strict', readWritePaths: paths(join(base, 'rw')) }, `${attempts(join(base, 'rw'), '/run', '/dev/shm')}; echo > /dev/null`);
  assert.equal(strict, 'yes\nno\nyes');
  const missing = await run(['/bin/true'], confined({ readOnlyPaths: paths('/no/such') }));
  assert.deepEqual(missing.report.failure, { stage: 'namespace', errno: 'ENOENT', subject: '/no/such' });
});

test('a path with a rule below a hidden one stays hidden with it, and a symbolic link means where it leads', needsRoot, async () => {
  const base = join(directory, 'nested');
  mkdirSync(join(base, 'hidden/inner'), { recursive: true });
  assert.equal(await under({ inaccessiblePaths: paths(join(base, 'hidden')), readWritePaths: paths(join(base, 'hidden/inner')) }, `ls ${base}/hidden | wc -l`), '0');
  assert.equal(await under({ readOnlyPaths: paths('/var/run') }, attempts('/run', '/var/run')), 'no\nno', '/var/run is a link to /run');
});

test('the service directories of a read-only system can be written', needsRoot, async () => {
  const directories = [{ kind: 'state', root: directory, path: 'state', mode: 0o755, links: [] }] as const;
  assert.equal(await under({ protectSystem: 'strict' }, attempts('$STATE_DIRECTORY', directory), { directories }), 'yes\nno');
});

test('ProtectHome=tmpfs shows empty homes, into which single directories can be bound', needsRoot, async () => {
  const source = join(directory, 'home-source');
  mkdirSync(source);
  writeFileSync(join(source, 'file'), 'seen\n');
  const wishes: Partial<Confinement> = {
    protectHome: 'tmpfs', bindMounts: [{ source, destination: '/home/inner/deep', optional: false, recursive: true, readOnly: true }],
  };
  assert.equal(await under(wishes, `ls -A /root | wc -l; ls /home; cat /home/inner/deep/file; ${attempts('/home', '/home/inner/deep')}`), '0\ninner\nseen\nno\nno');
  assert.equal(existsSync('/home/inner'), false);
});

test('bind mounts appear where they are told, even when their source is hidden', needsRoot, async () => {
  const [source, target] = [join(directory, 'bind-source'), join(directory, 'bind-target')];
  for (const path of [source, target]) mkdirSync(path);
  writeFileSync(join(source, 'file'), 'content\n');
  const bind = (optional: boolean, from: string) => ({ source: from, destination: target, optional, recursive: true, readOnly: false });
  const wishes: Partial<Confinement> = { bindMounts: [bind(false, source)], inaccessiblePaths: paths(source) };
  assert.equal(await under(wishes, `cat ${target}/file; ls ${source} | wc -l; ${attempts(target)}`), 'content\n0\nyes');
  assert.equal(existsSync(join(target, 'file')), false, 'outside nothing is mounted');
  assert.equal(await under({ bindMounts: [bind(true, '/no/such')] }, 'echo ran'), 'ran');
  assert.deepEqual((await run(['/bin/true'], confined({ bindMounts: [bind(false, '/no/such')] }))).report.failure, { stage: 'namespace', errno: 'ENOENT', subject: '/no/such' });
});

test('temporary file systems are empty, private and take options', needsRoot, async () => {
  const place = join(directory, 'temporary');
  mkdirSync(place);
  writeFileSync(join(place, 'file'), '');
  assert.equal(await under({ temporaryFileSystems: [{ path: place, options: '' }] }, `ls ${place} | wc -l; ${attempts(place)}; stat -c %a ${place}`), '0\nyes\n755');
  assert.equal(await under({ temporaryFileSystems: [{ path: place, options: 'ro,mode=700' }] }, `${attempts(place)}; stat -c %a ${place}`), 'no\n700');
  assert.equal(existsSync(join(place, 'file')), true);
});

test('NoExecPaths= and ExecPaths= say what may be executed', needsRoot, async () => {
  const place = join(directory, 'programs');
  mkdirSync(join(place, 'good'), { recursive: true });
  for (const path of ['bad-program', 'good/program']) writeFileSync(join(place, path), '#!/bin/sh\necho ran\n', { mode: 0o755 });
  const script = `${place}/bad-program 2>/dev/null || echo refused; ${place}/good/program`;
  assert.equal(await under({ noExecPaths: paths(place), execPaths: paths(join(place, 'good')) }, script), 'refused\nran');
});

test('PrivateDevices= leaves only the devices that are no hardware', needsRoot, async () => {
  const listed = await under({ privateDevices: true }, `ls /dev | tr '\\n' ' '; echo; echo x > /dev/null && head -c 4 /dev/zero | wc -c; ${attempts('/dev', '/dev/shm')}`);
  const [names = '', ...rest] = listed.split('\n');
  assert.deepEqual(rest, ['4', 'no', 'yes']);
  for (const name of ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'fd', 'stdin', 'ptmx']) assert.ok(names.split(' ').includes(name), `${name} in ${names}`);
  for (const name of ['kmsg', 'mem', 'loop0', 'sda', 'vda', 'console']) assert.ok(!names.split(' ').includes(name), `${name} not in ${names}`);
});

test('the kernel\'s tunables, control groups, modules and logs are out of reach', needsRoot, async () => {
  const script = '(echo 5 > /proc/sys/vm/swappiness) 2>/dev/null && echo yes || echo no; wc -c < /proc/kallsyms; (mkdir /sys/fs/cgroup/heartwood-no) 2>/dev/null && echo yes || echo no';
  const lines = (await under({ protectKernelTunables: true, protectControlGroups: true }, script)).split('\n');
  assert.deepEqual(lines, ['no', '0', 'no']);
  if (existsSync('/usr/lib/modules')) assert.equal(await under({ protectKernelModules: true }, 'ls /usr/lib/modules 2>/dev/null | wc -l'), '0');
  assert.equal(await under({ protectKernelLogs: true }, 'dmesg -S >/dev/null 2>&1 && echo yes || echo no; head -c 1 /dev/kmsg | wc -c'), 'no\n0');
});

test('ProtectProc= and ProcSubset= hide processes and the rest of /proc', needsRoot, async () => {
  const { output, report } = await shell('ls /proc | grep -c "^[0-9]"; test -e /proc/meminfo && echo meminfo || echo none', { ...confined({ protectProc: 'invisible', procSubset: 'pid' }), user: 'daemon' });
  if (report.notes.length > 0) assert.deepEqual(report.notes.map(({ directive }) => directive), ['ProtectProc'], 'a container may not mount such a /proc, and says so');
  else assert.match(output, /^[1-6]\nnone\n$/);
});

test('a private network has a loopback and nothing else, and is shared by the processes of a unit', needsRoot, async () => {
  const keeper = join(directory, 'net');
  const script = 'readlink /proc/self/ns/net; cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d " "; cat /sys/class/net/lo/operstate >/dev/null; exec 3<>/dev/null; echo';
  const first = await outputOf(script, confined({ privateNetwork: true }, { networkKeepers: [keeper] }));
  const second = await outputOf(script, confined({ privateNetwork: true }, { networkKeepers: [keeper] }));
  assert.match(first, /^net:\[\d+\]\nlo$/);
  assert.notEqual(first.split('\n')[0], readlinkSync('/proc/self/ns/net'));
  assert.equal(second, first, 'the second process found the name space of the first');
  const joined = await outputOf(script, confined({ privateNetwork: true }, { networkKeepers: [join(directory, 'net-other'), keeper] }));
  native.umount(join(directory, 'net-other'), MNT_DETACH);
  assert.equal(joined, first, 'a unit that joins finds it as well');
  assert.equal(await outputOf('readlink /proc/self/ns/net', confined({ networkNamespacePath: keeper })), first.split('\n')[0]);
  const wrong = await run(['/bin/true'], confined({ networkNamespacePath: '/no/such' }));
  assert.deepEqual(wrong.report.failure, { stage: 'network', errno: 'ENOENT', subject: '/no/such' });
});

test('PrivateIPC=, ProtectHostname= and PrivateMounts= give name spaces of the service\'s own', needsRoot, async () => {
  const own = (kind: string): string => readlinkSync(`/proc/self/ns/${kind}`);
  const ipc = await outputOf('readlink /proc/self/ns/ipc', confined({ privateIpc: true }, { ipcKeepers: [join(directory, 'ipc')] }));
  assert.notEqual(ipc, own('ipc'));
  const [uts, renamed] = (await under({ protectHostname: true }, 'readlink /proc/self/ns/uts; hostname other 2>/dev/null && echo yes || echo no')).split('\n');
  assert.notEqual(uts, own('uts'));
  assert.equal(renamed, 'no');
  assert.notEqual(await under({ privateMounts: true }, 'readlink /proc/self/ns/mnt'), own('mnt'));
  assert.match(await under({ mountFlags: 'private' }, 'grep -c -E "(shared|master):" /proc/self/mountinfo || true'), /^0$/);
});

test('PrivateUsers= maps root and the service\'s user, and all others are nobody', needsRoot, async () => {
  const file = join(directory, 'of-adm');
  writeFileSync(file, '');
  const { chownSync } = await import('node:fs');
  chownSync(file, 4, 4);
  const { output, report } = await shell(`id -u; stat -c %u ${file} /; tr -s " " < /proc/self/uid_map`, { ...confined({ privateUsers: true }), user: 'daemon' });
  assert.deepEqual(report, { failure: null, notes: [] });
  assert.equal(output, '1\n65534\n0\n 0 0 1\n 1 1 1\n');
  const asRoot = await under({ privateUsers: true }, 'grep CapEff /proc/self/status | cut -f2; chown 5 . 2>/dev/null && echo yes || echo no');
  assert.match(asRoot, /^0*[1-9a-f][0-9a-f]*\nno$/, 'all capabilities, but only over what is its own');
});

const python = (code: string): string => `python3 -c '
import os, sys, ctypes, socket, mmap
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    result = libc.syscall(*arguments)
    return 0 if result >= 0 else ctypes.get_errno()
${code}'`;

test('system calls on a deny-list fail as told, all others work', needsPython, async () => {
  const deny = (word: string, errno: number | 'kill' | null) => ({ word, inverted: true, errno });
  const wishes: Partial<Confinement> = { systemCallFilter: [deny('@chown', null), deny('mkdir', 38), deny('mkdirat', 38)], systemCallErrorNumber: 1 };
  const result = await under(wishes, `chown 0 ${directory} 2>/dev/null && echo yes || echo no; mkdir ${directory}/no 2>&1 | grep -o "not implemented"; echo on`);
  assert.equal(result, 'no\nnot implemented\non');
  const killed = await run(['/bin/chown', '0', directory], confined({ systemCallFilter: [deny('@chown', null)] }));
  assert.deepEqual([killed.exit.code, killed.exit.status], [killed.exit.code === 'dumped' ? 'dumped' : 'killed', SIGSYS]);
});

test('an allow-list permits its groups and what every program needs', needsRoot, async () => {
  const allow = (word: string) => ({ word, inverted: false, errno: null });
  const wishes: Partial<Confinement> = { systemCallFilter: [allow('@system-service'), { word: '@chown', inverted: true, errno: null }] };
  assert.equal(await under(wishes, 'echo ran; ls / >/dev/null && cat /etc/hostname >/dev/null'), 'ran');
  const mounting = await run(['/bin/mount', '-t', 'tmpfs', 'none', '/mnt'], confined(wishes));
  assert.equal(mounting.exit.status, SIGSYS);
  const answered = await shell(`mount -t tmpfs none /mnt 2>/dev/null; echo $?; chown 0 ${directory} 2>/dev/null; echo $?`, confined({ ...wishes, systemCallErrorNumber: 1 }));
  assert.deepEqual(answered.output.trim().split('\n').map((status) => status !== '0'), [true, true]);
  const gone = await run(['/no/such'], confined(wishes));
  assert.deepEqual(gone.report.failure, { stage: 'exec', errno: 'ENOENT', subject: '/no/such' }, 'a missing program is told, not killed');
});

test('SystemCallArchitectures= kills a program of another architecture and no other', needsRoot, async () => {
  assert.equal(await under({ systemCallArchitectures: ['native'] }, 'echo native'), 'native');
});

test('address families, name spaces, real-time scheduling, set-id bits and personality are refused as systemd.exec(5) tells', needsPython, async () => {
  const families = python(`
for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_NETLINK):
    try:
        socket.socket(family, socket.SOCK_DGRAM if family != socket.AF_NETLINK else socket.SOCK_RAW); print("yes")
    except OSError as error: print(error.errno)`);
  assert.equal(await under({ addressFamilies: { isAllowList: true, families: [1, 2] } }, families), 'yes\nyes\n97');
  assert.equal(await under({ addressFamilies: { isAllowList: false, families: [2] } }, families), 'yes\n97\nyes');
  assert.equal(await under({ addressFamilies: { isAllowList: true, families: [] } }, families), '97\n97\n97');
  assert.equal(await under({ allowedNamespaces: ['uts'] }, 'unshare --uts echo yes; unshare --ipc true 2>/dev/null || echo no; (echo thread | cat)'), 'yes\nno\nthread');
  assert.equal(await under({ restrictRealtime: true }, 'chrt -f 1 true 2>/dev/null || echo no; chrt -b 0 echo batch || echo failed'), 'no\nfailed'.replace('failed', 'batch'));
  const bits = `touch ${directory}/set-id; chmod u+s ${directory}/set-id 2>/dev/null || echo no; chmod 755 ${directory}/set-id && echo yes; install -m 4755 /bin/true ${directory}/made 2>/dev/null || echo no`;
  assert.equal(await under({ restrictSuidSgid: true }, bits), 'no\nyes\nno');
  assert.equal(statSync(join(directory, 'set-id')).mode & 0o7777, 0o755);
  assert.equal(await under({ lockPersonality: true }, 'setarch --addr-no-randomize true 2>/dev/null || echo no'), 'no');
  assert.equal(await under({ personality: 8, lockPersonality: true }, 'uname -m'), process.arch === 'arm64' ? 'armv8l' : 'i686');
});

test('MemoryDenyWriteExecute= refuses memory that can be written and executed', needsPython, async () => {
  const code = python(`
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC); print("yes")
except OSError as error: print(error.errno)
mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC); print("code")`);
  assert.equal(await under({ memoryDenyWriteExecute: true }, code), '1\ncode');
});

test('the clock cannot be set and no module be loaded', needsPython, async () => {
  // Without a time to set, so that a filter that is missing does no harm: the kernel says EFAULT then, the filter EPERM.
  const CLOCK_SETTIME = process.arch === 'arm64' ? 112 : 227;
  assert.equal(await under({ protectClock: true }, python(`print(call(${String(CLOCK_SETTIME)}, 0, 0))`)), '1');
  assert.equal(await under({}, python(`print(call(${String(CLOCK_SETTIME)}, 0, 0))`)), '14');
  const INIT_MODULE = process.arch === 'arm64' ? 105 : 175;
  assert.equal(await under({ protectKernelModules: true }, python(`print(call(${String(INIT_MODULE)}, 0, 0, 0))`)), '1');
});

test('a filter without privileges implies that none are gained any more', needsRoot, async () => {
  const wishes: Partial<Confinement> = { lockPersonality: true };
  assert.equal(await under(wishes, 'grep NoNewPrivs /proc/self/status | cut -f2', { user: 'daemon' }), '1');
  assert.equal(await under(wishes, 'grep NoNewPrivs /proc/self/status | cut -f2'), '0');
});

test('secure bits, timer slack and core dump filter take effect', needsPython, async () => {
  const PR_GET_SECUREBITS = 27;
  const PR_GET_TIMERSLACK = 30;
  const output = await under({ secureBits: 1, timerSlackNsec: 123_000, coredumpFilter: 0x13 },
    `cat /proc/self/coredump_filter; python3 -c 'import ctypes; print(*(ctypes.CDLL(None).prctl(number) for number in (${String(PR_GET_SECUREBITS)}, ${String(PR_GET_TIMERSLACK)})))'`);
  assert.equal(output, '00000013\n1 123000');
});

test('KeyringMode=private gives a session keyring of the service\'s own', needsRoot, async () => {
  const script = 'grep -c "keyring *_ses" /proc/keys';
  const { output, report } = await shell(script, confined({ keyringMode: 'private' }));
  if (report.notes.length > 0) assert.deepEqual(report.notes.map(({ directive }) => directive), ['KeyringMode']);
  else assert.match(output, /^[1-9]/);
});

test('credentials are files that the service\'s user alone can read', needsRoot, async () => {
  const store = join(directory, 'store');
  mkdirSync(join(store, 'tree/sub'), { recursive: true });
  writeFileSync(join(store, 'secret'), 'from store\n', { mode: 0o600 });
  writeFileSync(join(store, 'tree/a'), 'a\n');
  writeFileSync(join(store, 'tree/sub/b'), 'b\n');
  const more = { credentialsDirectory: join(directory, 'credentials'), credentialSearch: ['/no/such', store] };
  const credentials: Confinement['credentials'] = [
    { id: 'fallback', kind: 'set', data: btoa('given\n') }, { id: 'plain', kind: 'set', data: btoa('set\n') },
    { id: 'secret', kind: 'load', path: 'secret' }, { id: 'fallback', kind: 'load', path: '/no/such' }, { id: 'absent', kind: 'load', path: 'absent' },
    { id: 'tree', kind: 'load', path: join(store, 'tree') },
  ];
  const script = 'cd $CREDENTIALS_DIRECTORY && for file in *; do printf "%s:" $file; cat $file; done; stat -c "%a %u" . secret';
  const expected = 'fallback:given\nplain:set\nsecret:from store\ntree_a:a\ntree_sub_b:b\n500 1\n400 1';
  assert.equal(await outputOf(script, { ...confined({ credentials }, more), user: 'daemon' }), expected);
  assert.equal(await outputOf(script, { ...confined({ credentials }, more), user: 'daemon' }), expected, 'the second process writes them anew');
  const { report, exit } = await run(['/bin/true'], confined({ credentials: [{ id: 'x', kind: 'load', path: '/no/such' }] }, more));
  assert.deepEqual([report.failure, exit.status], [{ stage: 'credentials', errno: 'ENOENT', subject: '/no/such' }, 243]);
});

test('RootDirectory= has the rules, the binds and the service directories inside', needsRoot, async () => {
  const root = join(directory, 'root');
  for (const path of ['usr', 'bin', 'lib', 'lib64', 'etc', 'var/lib', 'proc', 'dev', 'sys', 'run']) mkdirSync(join(root, path), { recursive: true });
  const bind = (path: string) => ({ source: path, destination: path, optional: true, recursive: true, readOnly: true });
  const directories = [{ kind: 'state', root: directory, path: 'in-root', mode: 0o755, links: [] }] as const;
  const wishes: Partial<Confinement> = { bindMounts: ['/usr', '/bin', '/lib', '/lib64'].map(bind), readOnlyPaths: [{ path: '/etc', optional: false, inRoot: true }], mountApiVfs: true };
  const script = `${attempts('/etc', '/var', '/usr', '$STATE_DIRECTORY')}; test -e /proc/self/exe && test -c /dev/null && echo api`;
  assert.equal(await under(wishes, script, { rootDirectory: root, directories }), 'no\nyes\nno\nyes\napi');
});

test('without the right to a name space of its own the service runs, and the directives are noted', needsRoot, async () => {
  const spec = plain(['/bin/echo', 'ran'], { ...confined({ protectSystem: 'yes', privateNetwork: true, lockPersonality: true }, { networkKeepers: [join(directory, 'refused')] }), privateTmp: directory });
  const { output, report } = await execute(serialiseExecSpec(spec), [], { credentials: { uid: 65534, gid: 65534, groups: [] } });
  assert.equal(output, 'ran\n');
  assert.deepEqual(report.notes.map(({ directive, errno }) => `${directive} ${errno}`), ['PrivateNetwork EPERM', 'ProtectSystem EPERM', 'PrivateTmp EPERM']);
});
