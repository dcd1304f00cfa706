/** Options and keys of the configuration: what they do to the program. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withStage, type Stage } from '../stage.ts';

const limit = { timeout: 120_000 };
const Z = 'zdaemon -Cconf';
const runner = (...lines: readonly string[]): string => `<runner>\n${lines.map((line) => `  ${line}\n`).join('')}</runner>\n<eventlog>\n  level info\n  <logfile>\n    path events\n    format %(levelname)s %(message)s\n  </logfile>\n</eventlog>\n`;
const pidOf = (stage: Stage): number => Number(/pid=(\d+)/.exec(stage.sh(`${Z} status`))?.[1] ?? '0');
/** Says its number and ends; the number is that of its life. */
const COUNTING = 'echo x >> lives\nexit 1\n';

test('ZD-12, ZD-13: wrong usage and wrong configurations end with 2 and a message on standard error', limit, async () => {
  await withStage({ conf: runner('program sleep 1000') }, (stage) => {
    for (const [words, message] of [
      ['-p "sleep 1" --nonsense status', /option --nonsense not recognized/], ['-p', /option -p requires argument/], ['-Q status', /option -Q not recognized/], ['status', /no program specified/],
      ['-p "sleep 1" -b x status', /option -b wants a whole number from 1 on/], ['-p "sleep 1" -p "sleep 2" status', /conflicting command line option '-p'/], ['-X program=x status', /-X needs a configuration file/],
      ['-p "sleep 1" -m 9 status', /wants an octal number/], ['-p "sleep 1" -x 0,x status', /wants numbers from 0 to 255/], ['-C missing status', /missing cannot be read/], ['-Cconf -X no-such=1 status', /there is no such key/],
    ] as const) {
      const said = stage.sh(`zdaemon ${words} 2>&1 >/dev/null`);
      assert.match(said, message, words);
      assert.match(said, /^Error: [^\n]*\nFor help, use zdaemon -h\nstatus 2\n$/, words);
    }
    assert.equal(stage.sh('zdaemon -p "sleep 1" -p "sleep 1" status'), 'daemon manager not running\nstatus 3\n', 'the same twice is no conflict');
    return Promise.resolve();
  });
});

test('ZD-15: version, help, a configuration by URL, and single keys over it', limit, async () => {
  await withStage({ conf: runner('program sleep 1000') }, (stage) => {
    assert.match(stage.sh('zdaemon --version'), /^zdaemon of Heartwood \S+\n$/);
    assert.match(stage.sh('zdaemon -h'), /^zdaemon -- run a program as a daemon\n[^]*-p, --program /);
    assert.match(stage.sh('zdaemon --help'), /Usage: zdaemon/);
    assert.match(stage.sh(`zdaemon -C file://${stage.directory}/conf -S ignored -X program="echo other" -X runner/backoff-limit=3 show`), /program: +\["echo","other"\][^]*backoff-limit: +3\n/);
    assert.match(stage.sh('zdaemon -Cconf --prog "echo long" fg'), /^echo long\nlong\n$/, 'long options may be shortened');
    return Promise.resolve();
  });
});

test('ZD-14, ZD-16: a program that is not there or cannot be executed is not started', limit, async () => {
  await withStage({ conf: runner('program sleep 1000'), plain: 'text' }, (stage) => {
    assert.equal(stage.sh('zdaemon -p no-such-program start 2>&1'), 'Error: can\'t find program \'no-such-program\'\nFor help, use zdaemon -h\nstatus 2\n');
    assert.match(stage.sh('zdaemon -p ./plain start 2>&1'), /no permission to run program '\.\/plain'[^]*status 2\n/);
    stage.write('bad/run', '#!/no/such/interpreter\n');
    const said = stage.sh('zdaemon -C/dev/stdin -p bad/run -x "" -b 1 start < conf');
    assert.match(said, /daemon manager not running\nstatus 1\n$/, 'the manager vanished');
    assert.match(stage.read('events'), /INFO pid \d+: exit status 127\n/);
    assert.match(stage.sh('zdaemon -p "echo $(seq 3 | tr \'\\n\' \' \')" fg'), /^echo 1 2 3\n1 2 3\n$/, 'words are parted by blanks');
    return Promise.resolve();
  });
});

