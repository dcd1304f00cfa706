import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UnitName } from '../../../src/base/brand.ts';
import type { TargetUnit } from '../../../src/core/unit/definition.ts';
import { buildUnit } from '../../../src/core/unit-file/build-unit.ts';
import { orderTarget } from '../../../src/core/unit-file/default-dependencies.ts';
import { allDirectives } from '../../../src/core/unit-file/directives.ts';
import { lexUnitFile } from '../../../src/core/unit-file/lexer.ts';
import { UNLIMITED_ACCESS } from '../../../src/core/unit/group-access.ts';
import { CONTEXT, edgesOf, saidOf, serviceOf, unitOf } from './unit-rig.ts';

const SERVICE_DEFAULTS = [
  'After basic.target', 'After sysinit.target', 'After system.slice', 'Before shutdown.target', 'Conflicts shutdown.target',
  'InSlice system.slice', 'Requires sysinit.target', 'Requires system.slice',
];

test('a simple service has the defaults of systemd', () => {
  const unit = serviceOf('ExecStart=/bin/sleep 1');
  assert.equal(unit.loadState, 'loaded');
  assert.equal(unit.type, 'simple');
  assert.equal(unit.restart, 'no');
  assert.equal(unit.restartUsec, 100_000);
  assert.equal(unit.timeoutStartUsec, 90_000_000);
  assert.equal(unit.timeoutStopUsec, 90_000_000);
  assert.equal(unit.watchdogUsec, null);
  assert.equal(unit.kill.killSignal, 15);
  assert.equal(unit.exec.umask, 0o022);
  assert.equal(unit.cgroup.slice, 'system.slice');
  assert.equal(unit.startLimitBurst, 5);
  assert.deepEqual(edgesOf(unit), SERVICE_DEFAULTS);
  assert.deepEqual(unit.diagnostics, []);
});

test('in a user manager basic.target stands for early boot, and units live in app.slice', () => {
  const unit = unitOf('a.service', '[Service]\nExecStart=/bin/true', { mode: 'user' });
  assert.deepEqual(edgesOf(unit), [
    'After app.slice', 'After basic.target', 'Before shutdown.target', 'Conflicts shutdown.target', 'InSlice app.slice', 'Requires app.slice', 'Requires basic.target',
  ]);
});

test('instances live in the slice of their template, dashes escaped', () => {
  assert.equal(serviceOf('', 'getty@tty1.service').cgroup.slice, 'system-getty.slice');
  assert.equal(serviceOf('', 'a-b@c.service').cgroup.slice, 'system-a\\x2db.slice');
});

test('DefaultDependencies=no leaves only the slice', () => {
  const unit = unitOf('a.service', '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/true');
  assert.deepEqual(edgesOf(unit), ['After system.slice', 'InSlice system.slice', 'Requires system.slice']);
});

test('written edges keep their place, duplicates and the unit itself are left out, templates become instances', () => {
  const unit = unitOf('a@x.service', '[Unit]\nWants=b.service b.service a@x.service\nAfter=c@.service\nRequires=bad name.service\n[Service]\nExecStart=/bin/true');
  assert.deepEqual(unit.dependencies.slice(0, 3), [
    { kind: 'Wants', other: 'b.service', origin: { file: '/u/a@x.service', line: 2 } },
    { kind: 'After', other: 'c@x.service', origin: { file: '/u/a@x.service', line: 3 } },
    { kind: 'Requires', other: 'name.service', origin: { file: '/u/a@x.service', line: 4 } },
  ]);
  assert.match(saidOf(unit).join(), /warning 4: Requires=: 'bad' is left out: it is not the name of a unit/);
});

test('quotes around unit names are a mistake, as in systemd, and cost only the name they are around', () => {
  const unit = unitOf('a.target', '[Unit]\nAfter="b.service" c.service');
  assert.deepEqual(edgesOf(unit).filter((edge) => edge.startsWith('After')), ['After c.service']);
  assert.equal(saidOf(unit).length, 1);
});

