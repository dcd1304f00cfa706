import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition } from '../../src/core/unit/unit-common.ts';
import type { ConditionHost, PathFacts } from '../../src/host/conditions/condition-host.ts';
import { compareVersions } from '../../src/host/conditions/comparison.ts';
import { CONDITION_KINDS, evaluateCondition } from '../../src/host/conditions/evaluate.ts';

const FILE: PathFacts = { isDirectory: false, isFile: true, isSymbolicLink: false, size: 10, mode: 0o100755, device: 1, inode: 5 };
const FOLDER: PathFacts = { ...FILE, isDirectory: true, isFile: false, mode: 0o40755 };

/** A machine made of a few files. */
const HOST: ConditionHost = {
  readText: (path) => ({
    '/proc/cmdline': 'root=/dev/vda quiet "a=b c" systemd.x=1', '/etc/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n',
    '/proc/cpuinfo': 'processor : 0\nflags : fpu aes sse4_2\n', '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
    '/proc/pressure/memory': 'some avg10=50.00 avg60=5.00 avg300=1.00 total=1\nfull avg10=20.00 avg60=2.00 avg300=0.50 total=1\n',
    '/cg/cgroup.controllers': 'cpu memory pids\n', '/proc/self/mountinfo': '1 2 3:4 / / rw - ext4 x rw\n5 1 3:4 / /mnt rw - ext4 x rw\n',
  })[path] ?? null,
  facts: (path, noFollow) => (path === '/link' ? (noFollow === true ? { ...FILE, isSymbolicLink: true } : FILE)
    : path === '/f' || path === '/d/one.conf' ? FILE : path === '/empty' ? { ...FILE, size: 0, mode: 0o100644 } : path === '/d' || path === '/e' || path === '/' || path === '/d/..' || path === '/e/..' ? { ...FOLDER, inode: path === '/' || path.endsWith('/..') ? 2 : 7 } : path === '/mnt' ? { ...FOLDER, device: 9 } : path === '/mnt/..' ? FOLDER : null),
  list: (path) => ({ '/': ['f', 'd', 'e'], '/d': ['one.conf', '.hidden'], '/e': [], '/h': ['.hidden', 'a.dpkg-old'] })[path] ?? null,
  isWritable: (path) => path !== '/mnt',
  modificationNsec: () => null,
  kernelRelease: '6.1.0-18-amd64', machine: 'x86_64', hostname: 'Shop', uid: 33, gids: [33, 44],
  environment: (name) => ({ A: '1', container: 'podman' })[name],
  capabilities: [10], memoryBytes: 4 * 1024 ** 3, cpuCount: 4,
  userId: (name) => ({ web: 33 })[name] ?? null, groupId: (name) => ({ disk: 44 })[name] ?? null,
  cgroupRoot: '/cg',
};

function holds(text: string): boolean | null {
  const [kind, parameter] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  const condition: Condition = { kind, parameter: parameter.replace(/^!/, ''), negate: parameter.startsWith('!'), trigger: false, origin: { file: 'x', line: 1 } };
  return evaluateCondition(HOST, condition).holds;
}

