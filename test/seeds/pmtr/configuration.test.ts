/** What pmtr.conf may hold, and the line of the first error, told by `pmtr -t`. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nextRandom, seedRandom } from '../../../src/base/random.ts';
import { parseConfig } from '../../../src/front/pmtr/config.ts';
import { withStage, type Stage } from '../stage.ts';

const limit = { timeout: 60_000 };
const job = (...options: readonly string[]): string => `job {\n name a\n cmd /bin/a\n${options.map((option) => ` ${option}\n`).join('')}}\n`;

/** What `pmtr -t` says of each text. */
function judge(stage: Stage, text: string): string {
  stage.write('conf', text);
  return stage.sh('pmtr -t -c conf');
}

test('PM-01, PM-03: -t tests the configuration only, and a bad one ends with 1 and its line; -vv shows the words; -h the usage', limit, async () => {
  await withStage({ conf: job() }, (stage) => {
    assert.equal(stage.sh('pmtr -c conf -t'), '');
    assert.equal(stage.sh('pmtr -tcconf'), '');
    assert.match(stage.sh('pmtr -tvv -c conf'), /^job a: \{.*"cmd":\["\/bin\/a"\]/);
    assert.match(stage.sh('pmtr -h'), /^pmtr \[-c FILE\]/);
    assert.match(stage.sh('pmtr -x'), /^pmtr: what is "-x"\?\n[^]*status 1\n$/);
    assert.match(judge(stage, 'job {\n name a\n'), /^parse failed: conf line 1: .*not closed[^]*status 1\n$/);
    return Promise.resolve();
  });
});

test('PM-04: a missing configuration is made, empty and private; an empty one is valid', limit, async () => {
  await withStage({}, (stage) => {
    assert.equal(stage.sh('pmtr -t -c new'), '');
    assert.equal(statSync(join(stage.directory, 'new')).mode & 0o777, 0o600);
    return Promise.resolve();
  });
});

test('PM-06: comments, blank lines, any indentation and order, CRLF, and double quotes that group one argument', limit, async () => {
  await withStage({}, (stage) => {
    assert.equal(judge(stage, `# first\r\n\r\n${job('   env A=b', '# within', '\tdir /tmp').replaceAll('\n', '\r\n')}`), '');
    const quoted = parseConfig('job {\ncmd /bin/a "b c" d "" name\nname x\n}');
    assert.deepEqual(quoted.ok && quoted.config.jobs[0]?.cmd, ['/bin/a', 'b c', 'd', '', 'name']);
    assert.match(judge(stage, job('env "A=b')), /line 4: a double quote is not closed/);
    assert.match(judge(stage, job('colour red')), /line 4: unknown keyword "colour" in a job/);
    assert.match(judge(stage, 'jobs {\n}\n'), /line 1: unknown keyword "jobs"/);
    return Promise.resolve();
  });
});

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  ['PM-07: a second name, dir, out, err or in is an error', job('name b'), /line 4: name is already set/],
  ['PM-07: names are there and differ', `${job()}${job()}`, /line 5: there are two jobs called a/],
  ['PM-07: a job without a name is an error', 'job {\n cmd /bin/a\n}', /line 1: this job has no name/],
  ['PM-08: cmd is there and absolute', 'job {\n name a\n cmd sleep 5\n}', /line 3: cmd takes the absolute path/],
  ['PM-08: a job without cmd is an error', 'job {\n name a\n}', /line 1: job a has no cmd/],
  ['PM-09: dir is absolute', job('dir tmp'), /dir of job a is no absolute path/],
  ['PM-13: env without an equals sign is an error', job('env A'), /line 4: env takes VARIABLE=VALUE/],
  ['PM-17: nice goes from -20 to 19', job('nice 20'), /line 4: "20" is no whole number from -20 to 19/],
  ['PM-17: cpu takes numbers, ranges or a mask', job('cpu 3-1'), /line 4: "3-1" is no processor, range or mask/],
  ['PM-18: ulimit knows its flags', job('ulimit -z 5'), /line 4: ulimit takes one of -c/],
  ['PM-18: the number of open files must be finite', job('ulimit -n infinity'), /line 4: the number of open files must be finite/],
  ['PM-19: bounce every takes a time', job('bounce every 10'), /line 4: bounce takes "every"/],
  ['PM-20: depends takes a block that is closed', job('depends {', '/etc/hosts'), /not closed/],
  ['PM-21: report to takes an address', 'report to udp://nowhere\n', /line 1: "udp:\/\/nowhere" is no address/],
];
for (const [name, text, pattern] of WRONG) {
  test(name, () => {
    const parsed = parseConfig(text);
    assert.ok(!parsed.ok);
    assert.match(`line ${String(parsed.line)}: ${parsed.message}`, pattern);
  });
}

