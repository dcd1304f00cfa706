/** Programs of control groups on the real kernel: what a process in a group may reach, and what is counted. Needs root and cgroup2. */
import assert from 'node:assert/strict';
import { accessSync, constants, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Fd, UnitName } from '../../src/base/brand.ts';
import { SIGKILL } from '../../src/base/signals.ts';
import type { CgroupContext } from '../../src/core/unit/exec-context.ts';
import { UNLIMITED_ACCESS, type GroupAccess } from '../../src/core/unit/group-access.ts';
import type { PollSet } from '../../src/host/poll-set.ts';
import { ControlGroups } from '../../src/host/processes/control-groups.ts';
import { GroupPrograms, type ProgrammedGroup } from '../../src/host/processes/group-programs.ts';
import { readIpCounts } from '../../src/host/processes/ip-counts.ts';
import { native, ok, run } from '../native/native-under-test.ts';

const NONE: CgroupContext = { slice: null, delegate: false, tasksMax: null, memoryMin: null, memoryLow: null, memoryHigh: null, memoryMax: null, memorySwapMax: null, oomGroup: false, cpuWeight: null, cpuQuotaUsecPerSec: null, ioWeight: null, access: null };

/** Where control groups of version 2 may be made, or null. */
function writableHierarchy(): string | null {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [head, tail] = line.split(' - ');
    if (tail?.startsWith('cgroup2 ') !== true) continue;
    const place = head?.split(' ')[4] ?? '';
    try {
      accessSync(place, constants.W_OK);
      return place;
    } catch {
      continue;
    }
  }
  return null;
}

/** BPF_CGROUP_DEVICE of linux/bpf.h. */
const DEVICE_PLACE = 6;

const root = `${writableHierarchy() ?? ''}/heartwood-programs-${String(process.pid)}`;
const mayLoad = writableHierarchy() !== null && typeof native.bpfMapCreate(2, 4, 16, 2, 0, 'heartwood_test') !== 'string';
const onKernel = { skip: !mayLoad && 'programs cannot be loaded into this kernel' };

before(() => { if (mayLoad) ok(native.makeDirectory(root, 0o755)); });
after(() => { if (mayLoad) ok(native.removeDirectory(root)); });

const slices = new Map<UnitName, CgroupContext>();
const programs = new GroupPrograms({ native, root, contextOf: (slice) => slices.get(slice) ?? null });
let groups = 0;

/** A group with these programs in force, given to `use`. */
async function withGroup(access: Partial<GroupAccess> | null, use: (group: ProgrammedGroup, shell: (script: string) => Promise<string>) => Promise<void>, slice: UnitName | null = null): Promise<void> {
  groups += 1;
  const group: ProgrammedGroup = { unit: 'a.service' as UnitName, path: `/group-${String(groups)}`, programs: '', refusedPrograms: [] };
  ok(native.makeDirectory(`${root}${group.path}`, 0o755));
  programs.apply(group, { ...NONE, slice, access: access === null ? null : { ...UNLIMITED_ACCESS, ...access } });
  assert.deepEqual(group.refusedPrograms, []);
  const shell = async (script: string): Promise<string> => {
    const cgroupFd = ok(native.openDirectory(`${root}${group.path}`));
    try {
      return (await run(['/bin/sh', '-c', script], { cgroupFd })).output;
    } finally {
      native.close(cgroupFd);
    }
  };
  try {
    await use(group, shell);
  } finally {
    ok(native.removeDirectory(`${root}${group.path}`));
  }
}

function contextOf(access: Partial<GroupAccess>): CgroupContext {
  return { ...NONE, access: { ...UNLIMITED_ACCESS, ...access } };
}

