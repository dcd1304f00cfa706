/** The parser of zdaemon's configuration: what it takes, and where it says what is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseConfiguration } from '../../../src/front/zdaemon/configuration.ts';
import { SyntaxProblem } from '../../../src/front/zdaemon/sectioned-text.ts';

function problem(text: string): string {
  try {
    parseConfiguration(text);
  } catch (error) {
    if (error instanceof SyntaxProblem) return `${String(error.line)}: ${error.message}`;
    throw error;
  }
  return '';
}

test('each error is told with its line', () => {
  for (const [text, message] of [
    ['<runner>\n program x\n', /^1: <runner> is not ended/], ['<runner>\n</eventlog>', /^2: <\/eventlog> stands where <\/runner> is wanted, for the section of line 1/], ['</runner>', /^1: <\/runner> ends no section/],
    ['\n\nprogram x', /^3: program stands outside of all sections/], ['<runner>\n\n colour red\n</runner>', /^3: colour is not a key of <runner>/], ['<runner>\nprogram\n</runner>', /^2: program wants a value/],
    ['<runner>\ndaemon perhaps\n</runner>', /^2: daemon wants yes or no, not "perhaps"/], ['<runner>\nforever on\nforever on\n</runner>', /^3: forever is there twice/], ['<stranger>\n</stranger>', /^1: <stranger> is not known/],
    ['<runner', /^1: "<runner" begins no section/], ['<environment>\n1A x\n</environment>', /^2: 1A is no name of a variable/], ['<eventlog>\n<logfile>\n</logfile>\n</eventlog>', /^2: <logfile> wants a path/],
    ['<eventlog>\nlevel loud\n</eventlog>', /^2: "loud" is no level/], ['<runner>\nprogram $nothing\n</runner>', /^2: \$nothing is not defined/], ['<runner>\nprogram 5$\n</runner>', /^2: a dollar sign is written \$\$/],
    ['%define 1 x', /^1: %define wants a name/], ['%include x', /^1: "%include x": only %define/], ['%define a 1\n%define a 2', /^2: a is defined already/], ['<runner>\n</runner>\n<runner>\n</runner>', /^3: there is a <runner> already/],
    ['<runner>\nexit-codes 0,300\n</runner>', /^2: exit-codes wants numbers from 0 to 255/], ['<runner>\numask 888\n</runner>', /^2: umask wants an octal number/], ['<runner>\n<other>\n</other>\n</runner>', /^2: <other> is not known in <runner>/],
  ] as const) assert.match(problem(text), message, JSON.stringify(text));
});

test('comments, case, definitions, empty sections and nested logs are understood', () => {
  const { runner, environment, eventLog } = parseConfiguration('# all\n%define HOME /srv\n<RUNNER>\r\n  Program ${home}/bin/x $$1\r\n  exit-codes\n  <eventlog>\n    level debug\n    <logfile>\n      path $HOME/log\n      level 30\n    </logfile>\n  </eventlog>\n</runner>\n<environment/>\n');
  assert.deepEqual([...runner], [['program', '/srv/bin/x $1'], ['exit-codes', '']]);
  assert.equal(environment.size, 0);
  assert.deepEqual(eventLog?.map(({ path, level }) => [path, level]), [['/srv/log', 30]]);
});

test('no text makes the parser fail in another way than with a line of the text', () => {
  const piece = fc.oneof(fc.constantFrom('<runner>', '</runner>', '<eventlog>', '</eventlog>', '<logfile>', '</logfile>', '<environment>', '</environment>', 'program x', 'path y', 'level info', '%define a b', '$a', '<', '>', '</', '\r', '#', 'exit-codes 0'), fc.string(), fc.string({ unit: 'binary' }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }).map((lines) => lines.join('\n')), (text) => {
    const line = Number(/^(\d+): ./.exec(problem(text))?.[1] ?? '1');
    assert.ok(line >= 1 && line <= text.split('\n').length);
  }), { numRuns: 2_000 });
});
