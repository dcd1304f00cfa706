/** sema from outside: its options, its server's life, its socket and what goes over it. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { encodeMessage, MessageReader } from '../../../src/front/sema/message.ts';
import { withStage, type Stage } from '../stage.ts';

const limit = { timeout: 120_000 };
const SLEEPER = 'while true do runIfUp { cmd "sleep 1000" } end\n';
const socketOf = (stage: Stage): string => `${stage.directory}/sema.socket`;
/** The commands of a test find their server by $SEMA_SOCKET. */
const sema = (stage: Stage, words: string): string => stage.sh(`SEMA_SOCKET=${socketOf(stage)} sema ${words}`);
const serve = (stage: Stage): void => { stage.startIn({ SEMA_SOCKET: socketOf(stage) }, 'sema', '--server'); };

/** Sends bytes and gives the replies up to the end of the connection. */
async function exchange(stage: Stage, bytes: Buffer): Promise<readonly (readonly string[])[]> {
  const socket = connect(socketOf(stage));
  const reader = new MessageReader();
  const replies: (readonly string[])[] = [];
  socket.write(bytes);
  for await (const chunk of socket) replies.push(...reader.push(chunk as Buffer));
  return replies;
}

test('SE-01, SE-02: a foreground server serves clients, loads what they name, and stays when it is idle', limit, async () => {
  await withStage({ 'a.sema': SLEEPER }, async (stage) => {
    assert.match(sema(stage, '--client a.sema'), /Could not connect to server\.\nstatus 1/);
    serve(stage);
    await stage.until('ls', /sema\.socket/);
    assert.equal(sema(stage, '--client a.sema'), 'STATUS the script is loaded\nOK Done.\n');
    assert.equal(sema(stage, '--kill a.sema'), `KILLED ${stage.directory}/a.sema\nOK Done.\n`);
    stage.sh('sleep 1');
    assert.equal(sema(stage, '--ls'), 'OK Done.\n');
  });
});

test('SE-03, SE-04, SE-05: a client without a server starts one in the background, which no session or directory of the client holds, and which ends with the last script', limit, async () => {
  await withStage({ 'a.sema': SLEEPER }, async (stage) => {
    assert.equal(sema(stage, 'a.sema status'), 'STATUS the script is loaded\nOK Done.\n');
    const server = stage.sh('for p in /proc/[0-9]*; do grep -qas "server-on-descriptor" $p/cmdline && grep -qas "SEMA_SOCKET=$PWD" $p/environ && echo ${p#/proc/}; done; true').trim();
    assert.match(server, /^\d+$/);
    // Fields of proc(5)'s stat: parent, group, session. The session is led by somebody who is gone.
    const [parent, , session] = stage.sh(`sed 's/.*) . //' /proc/${server}/stat`).split(' ');
    assert.notEqual(parent, String(process.pid));
    assert.notEqual(session, server);
    assert.notEqual(session, stage.sh("sed 's/.*) . //' /proc/$$/stat").split(' ')[2]);
    assert.equal(stage.sh(`readlink /proc/${server}/cwd`).trim(), stage.directory);
    sema(stage, '--kill a.sema');
    await stage.until(`ls; test -e /proc/${server} && echo there || echo gone`, /gone/);
    assert.doesNotMatch(stage.sh('ls'), /sema\.socket/);
  });
});

test('SE-06: as process 1 the server stays and the client is its child', { ...limit, skip: process.getuid?.() !== 0 }, async () => {
  await withStage({ 'a.sema': SLEEPER }, async (stage) => {
    stage.sh(`SEMA_SOCKET=${socketOf(stage)} setsid unshare --pid --fork --kill-child --mount-proc sema a.sema > out 2>&1 & echo $! > unshare.pid`);
    await stage.until('cat out', /^STATUS the script is loaded\nOK Done\.\n$/);
    assert.equal(sema(stage, '--client a.sema status'), 'STATUS the script is loaded\nOK Done.\n');
    sema(stage, '--kill a.sema');
    stage.sh('sleep 1');
    assert.equal(sema(stage, '--ls'), 'OK Done.\n');
    stage.sh('kill -9 $(cat unshare.pid)');
  });
});