const HOLD = [
  'PathExists=/f', 'PathExists=!/none', 'PathExistsGlob=/d/*.conf', 'PathExistsGlob=/?/one.conf', 'PathExistsGlob=/[c-e]/one*', 'PathIsDirectory=/d', 'PathIsSymbolicLink=/link', 'PathIsMountPoint=/mnt', 'PathIsReadWrite=/f',
  'DirectoryNotEmpty=/d', 'DirectoryNotEmpty=!/e', 'FileNotEmpty=/f', 'FileNotEmpty=!/empty', 'FileIsExecutable=/f',
  'Architecture=x86-64', 'Architecture=native', 'Virtualization=container', 'Virtualization=podman', 'Virtualization=yes', 'Host=shop', 'Host=sh*', 'Host=0123456789abcdef0123456789abcdef',
  'KernelVersion=>=5.10', 'KernelVersion=6.1.*', 'KernelVersion=>5 <7', 'Environment=A', 'Environment=A=1', 'Environment=!A=2', 'Capability=CAP_NET_BIND_SERVICE',
  'User=web', 'User=33', 'User=@system', 'Group=disk', 'Group=44', 'Memory=>=2G', 'Memory=4G', 'CPUs=>2', 'CPUFeature=aes', 'OSRelease=ID=debian VERSION_ID>=11', 'OSRelease=ID$=deb*',
  'ControlGroupController=memory pids', 'ControlGroupController=v2', 'ControlGroupController=unheard-of', 'KernelVersion="6.*" ">1"', 'MemoryPressure=10%', 'MemoryPressure=30%/10s', 'CPUPressure=1%', 'Security=!selinux', 'FirstBoot=no', 'Firmware=!uefi', 'ACPower=yes', 'Credential=!x',
];
const FAIL = [
  'PathExists=/none', 'PathExists=!/f', 'PathExistsGlob=/d/*.service', 'PathExistsGlob=/d/*hidden', 'PathIsDirectory=/f', 'PathIsSymbolicLink=/f', 'PathIsMountPoint=/d', 'PathIsReadWrite=/mnt', 'PathIsReadWrite=/none', 'DirectoryNotEmpty=/e', 'DirectoryNotEmpty=/h', 'OSRelease=ID=deb*', 'FileNotEmpty=/d', 'FileIsExecutable=/empty',
  'Architecture=arm64', 'Virtualization=vm', 'Virtualization=no', 'Host=other', 'KernelVersion=<6', 'KernelVersion=', 'Environment=B', 'Capability=CAP_SYS_ADMIN', 'Capability=CAP_NONSENSE', 'User=root', 'Group=wheel',
  'Memory=>8G', 'Memory=lots', 'CPUs=<4', 'CPUFeature=avx512', 'OSRelease=ID=fedora', 'OSRelease=VERSION_ID<12', 'ControlGroupController=io', 'MemoryPressure=10%/10s', 'MemoryPressure=nonsense', 'KernelCommandLine=a', 'Nonsense=1',
];

for (const text of HOLD) test(`Condition${text} holds`, () => { assert.equal(holds(text), true); });
for (const text of FAIL) test(`Condition${text} does not hold`, () => { assert.equal(holds(text), false); });

test('every condition of systemd.unit(5) of version 252 can be tested', () => {
  const known = ['Architecture', 'Firmware', 'Virtualization', 'Host', 'KernelCommandLine', 'KernelVersion', 'Credential', 'Environment', 'Security', 'Capability', 'ACPower', 'NeedsUpdate', 'FirstBoot', 'PathExists', 'PathExistsGlob', 'PathIsDirectory', 'PathIsSymbolicLink', 'PathIsMountPoint', 'PathIsReadWrite', 'PathIsEncrypted', 'DirectoryNotEmpty', 'FileNotEmpty', 'FileIsExecutable', 'User', 'Group', 'ControlGroupController', 'Memory', 'CPUs', 'CPUFeature', 'OSRelease', 'MemoryPressure', 'CPUPressure', 'IOPressure'];
  assert.deepEqual([...CONDITION_KINDS].sort(), known.sort());
});

test('a condition that cannot be told does not hold, and says why', () => {
  const outcome = evaluateCondition(HOST, { kind: 'Memory', parameter: 'lots', negate: true, trigger: false, origin: { file: 'x', line: 1 } });
  assert.equal(outcome.holds, false);
  assert.match(outcome.error, /lots/);
});

test('versions are ordered as people mean them', () => {
  const ordered = ['~rc1', '', '1~rc1', '1', '1.0', '1.2', '1.10', '2-1', '2-10', '2.0', '10'];
  for (let i = 0; i < ordered.length; i++) {
    for (let j = 0; j < ordered.length; j++) {
      const [a, b] = [ordered[i] as string, ordered[j] as string];
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} against ${b}`);
    }
  }
});