test('ZD-17: a missing directory of the socket is made, one level; a live socket ends a second manager', limit, async () => {
  await withStage({ conf: runner('program sleep 1000', 'socket-name new/sock') }, async (stage) => {
    assert.match(stage.sh('zdaemon -p "sleep 1" -s a/b/sock start 2>&1'), /Error: the directory of the socket cannot be made[^]*status 2/);
    stage.sh(`${Z} start`);
    await stage.until(`${Z} status`, /^program running/);
    assert.equal(stage.sh('stat -c "%a %F" new/sock'), '700 socket\n');
    stage.sh(`${Z} stop`);
    // A stale one is replaced.
    stage.sh('python3 -c \'import socket; socket.socket(socket.AF_UNIX).bind("new/sock")\'');
    assert.match(stage.sh(`${Z} start`), /daemon process started/);
    stage.sh(`${Z} stop`);
    stage.sh('(python3 -c \'import socket,time; s=socket.socket(socket.AF_UNIX); s.bind("new/sock"); s.listen(); [s.accept()[0].close() for _ in range(30)]\' > /dev/null 2>&1 &)');
    await stage.until('ls new', /sock/);
    assert.match(stage.sh(`${Z} -X daemon=off start 2>&1`), /Another zdrun is already up using socket "[^"]*new\/sock"\nstatus 1\n$/);
  });
});

test('ZD-18: without daemon the manager stays in the foreground and start blocks', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'daemon off', 'exit-codes 7'), prog: 'echo seen\nsleep 4\nexit 7\n' }, async (stage) => {
    const child = stage.start('zdaemon', '-Cconf', 'start');
    const ended = new Promise<number | null>((resolve) => { child.on('exit', resolve); });
    await stage.until(`${Z} status`, /^program running/);
    assert.equal(await ended, 7, 'it ends with the status of the program');
    assert.equal(stage.read('out'), 'seen\n');
  });
});

test('ZD-19: the directory is made when it is missing, and a failure of that is a warning', limit, async () => {
  await withStage({ conf: runner('program sh ../prog', 'directory fresh'), prog: 'pwd > ../where\nexec sleep 1000\n' }, async (stage) => {
    stage.sh(`${Z} start`);
    await stage.until('cat where', new RegExp(`^${stage.directory}/fresh\n`));
    stage.sh(`${Z} stop`);
    assert.match(stage.sh('zdaemon -p "sleep 1000" -z /no/such/directory start 2>&1'), /^can't create directory \/no\/such\/directory[^]*daemon process started/);
    stage.sh('zdaemon -p "sleep 1000" stop');
  });
});

test('ZD-20: quick ends are followed by growing delays, and after as many restarts as the limit it gives up', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'backoff-limit 2'), prog: COUNTING }, async (stage) => {
    const started = Date.now();
    stage.sh(`(${Z} start; true) > /dev/null 2>&1 &`);
    await stage.until('cat events', /CRITICAL restarting too frequently; quit\n$/);
    assert.ok(Date.now() - started > 2_500, 'one second, then two');
    assert.equal(stage.read('lives'), 'x\nx\nx\n', 'started once and restarted twice');
    assert.deepEqual(stage.read('events').match(/sleep \d/g), ['sleep 1', 'sleep 2']);
    await stage.until(`${Z} status`, /^daemon manager not running/);
  });
});

test('ZD-21: a life longer than the limit begins anew', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'backoff-limit 2'), prog: 'echo x >> lives\n[ $(wc -l < lives) = 2 ] && sleep 2.5\nexit 1\n' }, async (stage) => {
    stage.sh(`(${Z} start; true) > /dev/null 2>&1 &`);
    await stage.until('cat events', /CRITICAL/);
    assert.deepEqual(stage.read('events').match(/sleep \d/g), ['sleep 1', 'sleep 1', 'sleep 2'], 'after the long life it is one second again');
  });
});