test('SE-07, SE-08: --ls lists scripts and what they wait for; --kill ends a script and its children with KILL', limit, async () => {
  await withStage({ 'a.sema': 'run { "sh", "-c", "trap : TERM; while :; do sleep 1; done" }\n', 'b.sema': SLEEPER }, async (stage) => {
    serve(stage);
    await stage.until('ls', /sema\.socket/);
    sema(stage, '--client a.sema');
    sema(stage, '--client b.sema');
    const list = sema(stage, '--ls');
    const [, a = '', b = ''] = /^SCRIPT .*\/a\.sema\nPID (\d+)\nSCRIPT .*\/b\.sema\nPID (\d+)\nOK Done\.\n$/.exec(list) ?? assert.fail(list);
    assert.match(stage.sh(`tr '\\0' ' ' < /proc/${b}/cmdline`), /^sleep 1000 $/);
    assert.match(sema(stage, '--kill a.sema'), /^KILLED .*a\.sema\nOK/);
    await stage.until(`test -e /proc/${a} || echo gone`, /gone/);
    assert.equal(sema(stage, '--kill a.sema'), 'OK Done.\n');
    assert.match(sema(stage, '--kill missing.sema'), /cannot read .*missing\.sema.*\nstatus 1/);
    assert.match(sema(stage, '--ls a.sema'), /^Unknown command: --ls a\.sema\n/);
    assert.match(sema(stage, '--kill'), /^Unknown command: --kill\n/);
  });
});

test('SE-09: --help, nothing or something unknown prints the usage, and names what is unknown', limit, async () => {
  await withStage({}, (stage) => {
    const usage = sema(stage, '--help');
    assert.match(usage, /^sema --server\n[^]*--kill FILE/);
    assert.equal(sema(stage, ''), usage);
    assert.equal(sema(stage, '--frobnicate'), `Unknown command: --frobnicate\n${usage}status 1\n`);
    return Promise.resolve();
  });
});

test('SE-10, SE-11, SE-12: without a command the status is asked; replies are printed up to OK or ERROR, which is the exit status', limit, async () => {
  await withStage({ 'a.sema': `function command.many(a) reply("one", a) reply "two" end\nfunction command.bad() reply "before" error "no luck" end\n${SLEEPER}` }, async (stage) => {
    assert.equal(sema(stage, '--ls'), 'Could not connect to server.\nstatus 1\n');
    assert.equal(sema(stage, 'a.sema'), 'STATUS the script is loaded\nOK Done.\n');
    assert.equal(sema(stage, 'a.sema many x'), 'STATUS one x\nSTATUS two\nOK Done.\n');
    assert.equal(sema(stage, 'a.sema bad'), `STATUS before\nERROR ${stage.directory}/a.sema:2: no luck\nstatus 1\n`);
    await stage.until('ls', /sema\.socket/);
  });
});

test('SE-13: the socket is that of $SEMA_SOCKET, else of the user, and without any of the variables an error names them', limit, async () => {
  await withStage({}, (stage) => {
    const asNobody = (environment: string): string => stage.sh(`env -i PATH=$PATH ${environment} setuidgid nobody sema --ls 2>&1`);
    if (process.getuid?.() === 0) {
      stage.sh('chmod 755 .');
      assert.match(asNobody(''), /\$SEMA_SOCKET, \$XDG_RUNTIME_DIR or \$HOME/);
      assert.match(asNobody('HOME=/nonexistent'), /Could not connect/);
    }
    return Promise.resolve();
  });
  const { semaSocketPath } = await import('../../../src/front/sema/socket-path.ts');
  assert.equal(semaSocketPath({ SEMA_SOCKET: '/x/y', HOME: '/h' }, 0), '/x/y');
  assert.equal(semaSocketPath({ XDG_RUNTIME_DIR: '/r', HOME: '/h' }, 0), '/run/sema.socket');
  assert.equal(semaSocketPath({ XDG_RUNTIME_DIR: '/r', HOME: '/h' }, 1000), '/r/sema.socket');
  assert.equal(semaSocketPath({ HOME: '/h' }, 1000), '/h/.sema.socket');
  assert.throws(() => semaSocketPath({}, 1000), /SEMA_SOCKET.*XDG_RUNTIME_DIR.*HOME/);
});