test('what systemd refuses is a bad setting with the reason', () => {
  for (const [text, pattern] of [
    ['', /no ExecStart=, ExecStop=, or SuccessAction=/],
    ['ExecStop=/bin/true', /RemainAfterExit=yes/],
    ['Type=simple\nExecStop=/bin/true', /only a service of Type=oneshot may lack/],
    ['ExecStart=/bin/a\nExecStart=/bin/b', /more than one ExecStart=/],
    ['ExecStart=/bin/a ; /bin/b', /more than one ExecStart=/],
    ['Type=oneshot\nExecStart=/bin/a\nRestart=always', /cannot have Restart=always/],
    ['Type=oneshot\nExecStart=/bin/a\nRestartForceExitStatus=1', /RestartForceExitStatus=/],
    ['Type=dbus\nExecStart=/bin/a', /needs BusName=/],
    ['ExecStart=/bin/a\nUser=a:b', /:3: The unit cannot be used with this User=: /],
    ['ExecStart=/bin/a\nWorkingDirectory=x', /:3: The unit cannot be used with this WorkingDirectory=: /],
  ] as const) {
    const unit = unitOf('a.service', `[Service]\n${text}`);
    assert.equal(unit.loadState, 'bad-setting', text);
    assert.match(unit.loadError ?? '', pattern, text);
    assert.deepEqual(unit.dependencies, []);
  }
});

test('what systemd allows loads', () => {
  for (const text of ['Type=oneshot\nExecStart=/bin/a\nExecStart=/bin/b', 'Type=oneshot\nRemainAfterExit=yes\nExecStop=/bin/a', 'ExecStop=/bin/a\nRemainAfterExit=yes', 'ExecStart=/bin/a\nWorkingDirectory=-x']) {
    assert.equal(unitOf('a.service', `[Service]\n${text}`).loadState, 'loaded', text);
  }
});

test('a oneshot has no start time-out unless it sets one; TimeoutSec= sets both; 0 is none', () => {
  assert.equal(serviceOf('Type=oneshot').timeoutStartUsec, null);
  assert.equal(serviceOf('Type=oneshot\nTimeoutStartSec=5').timeoutStartUsec, 5_000_000);
  const both = serviceOf('TimeoutSec=7\nTimeoutStopSec=0');
  assert.deepEqual([both.timeoutStartUsec, both.timeoutStopUsec], [7_000_000, null]);
});

test('notify and watchdog open the notify socket for the main process', () => {
  assert.equal(serviceOf('Type=notify').notifyAccess, 'main');
  assert.equal(serviceOf('WatchdogSec=5').notifyAccess, 'main');
  assert.equal(serviceOf('Type=notify\nNotifyAccess=all').notifyAccess, 'all');
  assert.equal(serviceOf('').notifyAccess, 'none');
});

test('a bad value warns and leaves the one before it; the last good one counts', () => {
  const unit = serviceOf('Restart=always\nRestart=sometimes\nNice=99\nRestartSec=soon');
  assert.equal(unit.restart, 'always');
  assert.equal(unit.exec.nice, null);
  assert.equal(unit.restartUsec, 100_000);
  assert.equal(saidOf(unit).length, 3);
});

test('unknown names are answered with the nearest known one, or the section they belong to', () => {
  const unit = unitOf('a.service', '[Unit]\nRestart=no\nAftre=b.service\nQwertyuiop=1\nX-Mine=1\n[Service]\nExecStart=/bin/true\nExcStop=/bin/x\n[Servce]\n[X-Own]\nA=b');
  assert.deepEqual(saidOf(unit), [
    'warning 2: Restart= is unknown in section [Unit] and ignored; it belongs in [Service].',
    'warning 3: Aftre= is unknown in section [Unit] and ignored; did you mean After=?',
    'warning 4: Qwertyuiop= is unknown in section [Unit] and ignored.',
    'warning 8: ExcStop= is unknown in section [Service] and ignored; did you mean ExecStop=?',
    'warning 9: The section [Servce] is unknown and ignored; did you mean [Service]?',
  ]);
});