test('of limited devices only the allowed ones can be opened, and only as they are allowed', onKernel, async () => {
  const script = 'for each in null zero full; do (: <"/dev/$each") 2>&- && echo "$each r"; (: >"/dev/$each") 2>&- && echo "$each w"; done; :';
  await withGroup({ devicePolicy: 'strict', deviceAllow: [{ device: '/dev/zero', rights: 'r' }] }, async (_, shell) => {
    assert.equal(await shell(script), 'zero r\n');
  });
  await withGroup({ devicePolicy: 'strict', deviceAllow: [] }, async (_, shell) => { assert.equal(await shell(script), ''); });
  await withGroup({ devicePolicy: 'closed' }, async (_, shell) => { assert.equal(await shell(script), 'null r\nnull w\nzero r\nzero w\nfull r\nfull w\n'); });
  // By the name of the major number, as a pattern, and with a rule alone, which closes all else.
  await withGroup({ deviceAllow: [{ device: 'char-m?m', rights: 'w' }] }, async (_, shell) => { assert.equal(await shell('(: >/dev/kmsg) 2>&- && echo kmsg; (: </dev/net/tun) 2>&- && echo tun; :'), 'kmsg\n'); });
  await withGroup({ devicePolicy: 'strict', deviceAllow: [{ device: 'char-*', rights: 'r' }] }, async (_, shell) => { assert.equal(await shell(script), 'null r\nzero r\nfull r\n'); });
});

test('a node can be made only of a device whose rights have an m', onKernel, async () => {
  const script = 'place=$(mktemp -d); mknod "$place/n" c 1 3 2>&1 >&- && echo made; rm -r "$place"';
  await withGroup({ devicePolicy: 'strict', deviceAllow: [{ device: '/dev/null', rights: 'rw' }] }, async (_, shell) => { assert.doesNotMatch(await shell(script), /made/); });
  await withGroup({ devicePolicy: 'strict', deviceAllow: [{ device: '/dev/char/1:3', rights: 'm' }] }, async (_, shell) => { assert.match(await shell(script), /made/); });
});

test('a group that is made anew after it was killed has its limits before anything is born in it', onKernel, () => {
  const unit = 'killed.service' as UnitName;
  const groupsOfUnits = new ControlGroups({
    native, root, poll: {} as unknown as PollSet, onEmpty: () => undefined, onOomKill: () => undefined, onNotEffective: () => undefined, contextOf: () => null, defaultTasksMax: null,
  });
  const context = contextOf({ devicePolicy: 'strict' });
  const attached = (): number => ok(native.bpfAttached(`${root}/${unit}`, DEVICE_PLACE)).length;
  const born = (): void => { ok(native.close(groupsOfUnits.prepare(unit, context, 'main').cgroupFd as Fd)); };
  born();
  assert.equal(attached(), 1);
  groupsOfUnits.kill({ unit, signal: SIGKILL, except: [], alsoSighup: false });
  born();
  assert.equal(attached(), 1);
  groupsOfUnits.release(unit);
});

const PING = `
const [to, family] = process.argv.slice(1);
const socket = require('node:dgram').createSocket(family);
const end = (word) => { console.log(word); process.exit(); };
socket.on('message', () => end('arrived'));
socket.bind(0, to, () => socket.send('0123456789', socket.address().port, to, (error) => { if (error) end(error.code); }));
setTimeout(() => end('lost'), 20000);`;
const ping = (to: string, family = 'udp4'): string => `exec ${process.execPath} -e '${PING.replaceAll("'", '"')}' -- ${to} ${family}`;

test('packets to and from a denied network are refused, and an allowed network within it is not', onKernel, async () => {
  await withGroup({ ipAddressDeny: ['0.0.0.0/0', '::/0'] }, async (_, shell) => {
    assert.equal(await shell(ping('127.0.0.1')), 'EPERM\n');
    assert.equal(await shell(ping('::1', 'udp6')), 'EPERM\n');
  });
  await withGroup({ ipAddressAllow: ['127.0.0.2/32'], ipAddressDeny: ['127.0.0.0/8'] }, async (_, shell) => {
    assert.equal(await shell(ping('127.0.0.2')), 'arrived\n');
    assert.equal(await shell(ping('127.0.0.1')), 'EPERM\n');
    assert.equal(await shell(ping('::1', 'udp6')), 'arrived\n');
  });
  await withGroup({ ipAddressAllow: ['::1/128'], ipAddressDeny: ['::/0'] }, async (_, shell) => { assert.equal(await shell(ping('::1', 'udp6')), 'arrived\n'); });
});

test('a slice denies for the units in it, what a unit allows comes before that', onKernel, async () => {
  slices.set('outer.slice' as UnitName, contextOf({ ipAddressDeny: ['0.0.0.0/0', '::/0'] }));
  slices.set('outer-inner.slice' as UnitName, { ...NONE, slice: 'outer.slice' as UnitName });
  await withGroup(null, async (_, shell) => { assert.equal(await shell(ping('127.0.0.1')), 'EPERM\n'); }, 'outer-inner.slice' as UnitName);
  await withGroup({ ipAddressAllow: ['127.0.0.1/32'] }, async (_, shell) => { assert.equal(await shell(ping('127.0.0.1')), 'arrived\n'); }, 'outer-inner.slice' as UnitName);
});

