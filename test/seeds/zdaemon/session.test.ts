/** The sessions of zdaemon's own manual, line for line: pids are whatever they are, and there is one dot for each second. */
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withStage, type Stage } from '../stage.ts';

const limit = { timeout: 120_000 };

/** A command and the lines it answers; `.` stands for any number of dots, `PID` for the pid of this life. */
type Step = readonly [command: string, ...lines: readonly string[]];

function replay(stage: Stage, steps: readonly Step[]): void {
  let pid = '';
  for (const [command, ...lines] of steps) {
    const said = stage.sh(command).split('\n').slice(0, -1).filter((line) => !/^status \d+$/.test(line));
    const shown = said.map((line) => {
      if (/^\.( \.)*$/.test(line)) return '.';
      const found = /pid=(\d+)$/.exec(line)?.[1];
      if (found === undefined) return line;
      if (!line.startsWith('daemon process started')) assert.equal(found, pid, 'it is the process that was started');
      pid = found;
      return line.replace(found, 'PID');
    });
    assert.deepEqual(shown, lines, command);
  }
}

test('ZD-01, ZD-02, ZD-04, ZD-05: a program is run in the foreground, started, asked about and stopped', limit, async () => {
  await withStage({}, (stage) => {
    replay(stage, [
      ['zdaemon -p "echo hello world" fg', 'echo hello world', 'hello world'],
      ['zdaemon -p "sleep 100" start', '.', 'daemon process started, pid=PID'],
      ['zdaemon -p "sleep 100" status', 'program running; pid=PID'],
      ['zdaemon -p "sleep 100" stop', '.', 'daemon process stopped'],
      ['zdaemon -p "sleep 100" status', 'daemon manager not running'],
    ]);
    return Promise.resolve();
  });
});

test('ZD-17, ZD-11: the socket is where the configuration says, and more words are more arguments', limit, async () => {
  await withStage({ conf: '<runner>\n  program sleep 100\n</runner>\n' }, (stage) => {
    replay(stage, [
      ['zdaemon -Cconf start', '.', 'daemon process started, pid=PID'],
      ['ls', 'conf', 'runtime', 'zdsock'],
      ['stat -c %a zdsock', '700'],
      ['zdaemon -Cconf stop', '.', 'daemon process stopped'],
      ['ls', 'conf', 'runtime'],
    ]);
    const socket = `${stage.directory}/runtime/demo.zdsock`;
    stage.write('conf', `<runner>\n  program sleep 100\n  socket-name ${socket}\n</runner>\n`);
    replay(stage, [
      ['zdaemon -Cconf start', '.', 'daemon process started, pid=PID'],
      ['ls', 'conf', 'runtime'],
      [`test -S ${socket} && echo there`, 'there'],
      ['zdaemon -Cconf stop', '.', 'daemon process stopped'],
    ]);
    stage.write('conf', `<runner>\n  program sleep\n  socket-name ${socket}\n</runner>\n`);
    replay(stage, [
      ['zdaemon -Cconf start 100', '.', 'daemon process started, pid=PID'],
      ['zdaemon -Cconf status', 'program running; pid=PID'],
      ['zdaemon -Cconf stop', '.', 'daemon process stopped'],
    ]);
    return Promise.resolve();
  });
});

test('ZD-28: the environment section is seen by fg and by start', limit, async () => {
  await withStage({}, async (stage) => {
    stage.write('conf', `<runner>\n  program env\n  transcript out\n  exit-codes\n  socket-name ${stage.directory}/demo.zdsock\n</runner>\n<environment>\n  LD_LIBRARY_PATH /home/foo/lib\n  HOME /home/foo\n</environment>\n`);
    const seen = stage.sh('zdaemon -Cconf fg');
    assert.match(seen, /^env\n/);
    assert.match(seen, /^LD_LIBRARY_PATH=\/home\/foo\/lib$/m);
    assert.match(seen, /^HOME=\/home\/foo$/m);
    assert.match(seen, /^FLAVOUR=sweet$/m, 'the rest is inherited');
    stage.sh('zdaemon -Cconf start > /dev/null 2>&1 &');
    await stage.until('cat out', /^LD_LIBRARY_PATH=\/home\/foo\/lib$/m);
    assert.match(stage.read('out'), /^HOME=\/home\/foo$/m);
    stage.sh('zdaemon -Cconf stop');
  });
});

test('ZD-07, ZD-27: the transcript has all that is printed, and goes on in a new file after it was renamed', limit, async () => {
  await withStage({ data: 'rec 1\n', conf: '<runner>\n  program tail -f data\n  transcript log\n</runner>\n' }, async (stage) => {
    replay(stage, [['zdaemon -Cconf start', '.', 'daemon process started, pid=PID']]);
    await stage.until('cat log', /^rec 1\n$/);
    const add = (text: string): string => stage.sh(`echo ${text} >> data`);
    renameSync(join(stage.directory, 'log'), join(stage.directory, 'log.1'));
    add('rec 2');
    await stage.until('cat log.1', /^rec 1\nrec 2\n$/);
    replay(stage, [['zdaemon -Cconf reopen_transcript']]);
    add('rec 3');
    await stage.until('cat log', /^rec 3\n$/);
    await sleep(200);
    assert.equal(stage.read('log.1'), 'rec 1\nrec 2\n');
    replay(stage, [['zdaemon -Cconf stop', '.', 'daemon process stopped']]);
    assert.equal(stage.sh('zdaemon -Cconf reopen_transcript'), 'daemon manager not running\nstatus 3\n');
  });
});
