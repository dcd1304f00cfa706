import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvironmentFile } from '../../src/host/spawn/environment-file.ts';

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['plain assignments', 'A=1\nB=two words  \n', ['A=1', 'B=two words']],
  ['comments of both kinds, blank lines and lines without "="', '# c\n; c\n\nnothing\nA=1', ['A=1']],
  ['blanks before the value are dropped, those inside stay', 'A=  x  y\t\n', ['A=x  y']],
  ['double quotes, with escapes only for " \\ ` $', 'A="a \\"b\\" \\$c \\n"\n', ['A=a "b" $c \\n']],
  ['single quotes take everything literally, newlines too', "A='a \\ b\n c'\nB=2", ['A=a \\ b\n c', 'B=2']],
  ['pieces side by side become one value', 'A="one"\' two\' three\n', ['A=one twothree']],
  ['a quote inside a plain value is a character', "A=it's\n", ["A=it's"]],
  ['a backslash joins lines', 'A=one\\\ntwo\n', ['A=onetwo']],
  ['a backslash takes the next character', 'A=\\"x\\ \n', ['A="x ']],
  ['a continued comment', '# one \\\nA=1\nB=2\n', ['B=2']],
  ['an empty value', 'A=\nB=""\n', ['A=', 'B=']],
  ['a later assignment stands after the earlier', 'A=1\nA=2\n', ['A=1', 'A=2']],
  ['blanks around the key', '  A =1\n', ['A=1']],
  ['an unclosed quote ends with the file', 'A="x', ['A=x']],
];

for (const [what, text, expected] of CASES) {
  test(`an environment file: ${what}`, () => {
    assert.deepEqual(parseEnvironmentFile(text).assignments, expected);
  });
}

test('an environment file: names no program could read are told apart', () => {
  assert.deepEqual(parseEnvironmentFile('1A=x\nB-C=y\nexport D=z\nE=1\n'), { assignments: ['E=1'], ignoredKeys: ['1A', 'B-C', 'export D'] });
});