test('what is requested and not put into effect is listed once, with its value; defaults are not', () => {
  const unit = serviceOf('TTYVTDisallocate=yes\nIPAccounting=no\nUtmpMode=login\nIODeviceWeight=/dev/a 10\nIODeviceWeight=/dev/b 20\nRestrictFileSystems=x\nRestrictFileSystems=\nCPUAccounting=maybe');
  assert.deepEqual(unit.notEffective.map(({ directive, requested, why }) => `${directive}=${requested} ${why}`), [
    'TTYVTDisallocate=yes not-implemented', 'UtmpMode=login not-implemented', 'IODeviceWeight=/dev/a 10 /dev/b 20 not-implemented',
  ]);
  assert.match(saidOf(unit).join(), /CPUAccounting= is ignored: 'maybe' is neither yes nor no/);
});

test('drop-ins come after the file: scalars are overridden, lists grow or are emptied first', () => {
  const unit = unitOf('a.service', '[Unit]\nDescription=old\n[Service]\nExecStart=/bin/a\nEnvironment=A=1', {}, ['[Service]\nExecStart=\nExecStart=/bin/b\nEnvironment=B=2', '[Unit]\nDescription=new']);
  assert.equal(unit.description, 'new');
  assert.ok(unit.kind === 'service');
  assert.deepEqual(unit.execStart.map((command) => [command.path, command.origin.file]), [['/bin/b', '/u/a.service.d/0.conf']]);
  assert.deepEqual(unit.exec.environment, ['A=1', 'B=2']);
  assert.deepEqual(unit.dropInPaths, ['/u/a.service.d/0.conf', '/u/a.service.d/1.conf']);
});

test('conditions keep their order and prefixes; an empty one takes all back', () => {
  const unit = unitOf('a.target', '[Unit]\nConditionPathExists=|!/etc/%p\nAssertUser=root\nConditionHost=! box\nConditionPathExists=relative');
  assert.deepEqual(unit.conditions.map(({ kind, trigger, negate, parameter }) => ({ kind, trigger, negate, parameter })), [
    { kind: 'PathExists', trigger: true, negate: true, parameter: '/etc/a' }, { kind: 'Host', trigger: false, negate: true, parameter: 'box' },
  ]);
  assert.equal(unit.assertions.length, 1);
  assert.deepEqual(unitOf('a.target', '[Unit]\nConditionHost=a\nConditionPathExists=').conditions, []);
});

test('older spellings are read under the current name and section', () => {
  const unit = unitOf('a.service', '[Unit]\nBindTo=b.service\n[Service]\nExecStart=/bin/true\nStartLimitInterval=20\nStartLimitBurst=3');
  assert.ok(edgesOf(unit).includes('BindsTo b.service'));
  assert.deepEqual([unit.startLimitIntervalUsec, unit.startLimitBurst], [20_000_000, 3]);
});

test('a dynamic user has the name of the unit, and is shut in as systemd shuts it in', () => {
  const { exec, requiresMountsFor } = serviceOf('DynamicUser=yes\nProtectHome=no\nProtectSystem=full', 'chrony-wait@a.service');
  assert.deepEqual([exec.user, exec.group, exec.privateTmp, exec.noNewPrivileges], ['chrony-wait', 'chrony-wait', true, true]);
  assert.deepEqual([exec.confinement?.protectSystem, exec.confinement?.protectHome, exec.confinement?.restrictSuidSgid], ['strict', 'read-only', true]);
  assert.ok(requiresMountsFor.includes('/var/tmp'));
  assert.equal(serviceOf('DynamicUser=yes\nProtectHome=tmpfs\nUser=dave').exec.confinement?.protectHome, 'tmpfs');
  assert.equal(serviceOf('DynamicUser=yes\nUser=dave').exec.group, 'dave');
  assert.match(serviceOf('DynamicUser=yes', 'a.b.service').exec.user ?? '', /^_du[0-9a-f]{16}$/);
});

test('directories of one kind are sorted, whichever line names them first', () => {
  const { directories } = serviceOf('RuntimeDirectory=nova lock/nova\nRuntimeDirectory=a-b a/b a\nStateDirectory=z y').exec;
  assert.deepEqual(directories.map(({ path }) => path), ['a', 'a/b', 'a-b', 'lock/nova', 'nova', 'y', 'z']);
});

test('slices nest; the two that are always there do not wait for shutdown', () => {
  assert.deepEqual(edgesOf(unitOf('a-b.slice', '')), [
    'After a.slice', 'Before shutdown.target', 'Conflicts shutdown.target', 'InSlice a.slice', 'Requires a.slice',
  ]);
  assert.deepEqual(edgesOf(unitOf('-.slice', '')), []);
  assert.deepEqual(edgesOf(unitOf('system.slice', '')), ['After -.slice', 'InSlice -.slice', 'Requires -.slice']);
});

