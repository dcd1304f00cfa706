/** Commands, their words, and the statuses they end with. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { withStage, type Stage } from '../stage.ts';

const limit = { timeout: 120_000 };
const NAP = '<runner>\n program sleep 1000\n</runner>\n';
const Z = 'zdaemon -Cconf';
const pidOf = (stage: Stage): number => Number(/pid=(\d+)/.exec(stage.sh(`${Z} status`))?.[1] ?? '0');

test('ZD-01, ZD-02, ZD-12: start says when it runs already, stop when nothing does', limit, async () => {
  await withStage({ conf: NAP }, (stage) => {
    assert.match(stage.sh(`${Z} start`), /^\.( \.)*\ndaemon process started, pid=\d+\n$/);
    assert.equal(stage.sh(`${Z} start`), `daemon process already running; pid=${String(pidOf(stage))}\n`);
    assert.match(stage.sh(`${Z} stop`), /^\.( \.)*\ndaemon process stopped\n$/);
    assert.equal(stage.sh(`${Z} stop`), 'daemon manager not running\n');
    return Promise.resolve();
  });
});

test('ZD-03: restart gives another pid, and starts what was stopped', limit, async () => {
  await withStage({ conf: NAP }, (stage) => {
    assert.match(stage.sh(`${Z} restart`), /^\.( \.)*\ndaemon process started, pid=\d+\n$/);
    const before = pidOf(stage);
    const said = stage.sh(`${Z} restart`);
    assert.match(said, /^\.( \.)*\ndaemon process restarted, pid=\d+\n$/);
    assert.notEqual(pidOf(stage), before);
    assert.equal(pidOf(stage), Number(/pid=(\d+)/.exec(said)?.[1]));
    stage.sh(`${Z} stop`);
    return Promise.resolve();
  });
});

test('ZD-04, ZD-37: status tells with words and statuses, and with -l all that the manager knows', limit, async () => {
  await withStage({ conf: '<runner>\n program sleep 1000\n hang-around yes\n</runner>\n' }, async (stage) => {
    assert.equal(stage.sh(`${Z} status`), 'daemon manager not running\nstatus 3\n');
    assert.equal(stage.sh(`${Z} status now`), 'status argument must be absent or -l\nstatus 1\n');
    stage.sh(`${Z} start`);
    const pid = pidOf(stage);
    const long = stage.sh(`${Z} status -l`);
    assert.match(long, new RegExp(`^program running; pid=${String(pid)}\nstatus=running\nnow=[\\d.]+\nshould_be_up=1\ndelay=0\nbackoff=0\nlasttime=[\\d.]+\napplication=${String(pid)}\ntesting=0\nmanager=\\d+\nbackofflimit=10\nfilename='[^\n]*/sleep'\nargs=\\['sleep', '1000'\\]\n$`));
    stage.sh(`${Z} stop`);
    await stage.until(`${Z} status`, /^daemon manager running; daemon process not running\n$/);
    assert.match(stage.sh(`${Z} start`), /daemon process started/);
    process.kill(Number(/manager=(\d+)/.exec(long)?.[1]), 'SIGTERM');
    await stage.until(`${Z} status`, /^daemon manager not running/);
  });
});

test('ZD-05: fg runs in the foreground with its status, and not beside the daemon', limit, async () => {
  await withStage({ conf: NAP }, (stage) => {
    assert.equal(stage.sh('zdaemon -p "sh -c exit" fg'), 'sh -c exit\n');
    assert.equal(stage.sh('echo input | zdaemon -p cat foreground'), 'cat\ninput\n');
    stage.sh(`${Z} start`);
    assert.match(stage.sh(`${Z} fg`), /^To run the program in the foreground, please stop it first\.\nstatus 1\n$/);
    stage.sh(`${Z} stop`);
    return Promise.resolve();
  });
});

