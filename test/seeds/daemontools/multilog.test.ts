/** multilog beside Debian's: all that it prints, and every file it leaves with name, mode and content. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nextRandom, seedRandom } from '../../../src/base/random.ts';
import { OUR_BIN } from '../stage.ts';
import { same } from './both.ts';

const INPUT = String.raw`printf 'foo bar\nfatal: x\nother\nfoo\n\nlast'`;
const LONG = '(head -c 250 /dev/zero | tr "\\0" x; echo; echo short; head -c 200 /dev/zero | tr "\\0" y; echo; head -c 201 /dev/zero | tr "\\0" z)';
const zeros = (count: number, letter = 'q'): string => `head -c ${String(count)} /dev/zero | tr "\\0" ${letter}`;

same('DT-16: actions are done in order for each line; what is no action is ignored', [
  `${INPUT} | multilog t ./main`, `${INPUT} | multilog ./main t`, `${INPUT} | multilog tanything ./main`, `${INPUT} | multilog +x t ./main`,
  `${INPUT} | multilog`, `${INPUT} | multilog q '' T ./main`, `${INPUT} | multilog ./one -foo* ./two e`, `${INPUT} | multilog $PWD/main`, `${INPUT} | multilog .`,
  `${INPUT} | multilog t s1000000 n10 ./main`, 'multilog ./main </dev/null', String.raw`printf '\n\n' | multilog ./main`,
]);

same('DT-17: patterns select lines, a star standing for what does not hold the next byte', [
  ...["-foo", "-foo*", "-*", "-* +*fatal*", "-*o*r", "-", "-* +foo", "-* +foo +fatal*", "-*o +*", "+foo", "-f*l*", "-*:*", "-*x"].map((patterns) => `${INPUT} | (set -f; multilog ${patterns} ./main)`),
  `${INPUT} | multilog t '-* foo*' ./main e`, `${zeros(1500)} | multilog '-*' '+${'q'.repeat(1000)}' ./main`, `${zeros(1500)} | multilog '-${'q'.repeat(999)}' ./main`,
]);

same('DT-17: e shows 200 bytes of a line, =file holds the last line padded to 1001 bytes', [
  `${LONG} | multilog e`, `${LONG} | multilog t e`, `${INPUT} | multilog =status`, `${INPUT} | multilog -foo* =status e`, ...[999, 1000, 1001, 1500].map((count) => `${zeros(count)} | multilog e =status ./main`),
  'echo old >status; chmod 644 status; multilog =status </dev/null', 'multilog =missing/status </dev/null; echo $?', 'mkdir d; multilog =d; echo $?',
]);

same('DT-17: a processor writes old files, and remembers its state on descriptors 4 and 5', [
  'seq 4000 | multilog s4096 n5 \'!tr 0-9 a-j; (cat <&4; echo again) >&5\' ./main',
  'seq 4000 | multilog s4096 n5 \'!cat\' ./processed \'!\' ./plain',
  'seq 1000 | multilog s4096 \'!test -e ../tried || { : >../tried; exit 1; }; cat\' ./main',
]);

same('DT-18: size and number have their ranges; a file ends with a line when it is within 2000 bytes of its size', [
  ...['s4096 n3', 's10 n1', 's5000 n2', 's n', 'sabc nabc', 's99999999', 's6000x n4x', 's4096 n0'].map((words) => `seq 9000 | multilog ${words} ./main`),
  `${zeros(20000, 'w')} | multilog t s4096 n9 ./main`, `${zeros(200_000, 'w')} | multilog ./main`, 'seq 40000 | multilog ./main', `yes "${'long '.repeat(120)}" | head -100 | multilog s4096 n30 ./main`,
  'for i in 1 2 3 4 5; do seq 300 | multilog s4096 n4 ./main; done',
  'seq 900 | multilog s4096 n4 ./one s8000 n2 ./two',
]);

same('DT-19: current is 0644 while it is open and 0744 when it is complete; what was cut off is told by its name', [
  'echo old | multilog ./main; chmod 644 main/current; echo new | multilog ./main',
  'echo old | multilog ./main; echo new | multilog ./main',
  'echo old | multilog ./main; for f in current previous processed newstate; do echo $f >main/$f; done; chmod 644 main/*; echo new | multilog ./main',
  'echo old | multilog ./main; for f in current previous processed newstate; do echo $f >main/$f; done; chmod 644 main/*; chmod 744 main/processed; echo new | multilog ./main',
  'echo old | multilog ./main; echo kept >main/previous; echo new | multilog ./main', '(echo line; sleep 0.4) | multilog ./main & sleep 0.2; stat -c %a main/current; wait',
  'exec 3>&2 2>/dev/null; (echo line; sleep 0.4) | multilog ./main 2>&3 & sleep 0.2; kill -9 $!; wait 2>/dev/null; stat -c %a main/current; echo next | multilog ./main',
  'mkdir main; : >main/@400000000000000000000000.s; : >main/@400000000000000000000001.x; : >main/@4; seq 2000 | multilog s4096 n3 ./main',
]);

const TALKS = (signal: string): string =>
  `mkfifo in; multilog ./main <in & exec 3>in; printf 'one\\nha' >&3; sleep 0.15; kill -${signal} $!; sleep 0.15; printf 'lf\\nafter\\n' >&3; sleep 0.1; exec 3>&-; wait $!; echo $?`;
same('DT-20: ALRM rotates at once; TERM ends after the line in hand and leaves the rest unread; the end of input ends with 0', [
  TALKS('ALRM'), TALKS('TERM'),
  'mkfifo in; multilog ./main <in & exec 3>in; sleep 0.1; kill -ALRM $!; sleep 0.1; echo x >&3; exec 3>&-; wait $!; echo $?',
  'mkfifo in; multilog ./main <in & exec 3>in; sleep 0.1; kill -TERM $!; wait $!; echo $?',
  'mkfifo in; exec 3<>in; multilog ./main <&3 & printf "ha" >&3; sleep 0.1; kill -TERM $!; sleep 0.1; printf "lf\\nfor the next\\n" >&3; wait $!; echo $?; head -1 <&3',
]);

same('DT-20: a second writer, or a directory that cannot be had, ends with 111 before anything is read', [
  '(sleep 0.4) | multilog ./main & sleep 0.2; (echo x | multilog ./main; echo $?); wait', 'echo x | multilog ./missing/main; echo $?', ': >file; echo x | multilog ./file; echo $?',
]);

same('DT-20: trouble with the disk pauses and tries again, and nothing is dropped', [
  // A file system of its own that is full until somebody makes room.
  `unshare --mount sh -c 'mkdir main; mount -t tmpfs -o size=64k tmpfs main; head -c 60000 /dev/zero >main/fill
   seq 4000 >in; (sleep 2; rm main/fill) & multilog s20000 n20 ./main <in; echo $?; cat main/@* main/current | cksum; umount main; rm -d main'`,
]);

/** Guards the rule of when pieces of lines are written, on which depends where a file ends. */
test('DT-18: files end at the same byte as the original’s for lines of up to 1000 bytes', { timeout: 60_000 }, async (t) => {
  const { originalDaemontools } = await import('./original.ts');
  const original = originalDaemontools();
  if (!original.ok) {
    t.skip(original.why);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'multilog-'));
  try {
    for (let seed = 1; seed <= 12; seed++) {
      let random = seedRandom(seed);
      const below = (limit: number): number => {
        const [word, next] = nextRandom(random);
        random = next;
        return word % limit;
      };
      let text = '';
      while (text.length < 30_000) text += `${'x'.repeat(below(below(10) === 0 ? 1000 : 120))}\n`;
      writeFileSync(join(folder, 'input'), text);
      const sizes: string[] = [];
      for (const bin of [OUR_BIN, original.bin]) {
        const main = join(folder, `main-${String(sizes.length)}-${String(seed)}`);
        const child = spawn('sh', ['-c', `exec "$0" s4096 n100 "$1" <input`, join(bin, 'multilog'), main], { cwd: folder, stdio: 'inherit' });
        assert.equal(await new Promise((resolve) => child.on('exit', resolve)), 0);
        sizes.push(readdirSync(main).sort().map((name) => readFileSync(join(main, name)).length).join(' '));
      }
      assert.equal(sizes[0], sizes[1], `seed ${String(seed)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