test('timers, paths and sockets say what they trigger', () => {
  assert.deepEqual(edgesOf(unitOf('a.timer', '[Timer]\nOnCalendar=daily')), [
    'After sysinit.target', 'After time-set.target', 'After time-sync.target', 'Before a.service', 'Before shutdown.target', 'Before timers.target',
    'Conflicts shutdown.target', 'Requires sysinit.target', 'Triggers a.service',
  ]);
  assert.ok(edgesOf(unitOf('a.path', '[Path]\nPathExists=/x\nUnit=b.target')).includes('Triggers b.target'));
  assert.ok(edgesOf(unitOf('a.socket', '[Socket]\nListenStream=1')).includes('Triggers a.service'));
  assert.ok(!edgesOf(unitOf('a.socket', '[Socket]\nListenStream=1\nAccept=yes')).some((edge) => edge.startsWith('Triggers')));
});

test('paths need the mounts above them, as far as there are mount units', () => {
  const hasUnitFile = (name: UnitName): boolean => name === 'srv.mount' || name === 'srv-data.mount';
  const unit = unitOf('a.service', '[Service]\nExecStart=/bin/true\nWorkingDirectory=/srv/data/x', { hasUnitFile });
  for (const mount of ['srv.mount', 'srv-data.mount']) for (const kind of ['After', 'Requires']) assert.ok(edgesOf(unit).includes(`${kind} ${mount}`));
});

test('a target is ordered after what it pulls in, unless somebody ordered it the other way or wants no defaults', () => {
  const target = unitOf('t.target', '[Unit]\nWants=a.service b.service c.service d.service e.service\nBefore=d.service') as TargetUnit;
  const others = new Map([
    ['a.service', serviceOf('')],
    ['b.service', unitOf('b.service', '[Unit]\nAfter=t.target\n[Service]\nExecStart=/bin/true')],
    ['c.service', unitOf('c.service', '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/true')],
    ['d.service', unitOf('d.service', '[Service]\nExecStart=/bin/true')],
    ['e.service', unitOf('e.service', '[Service]')],
  ]);
  const ordered = orderTarget(target, (name) => others.get(name));
  assert.deepEqual(edgesOf(ordered).filter((edge) => edge.startsWith('After')), ['After a.service']);
  assert.equal(orderTarget(ordered, (name) => others.get(name)), ordered);
});

test('a file that cannot be used makes a unit in error that says where', () => {
  const unit = unitOf('a.service', '[Service\nExecStart=/bin/true');
  assert.equal(unit.loadState, 'error');
  assert.match(unit.loadError ?? '', /^\/u\/a\.service:1: /);
  assert.equal(unit.fragmentPath, '/u/a.service');
});

test('a hostile file costs time in proportion to its length, and every excess is told', () => {
  const many = 60_000;
  for (const line of [
    `ExecStart=${'/bin/a ; '.repeat(100_000)}`, `ExecStart=/bin/a "${'\\q'.repeat(300_000)}"`, `RuntimeDirectory=${Array.from({ length: 100_000 }, (_, i) => `d${i}`).join(' ')}`,
    `CPUAffinity=${'0-8191 '.repeat(100_000)}`, `RestartSec=${'9'.repeat(1_000_000)}`, `Environment=${Array.from({ length: 100_000 }, (_, i) => `A${i}=1`).join(' ')}`,
    Array.from({ length: many }, (_, i) => `ReadWritePaths=/a${i}`).join('\n'), Array.from({ length: many }, (_, i) => `Environment=A${i}=1`).join('\n'),
    Array.from({ length: many }, () => 'CPUAffinity=0-8191').join('\n'), Array.from({ length: many }, () => 'Nonsense=1').join('\n'), Array.from({ length: many }, () => 'Restart=x').join('\n'),
    Array.from({ length: many }, () => 'ExecStartPre=/bin/a').join('\n'),
  ]) {
    const before = process.cpuUsage();
    const unit = unitOf('a.service', `[Service]\nType=oneshot\n${line}`);
    const used = process.cpuUsage(before);
    assert.ok(used.user + used.system < 4_000_000, `${(used.user + used.system) / 1e6} s for ${line.slice(0, 30)}`);
    assert.ok(unit.diagnostics.length <= 101 && (unit.kind === 'service' && unit.execStartPre.length <= 1024));
  }
});

