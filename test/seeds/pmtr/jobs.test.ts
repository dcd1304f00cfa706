/** pmtr and its jobs: started, restarted, applied anew when the file is saved, and ended. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { withStage, type Stage } from '../stage.ts';

const limit = { timeout: 100_000 };
const job = (name: string, cmd: string, ...options: readonly string[]): string => `job {\n name ${name}\n cmd ${cmd}\n${options.map((option) => ` ${option}\n`).join('')}}\n`;
const SLEEP = '/bin/sleep 1000';
const started = (stage: Stage, name: string): number => Number([...stage.read('out').matchAll(new RegExp(`started job ${name} \\[(\\d+)\\]`, 'g'))].at(-1)?.[1] ?? 0);
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('PM-23: all jobs are started in the order of the file, with a line each after one that counts them', limit, async () => {
  await withStage({ conf: `${job('b', SLEEP)}${job('a', SLEEP)}${job('off', SLEEP, 'disable')}` }, async (stage) => {
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat out', /^pmtr: starting\npmtr: managing 3 jobs\nstarted job b \[\d+\]\nstarted job a \[\d+\]\n$/);
  });
});

test('PM-09, PM-10, PM-11, PM-13, PM-30: directory, files, environment and descriptors are as the job says', limit, async () => {
  await withStage({ 'work/input': 'from the input' }, async (stage) => {
    const script = '"pwd; cat; echo; echo $A-$B; echo fds $(ls /proc/self/fd); umask; echo err >&2; exec sleep 1000"';
    stage.write('conf', job('a', `/bin/sh -c ${script}`, `dir ${stage.directory}/work`, 'in input', 'out seen', 'err failed', 'env A=1=2', 'env B='));
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat work/failed', /^err\n$/);
    const seen = stage.read('work/seen');
    // The fourth descriptor is the one that ls reads with.
    assert.equal(seen, `${stage.directory}/work\nfrom the input\n1=2-\nfds 0 1 2 3\n0000\n`);
    assert.match(stage.sh('stat -c %a work/seen'), /^644\n$/);
  });
});

test('PM-12: user changes uid and gid; an unknown user fails the job alone, with a line', { ...limit, skip: process.getuid?.() !== 0 }, async () => {
  await withStage({}, async (stage) => {
    stage.sh('mkdir work; chmod 777 work; chmod 755 .');
    stage.write('conf', `${job('a', '/bin/sh -c "id -un; id -gn; exec sleep 1000"', 'user daemon', `dir ${stage.directory}/work`, 'out seen')}${job('b', SLEEP, 'user no-such-user')}${job('c', SLEEP)}`);
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat work/seen', /^daemon\ndaemon\n/);
    await stage.until('cat out', /job b cannot be started: its user is unknown[^]*started job c/);
  });
});

test('PM-15: later jobs wait until a job that says wait has ended; once means not again', limit, async () => {
  await withStage({ conf: `${job('setup', '/bin/sleep 1', 'wait', 'once')}${job('late', SLEEP)}` }, async (stage) => {
    stage.start('pmtr', '-F', '-c', 'conf');
    const out = await stage.until('cat out', /started job late/);
    assert.match(out, /started job setup \[(\d+)\]\njob setup \1 exited after [012] sec: exit status 0\nstarted job late/);
    assert.equal(out.match(/started job setup/g)?.length, 1);
  });
});

test('PM-24: a job that ends within ten seconds is started again ten seconds later, and it is said how it ended', limit, async () => {
  await withStage({ conf: job('stub', '/bin/sh -c "sleep 1; exit 3"') }, async (stage) => {
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat out', /job stub \d+ exited after \d sec: exit status 3\njob restarting too fast, delaying restart\n$/);
    const ended = Date.now();
    await stage.until('grep -c "started job stub" out', /2/);
    assert.ok(Date.now() - ended > 7_000, 'it waited');
  });
});

test('PM-24: one that lived longer is started again at once', limit, async () => {
  await withStage({ conf: job('long', SLEEP) }, async (stage) => {
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat out', /started job long/);
    await new Promise((resolve) => { setTimeout(resolve, 10_500); });
    const killed = Date.now();
    process.kill(started(stage, 'long'), 'SIGKILL');
    await stage.until('cat out', /exited after 1\d sec: signal 9\nstarted job long/);
    assert.ok(Date.now() - killed < 5_000);
  });
});

test('PM-25: exit status 33 means: do not start me again', limit, async () => {
  await withStage({ conf: job('shy', '/bin/sh -c "sleep 0.3; exit 33"') }, async (stage) => {
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat out', /exit status 33\njob shy asked not to be restarted\n$/);
    await new Promise((resolve) => { setTimeout(resolve, 11_000); });
    assert.equal(stage.read('out').match(/started job shy/g)?.length, 1);
  });
});

test('PM-14, PM-26, PM-27: saving the file applies it: new jobs start, changed ones restart, removed and disabled ones end, others stay; a bad file changes nothing', limit, async () => {
  await withStage({ conf: `${job('same', SLEEP)}${job('changes', SLEEP)}${job('goes', SLEEP)}${job('rests', SLEEP)}` }, async (stage) => {
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat out', /started job rests/);
    const [same, changes, goes, rests] = ['same', 'changes', 'goes', 'rests'].map((name) => started(stage, name)) as [number, number, number, number];
    stage.write('conf', `job {\n name`);
    await stage.until('cat out', /rescanning job configuration\nparse failed: conf line 2/);
    assert.ok([same, changes, goes, rests].every(lives));
    stage.write('conf', `${job('new', SLEEP)}${job('same', SLEEP)}${job('changes', SLEEP, 'env A=b')}${job('rests', SLEEP, 'disable')}`);
    await stage.until('cat out', /started job changes \[\d+\][^]*started job changes/);
    assert.ok(lives(same) && !lives(changes) && !lives(goes) && !lives(rests));
    assert.equal(started(stage, 'same'), same);
    assert.ok(lives(started(stage, 'new')));
  });
});

test('PM-28, PM-29: TERM ends pmtr and its jobs, which get TERM first, and KILL when they do not care', limit, async () => {
  await withStage({ conf: `${job('good', SLEEP)}${job('bad', '/bin/sh -c "trap : TERM; while :; do sleep 0.1; done"')}` }, async (stage) => {
    const pmtr = stage.start('pmtr', '-F', '-c', 'conf', '-p', 'pid');
    await stage.until('cat out', /started job bad/);
    assert.equal(stage.read('pid').trim(), String(pmtr.pid));
    const pids = [started(stage, 'good'), started(stage, 'bad')];
    pmtr.kill('SIGTERM');
    const [status] = await once(pmtr, 'exit') as [number];
    assert.equal(status, 0);
    assert.ok(!pids.some(lives));
    assert.equal(stage.read('pid'), '');
  });
});

test('PM-02: without -F it goes to the background and the caller gets its prompt back', limit, async () => {
  await withStage({ conf: job('a', SLEEP) }, async (stage) => {
    assert.equal(stage.sh('pmtr -c conf -p pid'), '');
    await stage.until('cat pid', /^\d+\n$/);
    const pid = Number(stage.read('pid'));
    await stage.until('pgrep -xa sleep', / 1000/);
    assert.equal(stage.sh(`ps -o tty= -p ${String(pid)}`).trim(), '?');
    process.kill(pid, 'SIGTERM');
    await stage.until('cat pid', /No such file/);
  });
});

test('PM-20: a job is restarted when a file it depends on changes, and rests when one is missing', limit, async () => {
  await withStage({ data: 'one' }, async (stage) => {
    stage.write('conf', `${job('a', SLEEP, 'depends {', `${stage.directory}/data`, '}')}${job('b', SLEEP, 'depends {', '/missing', '}')}`);
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat out', /started job a[^]*job b is disabled: a file it depends on is missing/);
    const before = started(stage, 'a');
    stage.write('data', 'two');
    await stage.until('cat out', /a file that job a depends on changed[^]*started job a/);
    assert.ok(!lives(before));
  });
});

test('PM-19: bounce restarts a job every so often', limit, async () => {
  await withStage({ conf: job('a', SLEEP, 'bounce every 2s') }, async (stage) => {
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('grep -c "started job a" out', /^[3-9]/);
  });
});

test('PM-21, PM-22: reports and orders come and go by UDP', limit, async () => {
  const ear = createSocket('udp4').bind(0, '127.0.0.1');
  await once(ear, 'listening');
  const free = createSocket('udp4').bind(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address();
  free.close();
  await withStage({ conf: `report to udp://127.0.0.1:${String(ear.address().port)}\nlisten on udp://127.0.0.1:${String(port)}\n${job('a', SLEEP)}` }, async (stage) => {
    stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat out', /started job a/);
    const order = (text: string): void => { ear.send(text, port, '127.0.0.1'); };
    order('disable a nobody');
    await stage.until('cat out', /job a is disabled[^]*disable: there is no job nobody/);
    order('enable a');
    await stage.until('cat out', /job a is enabled[^]*started job a/);
    const [packet] = await once(ear, 'message') as [Buffer];
    assert.match(packet.toString(), new RegExp(`^report \\S+\na e \\d+ ${String(started(stage, 'a'))} /bin/sleep 1000\n$`));
  });
  ear.close();
});

test('PM-26: SIGHUP reads the configuration like a save does, half a second after which it is read', limit, async () => {
  await withStage({ conf: job('a', SLEEP) }, async (stage) => {
    const pmtr = stage.start('pmtr', '-F', '-c', 'conf');
    await stage.until('cat out', /started job a/);
    const first = started(stage, 'a');
    pmtr.kill('SIGHUP');
    await stage.until('cat out', /rescanning job configuration\n/);
    assert.equal(started(stage, 'a'), first, 'what did not change goes on');
    // Editors write a new file in the place of the old one, and in several steps.
    stage.sh(`for i in 1 2 3; do cp conf new; echo "# $i" >> new; mv new conf; done`);
    await stage.until('cat out', /(?:rescanning job configuration\n[^]*){2}/);
    stage.sh('sleep 1');
    assert.equal(stage.read('out').match(/rescanning/g)?.length, 2, 'saves that follow each other are one');
  });
});

test('PM-18: limits hold for the job, soft and hard alike', limit, async () => {
  await withStage({}, async (stage) => {
    stage.write('conf', job('a', '/bin/sh -c "cat /proc/self/limits; exec sleep 1000"', 'ulimit -n 321', 'ulimit {', '-c unlimited', '-s 1048576', 'RLIMIT_CORE 4096', '-u 5000', '}', `out ${stage.directory}/seen`));
    stage.start('pmtr', '-F', '-c', 'conf');
    const seen = await stage.until('cat seen', /Max open files/);
    for (const line of [/Max open files +321 +321 /, /Max core file size +4096 +4096 /, /Max stack size +1048576 +1048576 /, /Max processes +5000 +5000 /]) assert.match(seen, line);
  });
});

/** A place of its own for /dev, with a syslog socket that writes what it gets into the file `syslog`. */
const WITH_SYSLOG = `mount --rbind /dev old && mount -t tmpfs none /dev && for n in null zero full random urandom tty; do touch /dev/$n; mount --bind old/$n /dev/$n; done && ln -s /proc/self/fd /dev/fd
perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/dev/log") or die; open(F, ">>", "syslog"); F->autoflush(1); while (defined $s->recv($m, 65536)) { print F "$m\\n" }' &
while ! test -e /dev/log; do sleep 0.1; done
exec pmtr -F -c conf`;

