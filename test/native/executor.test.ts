import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { serialiseExecSpec, type DirectorySpec, type ExecSpec } from '../../src/host/spawn/exec-spec.ts';
import { execute, outputOf, run, shell } from './executor-run.ts';
import { plain } from './plain-exec-spec.ts';
import { isRoot, memfdWith, native, ok } from './native-under-test.ts';

const FIRST_PASSED = 5;
const needsRoot = { skip: !isRoot && 'needs root' };

const directory = mkdtempSync(join(tmpdir(), 'heartwood-executor-'));
chmodSync(directory, 0o755);
after(() => { rmSync(directory, { recursive: true, force: true }); });

test('a plain program runs, and the report ends without a word', async () => {
  const { exit, output, report } = await run(['/bin/echo', 'größe', 'a b']);
  assert.equal(output, 'größe a b\n');
  assert.equal(exit.status, 0);
  assert.deepEqual(report, { failure: null, notes: [] });
});

test('the program finds its descriptors from 3, and neither specification nor report', async () => {
  const files = [memfdWith('first'), memfdWith('second'), memfdWith('third')];
  const passedFds = [FIRST_PASSED + 2, FIRST_PASSED, FIRST_PASSED + 1];
  const { output } = await run(['/bin/sh', '-c', 'cat <&3; cat <&4; cat <&5; ls /proc/self/fd | tr "\\n" " "'], { passedFds }, files);
  assert.equal(output.trim(), 'thirdfirstsecond0 1 2 3 4 5 6');
  for (const fd of files) ok(native.close(fd));
});

test('the exit status of every failure is that of systemd.exec(5), and the report names stage, errno and subject', async () => {
  const file = join(directory, 'plain-file');
  writeFileSync(file, '', { mode: 0o644 });
  const cases: readonly (readonly [Partial<ExecSpec>, number, string, string, string])[] = [
    [{ path: '/no/such' }, 203, 'exec', 'ENOENT', '/no/such'],
    [{ path: 'no-such-program-anywhere' }, 203, 'exec', 'ENOENT', 'no-such-program-anywhere'],
    [{ path: file }, 203, 'exec', 'EACCES', file],
    [{ workingDirectory: { path: '/no/such', optional: false } }, 200, 'chdir', 'ENOENT', '/no/such'],
    [{ rootDirectory: '/no/such' }, 210, 'chroot', 'ENOENT', '/no/such'],
    [{ user: 'no-such-user' }, 217, 'user', 'ESRCH', 'no-such-user'],
    [{ group: 'no-such-group' }, 216, 'group', 'ESRCH', 'no-such-group'],
    [{ supplementaryGroups: ['no-such-group'] }, 216, 'group', 'ESRCH', 'no-such-group'],
    [{ stdin: { kind: 'read', path: '/no/such' } }, 208, 'stdin', 'ENOENT', '/no/such'],
    [{ stdout: { kind: 'append', path: '/no/such/file' } }, 209, 'stdout', 'ENOENT', '/no/such/file'],
    [{ stderr: { kind: 'truncate', path: '/' } }, 222, 'stderr', 'EISDIR', '/'],
    [{ stdin: { kind: 'tty' }, ttyPath: '/dev/null' }, 208, 'stdin', 'ENOTTY', '/dev/null'],
    [{ limits: [[7, 10, 5]] }, 205, 'limits', 'EINVAL', 'LimitNOFILE'],
    [{ cpuSchedulingPolicy: 99 }, 214, 'setscheduler', 'EINVAL', 'CPUSchedulingPolicy'],
    [{ cpuAffinity: [1000] }, 215, 'cpuaffinity', 'EINVAL', 'CPUAffinity'],
    [{ ioSchedulingClass: 5 }, 211, 'ioprio', 'EINVAL', 'IOSchedulingClass'],
    [{ directories: [{ kind: 'runtime', root: file, path: 'x', mode: 0o755, links: [] }] }, 233, 'runtime-directory', 'ENOTDIR', `${file}/x`],
    [{ directories: [{ kind: 'logs', root: file, path: 'x', mode: 0o755, links: [] }] }, 240, 'logs-directory', 'ENOTDIR', `${file}/x`],
  ];
  for (const [changes, status, stage, errno, subject] of cases) {
    const { exit, report } = await run(['/bin/true'], changes);
    assert.deepEqual(report.failure, { stage, errno, subject });
    assert.deepEqual([exit.code, exit.status], ['exited', status]);
  }
});

