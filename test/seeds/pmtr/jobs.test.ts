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
    assert.equal(seen, `${stage.directory}/work\nfrom the input\n1=2-\nfds 0 1 2 3\n0022\n`);
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
    assert.match(out, /started job setup \[(\d+)\]\njob setup \1 exited after [12] sec: exit status 0\nstarted job late/);
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