test('PM-05, PM-31: messages go to syslog and standard error; what jobs print for syslog is marked with program and process id and steers nothing', { ...limit, skip: process.getuid?.() !== 0 }, async () => {
  await withStage({ 'with-syslog-run': WITH_SYSLOG }, async (stage) => {
    stage.sh('mkdir old');
    stage.write('talk', 'printf "one\\ntwo \\033[31mred\\tend\\n"; umask; exec sleep 1000\n');
    stage.write('conf', job('talker', `/bin/sh ${stage.directory}/talk`, 'out syslog', 'err syslog'));
    stage.sh('(unshare --mount setsid sh with-syslog-run > out 2>&1 &)');
    const syslog = await stage.until('cat syslog', /two/);
    assert.match(syslog, /pmtr\[\d+\]: pmtr: starting\n/);
    assert.match(stage.read('out'), /^pmtr: starting\n/);
    const pid = String(started(stage, 'talker'));
    await stage.until('cat syslog', new RegExp(`pmtr\\[\\d+\\]: sh\\[${pid}\\]: one\n[^]*: sh\\[${pid}\\]: two \\?\\[31mred\\?end\n[^]*: sh\\[${pid}\\]: 0000\n`));
    assert.match(stage.read('out'), new RegExp(`sh\\[${pid}\\]: two \\?\\[31mred\\?end\n`), 'container logs show them, too');
  });
});