test('a broken specification is refused, never half obeyed', async () => {
  const good = serialiseExecSpec(plain(['/bin/true']));
  const broken: readonly Uint8Array[] = [
    new Uint8Array(0), good.subarray(0, 5), good.subarray(0, good.length - 1), good.subarray(0, 20),
    Buffer.concat([good, Buffer.from([1, 0, 0, 0, 255, 255, 255, 255, 120, 0, 0])]),
    Buffer.concat([good, Buffer.from([3, 0, 0, 0, 1, 0, 0, 0, 120, 121, 122, 0, 49, 0])]),
    Buffer.concat([Buffer.from('HWEXEC2\n'), good.subarray(8)]),
  ];
  for (const bytes of broken) {
    const { exit } = await execute(bytes);
    assert.deepEqual([exit.code, exit.status], ['exited', 255]);
  }
  const { report } = await execute(broken[5] as Uint8Array);
  assert.deepEqual(report.failure, { stage: 'specification', errno: 'EINVAL', subject: 'xyz' });
});

test('no flipped byte of a specification makes the executor crash', async () => {
  const good = serialiseExecSpec(plain(['/bin/true', 'argument'], { environment: ['A=b'], limits: [[7, 100, 200]] }));
  for (let at = 0; at < good.length; at += 3) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    const { exit } = await execute(bytes);
    assert.equal(exit.code, 'exited', `byte ${String(at)}`);
  }
});

test('the environment has three layers, and a user fills in HOME, USER, LOGNAME and SHELL', needsRoot, async () => {
  const output = await outputOf('env', {
    user: 'daemon', baseEnvironment: ['HOME=/base', 'LANG=C', 'GONE=1', 'KEPT=1', 'PATH=/bin'], environment: ['LANG=de', 'SHELL=/own'],
    unsetEnvironment: ['GONE', 'KEPT=2'], pidVariables: ['LISTEN_PID'],
  });
  const lines = output.split('\n').filter((line) => !/^(PWD|OLDPWD|SHLVL|_|LISTEN_PID)=/.test(line));
  assert.deepEqual(lines.sort(), ['HOME=/usr/sbin', 'KEPT=1', 'LANG=de', 'LOGNAME=daemon', 'PATH=/bin', 'SHELL=/own', 'USER=daemon']);
  const { output: pids } = await shell('echo $$ $LISTEN_PID', { pidVariables: ['LISTEN_PID'] });
  assert.match(pids, /^(\d+) \1\n$/);
});

test('variables in arguments expand as systemd.service(5) tells', async () => {
  const environment = ['ONE=one', "TWO='two two' too", 'EMPTY=', 'SPACED= a  b '];
  const argv = ['/usr/bin/printf', '[%s]', 'a${ONE}b', '$TWO', '${TWO}', '$EMPTY', '${EMPTY}', '$UNSET', '$$ONE', '$SPACED', 'x$ONE', '$1', '${ONE', '$'];
  const { output } = await run(argv, { environment, expandVariables: true });
  assert.equal(output, "[aoneb][two two][too]['two two' too][][$ONE][a][b][x$ONE][${ONE]");
  const verbatim = await run(['/bin/echo', '$ONE ${ONE}'], { environment });
  assert.equal(verbatim.output, '$ONE ${ONE}\n');
});

test('a bare name is looked for in the search path, past directories where it may not be run', async () => {
  const [hidden, real] = [join(directory, 'hidden'), join(directory, 'real')];
  for (const [path, mode] of [[hidden, 0o644], [real, 0o755]] as const) {
    mkdirSync(path);
    writeFileSync(join(path, 'found-program'), '#!/bin/sh\necho "$0"\n', { mode });
  }
  const { output } = await run(['found-program'], { searchPath: ['/no/such', hidden, real] });
  assert.equal(output.trim(), join(real, 'found-program'));
  const { report } = await run(['found-program'], { searchPath: [hidden, '/no/such'] });
  assert.equal(report.failure?.errno, 'EACCES');
});

test('user, group and all memberships are those of the databases', needsRoot, async () => {
  const script = 'grep -E "^(Uid|Gid|Groups|CapEff|CapPrm):" /proc/self/status';
  const named = await outputOf(script, { user: 'nobody', group: 'daemon', supplementaryGroups: ['adm', '4711'] });
  assert.match(named, /^Uid:\t65534\t65534\t65534\t65534\nGid:\t1\t1\t1\t1\nGroups:\t1 4 4711 ?\nCapPrm:\t0{16}\nCapEff:\t0{16}$/);
  const numeric = await outputOf(script, { user: '65534' });
  assert.match(numeric, /^Uid:\t65534\t65534\t65534\t65534\nGid:\t65534/);
  const onlyGroup = await outputOf('id -u; id -g', { group: 'adm' });
  assert.equal(onlyGroup, '0\n4');
  const root = await outputOf('id -u; cd; pwd', { user: 'root', workingDirectory: { home: true, optional: false } });
  assert.equal(root, '0\n/root');
});

