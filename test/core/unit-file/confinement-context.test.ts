import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNCONFINED, type Confinement } from '../../../src/core/unit/confinement.ts';
import { saidOf, serviceOf } from './unit-rig.ts';

/** The fields of the confinement that differ from nothing asked. */
function asked(lines: string): Partial<Confinement> | null {
  const confinement = serviceOf(lines).exec.confinement;
  if (confinement === null) return null;
  return Object.fromEntries(Object.entries(confinement).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(UNCONFINED[key as keyof Confinement])));
}

test('a unit that asks for nothing has no confinement, whether it says so or not', () => {
  assert.equal(asked(''), null);
  assert.equal(asked('ProtectSystem=no\nPrivateDevices=false\nReadOnlyPaths=/a\nReadOnlyPaths=\nRestrictNamespaces=no\nProtectProc=default'), null);
});

test('ProtectSystem= and ProtectHome= take booleans and words', () => {
  assert.deepEqual(asked('ProtectSystem=true\nProtectHome=1'), { protectSystem: 'yes', protectHome: 'yes' });
  assert.deepEqual(asked('ProtectSystem=strict\nProtectHome=tmpfs'), { protectSystem: 'strict', protectHome: 'tmpfs' });
  assert.match(saidOf(serviceOf('ProtectSystem=srtict')).join(), /did you mean strict\?/);
});

test('paths have prefixes, and old names lead to the same lists', () => {
  assert.deepEqual(asked('ReadOnlyPaths=/a -/b\nReadOnlyDirectories=-+/c/%n'), {
    readOnlyPaths: [
      { path: '/a', optional: false, inRoot: false }, { path: '/b', optional: true, inRoot: false }, { path: '/c/a.service', optional: true, inRoot: true },
    ],
  });
  assert.match(saidOf(serviceOf('InaccessiblePaths=relative')).join(), /'relative' is not an absolute path/);
});

test('bind mounts of both directives keep their order', () => {
  const mount = (source: string, destination: string, more: object = {}) => ({ source, destination, optional: false, recursive: true, readOnly: false, ...more });
  assert.deepEqual(asked('BindPaths=/a /b:/c\nBindReadOnlyPaths=-/d:/e:norbind\nBindPaths=/f\\:g:/h'), {
    bindMounts: [mount('/a', '/a'), mount('/b', '/c'), mount('/d', '/e', { optional: true, recursive: false, readOnly: true }), mount('/f:g', '/h')],
  });
  assert.deepEqual(asked('TemporaryFileSystem=/a /b:ro,size=1M'), { temporaryFileSystems: [{ path: '/a', options: '' }, { path: '/b', options: 'ro,size=1M' }] });
});

test('name spaces are allowed by list, taken away with a tilde, and all forbidden by yes', () => {
  assert.deepEqual(asked('RestrictNamespaces=yes')?.allowedNamespaces, []);
  assert.deepEqual(asked('RestrictNamespaces=net pid')?.allowedNamespaces, ['pid', 'net']);
  assert.deepEqual(asked('RestrictNamespaces=net pid\nRestrictNamespaces=~pid\nRestrictNamespaces=uts')?.allowedNamespaces, ['uts', 'net']);
  assert.equal(asked('RestrictNamespaces=~user')?.allowedNamespaces?.includes('user'), false);
});

test('the first line of address families decides between permitting and refusing', () => {
  assert.deepEqual(asked('RestrictAddressFamilies=AF_UNIX AF_INET\nRestrictAddressFamilies=~AF_INET')?.addressFamilies, { isAllowList: true, families: [1] });
  assert.deepEqual(asked('RestrictAddressFamilies=~AF_PACKET\nRestrictAddressFamilies=~AF_NETLINK')?.addressFamilies, { isAllowList: false, families: [16, 17] });
  assert.deepEqual(asked('RestrictAddressFamilies=none')?.addressFamilies, { isAllowList: true, families: [] });
  assert.match(saidOf(serviceOf('RestrictAddressFamilies=INET')).join(), /'INET' is left out: it is not an address family/);
});

test('system calls are checked by name, with the errno each is to fail with', () => {
  assert.deepEqual(asked('SystemCallFilter=@system-service mount\nSystemCallFilter=~@chown:EACCES reboot:kill\nSystemCallErrorNumber=EPERM'), {
    systemCallFilter: [
      { word: '@system-service', inverted: false, errno: null }, { word: 'mount', inverted: false, errno: null },
      { word: '@chown', inverted: true, errno: 13 }, { word: 'reboot', inverted: true, errno: 'kill' },
    ],
    systemCallErrorNumber: 1,
  });
  const unit = serviceOf('SystemCallFilter=@system-servce nosuchcall read');
  assert.deepEqual(unit.exec.confinement?.systemCallFilter.map(({ word }) => word), ['read']);
  assert.match(saidOf(unit).join('\n'), /'@system-servce' is left out: it is not a known group of system calls; did you mean @system-service\?/);
  assert.match(saidOf(unit).join('\n'), /'nosuchcall' is left out: it is not a known system call\./);
});

test('what takes a thing away takes the capability for it as well', () => {
  const SYS_MODULE = 16;
  const MKNOD = 27;
  const { capabilityBoundingSet } = serviceOf('PrivateDevices=yes\nProtectKernelModules=yes\nCapabilityBoundingSet=CAP_MKNOD CAP_SYS_MODULE CAP_CHOWN').exec;
  assert.deepEqual(capabilityBoundingSet, [0]);
  const all = serviceOf('PrivateDevices=yes').exec.capabilityBoundingSet;
  assert.ok(all !== null && all.includes(SYS_MODULE) && !all.includes(MKNOD));
  assert.equal(serviceOf('PrivateTmp=yes').exec.capabilityBoundingSet, null);
});

test('credentials are loaded and set by name, and a set one is the fallback of a loaded one', () => {
  assert.deepEqual(asked('LoadCredential=a:/path/%n\nSetCredential=b:x\\ny\nLoadCredential=c'), {
    credentials: [{ id: 'b', kind: 'set', data: btoa('x\ny') }, { id: 'a', kind: 'load', path: '/path/a.service' }, { id: 'c', kind: 'load', path: 'c' }],
  });
  assert.match(saidOf(serviceOf('LoadCredential=a/b:/x')).join(), /is not the name of a credential/);
});

test('numbers and words of prctl(2) and personality(2)', () => {
  assert.deepEqual(asked('SecureBits=noroot keep-caps\nPersonality=x86\nTimerSlackNSec=5us\nCoredumpFilter=default shared-dax\nKeyringMode=shared\nCPUSchedulingResetOnFork=yes'), {
    secureBits: 17, personality: 8, timerSlackNsec: 5000, coredumpFilter: 0x133, keyringMode: 'shared', schedulingResetOnFork: true,
  });
});
