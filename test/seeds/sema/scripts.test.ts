/** What scripts of sema can say, each through the command. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withStage, type Stage } from '../stage.ts';

const limit = { timeout: 120_000 };
const FOREVER = 'waitEvent "never"\n';
const sema = (stage: Stage, words: string): string => stage.sh(`SEMA_SOCKET=${stage.directory}/sema.socket sema ${words}`);

/** Runs a body with a script loaded as a.sema. */
function withScript(script: string, body: (stage: Stage, command: (words?: string) => string) => Promise<void> | void, loading = 'status'): Promise<void> {
  return withStage({ 'a.sema': script }, async (stage) => {
    const first = sema(stage, `a.sema ${loading}`);
    assert.match(first, /OK Done/, first);
    await body(stage, (words = '') => sema(stage, `a.sema ${words}`).replace(/OK Done\.\n$/, '').replaceAll('STATUS ', ''));
  });
}

test('SE-19: scripts see the language, string, table, math and bit operations, and nothing that reaches files, the system or modules', limit, async () => {
  const script = `
local seen, missing = {}, {}
for _, name in ipairs { "assert", "error", "ipairs", "next", "pairs", "pcall", "select", "setmetatable", "tonumber", "tostring", "type", "string", "table", "math", "bit32" } do
  if command and _ENV[name] == nil then missing[#missing + 1] = name end
end
for _, name in ipairs { "io", "os", "require", "package", "dofile", "loadfile", "load", "debug", "coroutine", "collectgarbage" } do
  if _ENV[name] ~= nil then seen[#seen + 1] = name end
end
function command.names() reply(table.concat(missing, ","), table.concat(seen, ",")) end
function command.bits() reply(bit32.band(0xF0, 0x3C), bit32.bor(1, 6), bit32.bxor(5, 1), bit32.bnot(0), bit32.lshift(1, 31), bit32.rshift(256, 4), bit32.arshift(0x80000000, 4), bit32.extract(0xABCD, 4, 8), bit32.replace(0, 5, 4, 4), bit32.lrotate(0x80000001, 1), bit32.rrotate(1, 1)) end
${FOREVER}`;
  await withScript(script, (_, command) => {
    assert.equal(command('names'), ' \n');
    assert.equal(command('bits'), '48 7 4 4294967295.0 2147483648.0 16 4160749568.0 188 80 3 2147483648.0\n');
  });
});

test('SE-20: a command runs on a thread of its own when the main thread waits; one that is not defined is named with its script', limit, async () => {
  await withScript(`value = "before"\nfunction command.get() reply(value) end\nfunction command.slow() waitEvent "go" reply "done" end\nfunction command.go() triggerEvent "go" end\nvalue = "after"\n${FOREVER}`, async (stage, command) => {
    assert.equal(command('get'), 'after\n');
    stage.sh(`SEMA_SOCKET=$PWD/sema.socket sema a.sema slow > slow 2>&1 &`);
    stage.sh('sleep 1');
    assert.equal(command('get'), 'after\n');
    command('go');
    await stage.until('cat slow', /^STATUS done\nOK Done\.\n$/);
    assert.equal(command('dance'), `ERROR command "dance" is not defined by ${stage.directory}/a.sema\nstatus 1\n`);
  });
});

test('SE-21, SE-29: down clears "up" and ends the child of the main thread with TERM, up sets it again; runIfUp waits for it', limit, async () => {
  await withScript('while true do local status = runIfUp { cmd "sleep 1000" } parallel(function() run("sh", "-c", "echo ended " .. status .. " >> log") end) end\n', async (stage, command) => {
    const first = /PID (\d+)/.exec(sema(stage, '--ls'))?.[1] ?? '';
    assert.notEqual(first, '');
    command('down');
    await stage.until('cat log', /^ended 143\n$/);
    assert.match(sema(stage, '--ls'), /^SCRIPT .*\nOK Done\.\n$/);
    command('up');
    const second = /PID (\d+)/.exec(await stage.until('SEMA_SOCKET=$PWD/sema.socket sema --ls', /PID/))?.[1] ?? '';
    stage.sh(`kill -9 ${second}`);
    const third = await stage.until('cat log; SEMA_SOCKET=$PWD/sema.socket sema --ls', /ended 137\n[^]*PID/);
    assert.doesNotMatch(third, new RegExp(`PID ${second}\n`));
  });
});