test('PM-32: onconnect runs a command for each connection, which it has as descriptor 3, and tells how it ended', limit, async () => {
  await withStage({}, async (stage) => {
    assert.match(stage.sh('onconnect -p 0 cat'), /^usage: onconnect .*\nstatus 1\n$/);
    const port = String(20_000 + process.pid % 20_000);
    const server = stage.start('onconnect', '-v', '-a', '127.0.0.1', '-p', port, '/bin/sh', '-c', 'read -r word <&3; echo "you said $word" >&3; test "$word" = good');
    await stage.until('cat out', /onconnect: listening/);
    const ask = (word: string): string => stage.sh(`exec 9<>/dev/tcp/127.0.0.1/${port} && echo ${word} >&9 && cat <&9`.replace(/^/, "bash -c '").replace(/$/, "'"));
    assert.equal(ask('good'), 'you said good\n');
    assert.equal(ask('bad'), 'you said bad\n');
    await stage.until('cat out', /onconnect: \d+ serves 127\.0\.0\.1:\d+\n[^]*connection of 127\.0\.0\.1:\d+ exited, status 0\n[^]*connection of 127\.0\.0\.1:\d+ exited, status 1\n/);
    server.kill('SIGTERM');
    const [status] = await once(server, 'exit') as [number];
    assert.equal(status, 0);
    assert.match(ask('late'), /refused/);
  });
});