test('a number that no database names is a user all the same', needsRoot, async () => {
  assert.equal((await outputOf('id -u; id -g; id -G; echo $HOME', { user: '63483', group: '63483' })).trim(), '63483\n63483\n63483\n/');
});

test('a name that is not in the files is asked of getent', needsRoot, async () => {
  // A file with an empty database instead of /etc/passwd, seen only by this child, would need a name space; the other way round is
  // as good: both ways must agree about a user that is there, and about one that is not.
  const { report } = await run(['/bin/true'], { user: 'heartwood-nobody-has-this-name' });
  assert.deepEqual(report.failure, { stage: 'user', errno: 'ESRCH', subject: 'heartwood-nobody-has-this-name' });
});

test('standard streams come from files, data, nothing, and each other', async () => {
  const [input, output, log] = [join(directory, 'in'), join(directory, 'out'), join(directory, 'log')];
  writeFileSync(input, 'from file\n');
  writeFileSync(output, 'old and much longer content\n');
  await outputOf('cat', { stdin: { kind: 'read', path: input }, stdout: { kind: 'truncate', path: output } });
  assert.equal(readFileSync(output, 'utf8'), 'from file\n');
  for (const line of ['one', 'two']) await outputOf(`echo ${line}; echo error >&2`, { stdout: { kind: 'append', path: log }, stderr: { kind: 'duplicate', of: 1 } });
  assert.equal(readFileSync(log, 'utf8'), 'one\nerror\ntwo\nerror\n');
  await outputOf('printf X', { stdout: { kind: 'write', path: log } });
  assert.equal(readFileSync(log, 'utf8'), 'Xne\nerror\ntwo\nerror\n');
  const data = Buffer.alloc(300_000, 'data ');
  assert.equal(await outputOf('wc -c', { stdin: { kind: 'data' }, stdinData: data }), '300000');
  assert.equal(await outputOf('cat; echo unseen >&2; echo end', { stdin: { kind: 'null' }, stderr: { kind: 'null' } }), 'end');
  assert.equal(statSync(log).mode & 0o777, 0o644);
});

test('limits, priorities, affinity and umask take effect', needsRoot, async () => {
  const script = 'ulimit -Sc; ulimit -Hc; ulimit -Sm; ulimit -Hm; umask; nice; cat /proc/self/oom_score_adj; ionice; grep Cpus_allowed_list /proc/self/status | cut -f2';
  const output = await outputOf(script, {
    limits: [[4, 51200, 102400], [5, 1048576, Infinity]], umask: 0o077, nice: -3, oomScoreAdjust: 500, ioSchedulingClass: 2, ioSchedulingPriority: 6, cpuAffinity: [0],
  });
  assert.deepEqual(output.split('\n'), ['100', '200', '1024', 'unlimited', '0077', '-3', '500', 'best-effort: prio 6', '0']);
  assert.match(await outputOf('chrt -p $$', { cpuSchedulingPolicy: 3, cpuSchedulingPriority: 0 }), /SCHED_BATCH/);
});

test('what needs a privilege that is missing is noted, and the service runs', needsRoot, async () => {
  const bytes = serialiseExecSpec(plain(['/bin/sh', '-c', 'ulimit -Sc; ulimit -Hc; nice'], { nice: getPriority() - 5, oomScoreAdjust: -900, limits: [[4, 51200, 1024000]] }));
  const { exit, output, report } = await execute(bytes, [], { credentials: { uid: 65534, gid: 65534, groups: [] }, limits: [[4, 5120, 102400]] });
  assert.equal(exit.status, 0);
  assert.deepEqual(output.split('\n'), ['100', '200', String(getPriority()), '']);
  assert.equal(report.failure, null);
  assert.deepEqual(report.notes.map(({ directive }) => directive), ['OOMScoreAdjust', 'Nice', 'LimitCORE']);
});

test('service directories are made with mode, owner and parents, and named in the environment', needsRoot, async () => {
  const root = join(directory, 'run');
  const make = (kind: DirectorySpec['kind'], path: string, mode: number, links: readonly string[] = []): DirectorySpec => ({ kind, root, path, mode, links });
  const directories = [
    make('runtime', 'one/deep', 0o750), make('runtime', 'two', 0o777, ['link', 'sub/other']), make('state', 'state', 0o1770),
    make('configuration', 'conf', 0o755),
  ];
  const variables = await outputOf('echo $RUNTIME_DIRECTORY $STATE_DIRECTORY $CONFIGURATION_DIRECTORY; touch $STATE_DIRECTORY/by-service', { user: 'daemon', umask: 0o077, directories });
  assert.equal(variables, `${root}/one/deep:${root}/two ${root}/state ${root}/conf`);
  const shape = (path: string): readonly [number, number] => {
    const { mode, uid } = statSync(join(root, path));
    return [mode & 0o7777, uid];
  };
  assert.deepEqual(shape('one'), [0o755, 0], 'parents belong to root');
  assert.deepEqual(shape('one/deep'), [0o750, 1]);
  assert.deepEqual(shape('two'), [0o777, 1]);
  assert.deepEqual(shape('state'), [0o1770, 1]);
  assert.deepEqual(shape('conf'), [0o755, 0], 'a configuration directory is not given away');
  assert.equal(readlinkSync(join(root, 'link')), 'two');
  assert.equal(readlinkSync(join(root, 'sub/other')), '../two');
});

