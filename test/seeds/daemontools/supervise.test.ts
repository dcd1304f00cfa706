/** svscan, supervise, svc, svstat and svok over service directories, as daemontools has them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withStage } from '../stage.ts';
import { originalDaemontools } from './original.ts';

const SLEEPS = '#!/bin/sh\nexec sleep 1000\n';
const TALKS = '#!/bin/sh\nexec 2>&1\necho started >&2\nn=0\nwhile :; do n=$((n+1)); echo $n; sleep 0.1; done\n';
const LOGS = '#!/bin/sh\nexec multilog ./main\n';
const limit = { timeout: 90_000 };
const pidOf = (line: string): number => Number(/pid (\d+)/.exec(line)?.[1] ?? 0);

test('DT-01: every directory and link to one in the scan directory is a service; names that begin with a dot are not', limit, async () => {
  await withStage({ 'scan/plain/run': SLEEPS, 'scan/.hidden/run': SLEEPS, 'scan/file': '', 'elsewhere/run': SLEEPS }, async (stage) => {
    stage.sh('ln -s ../elsewhere scan/linked; ln -s nowhere scan/dangling');
    stage.start('svscan', 'scan');
    await stage.until('svstat scan/plain scan/linked', /plain: up .*\n.*linked: up /);
    assert.ok(!existsSync(join(stage.directory, 'scan/.hidden/supervise')));
    assert.match(stage.sh('svstat elsewhere'), /^elsewhere: up \(pid \d+\) \d seconds\n$/);
  });
});

test('DT-02: a new entry is found within five seconds, an ended supervision is taken up again, and a removed link stops nothing', limit, async () => {
  await withStage({ 'scan/first/run': SLEEPS, 'late/run': SLEEPS }, async (stage) => {
    stage.start('svscan', 'scan');
    await stage.until('svstat scan/first', /: up /);
    stage.sh('ln -s ../late scan/late; svc -dx scan/first');
    await stage.until('svstat scan/late scan/first', /late: up .*\n.*first: up /);
    const before = stage.sh('svstat late');
    stage.sh('rm scan/late');
    await stage.until('svstat late', /up \(pid \d+\) 6 seconds/);
    assert.equal(pidOf(stage.sh('svstat late')), pidOf(before));
  });
});

test('DT-03: a service with log/run is joined to it by a pipe that restarts of either side leave whole', limit, async () => {
  await withStage({ 'scan/talk/run': TALKS, 'scan/talk/log/run': LOGS }, async (stage) => {
    stage.start('svscan', 'scan');
    await stage.until('svstat scan/talk scan/talk/log; cat scan/talk/log/main/current', /talk: up .*\n.*log: up [^]*\n5\n/);
    stage.sh('svc -t scan/talk/log');
    await stage.until('cat scan/talk/log/main/current', /\n25\n/);
    // Nothing is missing: each number is there once.
    const lines = stage.read('scan/talk/log/main/current').trim().split('\n');
    assert.deepEqual(lines.slice(0, 26), ['started', ...Array.from({ length: 25 }, (_, i) => String(i + 1))]);
    stage.sh('svc -d scan/talk/log; svc -t scan/talk');
    await stage.until('svstat scan/talk', /: up /);
    stage.sh('svc -u scan/talk/log');
    await stage.until('grep -c started scan/talk/log/main/current', /2/);
  });
});

test('DT-04: supervise runs ./run in its directory and starts it again whenever it ends, at most once a second; a missing run is tried again', limit, async () => {
  await withStage({ 'quick/run': '#!/bin/sh\necho "$0 $PWD $FLAVOUR"; exit 3\n', 'empty/file': '' }, async (stage) => {
    const started = Date.now();
    stage.start('supervise', 'quick');
    await stage.until('grep -c run out', /^3/);
    assert.ok(Date.now() - started >= 2_000);
    assert.equal(stage.read('out').split('\n')[0], `./run ${stage.directory}/quick sweet`);
    stage.start('supervise', 'empty');
    await stage.until('svstat empty', /down \d seconds, normally up, want up/);
    stage.write('empty/run', SLEEPS);
    await stage.until('svstat empty', /: up /);
  });
});

test('DT-05: a file called down keeps a service from being started', limit, async () => {
  await withStage({ 'one/run': SLEEPS, 'one/down': '' }, async (stage) => {
    stage.start('supervise', 'one');
    await stage.until('svstat one', /^one: down \d seconds\n$/);
    stage.sh('svc -u one');
    await stage.until('svstat one', /^one: up \(pid \d+\) \d seconds, normally down\n$/);
  });
});

test('DT-06: supervise holds lock, control, ok and an 18-byte status; a second one ends with 111', limit, async () => {
  await withStage({ 'one/run': SLEEPS }, async (stage) => {
    stage.start('supervise', 'one');
    const pid = pidOf(await stage.until('svstat one', /: up /));
    const status = readFileSync(join(stage.directory, 'one/supervise/status'));
    assert.equal(status.length, 18);
    assert.equal(status.readUInt32LE(12), pid);
    assert.deepEqual([...status.subarray(16)], [0, 'u'.charCodeAt(0)]);
    const seconds = Number(status.readBigUInt64BE(0) - 4611686018427387914n);
    assert.ok(Math.abs(seconds - Date.now() / 1000) < 10);
    for (const name of ['control', 'ok']) assert.ok(statSync(join(stage.directory, 'one/supervise', name)).isFIFO());
    assert.equal(stage.sh('supervise one'), 'supervise: fatal: unable to acquire one/supervise/lock: temporary failure\nstatus 111\n');
    assert.equal(stage.sh('supervise'), 'supervise: usage: supervise dir\nstatus 100\n');
    assert.equal(stage.sh('supervise missing'), 'supervise: fatal: unable to chdir to missing: file does not exist\nstatus 111\n');
  });
});

test('DT-07: killing svscan, or supervise, leaves the services running, and a new one takes them over', limit, async () => {
  await withStage({ 'scan/one/run': SLEEPS, 'alone/run': SLEEPS }, async (stage) => {
    const svscan = stage.start('svscan', 'scan');
    const supervise = stage.start('supervise', 'alone');
    const first = await stage.until('svstat scan/one alone', /one: up .*\nalone: up /);
    svscan.kill('SIGKILL');
    supervise.kill('SIGKILL');
    await stage.until('svstat alone', /supervise not running/);
    stage.sh('svc -t scan/one');
    await stage.until(`svstat scan/one | grep -v "pid ${String(pidOf(first))})"`, /: up /);
    stage.start('supervise', 'alone');
    const again = await stage.until('svstat alone', /: up /);
    assert.equal(pidOf(again), pidOf(first.split('\n')[1] ?? ''));
  });
});

test('DT-09, DT-10: each letter of svc is a command or a signal, and letters are obeyed in order', limit, async () => {
  const hears = '#!/bin/sh\nfor s in HUP ALRM INT TERM; do trap "echo got $s" $s; done\ntrap "echo got TERM; exit" TERM\necho ready\nwhile :; do sleep 0.05; done\n';
  await withStage({ 'one/run': hears, 'two/run': SLEEPS }, async (stage) => {
    stage.start('supervise', 'one');
    stage.start('supervise', 'two');
    await stage.until('grep -c ready out; svstat two', /^1\n.*: up /);
    for (const [flag, name] of [['h', 'HUP'], ['a', 'ALRM'], ['i', 'INT']] as const) {
      stage.sh(`svc -${flag} one`);
      await stage.until('cat out', new RegExp(`got ${name}\n`));
    }
    const before = pidOf(stage.sh('svstat two'));
    stage.sh('svc -p two');
    await stage.until('svstat two', /up \(pid \d+\) \d+ seconds, paused\n/);
    stage.sh('svc -c two');
    await stage.until('svstat two', /seconds\n/);
    stage.sh('svc -k two');
    assert.notEqual(pidOf(await stage.until(`svstat two | grep -v "pid ${String(before)})"`, /: up /)), before);
    stage.sh('svc -d two');
    await stage.until('svstat two', /^two: down \d seconds, normally up\n$/);
    stage.sh('svc -o two');
    await stage.until('svstat two', /: up /);
    stage.sh('svc -t two');
    await stage.until('svstat two', /: down \d+ seconds, normally up\n$/);
    stage.sh('svc -ud one');
    await stage.until('svstat one; grep -c "got TERM" out', /down \d seconds, normally up\n1/);
    stage.sh('svc -uh one two');
    await stage.until('svstat one two', /one: up .*\ntwo: up /);
    stage.sh('svc -x two');
    assert.match(stage.sh('sleep 0.3; svstat two'), /: up /);
    stage.sh('svc -d two');
    await stage.until('svok two; svstat two', /supervise not running\n$/);
  });
});

test('DT-14: the recipe for removal works, and the supervisor is gone with the service', limit, async () => {
  await withStage({ 'scan/one/run': SLEEPS, 'scan/one/log/run': LOGS }, async (stage) => {
    stage.sh('mkdir store; mv scan/one store; ln -s ../store/one scan/one');
    stage.start('svscan', 'scan');
    await stage.until('svstat scan/one scan/one/log', /one: up .*\n.*log: up /);
    stage.sh('rm scan/one; cd store/one; svc -dx . log; while svok . || svok log; do sleep 0.1; done');
    assert.equal(stage.sh('svstat store/one store/one/log'), 'store/one: supervise not running\nstore/one/log: supervise not running\n');
    assert.equal(stage.sh('pgrep -f "multilog [.]/main" | while read p; do readlink /proc/$p/cwd; done | grep "$PWD/"'), 'status 1\n');
  });
});

const original = originalDaemontools();
test('DT-11, DT-12, DT-13: svc, svstat and svok print and return what the original’s do, under our supervisor', { ...limit, skip: original.ok ? false : original.why }, async () => {
  if (!original.ok) return;
  await withStage({ 'up/run': SLEEPS, 'down/run': SLEEPS, 'down/down': '', 'bare/run': SLEEPS, 'half/supervise/ok': '', file: '' }, async (stage) => {
    stage.start('supervise', 'up');
    stage.start('supervise', 'down');
    await stage.until('svstat up down', /up: up .*\ndown: down /);
    const commands = [
      'svstat up down ./up/', 'svstat bare half missing file', 'svstat', 'svstat $PWD/down', 'svok up', 'svok down', 'svok bare', 'svok missing', 'svok', 'svok file', 'svok half', 'svok up down',
      'svc -q up', 'svc', 'svc up', 'svc -d', 'svc -u missing bare half file up', 'svc -h -- up', 'svc -cc up',
    ];
    for (const command of commands) {
      const said = (prefix: string): string => stage.sh(`${prefix}${command}; echo $?`).replace(/\d+ seconds/g, 'N seconds');
      assert.equal(said(''), said(`PATH=${original.bin}:$PATH; `), command);
    }
  });
});

test('DT-01: names that leave no room for /log are refused with a warning, and so is the thousand-and-first service', limit, async () => {
  const long = 'x'.repeat(253);
  await withStage({ [`scan/${long}/run`]: SLEEPS, [`scan/${long}/log/run`]: SLEEPS, 'scan/short/run': SLEEPS }, async (stage) => {
    stage.start('svscan', 'scan');
    await stage.until('svstat scan/short', /: up /);
    assert.match(stage.read('out'), new RegExp(`svscan: warning: unable to start ${long}/log: name is too long\n`));
    assert.ok(!existsSync(join(stage.directory, `scan/${long}/supervise`)));
  });
  const { scanServices } = await import('../../../src/front/daemontools/scan.ts');
  await withStage({}, (stage) => {
    stage.sh('mkdir scan; cd scan; seq -f s%04g 1002 | xargs mkdir');
    const { services, warnings } = scanServices(join(stage.directory, 'scan'));
    assert.equal(services.length, 1000);
    assert.deepEqual(warnings, ['unable to start s1001: running too many services', 'unable to start s1002: running too many services']);
    return Promise.resolve();
  });
});

test('DT-02: a supervision whose process is killed is taken up again, with the service it had', limit, async () => {
  await withStage({ 'scan/a/run': SLEEPS }, async (stage) => {
    stage.start('svscan', 'scan');
    const before = pidOf(await stage.until('svstat scan/a', /: up /));
    // Whoever reads the control FIFO supervises.
    const keeper = stage.sh('for p in /proc/[0-9]*; do ls -l $p/fd 2>/dev/null | grep -q "$PWD/scan/a/supervise/control" && echo ${p#/proc/}; done; true').trim();
    assert.match(keeper, /^\d+$/);
    stage.sh(`kill -9 ${keeper}`);
    const after = await stage.until('svstat scan/a', /: up /);
    assert.equal(pidOf(after), before);
  });
});

test('DT-08: svscanboot tells what was left to end, gives services PATH alone, and shows what svscan complains of in a process title', limit, async () => {
  await withStage({ 'scan/a/run': '#!/bin/sh\nenv > env\nexec sleep 1000\n', 'scan/b/file': '' }, async (stage) => {
    // The environment of what runs says nothing of this test, so it is told to end by hand.
    const old = stage.start('svscan', 'scan');
    const before = pidOf(await stage.until('svstat scan/a', /: up /));
    old.kill('SIGKILL');
    const boot = stage.start('svscanboot', join(stage.directory, 'scan'));
    try {
      const after = pidOf(await stage.until(`svstat scan/a | grep -v "pid ${String(before)})"`, /: up /));
      assert.notEqual(after, before);
      const names = stage.read('scan/a/env').split('\n').map((line) => line.split('=')[0]).filter((name) => name !== '');
      assert.deepEqual(names.filter((name) => !['PATH', 'PWD', '_', 'OLDPWD', 'SHLVL', 'HOME', 'LANG', 'LOGNAME', 'SHELL', 'USER', 'XDG_RUNTIME_DIR'].includes(name ?? '')), []);
      assert.ok(!stage.read('scan/a/env').includes('FLAVOUR'));
      assert.match(stage.read('scan/a/env'), /^PATH=.*:\/usr\/local\/bin:/m);
      const title = await stage.until("for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -a '^readproctitle service errors: ' | grep -v grep; done; true", /service errors: /);
      assert.match(title, /readproctitle service errors: [^]{380,}/);
    } finally {
      boot.kill('SIGTERM');
      stage.sh('svc -dx scan/a scan/b');
      await stage.until('svstat scan/a; ls /run/heartwood-front-0 2>/dev/null | wc -l', /not running/);
    }
  });
});

test('DT-15: update-service links, unlinks, lists and checks services in $SVDIR', limit, async () => {
  await withStage({ 'web/run': SLEEPS, 'web/log/run': SLEEPS, 'scan/.hidden/run': '' }, async (stage) => {
    const update = (words: string): string => stage.sh(`SVDIR=$PWD/scan update-service ${words}`);
    const web = `${stage.directory}/web`;
    assert.equal(update(`--add ${web}`), 'Service web added.\n');
    assert.equal(update(`--add ${web}/`), 'Service web already added.\n');
    assert.equal(update(`-a ${web} other`), 'Service other added.\n');
    assert.equal(update('--list'), 'other\nweb\n');
    assert.equal(update('--list web'), `web -> ${web}\n`);
    assert.equal(update('--list nothing'), 'Service nothing not registered.\n\nstatus 1\n');
    assert.equal(update('--check web'), '');
    assert.equal(update('--check nothing'), 'status 1\n');
    assert.match(update('--add web'), /^update-service: fatal: The <service-directory> must start with a slash\.\n[^]*status 1/);
    assert.match(update(`--add ${web} .web`), /must not start with a dot/);
    assert.match(update(`--add ${stage.directory}/nothing`), /does not exist, or is not a directory/);
    assert.match(update(`--remove ${stage.directory}/scan web`), /web does not point to .*scan\./);
    assert.match(update(''), /^Usage: update-service --add\|--remove/);
    update(`--remove ${web} other`);
    stage.start('svscan', 'scan');
    await stage.until('svstat web web/log', /web: up .*\n.*log: up /);
    assert.equal(update(`--remove ${web}`), 'Service web removed, the service daemon received the TERM and CONT signals.\n');
    await stage.until('svstat web web/log', /web: supervise not running\n.*log: supervise not running\n/);
    assert.equal(update('--list'), '');
  });
});
