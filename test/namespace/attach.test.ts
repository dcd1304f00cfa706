import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Person, hasScript } from './person.ts';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? (hasScript ? false : 'script is missing: sudo apt-get install bsdutils');
const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'shell.service': '[Service]\nTerminal=yes\nEnvironment=PS1=ready:\nExecStart=/bin/sh -i\nRestart=always\nRestartSec=100ms\n',
  'asker.service': '[Service]\nTerminal=yes\nUser=nobody\nExecStart=/bin/sh -c \'id -un; echo named > $$(tty); read -r line; echo got $$line; sleep 7611\'\nExecStop=/bin/sh -c \'test -t 0 || echo nothing to read; echo stopping\'\n',
  'game.service': `[Service]\nTerminal=yes\nExecStart=/bin/sh -c 'while read -r line; do case $$line in quit) exit 0;; esac; echo played $$line; done'\nExecStop=+/bin/sh -c 'echo quit | ${CHECKOUT_INSIDE}/bin/initctl attach --quiet game'\n`,
  'mute.service': '[Service]\nExecStart=/bin/sleep 7612\n',
};
const KEYS = '\x1d\x1d\x1d';

/** Processes of the rig whose command line has this in it. */
function pidsOf(rig: Rig, part: string): readonly number[] {
  return rig.processes().filter(({ command }) => command.includes(part)).map(({ pid }) => pid);
}

test('clients join the terminal of a service, see the same, and find their own terminal as it was', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'shell')).status, 0);
    const first = new Person(rig, 'before=$(stty -g); initctl attach shell; echo status $?; test "$(stty -g)" = "$before" && echo as before', [30, 100]);
    await first.sees('Joined shell.service; ^]^]^] within a second leaves it.');
    await first.sees('ready:');
    first.type('echo $((6 * 7)); stty size\n');
    await first.sees(/42\r\n30 100\r\n/);
    const second = new Person(rig, 'initctl attach --quiet --detach-keys=^P^Q shell; echo status $?', [20, 120]);
    // What was there before it came, and then what both type; the size is one that both can show.
    await second.sees('42');
    second.type('echo $((6 * 8)); stty size\n');
    await first.sees(/48\r\n20 100\r\n/);
    await second.sees(/48\r\n20 100\r\n/);
    second.type('\x10\x11');
    assert.match(await second.leaves(), /status 0/);
    first.type('stty size; echo $((6 * 9))\n');
    await first.sees(/30 100\r\n54\r\n/);
    // Two of the three keys are meant for the service when the third does not come.
    first.type('echo $((6 * 10))\n');
    await first.sees('60');
    first.type(KEYS);
    assert.match(await first.leaves(), /Left shell\.service, which goes on\.\r\nstatus 0\r\nas before/);
    assert.equal(await rig.property('shell.service', 'ActiveState'), 'active');
  });
});

test('a session on a terminal outlives the end of the service, of the program that keeps the terminal, and of the manager', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'shell');
    const person = new Person(rig, 'initctl attach shell; echo status $?');
    await person.sees('ready:');
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    person.type('echo $((100 + 1))\n');
    await person.sees('101');
    const pid = await rig.property('shell.service', 'MainPID');
    const keeper = await rig.property('heartwood-terminal@shell.service', 'MainPID');
    await rig.run(['kill', '-KILL', keeper]);
    await rig.until(async () => !['0', keeper].includes(await rig.property('heartwood-terminal@shell.service', 'MainPID')) && (await rig.property('heartwood-terminal@shell.service', 'ActiveState')) === 'active');
    person.type('echo $((100 + 2))\n');
    await person.sees('102');
    assert.equal(await rig.property('shell.service', 'MainPID'), pid, 'the service did not notice');
    person.type('exit\n');
    await rig.until(async () => !['0', pid].includes(await rig.property('shell.service', 'MainPID')));
    person.type('echo $((100 + 3))\n');
    await person.sees('103');
    // A shell on a terminal does not care for TERM.
    assert.equal((await rig.initctl('stop', 'shell')).status, 0);
    assert.match(await person.leaves(), /shell\.service has ended\.\r\nstatus 0/);
    await rig.until(async () => (await rig.property('heartwood-terminal@shell.service', 'ActiveState')) === 'inactive', { what: 'the keeper of the terminal to go' });
  });
});

test('the terminal of a client that is killed is put back, and the service does not notice', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'shell');
    for (const victim of ['last', 'first', 'client'] as const) {
      const person = new Person(rig, 'before=$(stty -g); initctl attach shell; sleep 1; test "$(stty -g)" = "$before" && echo as before');
      await person.sees('ready:');
      await rig.until(() => pidsOf(rig, 'heartwood-terminal\0join').length === 2 || pidsOf(rig, 'heartwood-terminal join').length === 2, { what: 'the two processes of the client' });
      const joined = rig.processes().filter(({ command }) => /heartwood-terminal.join/s.test(command)).map(({ pid }) => pid).sort((a, b) => a - b);
      const clients = rig.processes().filter(({ command }) => /initctl\.c?js.attach/s.test(command)).map(({ pid }) => pid);
      const pid = victim === 'client' ? clients[0] : victim === 'first' ? joined[0] : joined[1];
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGKILL');
      assert.match(await person.leaves(), /as before/, `after the ${victim} process was killed`);
    }
    assert.equal(await rig.property('shell.service', 'NRestarts'), '0');
  });
});