test('SE-14, SE-15: a stale socket is replaced, a live one or another file is not; SIGTERM and SIGINT end the server and remove it', limit, async () => {
  await withStage({ 'a.sema': SLEEPER }, async (stage) => {
    stage.write('sema.socket', 'a file');
    assert.match(sema(stage, '--server'), /is in the way and is no socket[^]*status 1/);
    stage.sh('rm sema.socket; perl -MSocket -e "socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(q(sema.socket)))"');
    assert.match(stage.sh('ls'), /sema\.socket/);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = stage.startIn({ SEMA_SOCKET: socketOf(stage) }, 'sema', '--server');
      await stage.until(`SEMA_SOCKET=${socketOf(stage)} sema --client a.sema`, /OK Done/);
      assert.match(sema(stage, '--server'), /already in use[^]*status 1/);
      const child = /PID (\d+)/.exec(sema(stage, '--ls'))?.[1] ?? '';
      // The script host's own descriptors are none of the child's.
      assert.match(stage.sh(`ls /proc/${child}/fd`), /^0\n1\n2\n$/);
      server.kill(signal);
      await stage.until('ls', /^(?![^]*sema\.socket)/);
      await stage.until(`test -e /proc/${child} || echo gone`, /gone/);
    }
  });
});

test('SE-16: messages are magic, version, length and strings with their lengths; what is none is answered with ERROR', limit, async () => {
  assert.equal(encodeMessage(['ab', '']).toString('latin1'), 'sema\0\0\0\0\x0a\0\0\0\x02ab\0\0\0\0');
  await withStage({ 'a.sema': SLEEPER }, async (stage) => {
    serve(stage);
    await stage.until('ls', /sema\.socket/);
    const script = `${stage.directory}/a.sema`;
    assert.deepEqual(await exchange(stage, encodeMessage([script, 'status'])), [['STATUS', 'the script is loaded'], ['OK', 'Done.']]);
    const list = await exchange(stage, encodeMessage(['', 'ls']));
    assert.deepEqual(list.map(([word]) => word), ['SCRIPT', 'PID', 'OK']);
    assert.deepEqual(await exchange(stage, encodeMessage(['', 'killScript', script])), [['KILLED', script], ['OK', 'Done.']]);
    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', 'sema\x01\0\0\0\0', 'sema\0\xff\xff\xff\xff', 'sema\0\0\0\0\x05\0\0\0\x09x']) {
      const [reply] = await exchange(stage, Buffer.from(garbage, 'latin1'));
      assert.equal(reply?.[0], 'ERROR', JSON.stringify(garbage));
    }
    assert.equal((await exchange(stage, encodeMessage(['', 'dance'])))[0]?.[0], 'ERROR');
    assert.equal((await exchange(stage, encodeMessage(['relative', 'status'])))[0]?.[0], 'ERROR');
  });
});

test('SE-17, SE-18: a script may be executable; each path is one script with globals of its own, and links are not followed', limit, async () => {
  await withStage({}, async (stage) => {
    stage.write('a.sema', `#!${stage.bin}/sema\ncount = (count or 0) + 1\nfunction command.count() reply(count) end\nfunction command.add() count = count + 1 end\n${SLEEPER}`);
    stage.sh('chmod 755 a.sema; ln -s a.sema b.sema');
    const run = (words: string): string => stage.sh(`SEMA_SOCKET=${socketOf(stage)} ./${words}`);
    assert.equal(run('a.sema add'), 'OK Done.\n');
    assert.equal(run('a.sema count'), 'STATUS 2\nOK Done.\n');
    assert.equal(run('b.sema count'), 'STATUS 1\nOK Done.\n');
    assert.match(sema(stage, '--ls'), /SCRIPT .*a\.sema\n[^]*SCRIPT .*b\.sema\n/);
    await stage.until('ls', /sema\.socket/);
  });
});