test('ZD-22: forever stays at the limit', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'backoff-limit 1', 'forever on'), prog: COUNTING }, async (stage) => {
    stage.sh(`(${Z} start; true) > /dev/null 2>&1 &`);
    await stage.until('wc -l < lives', /^[5-9]/);
    assert.deepEqual([...new Set(stage.read('events').match(/sleep \d/g))], ['sleep 1']);
    stage.sh(`${Z} stop`);
  });
});

test('ZD-23: exit codes in the list end it all; an empty list restarts after every end', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'exit-codes 0,5', 'forever on'), prog: 'echo x >> lives\nsleep 0.5\nexit 5\n' }, async (stage) => {
    stage.sh(`${Z} start`);
    await stage.until(`${Z} status`, /^daemon manager not running/);
    assert.equal(stage.read('lives'), 'x\n');
    stage.write('conf', runner('program sh prog', 'exit-codes'));
    stage.sh(`${Z} start`);
    await stage.until('wc -l < lives', /^[3-9]/);
    stage.sh(`${Z} stop`);
  });
});

test('ZD-24, ZD-25: user and umask are the program\'s', { ...limit, skip: process.getuid?.() !== 0 }, async () => {
  await withStage({ conf: runner('program sh prog', 'user daemon', 'umask 077', 'directory work', 'transcript work/log'), prog: 'id -un; id -gn; umask; exec sleep 1000\n' }, async (stage) => {
    stage.sh('chmod 755 . prog; mkdir work; chmod 777 work; cp prog work/');
    assert.match(stage.sh(`${Z} start`), /daemon process started/);
    await stage.until('cat work/log', /^daemon\ndaemon\n0077\n$/);
    stage.sh(`${Z} stop`);
    assert.equal(stage.sh('zdaemon -u root -p "id -un" fg'), 'id -un\nroot\n', 'who is that user already changes nothing');
    assert.match(stage.sh('zdaemon -u no-such-user -p id fg 2>&1'), /the user no-such-user is not known[^]*status 2/);
    assert.match(stage.sh('setpriv --reuid=2 --regid=2 --clear-groups zdaemon -u root -p id fg 2>&1'), /only root can use -u USER to change users[^]*status 2|ermission denied/);
    stage.write('plain', '<runner>\n program sh prog\n directory work\n transcript work/log2\n</runner>\n');
    stage.sh('zdaemon -Cplain start');
    await stage.until('cat work/log2', /0022\n$/);
    stage.sh('zdaemon -Cplain stop');
  });
});

test('ZD-29: several logs by level; one inside of runner comes first', limit, async () => {
  await withStage({ conf: '<runner>\n program sleep 1000\n <eventlog>\n  <logfile>\n   path inner\n  </logfile>\n  <logfile>\n   level critical\n   path quiet\n  </logfile>\n </eventlog>\n</runner>\n<eventlog>\n <logfile>\n  path outer\n </logfile>\n</eventlog>\n' }, async (stage) => {
    stage.sh(`${Z} start`);
    await stage.until('cat inner', /INFO zdaemon daemon manager started\n------\n[^\n]+ INFO zdaemon spawned process pid=\d+\n$/);
    stage.sh(`${Z} stop`);
    assert.equal(stage.sh('ls inner outer quiet 2>/dev/null').split('\n')[0], 'inner');
    stage.write('conf', '<runner>\n program false\n daemon off\n exit-codes 1\n</runner>\n<eventlog>\n <logfile>\n  path STDOUT\n </logfile>\n</eventlog>\n');
    stage.start('zdaemon', '-Cconf', 'start');
    await stage.until('cat out', /INFO zdaemon pid \d+: exit status 1\n/);
  });
});

test('ZD-30: start returns when the test program succeeds', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'start-test-program cat ready'), prog: 'sleep 2\ntouch ready\nexec sleep 1000\n' }, (stage) => {
    const started = Date.now();
    assert.match(stage.sh(`${Z} start`), /^\. \.( \.)*\ndaemon process started, pid=\d+\n$/);
    assert.ok(Date.now() - started > 2_000);
    assert.match(stage.sh(`rm ready; ${Z} restart`), /daemon process restarted/);
    stage.sh(`${Z} stop`);
    stage.write('dies', 'sleep 0.5\nexit 2\n');
    assert.match(stage.sh('zdaemon -Cconf -p "sh dies" -X start-test-program=false start'), /daemon manager not running\nstatus 1\n$/, 'the program died');
    return Promise.resolve();
  });
});