test('the terminal belongs to the user of the service, and commands beside the main process do not wait for it', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'asker', 'mute');
    const person = new Person(rig, 'initctl attach asker');
    await person.sees(/nobody\r\nnamed\r\n/);
    person.type('a line\n');
    await person.sees('got a line');
    assert.equal((await rig.initctl('stop', 'asker')).status, 0);
    assert.match(await person.leaves(), /nothing to read\r\nstopping\r\n.*asker\.service has ended\./s);
    const down = await rig.initctl('attach', 'asker');
    assert.deepEqual([down.status, down.stderr], [3, 'asker.service is inactive; start it first.\n']);
    await rig.initctl('start', 'game');
    const players = new Person(rig, 'initctl attach game');
    await players.sees('Joined');
    assert.equal((await rig.run(['initctl', 'attach', '--quiet', 'game'], { input: 'a move\n' })).status, 0);
    await players.sees('played a move');
    assert.equal((await rig.initctl('stop', 'game')).status, 0);
    assert.match(await players.leaves(), /quit\r\n/);
    assert.deepEqual([await rig.property('game.service', 'ExecMainStatus'), await rig.property('game.service', 'ExecMainCode')], ['0', '1'], 'it ended as it was asked to');
    const mute = await rig.initctl('attach', 'mute');
    assert.equal(mute.status, 1);
    assert.match(mute.stderr, /mute\.service has no terminal: Terminal=yes in its \[Service\] section gives it one/);
    assert.equal((await rig.initctl('attach', 'nobody-knows')).status, 4);
    assert.equal((await rig.initctl('attach', '--detach-keys=abc^', 'mute')).status, 2);
  });
});

test('the prompt lends its terminal, and goes on afterwards', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'shell');
    const person = new Person(rig, 'initctl');
    await person.sees('heartwood> ');
    person.type('attach shell\n');
    await person.sees('ready:');
    person.type('echo $((6 * 7))\n');
    await person.sees(/\n42\r\n/);
    person.type(KEYS);
    await person.sees('goes on');
    person.type('is-active shell\n');
    await person.sees(/goes on[^]*\nactive\r\n/);
    person.type('quit\n');
    await person.leaves();
  });
});

test('run gives a command a terminal of its own, with the exit status of the command, and it goes on when it is left', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    const person = new Person(rig, 'cd /usr; initctl run --pty --same-dir --collect /bin/sh -c \'tty; pwd; stty size; echo $TERM; read -r line; echo got $line; exit 5\'; echo status $?', [31, 101]);
    await person.sees(/\/dev\/pts\/\d+\r\n\/usr\r\n31 101\r\nxterm\r\n/);
    person.type('a line\n');
    assert.match(await person.leaves(), /got a line\r\n(?:.*\r\n)?.*status 5/);
    const shell = new Person(rig, 'cd /usr; SHELL=/bin/sh initctl run --shell; echo status $?');
    await shell.sees('Joined');
    shell.type('pwd; exit 3\n');
    assert.match(await shell.leaves(), /\/usr\r\n(?:.*\r\n)*.*status 3/);
    const left = new Person(rig, 'initctl run --pty --unit=long /bin/sh -c "echo here; sleep 7613"; echo status $?');
    await left.sees('here');
    left.type(KEYS);
    assert.match(await left.leaves(), /Left long\.service, which goes on; "initctl attach long\.service" joins it again\.\r\nstatus 0/);
    assert.equal(await rig.property('long.service', 'ActiveState'), 'active');
    // Without a terminal it works as well; a command that prints nothing has ended before it could be joined.
    const piped = await rig.run(['initctl', 'run', '--quiet', '--pty', '/bin/sh', '-c', 'stty -echo; while read -r line; do echo "<$line>"; done; exit 6'], { input: 'one\ntwo\n' });
    assert.equal(piped.status, 6);
    assert.match(piped.stdout, /<one>\r\n<two>\r\n/);
    assert.equal((await rig.initctl('run', '--pty', '--quiet', 'false')).status, 1);
    const output = await rig.run(['initctl', 'run', '--quiet', '--pty', '/bin/sh', '-c', 'i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done']);
    assert.deepEqual([output.status, output.stdout.split('\r\n').length], [0, 20_001], 'all of what was printed comes');
    for (const [words, complaint] of [
      [['--pty', '--on-active=1h', 'true'], /--pty is about a command that is run at once/], [['--shell', 'true'], /--shell is a command already/],
      [['--pty', '--no-block', 'true'], /--pty may not be combined with --no-block/], [['--scope', '--pty', 'true'], /--pty is for services; with --scope/], [['--nonsense', 'true'], /unrecognized option '--nonsense'/],
    ] as const) {
      const wrong = await rig.initctl('run', ...words);
      assert.equal(wrong.status, 2);
      assert.match(wrong.stderr, complaint);
    }
  });
});