test('every directive takes any text without throwing, and a unit stays plain data', () => {
  const names = allDirectives().map((directive) => [directive.sections[0] as string, directive.name] as const);
  const text = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('', 'yes', 'no', '1', '-1', '5s', 'infinity', '%i', '%n/x', 'a.service', '/x', '~', '-', '"', '\\', '50%', '1:2', 'fd:', '|!x', 'a=b'));
  const kinds = fc.constantFrom('a.service', 'a@b.service', 'a.target', 'a.slice', 'a.socket', 'a.timer', 'a.path', 'a.mount', 'a.swap', 'a.scope', 'a.automount');
  fc.assert(fc.property(kinds, fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 40 }), (name, rows) => {
    const file = rows.map(([[section, key], value]) => `[${section}]\n${key}=${value}`).join('\n');
    const unit = buildUnit({ name: name as UnitName, names: [name as UnitName], fragment: lexUnitFile(file, 'f'), dropIns: [], links: [], sourceHash: '' }, CONTEXT);
    assert.deepEqual(JSON.parse(JSON.stringify(unit)), unit);
    const keys = unit.dependencies.map(({ kind, other }) => `${kind} ${other}`);
    assert.equal(new Set(keys).size, keys.length);
  }), { numRuns: 400 });
});

test('an empty line of a timer takes back all lines before it, of every kind; a bad one is told and passed over', () => {
  const unit = unitOf('a.timer', '[Timer]\nOnCalendar=daily\nOnBootSec=5min\nOnCalendar=\nOnUnitActiveSec=1h\nOnCalendar=whenever\nOnCalendar=Mon 10:00\nOnBootSec=soon');
  assert.ok(unit.kind === 'timer');
  assert.deepEqual(unit.triggers.map((trigger) => (trigger.base === 'OnCalendar' ? trigger.text : `${trigger.base} ${String(trigger.afterUsec)}`)), ['OnUnitActiveSec 3600000000', 'Mon *-*-* 10:00:00']);
  assert.deepEqual(unit.diagnostics.map((each) => each.line), [6, 8]);
  assert.equal(unitOf('b.timer', '[Timer]\nOnCalendar=daily\nOnCalendar=\n').loadState, 'bad-setting');
});

test('a path unit reads its lines in order and needs at least one', () => {
  const unit = unitOf('a.path', '[Path]\nPathExists=/x\nPathChanged=\nPathModified=/a/../b\nDirectoryNotEmpty=/d//e/\nPathExistsGlob=/g/*');
  assert.ok(unit.kind === 'path');
  assert.deepEqual(unit.watches.map(({ kind, path }) => `${kind} ${path}`), ['DirectoryNotEmpty /d/e', 'PathExistsGlob /g/*']);
  assert.equal(unitOf('b.path', '[Path]\nMakeDirectory=yes\n').loadState, 'bad-setting');
});

test('commands with a name are read one by one; what is none is told and passed over', () => {
  const unit = unitOf('a.service', '[Service]\nExecStart=/bin/x\nExecCall=dump /bin/kill -USR1 $MAINPID\nExecCall=alone\nExecCall=two /bin/a ; /bin/b\nExecCall=dump -/bin/other "a b"\n');
  assert.ok(unit.kind === 'service');
  assert.deepEqual(unit.calls.map(({ name, command }) => [name, command.path, command.argv, command.ignoreFailure]), [['dump', '/bin/other', ['/bin/other', 'a b'], true]]);
  assert.deepEqual(unit.diagnostics.map(({ line }) => line), [4, 5]);
  const none = unitOf('b.service', '[Service]\nExecStart=/bin/x\nExecCall=dump /bin/y\nExecCall=\n');
  assert.ok(none.kind === 'service' && none.calls.length === 0);
});