test('ZD-31: a start that takes too long is given up, and the program is left running', limit, async () => {
  await withStage({ conf: runner('program sleep 1000', 'start-test-program false', 'start-timeout 1') }, (stage) => {
    assert.match(stage.sh(`${Z} start`), /\nProgram took too long to start\nstatus 1\n$/);
    assert.ok(pidOf(stage) > 0);
    stage.sh(`${Z} stop`);
    return Promise.resolve();
  });
});

test('ZD-32: a program that does not care for TERM is killed after the stop timeout', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'stop-timeout 1', 'transcript log'), prog: 'trap "echo no" TERM\necho ready\nwhile :; do sleep 0.05; done\n' }, async (stage) => {
    stage.sh(`${Z} start`);
    await stage.until('cat log', /^ready\n/);
    const pid = pidOf(stage);
    const started = Date.now();
    assert.match(stage.sh(`${Z} stop`), /daemon process stopped\n$/);
    assert.ok(Date.now() - started > 800);
    assert.equal(stage.sh(`ps -p ${String(pid)} -o pid=`), 'status 1\n');
    assert.match(stage.read('log'), /no\n$/);
  });
});

test('ZD-33: keys of old files are accepted and change nothing', limit, async () => {
  await withStage({ conf: runner('program echo hi', 'hang-around true', 'python /usr/bin/python', 'zdrun /usr/lib/zdrun.py', 'schema x.xml') }, (stage) => {
    assert.equal(stage.sh(`${Z} fg`), 'echo hi\nhi\n');
    return Promise.resolve();
  });
});

test('ZD-39: a stop during the delay takes effect, and a program may use the tool itself', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'backoff-limit 10'), prog: COUNTING }, async (stage) => {
    stage.sh(`(${Z} start; true) > /dev/null 2>&1 &`);
    await stage.until('cat events', /sleep [2-9] [^\n]*\n$/);
    assert.match(stage.sh(`${Z} stop`), /daemon process stopped\n$/);
    const lives = stage.read('lives');
    await new Promise((resolve) => { setTimeout(resolve, 2_500); });
    assert.equal(stage.read('lives'), lives);
    stage.write('outer', 'env > seen\nzdaemon -s inner.sock -p "sleep 999" start > nested\nzdaemon -s inner.sock -p "sleep 999" stop >> nested\nexec sleep 1000\n');
    assert.match(stage.sh('zdaemon -s outer.sock -p "sh outer" start'), /started/);
    await stage.until('cat nested', /^\.( \.)*\ndaemon process started, pid=\d+\n\.( \.)*\ndaemon process stopped\n$/);
    assert.doesNotMatch(stage.read('seen'), /HEARTWOOD|INVOCATION|LISTEN|NOTIFY|MANAGERPID|SYSTEMD/);
    stage.sh('zdaemon -s outer.sock -p "sh outer" stop');
  });
});

test('ZD-41: a transcript that cannot be written does not stop the program', limit, async () => {
  await withStage({ conf: runner('program sh prog', 'transcript /dev/full'), prog: 'head -c 3000000 /dev/zero\ntouch through\nexec sleep 1000\n' }, async (stage) => {
    stage.sh(`${Z} start`);
    await stage.until('ls', /through/);
    assert.match(stage.read('events'), /ERROR the transcript cannot be written: ENOSPC/);
    const manager = Number(/manager=(\d+)/.exec(stage.sh(`${Z} status -l`))?.[1]);
    const pid = pidOf(stage);
    process.kill(manager, 'SIGKILL');
    await stage.until(`${Z} status`, new RegExp(`^program running; pid=${String(pid)}\n`));
    stage.sh(`${Z} stop`);
  });
});
