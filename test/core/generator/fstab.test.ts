/** Units made from fstab(5). What systemd 252's generator writes for the same lines was recorded by hand; names and keys are the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateFromFstab, type FstabFacts } from '../../../src/core/generator/fstab.ts';

const MACHINE: FstabFacts = {
  file: '/etc/fstab', isContainer: false, hasDevices: true, hasUdev: true, unitFile: (name) => `/lib/systemd/system/${name}`,
  hasFsck: (type) => type === 'ext4', resolveLinks: (path) => (path === '/var/run' ? '/run2' : path),
};

/** What was made: settings of files in order, without what all have in common; links as `-> target`. */
function made(line: string, facts: Partial<FstabFacts> = {}): Record<string, string> {
  const { files } = generateFromFstab(line, { ...MACHINE, ...facts });
  return Object.fromEntries(files.map((file) => [file.path, 'link' in file ? `-> ${file.link}`
    : file.text.split('\n').filter((each) => each.includes('=') && !/^(#|Documentation|SourcePath)/.test(each)).join(' ')]));
}

function complaints(text: string, facts: Partial<FstabFacts> = {}): readonly string[] {
  return generateFromFstab(text, { ...MACHINE, ...facts }).complaints;
}

test('a local file system is required by local-fs.target, checked before it is mounted and mounted with its options', () => {
  assert.deepEqual(made('/dev/sda2 /home ext4 defaults,noatime 0 2'), {
    'home.mount': 'Before=local-fs.target Requires=systemd-fsck@dev-sda2.service After=systemd-fsck@dev-sda2.service What=/dev/sda2 Where=/home Type=ext4 Options=noatime',
    'local-fs.target.requires/home.mount': '-> ../home.mount',
  });
  assert.match(made('/dev/sda2 /usr ext4 ro 0 2')['usr.mount'] ?? '', /Wants=systemd-fsck@/);
  assert.doesNotMatch(made('/dev/sda2 /home xfs defaults 0 2')['home.mount'] ?? '', /fsck/);
});

test('nofail, noauto and targets of one\'s own say who waits for a mount', () => {
  assert.deepEqual(made('tmpfs /a tmpfs nofail 0 0'), { 'a.mount': 'What=tmpfs Where=/a Type=tmpfs Options=nofail', 'local-fs.target.wants/a.mount': '-> ../a.mount' });
  assert.deepEqual(Object.keys(made('tmpfs /a tmpfs noauto 0 0')), ['a.mount']);
  assert.deepEqual(Object.keys(made('tmpfs /a tmpfs x-systemd.wanted-by=x.target,x-systemd.required-by=y 0 0')), ['a.mount', 'x.target.wants/a.mount', 'y.service.requires/a.mount']);
});

test('network file systems come with remote-fs.target, and a background mount never times out and may fail', () => {
  assert.deepEqual(made('//srv/share /c cifs defaults 0 0'), { 'c.mount': 'Before=remote-fs.target What=//srv/share Where=/c Type=cifs', 'remote-fs.target.requires/c.mount': '-> ../c.mount' });
  assert.deepEqual(made('srv:/x /n nfs bg 0 0'), {
    'n.mount': 'What=srv:/x Where=/n Type=nfs TimeoutSec=infinity Options=x-systemd.mount-timeout=infinity,retry=10000,nofail,bg,fg',
    'remote-fs.target.wants/n.mount': '-> ../n.mount',
  });
  assert.deepEqual(made('/dev/sdx2 /d vfat _netdev,x-systemd.device-timeout=3 0 2'), {
    'd.mount': 'Before=remote-fs.target What=/dev/sdx2 Where=/d Type=vfat Options=_netdev',
    'dev-sdx2.device.d/50-device-timeout.conf': 'JobRunningTimeoutSec=3',
    'dev-sdx2.device.d/50-netdev-dependencies.conf': 'After=network-online.target network.target Wants=network-online.target',
    'remote-fs.target.requires/d.mount': '-> ../d.mount',
  });
});

test('x-systemd options order a mount, and make an automount, which is wanted in its place', () => {
  assert.deepEqual(made('srv:/x /n nfs noauto,x-systemd.automount,x-systemd.idle-timeout=60,x-systemd.requires=/opt/y,x-systemd.before=z.service,x-systemd.requires-mounts-for=/q 0 0'), {
    'n.mount': 'After=opt-y.mount Requires=opt-y.mount Before=z.service RequiresMountsFor=/q Before=remote-fs.target What=srv:/x Where=/n Type=nfs Options=noauto,x-systemd.automount,x-systemd.idle-timeout=60,x-systemd.requires=/opt/y,x-systemd.before=z.service,x-systemd.requires-mounts-for=/q',
    'n.automount': 'Where=/n TimeoutIdleSec=60',
    'remote-fs.target.requires/n.automount': '-> ../n.automount',
  });
});

test('tags are links of udev where there is udev, and left to mount(8) where there is none', () => {
  assert.match(made('UUID=AB-cd / ext4 ro 0 1')['-.mount'] ?? '', /What=\/dev\/disk\/by-uuid\/ab-cd /);
  assert.match(made('LABEL=a\\040b /x ext4 ro 0 0')['x.mount'] ?? '', /What=\/dev\/disk\/by-label\/a\\x20b /);
  assert.match(made('UUID=AB-cd / ext4 ro 0 1', { hasUdev: false })['-.mount'] ?? '', /What=UUID=AB-cd /);
  assert.deepEqual(Object.keys(made('/dev/a / ext4 ro 0 1')), ['local-fs.target.wants/systemd-fsck-root.service', '-.mount', 'local-fs.target.wants/systemd-remount-fs.service', 'local-fs.target.requires/-.mount']);
});

test('swap is for machines, and swap.target waits for it', () => {
  assert.deepEqual(made('/dev/sda3 none swap sw,pri=5 0 0'), { 'dev-sda3.swap': 'What=/dev/sda3 Options=sw,pri=5', 'swap.target.requires/dev-sda3.swap': '-> ../dev-sda3.swap' });
  assert.deepEqual(Object.keys(made('/swap none swap nofail 0 0')), ['swap.swap', 'swap.target.wants/swap.swap']);
  assert.deepEqual(made('/dev/sda3 none swap sw 0 0', { isContainer: true }), {});
});

test('what cannot be honoured is said with file and line', () => {
  const first = (text: string, facts: Partial<FstabFacts> = {}): string => complaints(text, facts)[0] ?? '';
  assert.match(first('# x\n\ntmpfs'), /^\/etc\/fstab:3: .*three fields/);
  assert.match(first('tmpfs none tmpfs defaults 0 0'), /^\/etc\/fstab:1: none is no place/);
  assert.match(first('tmpfs /a tmpfs\ntmpfs /a/ tmpfs'), /^\/etc\/fstab:2: \/a has been mentioned before/);
  assert.match(first('/dev/sda1 /a ext4', { isContainer: true, hasDevices: false }), /no devices/);
  assert.match(first('UUID=1 none swap', { hasUdev: false }), /udev is needed/);
  assert.match(first('/dev/sda1 /a ext4 x-systemd.growfs'), /no effect/);
});

test('a place that is a link is the place it leads to, and percent signs are no specifiers', () => {
  assert.match(made('tmpfs /var/run tmpfs')['run2.mount'] ?? '', /Where=\/run2/);
  assert.match(made('tmpfs /100% tmpfs a=%h')['100\\x25.mount'] ?? '', /Where=\/100%% Type=tmpfs Options=a=%%h/);
});
