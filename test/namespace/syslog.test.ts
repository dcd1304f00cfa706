/** /dev/log under Heartwood: programs that speak to syslog are heard, and a syslog daemon gets what is its. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** Senders that live until logd has read what they sent: of a process that is gone nobody can say whose it was. */
const UNITS = {
  'default.target': '[Unit]\nDescription=all\nWants=talker.service mute.service\n',
  'talker.service': "[Service]\nExecStart=/bin/sh -c '{ echo from the start; exec sleep inf; } | logger -p daemon.err -t talker'\n",
  // Without a pipe to logd: the manager alone knows its invocation.
  'mute.service': `[Service]\nStandardOutput=null\nStandardError=null\nLogLevelMax=notice\nExecStart=/bin/sh -c '{ echo "<14>dropped"; echo "<13>heard"; exec sleep inf; } | logger -t mute --prio-prefix'\n`,
};

async function logEntries(rig: Rig, ...args: string[]): Promise<Record<string, string>[]> {
  const { stdout } = await rig.initctl('log', '-o', 'json', ...args);
  return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, string>);
}

async function said(rig: Rig, text: string, ...args: string[]): Promise<Record<string, string>> {
  let found: Record<string, string> | undefined;
  await rig.until(async () => {
    found = (await logEntries(rig, ...args)).find((entry) => entry['MESSAGE'] === text);
    return found !== undefined;
  }, { what: `"${text}" to be in the log` });
  return found as Record<string, string>;
}

for (const cgroup of ['v2', 'none'] as const) {
  test(`what services send to /dev/log is in the log as theirs (control groups: ${cgroup})`, { skip }, async () => {
    await withRig({ units: UNITS, cgroup }, async (rig) => {
      assert.equal(await rig.booted(), 'running');
      assert.equal((await rig.run(['readlink', '/dev/log'])).stdout.trim(), '/run/systemd/journal/dev-log');
      const talker = await said(rig, 'from the start', 'talker');
      assert.deepEqual([talker['PRIORITY'], talker['SYSLOG_FACILITY'], talker['SYSLOG_IDENTIFIER'], talker['_TRANSPORT']], ['3', '3', 'talker', 'syslog']);
      assert.equal(talker['_SYSTEMD_INVOCATION_ID'], await rig.property('talker.service', 'InvocationID'));
      const mute = await said(rig, 'heard', 'mute');
      assert.equal(mute['_SYSTEMD_INVOCATION_ID'], await rig.property('mute.service', 'InvocationID'));
      assert.equal((await logEntries(rig, 'mute')).some((entry) => entry['MESSAGE'] === 'dropped'), false, 'LogLevelMax= holds here too');

      await rig.run(['logger', '-t', 'visitor', 'from outside of all units']);
      const visitor = await said(rig, 'from outside of all units', 'no-unit');
      assert.equal(visitor['_SYSTEMD_UNIT'], undefined);
    });
  });
}

test('logd is started by the first message, when nothing else has wanted it', { skip }, async () => {
  // Without a log of the manager's own in it.
  await withRig({ units: { 'default.target': '[Unit]\n' }, args: ['--log-target', 'console'] }, async (rig) => {
    await rig.booted();
    const isLogdThere = (): boolean => rig.processes().some(({ command }) => /logd/.test(command));
    assert.equal(isLogdThere(), false);
    await rig.run(['logger', '-t', 'visitor', 'the first']);
    await rig.until(isLogdThere, { what: 'logd to be started' });
    await said(rig, 'the first', 'no-unit');
  });
});

test('the socket outlives logd and the manager’s own execution: no message is lost', { skip }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    const logd = rig.processes().find(({ command }) => /logd/.test(command));
    assert.ok(logd !== undefined);
    // What logd took and has not stored yet, because it asks whose it is, dies with it.
    await said(rig, 'from the start', 'talker');
    process.kill(logd.pid, 'SIGKILL');
    await rig.run(['logger', '-t', 'probe', 'while logd is dead']);
    await said(rig, 'while logd is dead', 'no-unit');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    await rig.run(['logger', '-t', 'probe', 'after the execution']);
    await said(rig, 'after the execution', 'no-unit');
    await said(rig, 'from the start', 'talker');
  });
});

test('a syslog daemon that listens where systemd wants it is handed all messages', { skip }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    const daemon = rig.run(['perl', '-MSocket', '-e', `
      socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un("/run/systemd/journal/syslog")) or die;
      $| = 1; do { recv($s, $m, 1000, 0) } until $m =~ /probe/; print $m;`]);
    await rig.until(async () => (await rig.run(['test', '-S', '/run/systemd/journal/syslog'])).status === 0, { what: 'the daemon to listen' });
    await rig.run(['logger', '-p', 'user.err', '-t', 'probe', 'for both']);
    assert.match((await daemon).stdout, /^<11>\w+ .*probe: for both$/);
    await said(rig, 'for both', 'no-unit');
  });
});

test('whoever listens at /dev/log before is left alone, and a dead socket is replaced', { skip }, async () => {
  const units = { 'default.target': '[Unit]\nDescription=nothing\n' };
  const listener = `
    use Socket; socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un("/dev/log")) or die;
    $ENV{LIVE} or exec(@ARGV); if (fork) { exec(@ARGV) } $| = 1; recv($s, my $m, 1000, 0); print "daemon got $m\\n"; sleep 60;`;
  const boot = (live: string): Promise<void> => withRig({ units, manager: ['/usr/bin/env', `LIVE=${live}`, 'perl', '-e', listener, '/opt/heartwood/bin/heartwood', '--container', '--unit-path', '/etc/heartwood/system:/opt/heartwood/units/system'] }, async (rig) => {
    await rig.booted();
    const isLink = (await rig.run(['test', '-L', '/dev/log'])).status === 0;
    assert.equal(isLink, live === '');
    await rig.run(['logger', '-t', 'probe', 'hello']);
    if (live === '') await said(rig, 'hello', 'no-unit');
    else await rig.until(() => /daemon got <13>.*probe: hello/.test(rig.console), { what: 'the daemon to get it' });
  });
  await boot('1');
  await boot('');
});

test('without a /dev or /run to write to, the boot goes on and the log says why', { skip }, async () => {
  await withRig({ units: { 'default.target': '[Unit]\nDescription=nothing\n' }, uid: 65534 }, async (rig) => {
    assert.equal(await rig.booted(), 'running');
    await rig.until(async () => /\/dev\/log cannot be made.*: EACCES|dev-log cannot be made: EACCES/.test((await rig.initctl('log', 'heartwood')).stdout), { what: 'the line in the log' });
  });
});
