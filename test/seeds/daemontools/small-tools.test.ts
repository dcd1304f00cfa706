/** Every option of daemontools' helpers, right and wrong, beside Debian's daemontools: output and exit status byte for byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ours, same } from './both.ts';

const LABEL = '@400000004d52960a0ebe121c';

same('DT-21: tai64n puts a label of 24 hexadecimal digits before each line and leaves the line alone', [
  String.raw`printf 'one\ntwo\n\nlast' | tai64n`,
  'tai64n </dev/null',
  'seq 5000 | tai64n | cut -d" " -f2',
  String.raw`printf 'a\0b\377\n' | tai64n ignored arguments`,
]);

same('DT-21: tai64nlocal prints labels as local time and passes other lines unchanged', [
  String.raw`printf '${LABEL} test\nplain\n\n a${LABEL}\n${LABEL}XYZ\n' | tai64nlocal`,
  String.raw`printf '${LABEL}\n' | TZ=America/New_York tai64nlocal`,
  String.raw`printf '${LABEL}\n' | TZ=Asia/Kolkata tai64nlocal ignored`,
  String.raw`printf '@4000000000000000ffffffff\n@3fffffffffffffff00000000\n@4000000ffffffff000000000\n' | tai64nlocal`,
  `yes '${LABEL} x' | head -3000 | tai64nlocal`,
  'seq 9000 | tai64n | tai64nlocal | grep -cE "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}[.][0-9]{9} [0-9]+$"',
]);

test('DT-21: a line that only looks like a label passes unchanged, where the original crashes, and none is lost at the end of input', () => {
  const lines = ['@', '@4000 short', `${LABEL}0 too long`, LABEL.toUpperCase(), '@ffffffffffffffff00000000 no such year'];
  assert.equal(ours(`printf '%s\n' '${lines.join("' '")}' | tai64nlocal`).stdout, `${lines.join('\n')}\n`);
  assert.equal(ours(`printf '${LABEL}' | tai64nlocal`).stdout, '2011-02-09 13:26:24.247337500');
  assert.equal(ours('printf @4000 | tai64nlocal').stdout, '@4000');
});

same('DT-22: envdir makes variables of files: first line, trailing blanks dropped, zeros as newlines; an empty file unsets', [
  String.raw`mkdir e; printf 'a b \t\nsecond' >e/A; : >e/B; printf 'x\0y' >e/C; printf '  lead' >e/D; printf '\n' >e/E; printf ' \t ' >e/F; echo no >e/.hidden
     B=1 PATH=$PATH G=kept envdir e env | sort`,
  'mkdir e; echo v >"e/with=sign"; envdir e env | sort',
  'mkdir e; : >e/PATH; envdir e /usr/bin/env',
  'mkdir e; head -c 70000 /dev/zero | tr "\\0" x >e/LONG; envdir e sh -c \'echo ${#LONG}\'',
]);

same('DT-22: envdir ends with 111 when anything is wrong', [
  'envdir', 'mkdir e; envdir e', 'envdir missing true', ': >file; envdir file true', 'mkdir e e/sub; envdir e true',
  'mkdir e; envdir e no-such-program', 'mkdir e; envdir e ./e', 'mkdir e; : >plain; envdir e ./plain', 'envdir -x true', 'mkdir e; envdir -- e true',
].map((script) => `(${script}); echo $?`));

same('DT-23: setuidgid takes on user and group of an account, without other groups; envuidgid only tells their numbers', [
  'setuidgid nobody id', 'setuidgid daemon id', 'envuidgid nobody env | sort', 'UID=1 GID=2 envuidgid daemon env | sort', 'envuidgid root id -u',
]);

same('DT-23: an unknown account ends with 111, a missing argument with 100', [
  'setuidgid', 'setuidgid nobody', 'setuidgid no-such-account id', 'setuidgid 0 id', 'setuidgid -- nobody id', 'setuidgid nobody ./no-such-program',
  'envuidgid', 'envuidgid nobody', 'envuidgid no-such-account id', 'envuidgid nobody no-such-program', 'setuidgid nobody setuidgid root id',
].map((script) => `(${script}); echo $?`));

const LIMITS = 'sh -c "ulimit -a"';
same('DT-24: softlimit sets each soft limit to a number or to the hard one, and no higher', [
  ...['a', 'c', 'd', 'f', 'l', 'p', 'r', 's', 't'].flatMap((flag) => [`softlimit -${flag} 90000000 ${LIMITS}`, `softlimit -${flag} = ${LIMITS}`]),
  `softlimit -o 20 ${LIMITS}`, `softlimit -o20 ${LIMITS}`, `softlimit -o = ${LIMITS}`, `softlimit -o 99999999 ${LIMITS}`,
  `softlimit -m 100000000 ${LIMITS}`, `softlimit -m = ${LIMITS}`, `softlimit -m 100000000 -d 50000000 ${LIMITS}`,
  `ulimit -Hn 50; softlimit -o 100 ${LIMITS}`, `softlimit -c 0 -t 5 -- ${LIMITS}`,
]);

same('DT-24: softlimit explains itself and ends with 100 when it is called wrongly', [
  'softlimit', 'softlimit -o', 'softlimit -o 5', 'softlimit -z 5 true', 'softlimit -o x true', 'softlimit -o 12abc true', 'softlimit -o -5 true', 'softlimit no-such-program', 'softlimit -oo true',
].map((script) => `(${script}); echo $?`));

same('DT-25: setlock runs a program under a lock; -n fails at once, -x fails in silence, the last of opposites counts', [
  'setlock f echo held; ls', 'setlock -n f setlock -n f true', 'setlock -n f setlock -nx f echo not printed', 'setlock -nN f echo held', 'setlock -xX missing/f true',
  'setlock -x missing/f true', 'setlock missing/f true', 'setlock -nX f no-such-program', 'setlock -q f true', 'setlock f', 'setlock', 'setlock -n -x f true',
  'setlock -- f echo held', 'setlock f sh -c "setlock -nx f echo inner; echo outer"', 'mkdir d; setlock d true', 'setlock f /', 'setlock f ""',
].map((script) => `(${script}); echo $?`));

same('DT-25: setlock waits for the lock when nothing else is said', [
  'setlock f sh -c "sleep 0.3; echo first" & sleep 0.1; setlock f echo second; wait',
]);

same('DT-26: fghack stays until all that holds its pipe has ended, and ends with the status of its child', [
  'fghack sh -c "exit 3"', 'fghack sh -c "(sleep 0.3; echo late) & exit 5"; echo $?', 'fghack no-such-program', 'fghack sh -c "kill -9 \\$\\$"', 'fghack', 'fghack ./', 'fghack -- true',
].map((script) => `(${script}); echo $?`));

same('DT-26: pgrphack runs a program in a process group of its own', [
  'pgrphack sh -c \'set -- $(ps -o pid=,pgid=,sid= $$); test $1 = $2 && test $2 = $3 && echo leads\'', 'pgrphack', 'pgrphack no-such-program', 'pgrphack -- true', 'pgrphack sh -c "exit 7"',
].map((script) => `(${script}); echo $?`));

const TITLE = 'tr "\\0" "|" </proc/$!/cmdline';
same('DT-27: readproctitle shows the last bytes of what it reads in its own command line', [
  `mkfifo in; exec 3<>in; readproctitle service errors: ................ <in & sleep 0.1; ${TITLE}; printf 'some text\\0that is\\tlonger\\1\\n' >&3; sleep 0.1; ${TITLE}; kill $!`,
  `mkfifo in; exec 3<>in; readproctitle a abcdefgh <in & sleep 0.1; ${TITLE}; kill $!`,
  ...['', 'a', 'a ....', 'a .....', 'a b ......'].map((words) => `readproctitle ${words} </dev/null; echo $?`),
]);

test('DT-28: run scripts find every tool by its name, and one program answers to all of them', () => {
  const script = 'exec 2>&1 setlock f softlimit -o 30 envuidgid root pgrphack sh -c \'echo $UID; echo to standard error >&2; ulimit -n\' | tai64n | cut -d" " -f2-';
  assert.deepEqual(ours(script).stdout, '0\nto standard error\n30\n');
  const direct = ours('"$(dirname "$(readlink -f "$(command -v multilog)")")"/daemontools tai64n </dev/null; echo $?');
  assert.equal(direct.stdout, '0\n');
  assert.match(ours('"$(readlink -f "$(command -v multilog)")" nothing; echo $?').stderr, /which tool\?.* multilog /);
});