test('SE-22: a script that is loaded by down stays down, and one that is loaded by anything else is up', limit, async () => {
  await withScript('while true do runIfUp { cmd "sleep 1000" } end\n', async (stage, command) => {
    stage.sh('sleep 1');
    assert.match(sema(stage, '--ls'), /^SCRIPT .*\nOK Done\.\n$/);
    command('up');
    await stage.until('SEMA_SOCKET=$PWD/sema.socket sema --ls', /PID/);
  }, 'down');
});

test('SE-23, SE-24: up, down and status can be replaced; reply is for commands, as often as they like; an error becomes ERROR', limit, async () => {
  const script = `
local ok, why = pcall(reply, "nobody")
function command.up() reply "my up" end
function command.down() reply("my", "down") reply(1, nil, true) end
function command.status() reply(ok, why) end
function command.bad() error { "a table" } end
${FOREVER}`;
  await withScript(script, (_, command) => {
    assert.equal(command('up'), 'my up\n');
    assert.equal(command('down'), 'my down\n1 nil true\n');
    assert.match(command(), /^false .*reply is for commands/);
    assert.match(command('bad'), /^ERROR .*a\.sema: table/);
  });
});

test('SE-25, SE-31: parallel gives a handle for signal; nil means the main thread, and no child means nothing', limit, async () => {
  const script = `
local thread = parallel(function() while true do run { "sh", "-c", "trap 'echo usr1 >> log' USR1; while :; do sleep 0.1; done" } end end)
function command.poke() signal(thread, SIGUSR1) end
function command.main() signal(nil, SIGHUP) end
function command.names() reply(SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGTERM, SIGUSR1, SIGUSR2) end
${FOREVER}`;
  await withScript(script, async (stage, command) => {
    assert.equal(command('names').split(' ').length, 9);
    assert.equal(command('main'), '');
    await stage.until('sleep 0.3; SEMA_SOCKET=$PWD/sema.socket sema a.sema poke > poked; cat poked log', /OK Done\.\n(?:usr1\n)+$/);
  });
});