test('ZD-06: kill takes numbers and names in any case, and says what it did', limit, async () => {
  await withStage({ conf: '<runner>\n program sh prog\n transcript log\n</runner>\n', prog: 'trap "echo usr1" USR1\ntrap "echo hup" HUP\necho ready\nwhile :; do sleep 0.05; done\n' }, async (stage) => {
    assert.equal(stage.sh(`${Z} kill`), 'daemon process not running\n');
    stage.sh(`${Z} start`);
    await stage.until('cat log', /^ready\n/);
    const pid = String(pidOf(stage));
    assert.equal(stage.sh(`${Z} kill usr1`), `kill(${pid}, 10)\nsignal SIGUSR1 sent to process ${pid}\n`);
    await stage.until('cat log', /usr1\n$/);
    assert.equal(stage.sh(`${Z} kill SIGHUP`), `kill(${pid}, 1)\nsignal SIGHUP sent to process ${pid}\n`);
    await stage.until('cat log', /hup\n$/);
    assert.match(stage.sh(`${Z} kill 10`), /signal SIGUSR1 sent/);
    assert.equal(stage.sh(`${Z} kill nonsense`), 'invalid signal \'nonsense\'\nstatus 1\n');
    assert.match(stage.sh(`${Z} kill`), /^kill\(\d+, 15\)\nsignal SIGTERM sent/);
    await stage.until(`${Z} status`, new RegExp(`^program running; pid=(?!${pid}\n)`));
    stage.sh(`${Z} stop`);
  });
});

test('ZD-08: logreopen sends USR2, wait waits, logtail follows a file, show shows', limit, async () => {
  await withStage({ conf: '<runner>\n program sh prog\n transcript log\n logfile my.log\n</runner>\n', prog: 'trap "echo usr2" USR2\necho ready\nwhile :; do sleep 0.05; done\n', 'my.log': Array.from({ length: 15 }, (_, i) => `line ${String(i)}\n`).join('') }, async (stage) => {
    stage.sh(`${Z} start`);
    await stage.until('cat log', /^ready\n/);
    assert.match(stage.sh(`mv log old; ${Z} logreopen`), /^kill\(\d+, 12\)\nsignal SIGUSR2 sent/);
    await stage.until('cat log', /^usr2\n$/);
    assert.equal(stage.read('old'), 'ready\n');
    stage.sh(`(${Z} wait > waited 2>&1; echo done >> waited) > /dev/null 2>&1 &`);
    await stage.until('cat waited', /^\./);
    stage.sh(`${Z} stop`);
    await stage.until('cat waited', /^\.( \.)*\ndaemon process stopped\ndaemon manager not running\ndone\n$/);
    const tail = stage.start('zdaemon', '-Cconf', 'logtail');
    await stage.until('cat out', /^line 5\n(line \d+\n){8}line 14\n$/);
    stage.sh('echo more >> my.log');
    await stage.until('cat out', /line 14\nmore\n$/);
    stage.sh('echo anew > my.log');
    await stage.until('cat out', /more\nFile truncated\nanew\n$/);
    tail.kill('SIGINT');
    assert.match(stage.sh(`${Z} show`), /^zdctl options:\nconfigfile: +"conf"\n[^]*exit-codes: +\[0,2\]\n/);
    assert.match(stage.sh(`${Z} show python`), /^Runtime: Node\.js /);
    assert.match(stage.sh(`${Z} show all`), /zdctl options:[^]*Runtime:/);
  });
});

test('ZD-09: help lists the commands and tells of each', limit, async () => {
  await withStage({ conf: NAP }, (stage) => {
    const list = stage.sh(`${Z} help`);
    const commands = ['start', 'stop', 'restart', 'status', 'kill', 'foreground', 'fg', 'reopen_transcript', 'logreopen', 'logtail', 'wait', 'show', 'help', 'quit'];
    for (const command of commands) {
      assert.match(list, new RegExp(`\\b${command}\\b`));
      assert.match(stage.sh(`${Z} help ${command}`), new RegExp(`^${command} .*-- `));
    }
    assert.match(stage.sh(`${Z} help nonsense`), /^\*\*\* No help on nonsense\n/);
    return Promise.resolve();
  });
});

test('ZD-10, ZD-26: without a command it asks, with a prompt that can be chosen; an empty line asks for the status', limit, async () => {
  await withStage({ conf: NAP, shy: '<runner>\n program sleep 1000\n default-to-interactive off\n prompt hello:\n</runner>\n' }, (stage) => {
    const said = stage.sh(`printf 'start\\n\\nstop\\nnonsense\\nquit\\n' | ${Z}`);
    assert.match(said, /^program: sleep 1000\ndaemon manager not running\nzdaemon> \.( \.)*\ndaemon process started, pid=(\d+)\nzdaemon> program running; pid=\2\nzdaemon> \.( \.)*\ndaemon process stopped\nzdaemon> \*\*\* Unknown syntax: nonsense\nzdaemon> $/);
    assert.match(stage.sh('zdaemon -Cshy'), /Error: no command given[^]*status 2\n$/);
    assert.match(stage.sh('echo | zdaemon -Cshy -i'), /^program: sleep 1000\ndaemon manager not running\nhello: daemon manager not running\nhello: \n$/);
    return Promise.resolve();
  });
});