test('a change on a running unit holds at once, and the counts go on', onKernel, async () => {
  await withGroup({ ipAccounting: true }, async (group, shell) => {
    assert.equal(await shell(ping('127.0.0.1')), 'arrived\n');
    // An IP and a UDP header and ten bytes, each way.
    assert.deepEqual(readIpCounts(native, `${root}${group.path}`), { ingressBytes: 38, ingressPackets: 1, egressBytes: 38, egressPackets: 1 });
    programs.apply(group, contextOf({ ipAccounting: true, ipAddressDeny: ['127.0.0.0/8'] }));
    assert.equal(await shell(ping('127.0.0.1')), 'EPERM\n');
    assert.equal(readIpCounts(native, `${root}${group.path}`)?.egressPackets, 1, 'what was refused is not counted');
    // As an engine that has died in between: it knows of no program.
    const next: ProgrammedGroup = { ...group, programs: null };
    new GroupPrograms({ native, root, contextOf: () => null }).apply(next, contextOf({ ipAccounting: true }));
    assert.equal(await shell(ping('127.0.0.1')), 'arrived\n');
    assert.equal(readIpCounts(native, `${root}${group.path}`)?.egressPackets, 2);
    programs.apply(next, NONE);
    assert.equal(readIpCounts(native, `${root}${group.path}`), null);
    assert.deepEqual(native.bpfAttached(`${root}${group.path}`, 0), []);
  });
});

test('only the allowed interfaces can be used', onKernel, async () => {
  await withGroup({ networkInterfaces: { isAllowList: true, names: ['lo'] } }, async (_, shell) => { assert.equal(await shell(ping('127.0.0.1')), 'arrived\n'); });
  await withGroup({ networkInterfaces: { isAllowList: true, names: ['no-such'] } }, async (_, shell) => { assert.equal(await shell(ping('127.0.0.1')), 'EPERM\n'); });
  await withGroup({ networkInterfaces: { isAllowList: false, names: ['lo'] } }, async (_, shell) => { assert.equal(await shell(ping('127.0.0.1')), 'EPERM\n'); });
  await withGroup({ networkInterfaces: { isAllowList: false, names: [] } }, async (_, shell) => { assert.equal(await shell(ping('127.0.0.1')), 'arrived\n'); });
});

const BIND = `
const [type, host, port] = process.argv.slice(1);
const end = (word) => { console.log(word); process.exit(); };
const socket = type === 'tcp' ? require('node:net').createServer() : require('node:dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
socket.on('error', (error) => end(error.code === 'EADDRINUSE' ? 'bound' : error.code)).on('listening', () => end('bound'));
if (type === 'tcp') socket.listen(Number(port), host); else socket.bind(Number(port), host);`;
const bind = (words: string): string => `exec ${process.execPath} -e '${BIND.replaceAll("'", '"')}' -- ${words}`;

test('a socket can be bound only where no rule denies it or one allows it', onKernel, async () => {
  const everything = { family: null, protocol: null, ports: null };
  await withGroup({ socketBindAllow: [{ family: 'ipv4', protocol: 'tcp', ports: { first: 40_100, last: 40_102 } }], socketBindDeny: [everything] }, async (_, shell) => {
    assert.equal(await shell(bind('tcp 127.0.0.1 40102')), 'bound\n');
    for (const words of ['tcp 127.0.0.1 40103', 'tcp 127.0.0.1 40099', 'udp 127.0.0.1 40102', 'tcp ::1 40102', 'udp ::1 0']) assert.equal(await shell(bind(words)), 'EPERM\n', words);
  });
  await withGroup({ socketBindDeny: [{ family: 'ipv6', protocol: null, ports: { first: 40_100, last: 40_100 } }] }, async (_, shell) => {
    assert.equal(await shell(bind('udp ::1 40100')), 'EPERM\n');
    assert.equal(await shell(bind('udp ::1 40101')), 'bound\n');
    assert.equal(await shell(bind('udp 127.0.0.1 40100')), 'bound\n');
  });
});