test('a service directory changes owner with everything in it, but only when its own owner differs, and never through a link', needsRoot, async () => {
  const root = join(directory, 'var');
  const outside = join(directory, 'outside');
  mkdirSync(join(root, 'data/sub'), { recursive: true });
  writeFileSync(join(root, 'data/sub/file'), '', { mode: 0o755 });
  chmodSync(join(root, 'data/sub/file'), 0o4755);
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), '');
  symlinkSync(outside, join(root, 'data/link'));
  const directories: readonly DirectorySpec[] = [{ kind: 'state', root, path: 'data', mode: 0o700, links: [] }];
  await outputOf(':', { user: 'daemon', directories });
  for (const path of ['data', 'data/sub', 'data/sub/file', 'data/link']) assert.equal(lstatSync(join(root, path)).uid, 1, path);
  assert.equal(lstatSync(outside).uid, 0);
  assert.equal(lstatSync(join(outside, 'precious')).uid, 0);
  chownSync(join(root, 'data/sub/file'), 2, 2);
  await outputOf(':', { user: 'daemon', directories });
  assert.equal(lstatSync(join(root, 'data/sub/file')).uid, 2, 'a right owner at the top means that nothing is walked');
});

test('the working directory may be missing when it is optional', async () => {
  assert.equal(await outputOf('pwd', { workingDirectory: { path: '/no/such', optional: true } }), '/');
  assert.equal(await outputOf('pwd', { workingDirectory: { path: '/usr', optional: false } }), '/usr');
  assert.equal(await outputOf('pwd'), '/');
});

test('RootDirectory= holds for the program and its working directory', needsRoot, async () => {
  const root = join(directory, 'root');
  mkdirSync(join(root, 'inner'), { recursive: true });
  // Always from dist/: the empty root has no libraries, and only there the programs are certainly static.
  const program = readFileSync(join(import.meta.dirname, '../../dist/native/heartwood-notify'));
  writeFileSync(join(root, 'program'), program, { mode: 0o755 });
  const { report } = await run(['/program', '--help'], { rootDirectory: root, workingDirectory: { path: '/inner', optional: false } });
  assert.equal(report.failure, null);
  const gone = await run(['/bin/true'], { rootDirectory: root });
  assert.deepEqual(gone.report.failure, { stage: 'exec', errno: 'ENOENT', subject: '/bin/true' });
});

test('capabilities: the bounding set is cut, ambient ones survive the change of user', needsRoot, async () => {
  const script = 'grep -E "^(CapBnd|CapAmb|CapEff|NoNewPrivs):" /proc/self/status | cut -f2';
  const NET_BIND_SERVICE = 10;
  const CHOWN = 0;
  const bit = (1n << BigInt(NET_BIND_SERVICE)).toString(16).padStart(16, '0');
  const both = ((1n << BigInt(NET_BIND_SERVICE)) | 1n).toString(16).padStart(16, '0');
  const changed = await outputOf(script, { user: 'daemon', ambientCapabilities: [NET_BIND_SERVICE], capabilityBoundingSet: [NET_BIND_SERVICE, CHOWN], noNewPrivileges: true });
  assert.deepEqual(changed.split('\n'), [bit, both, bit, '1']);
  const asRoot = await outputOf(script, { capabilityBoundingSet: [CHOWN] });
  assert.deepEqual(asRoot.split('\n').slice(0, 2), ['0000000000000001', '0000000000000001']);
  const none = await outputOf(script, { capabilityBoundingSet: [] });
  assert.equal(none.split('\n')[1], '0000000000000000');
});

test('a private /tmp is seen by the unit alone, and by all of its processes', needsRoot, async () => {
  const holder = join(directory, 'private');
  mkdirSync(holder, { mode: 0o700 });
  const name = `heartwood-${String(process.pid)}`;
  await outputOf(`touch /tmp/${name} /var/tmp/${name}`, { privateTmp: holder, user: 'daemon' });
  assert.equal(existsSync(`/tmp/${name}`), false);
  assert.equal(await outputOf('ls /tmp /var/tmp', { privateTmp: holder }), `/tmp:\n${name}\n\n/var/tmp:\n${name}`);
  assert.equal(existsSync(join(holder, 'tmp', name)), true);
});
