/** minisv's command line and its JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigurationProblem, parseConfiguration, parseGoDuration } from '../../../src/front/minisv/configuration.ts';
import { withStage } from '../stage.ts';

function problem(text: string): string {
  try {
    parseConfiguration(text);
  } catch (error) {
    if (error instanceof ConfigurationProblem) return error.message;
    throw error;
  }
  return '';
}

test('MS-01: -version, and a file that cannot be used ends it with 1 and a message', { timeout: 60_000 }, async () => {
  await withStage({ 'bad.json': '{\n "tasks": {\n  "a": {"command" "x"}\n }\n}\n', 'wrong.json': '{"tasks": {"a": {}}}' }, (stage) => {
    assert.match(stage.sh('minisv -version'), /^minisv of Heartwood \S+\n$/);
    assert.match(stage.sh('minisv -config missing.json'), /^minisv: ENOENT[^\n]*missing\.json[^]*status 1\n$/);
    assert.match(stage.sh('minisv -config bad.json'), /^minisv: bad\.json: (line 3: )?[^\n]*\nstatus 1\n$/);
    assert.match(stage.sh('minisv -config=wrong.json'), /^minisv: wrong\.json: tasks\.a\.command is missing\nstatus 1\n$/);
    assert.match(stage.sh('minisv -nonsense'), /what is "-nonsense"[^]*status 2\n$/);
    return Promise.resolve();
  });
});

test('each wrong field is named', () => {
  for (const [text, message] of [
    ['[]', /^the file is to be an object/], ['{"tasks": []}', /^tasks is to be an object/], ['{"tasks": {"a": {"command": "x", "args": "y"}}}', /^tasks\.a\.args is to be a list of strings/],
    ['{"tasks": {"a": {"command": "x", "oneTime": 1}}}', /^tasks\.a\.oneTime is to be true or false/], ['{"tasks": {"a/b": {"command": "x"}}}', /"a\/b" cannot be the name of a task/],
    ['{"logreopen": "soon"}', /^logreopen: "soon" is no duration/], ['{"http": {"port": 70000}}', /^http\.port is to be a whole number up to 65535/], ['{"http": {"user": "me"}}', /^http: user and password belong together/],
    ['{"http": {"clientcert": "x"}}', /^http: clientcert needs/], ['{"limits": [{"type": "fun"}]}', /^limits\[0\]\.type is one of as, core/], ['{"graylog": {"remote": "here"}}', /^graylog\.remote is to be HOST:PORT/],
  ] as const) assert.match(problem(text), message, text);
});

test('durations are Go’s', () => {
  assert.equal(parseGoDuration('1h30m'), 5_400_000);
  assert.equal(parseGoDuration('1.5s'), 1_500);
  assert.equal(parseGoDuration('10'), null);
  assert.equal(parseGoDuration(''), null);
});

test('no JSON makes it fail in another way than with a sentence', () => {
  const key = fc.constantFrom('tasks', 'http', 'limits', 'graylog', 'logdir', 'logreopen', 'command', 'args', 'port', 'remote', '__proto__', 'a');
  const { value } = fc.letrec((tie) => ({ value: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), fc.dictionary(key, tie('value')), fc.array(tie('value'), { maxLength: 3 })) }));
  fc.assert(fc.property(fc.oneof(value.map((each) => JSON.stringify(each)), fc.string()), (text) => { problem(text); }), { numRuns: 500 });
});