test('ZD-34, ZD-38: the program is a session of its own, without a terminal, in its directory, with three descriptors', limit, async () => {
  await withStage({ conf: '<runner>\n program sh prog\n directory work\n transcript log\n umask 027\n</runner>\n', 'work/prog': 'pwd\numask\nls /proc/$$/fd | tr "\\n" " "\necho\nreadlink /proc/self/fd/0\nps -o tty= -p $$\nexec sleep 1000\n' }, async (stage) => {
    const started = Date.now();
    const said = stage.sh(`${Z} start; echo prompt`);
    assert.match(said, /prompt\n$/);
    assert.ok(Date.now() - started < 10_000, 'the shell had its prompt back');
    // The tenth descriptor is the shell's own.
    await stage.until('cat log', new RegExp(`^${stage.directory}/work\n0027\n0 1 (10 )?2 \n/dev/null\n\\?\n$`));
    stage.sh(`${Z} stop`);
  });
});

test('ZD-35: what ends the terminal does not end the program; TERM ends manager and program, with a line and without the socket', limit, async () => {
  await withStage({ conf: '<runner>\n program sleep 1000\n</runner>\n<eventlog>\n <logfile>\n  path events\n </logfile>\n</eventlog>\n' }, async (stage) => {
    const shell = spawn('setsid', ['sh', '-c', `${Z} start; sleep 1000`], { cwd: stage.directory, env: { PATH: stage.sh('printf %s "$PATH"'), HOME: stage.directory, XDG_RUNTIME_DIR: `${stage.directory}/runtime` }, stdio: 'ignore' });
    await stage.until(`${Z} status`, /^program running/);
    const pid = pidOf(stage);
    // As a terminal does with its group.
    process.kill(-shell.pid!, 'SIGINT');
    process.kill(-shell.pid!, 'SIGHUP');
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    assert.equal(pidOf(stage), pid);
    process.kill(Number(/manager=(\d+)/.exec(stage.sh(`${Z} status -l`))?.[1]), 'SIGTERM');
    await stage.until(`${Z} status`, /^daemon manager not running/);
    await stage.until(`ps -p ${String(pid)} -o pid=; ls`, /^(?![^]*zdsock)[^]*conf/);
    assert.match(stage.read('events'), /^------\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d INFO zdaemon daemon manager started\n[^]*daemon manager ends because of SIGTERM\n/);
  });
});

test('ZD-36: the socket takes one command a connection, and tells who says nonsense', limit, async () => {
  await withStage({ conf: NAP }, (stage) => {
    stage.sh(`${Z} start`);
    const tell = (text: string): string => stage.sh(`python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect("zdsock"); s.sendall(sys.argv[1].encode()); print(s.makefile().read(), end="")' "${text}"`);
    assert.match(tell('status\n'), /^status=running\n[^]*application=\d+\n/);
    assert.match(tell('dance\n'), /^Unknown command "dance"/);
    assert.match(tell('kill 0\n'), /^Bad signal/);
    assert.match(tell('restart\n'), /^Application will be restarted\n/);
    assert.equal(stage.sh('python3 -c \'import socket; a=socket.socket(socket.AF_UNIX); a.connect("zdsock"); b=socket.socket(socket.AF_UNIX); b.connect("zdsock"); a.settimeout(5); print(a.recv(10)); b.sendall(b"status\\n"); print(b.recv(6))\''), 'b\'\'\nb\'status\'\n');
    assert.equal(stage.sh('python3 -c \'import socket; a=socket.socket(socket.AF_UNIX); a.connect("zdsock"); a.sendall(b"x"*20000); print(a.recv(100))\' 2>&1 | tail -1').replace(/^BrokenPipe.*|^Conn.*/, 'b\'Command too long\\n\''), 'b\'Command too long\\n\'\n');
    stage.sh(`${Z} stop`);
    return Promise.resolve();
  });
});

test('ZD-40: a warning tells that another program is managed there', limit, async () => {
  await withStage({ conf: NAP }, (stage) => {
    stage.sh(`${Z} start`);
    assert.match(stage.sh('zdaemon -p "sleep 2000" status'), /WARNING! zdrun is managing a different program!\nour program   = \['sleep', '2000'\]\ndaemon's args = \['sleep', '1000'\]\n/);
    assert.doesNotMatch(stage.sh(`${Z} status`), /WARNING/);
    stage.sh(`${Z} stop`);
    return Promise.resolve();
  });
});