test('SE-26, SE-27: run takes words or a string, gives the exit status, looks on PATH, starts in the directory of the script with signals as they should be', limit, async () => {
  const script = `
function command.status() reply(run { "sh", "-c", "exit 7" }, run("true"), run "false", run { "sh", "-c", "kill -9 $$" }) end
function command.missing() reply(run "no-such-program") end
function command.empty() run {} end
function command.number() run { "echo", 5 } end
function command.where() run { "sh", "-c", "pwd > where" } run { "sh", "-c", "pwd >> ../where", chdir = "sub" } end
function command.signals() run { "sh", "-c", "grep Sig[BI] /proc/self/status > signals" } end
${FOREVER}`;
  await withScript(script, (stage, command) => {
    stage.sh('mkdir sub');
    assert.equal(command(), '7 0 1 137\n');
    assert.equal(command('missing'), '1\n');
    assert.match(command('empty'), /^ERROR .*a\.sema:4: run takes a program/);
    assert.match(command('number'), /^ERROR .*a\.sema:5: run takes words that are strings, not number/);
    command('where');
    assert.equal(stage.read('where'), `${stage.directory}\n${stage.directory}/sub\n`);
    command('signals');
    assert.equal(stage.read('signals'), 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n');
  });
});

test('SE-28: user takes a name or a number, with its group and no others, and what cannot be done is not run', { ...limit, skip: process.getuid?.() !== 0 }, async () => {
  const script = `
function command.name() run { "sh", "-c", "id > who; grep Groups /proc/self/status >> who", user = "daemon" } end
function command.number() run { "sh", "-c", "id > who", user = 1 } end
function command.unknown() reply(run { "sh", "-c", "echo wrong > never", user = "no-such-user" }) end
${FOREVER}`;
  await withScript(script, (stage, command) => {
    stage.sh('chmod 777 .');
    command('name');
    assert.match(stage.read('who'), /^uid=1\(daemon\) gid=1\(daemon\) groups=1\(daemon\)\nGroups:\s*\n$/);
    stage.sh('rm who');
    command('number');
    assert.match(stage.read('who'), /^uid=1\(daemon\) gid=1/);
    assert.equal(command('unknown'), '1\n');
    assert.equal(stage.read('never'), '');
  });
});

test('SE-30, SE-35: cmd splits at white space and knows no quotes; scriptName and fullpath are relative to the script', limit, async () => {
  await withScript(`function command.words() reply(cmd "  a  'b c'\\td ") end\nfunction command.paths() reply(scriptName(), fullpath "x/y", fullpath "/z") end\n${FOREVER}`, (stage, command) => {
    assert.equal(command('words'), "a 'b c' d\n");
    assert.equal(command('paths'), `${stage.directory}/a.sema ${stage.directory}/x/y /z\n`);
  });
});

test('SE-32: a pipe joins services, and what is in it survives a restart of either side', limit, async () => {
  const script = `
local p = pipe()
local writer = parallel(function() while true do runIfUp { "sh", "-c", "echo from $$; exec sleep 1000", stdout = p.input } end end)
local reader = parallel(function() while true do waitEvent "read" run { "sh", "-c", "while read line; do echo $line >> got; done", stdin = p.output } end end)
function command.say(word) p.input:writeln(word) p.input:write "and " p.input:writeln "more" end
function command.read() setEvent "read" end
function command.killreader() setEvent("read", false) signal(reader, SIGKILL) end
function command.killwriter() signal(writer, SIGKILL) end
${FOREVER}`;
  await withScript(script, async (stage, command) => {
    command('say early');
    command('read');
    await stage.until('cat got', /^from \d+\nearly\nand more\n$/);
    command('killreader');
    command('say between');
    command('killwriter');
    stage.sh('sleep 0.5');
    command('read');
    await stage.until('cat got', /between\nand more\nfrom \d+\n$/);
  });
});

test('SE-33: events wake who waits; what is set wakes who comes later, too; any value but nil is an event', limit, async () => {
  const script = `
local object = {}
function command.wait() waitEvent(object) reply "woken" end
function command.trigger() triggerEvent(object) end
function command.set() setEvent(object) end
function command.unset() setEvent(object, false) end
function command.up() waitEvent "up" reply "up is set" end
function command.none() waitEvent(nil) end
${FOREVER}`;
  await withScript(script, async (stage, command) => {
    const waiting = (name: string): string => stage.sh(`SEMA_SOCKET=$PWD/sema.socket sema a.sema wait > ${name} & sleep 1; cat ${name}`);
    command('trigger');
    assert.equal(waiting('one'), '', 'a trigger does not wait for those who come later');
    command('trigger');
    await stage.until('cat one', /woken/);
    command('set');
    assert.equal(command('wait'), 'woken\n');
    command('unset');
    assert.equal(waiting('two'), '');
    assert.equal(command('up'), 'up is set\n');
    assert.match(command('none'), /^ERROR .*a\.sema:8: an event is any value but nil/);
  });
});

test('SE-34: Event() hands values or an error to who waits', limit, async () => {
  const script = `
local event, heard = Event(), {}
event:thenDo(function(a, b) heard[#heard + 1] = a .. b end, function(e) heard[#heard + 1] = "failed " .. e end)
function command.wait() reply(wait(event)) end
function command.fire() event:fire("x", 2) end
function command.fail() event:fail "broken" end
function command.heard() reply(table.concat(heard, ",")) end
${FOREVER}`;
  await withScript(script, async (stage, command) => {
    stage.sh('(SEMA_SOCKET=$PWD/sema.socket sema a.sema wait > one 2>&1 &) ; sleep 1');
    command('fire');
    await stage.until('cat one', /^STATUS x 2\nOK/);
    stage.sh('(SEMA_SOCKET=$PWD/sema.socket sema a.sema wait > two 2>&1 &) ; sleep 1');
    command('fail');
    await stage.until('cat two', /^ERROR .*broken/);
    assert.equal(command('heard'), 'x2\n', 'who said thenDo is told once');
  });
});

test('SE-36, SE-37: when the main thread ends or fails, all threads end with it, and their children by KILL; the script is unloaded', limit, async () => {
  for (const end of ['waitEvent "end"', 'waitEvent "end" error "out of luck"']) {
    const script = `parallel(function() run { "sh", "-c", "trap '' TERM; echo $$ > child; while :; do sleep 0.1; done" } run { cmd "touch never" } end)\nfunction command.finish() triggerEvent "end" end\n${end}\n`;
    await withScript(script, async (stage) => {
      const child = (await stage.until('cat child', /^\d+\n/)).trim();
      sema(stage, 'a.sema finish');
      await stage.until(`test -e /proc/${child} && echo there || echo gone`, /gone/);
      await stage.until('SEMA_SOCKET=$PWD/sema.socket sema --ls', /^(?![^]*SCRIPT)/);
      assert.doesNotMatch(stage.sh('ls'), /never/);
    });
  }
});

test('SE-38: waits in time, environment and named descriptors of children, and files that are watched', limit, async () => {
  const script = `
local p = pipe "named"
function command.nap() sleep(0.3) reply "rested" end
function command.env() run { "sh", "-c", "echo $FLAVOUR $MOOD > seen", env = { MOOD = "merry" } } end
function command.fd() run { "sh", "-c", "echo five >&5", fds = { [5] = p.input } } run { stdin = p.output, chdir = ".", cmd "head -n1" } end
function command.watch() fileChanged "watched" reply "changed" end
${FOREVER}`;
  await withScript(script, async (stage, command) => {
    assert.equal(command('nap'), 'rested\n');
    command('env');
    assert.equal(stage.read('seen'), 'sweet merry\n');
    assert.equal(command('fd'), '');
    stage.sh('(SEMA_SOCKET=$PWD/sema.socket sema a.sema watch > changed 2>&1 &) ; sleep 1');
    stage.write('watched', 'x');
    await stage.until('cat changed', /^STATUS changed\n/);
  });
});

test('a script that loops for ever, eats memory or is no Lua harms nobody but itself, and says where', limit, async () => {
  await withScript(`while true do runIfUp { cmd "sleep 1000" } end\n`, async (stage, command) => {
    stage.write('loop.sema', `function command.spin() while true do end end\n${FOREVER}`);
    stage.write('hog.sema', `function command.eat() local t = {} while true do t[#t + 1] = { t } end end\n${FOREVER}`);
    stage.write('bad.sema', 'local x = 1\nif x then\n  y = = 2\nend\n');
    stage.write('throw.sema', '\n\nnothing.at.all()\n');
    assert.match(sema(stage, 'bad.sema'), /^ERROR .*bad\.sema:3: unexpected symbol near '='/);
    assert.match(sema(stage, 'throw.sema'), /^ERROR .*throw\.sema:3: attempt to index a nil value/);
    stage.sh('(SEMA_SOCKET=$PWD/sema.socket sema loop.sema spin > spun 2>&1 &) ; (SEMA_SOCKET=$PWD/sema.socket sema hog.sema eat > eaten 2>&1 &)');
    await stage.until('cat spun', /ERROR .*loop\.sema: the script does not come back/);
    await stage.until('cat eaten', /ERROR .*hog\.sema: the script needs more than \d+ MB/);
    assert.equal(command(), 'the script is loaded\n');
    assert.match(sema(stage, '--ls'), /^SCRIPT .*a\.sema\nPID \d+\nOK Done\.\n$/);
  });
});