test('what is read without effect is recorded in the form that show has', () => {
  assert.deepEqual(serviceOf([
    'IPAddressAllow=10.1.2.3/8 localhost', 'DeviceAllow=/dev//null rw', 'AllowedCPUs=0 1,2 5', 'StartupAllowedCPUs=1', 'IOReadBandwidthMax=/dev/sda 5M', 'ManagedOOMMemoryPressureLimit=30%',
    'SocketBindAllow=ipv4:tcp:80', 'SocketBindAllow=1-100', 'Delegate=memory cpu', 'RestrictNetworkInterfaces=~lo', 'LogExtraFields=UNIT_CLASS="night backup"',
    'RootHash=00112233445566778899AABBCCDDEEFF', 'CPUQuotaPeriodSec=10ms', 'SyslogFacility=local3', 'CPUAccounting=maybe',
  ].join('\n')).recorded, {
    IPAddressAllow: '10.0.0.0/8 127.0.0.0/8 ::1/128', DeviceAllow: '/dev/null rw', AllowedCPUs: '0-2 5', StartupAllowedCPUs: '0200000000000000', IOReadBandwidthMax: '/dev/sda 5000000',
    ManagedOOMMemoryPressureLimit: '1288490189', SocketBindAllow: '1-100\nipv4:tcp80', DelegateControllers: 'cpu memory', RestrictNetworkInterfaces: '~lo',
    LogExtraFields: 'UNIT_CLASS=night backup', RootHash: '00112233445566778899aabbccddeeff', CPUQuotaPeriodUSec: '10ms', SyslogFacility: '19',
  });
});

test('what the control group may reach follows from its own settings and from those that imply some', () => {
  const accessOf = (text: string) => serviceOf(text).cgroup.access;
  assert.equal(accessOf('Nice=1'), null);
  assert.equal(accessOf('ProtectClock=yes'), null, 'nothing is limited that a clock would have to be let out of');
  assert.deepEqual(accessOf('PrivateDevices=yes'), { ...UNLIMITED_ACCESS, devicePolicy: 'closed', devicesAskedBy: 'PrivateDevices' });
  assert.deepEqual(accessOf('PrivateDevices=yes\nDevicePolicy=strict'), { ...UNLIMITED_ACCESS, devicePolicy: 'strict', devicesAskedBy: 'DevicePolicy' });
  assert.deepEqual(accessOf('DeviceAllow=char-pulse audio r\nDeviceAllow=/dev/tty\nProtectClock=yes'), {
    ...UNLIMITED_ACCESS, devicesAskedBy: 'DeviceAllow', deviceAllow: [{ device: 'char-rtc', rights: 'r' }, { device: '/dev/tty', rights: 'rwm' }],
  }, 'a line that is no rule is left out, and the newest comes first');
  assert.deepEqual(accessOf('IPAccounting=yes\nIPAddressDeny=any\nIPAddressAllow=localhost\nRestrictNetworkInterfaces=~lo eth0\nSocketBindDeny=any\nSocketBindAllow=ipv6:udp:53\nSocketBindAllow=8000-8010'), {
    ...UNLIMITED_ACCESS, ipAccounting: true, ipAddressDeny: ['0.0.0.0/0', '::/0'], ipAddressAllow: ['127.0.0.0/8', '::1/128'],
    networkInterfaces: { isAllowList: false, names: ['eth0', 'lo'] },
    socketBindDeny: [{ family: null, protocol: null, ports: null }],
    socketBindAllow: [{ family: null, protocol: null, ports: { first: 8000, last: 8010 } }, { family: 'ipv6', protocol: 'udp', ports: { first: 53, last: 53 } }],
  });
});

test('words: a backslash makes the next character data in paths, and an escape that does not exist ends an assignment', () => {
  const { exec } = serviceOf('ReadOnlyPaths=/a\\ b "/c d"\nBindPaths=/x\\:y:/z\nEnvironment=A=1 B=\\q C=3\nPassEnvironment=\\x20');
  assert.deepEqual(exec.confinement?.readOnlyPaths.map(({ path }) => path), ['/a b', '/c d']);
  assert.deepEqual(exec.confinement.bindMounts.map(({ source, destination }) => [source, destination]), [['/x:y', '/z']]);
  assert.deepEqual(exec.environment, ['A=1']);
  assert.deepEqual(exec.passEnvironment, ['x20']);
});