test('PM-08: cmd is there, an absolute path that is not looked for elsewhere, and no shell reads it', limit, async () => {
  await withStage({}, (stage) => {
    assert.match(judge(stage, 'job {\n name a\n cmd sleep 5\n}'), /conf line 3: cmd takes the absolute path of a program, and its arguments\nstatus 1/);
    assert.match(judge(stage, 'job {\n name a\n}'), /conf line 1: job a has no cmd\nstatus 1/);
    assert.match(judge(stage, job('cmd /bin/b')), /conf line 4: cmd is already set in this job\nstatus 1/);
    const parsed = parseConfig('job {\n name a\n cmd /bin/echo $HOME *.c "a;b" > x\n}');
    assert.deepEqual(parsed.ok && parsed.config.jobs[0]?.cmd, ['/bin/echo', '$HOME', '*.c', 'a;b', '>', 'x']);
    return Promise.resolve();
  });
});

test('PM-07: a job needs one name that no other has, and says dir, out, err and in once', limit, async () => {
  await withStage({}, (stage) => {
    const twice = (option: string): string => judge(stage, job(`${option} /tmp/a`, `${option} /tmp/b`));
    for (const option of ['dir', 'out', 'err', 'in']) assert.match(twice(option), new RegExp(`conf line 5: ${option} is already set in this job\nstatus 1`));
    assert.match(judge(stage, job('name b')), /conf line 4: name is already set in this job\nstatus 1/);
    assert.match(judge(stage, `${job()}${job()}`), /conf line 5: there are two jobs called a\nstatus 1/);
    assert.match(judge(stage, 'job {\n cmd /bin/a\n}'), /conf line 1: this job has no name\nstatus 1/);
    return Promise.resolve();
  });
});

test('PM-17, PM-18: sets of processors as ranges and masks, limits by flag, by name and in blocks', () => {
  const parsed = parseConfig(job('cpu 0,2-4', 'ulimit -n 100', 'ulimit {', '-c infinity', 'RLIMIT_NPROC 50', '}'));
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.config.jobs[0]?.cpus, [0, 2, 3, 4]);
  assert.deepEqual(parsed.config.jobs[0].limits, [['NOFILE', '100'], ['CORE', 'infinity'], ['NPROC', '50']]);
  const mask = parseConfig(job('cpu 0x8f'));
  assert.deepEqual(mask.ok && mask.config.jobs[0]?.cpus, [0, 1, 2, 3, 7]);
});

test('PM-16: jobs are sorted by their order', () => {
  const parsed = parseConfig('job {\nname b\ncmd /b\norder 2\n}\njob {\nname c\ncmd /c\norder 2\n}\njob {\nname a\ncmd /a\norder -1\n}\n');
  assert.deepEqual(parsed.ok && parsed.config.jobs.map(({ name }) => name), ['a', 'b', 'c']);
});

/** Guards the parser: whatever it reads, it answers with jobs or with a line that exists. */
test('PM-03: no text makes the parser fail in another way than with a line', () => {
  const pieces = ['job {\n', '}\n', 'name a\n', 'cmd /a "b\n', '"', '#', '{', 'env A=\n', 'depends {\n', 'ulimit {\n', '-n 5\n', 'cpu 0xffff\n', '\0', '\r\n', 'report to udp://a:1@b\n', 'bounce every 1d\n', 'nice', ' -3\n', '\u{1f600}'];
  let random = seedRandom(7);
  for (let round = 0; round < 3000; round++) {
    let text = '';
    for (let i = 0; i < 12; i++) {
      const [word, next] = nextRandom(random);
      random = next;
      text += pieces[word % pieces.length] as string;
    }
    const parsed = parseConfig(text);
    if (!parsed.ok) assert.ok(parsed.line >= 1 && parsed.line <= text.split('\n').length && parsed.message !== '', JSON.stringify(text));
  }
});
