import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expandArguments } from '../../../src/core/unit-file/expand.ts';
import { keepWord, parseExecCommands } from '../../../src/core/unit-file/value/exec-command.ts';
import { quoteWord, splitWords } from '../../../src/core/unit-file/words.ts';
import { saidOf, serviceOf, unitOf } from './unit-rig.ts';

const ORIGIN = { file: 'f', line: 1 };

function argvs(line: string): readonly (readonly string[])[] {
  const parsed = parseExecCommands(line, ORIGIN, keepWord);
  assert.equal(parsed.failure, null, line);
  return parsed.commands.map((command) => command.argv);
}

test('quotes join, escapes are undone, and both may stand anywhere in a word', () => {
  assert.deepEqual(argvs('/bin/x a"b c"d \'e f\' "" \\x41\\n\\t\\101\\u00e9 "it\'s" \'\\\'\''), [['/bin/x', 'ab cd', 'e f', '', 'A\n\tAé', "it's", "'"]]);
  assert.deepEqual(argvs('/bin/x \\xc3\\xb6'), [['/bin/x', 'ö']]);
});

test('a lone semicolon separates commands, an escaped one is an argument, one in a word is data', () => {
  assert.deepEqual(argvs('/bin/a x ; /bin/b;c \\; d ;'), [['/bin/a', 'x'], ['/bin/b;c', ';', 'd']]);
  assert.deepEqual(argvs('/bin/a ";" x'), [['/bin/a', ';', 'x']]);
});

test('prefixes are read in any order and each once', () => {
  const read = (line: string) => parseExecCommands(line, ORIGIN, keepWord).commands[0];
  assert.deepEqual(read('-@:+/bin/sh name arg'), {
    path: '/bin/sh', argv: ['name', 'arg'], ignoreFailure: true, noEnvironmentExpansion: true, privilege: 'full', origin: ORIGIN,
  });
  assert.equal(read('!/bin/x')?.privilege, 'no-setuid');
  assert.equal(read('!!/bin/x')?.privilege, 'no-setuid-if-no-ambient');
  assert.equal(read('//bin/./x//y')?.path, '/bin/x/y');
  assert.deepEqual(read('//bin/x')?.argv, ['//bin/x']);
});

test('a command line that cannot be run refuses the unit, unless its failure would not count', () => {
  for (const [line, pattern] of [
    ['/bin/x "open', /never closed/], ['bin/x', /neither an absolute path/], ['/bin/', /directory/], ['@/bin/sh', /argument 0/], ['-', /names no program/], ['../x', /neither/],
  ] as const) {
    assert.match(parseExecCommands(line, ORIGIN, keepWord).failure?.problem ?? '', pattern, line);
  }
  const refused = unitOf('a.service', '[Service]\nExecStart=/bin/true\nExecStop=relative/path');
  assert.equal(refused.loadState, 'bad-setting');
  assert.match(refused.loadError ?? '', /^\/u\/a\.service:3: The unit cannot be used with this ExecStop=: /);
  assert.equal(serviceOf('ExecStart=/bin/true\nExecStop=-relative/path').loadState, 'loaded');
});

test('unknown escapes stay as written and are remarked on', () => {
  const service = serviceOf('ExecStart=/bin/sh -c "echo \\d \\e"');
  assert.deepEqual(service.execStart[0]?.argv, ['/bin/sh', '-c', 'echo \\d \\e']);
  assert.equal(service.loadState, 'loaded');
  assert.match(saidOf(service).join('\n'), /'\\d' is no escape sequence/);
});

test('specifiers are expanded within a word and never split it', () => {
  const service = serviceOf('ExecStart=/bin/echo %i-%I "%p %%" %n %!', 'foo@a\\x20b-c.service');
  assert.deepEqual(service.execStart[0]?.argv, ['/bin/echo', 'a\\x20b-c-a b/c', 'foo %', 'foo@a\\x20b-c.service', '%!']);
});

test('an empty assignment takes back all command lines before it', () => {
  const service = serviceOf('ExecStart=/bin/a\nExecStart=\nExecStart=/bin/b');
  assert.deepEqual(service.execStart.map((command) => command.path), ['/bin/b']);
});

test('variables: a word of its own splits, braces do not, two dollars are one', () => {
  const environment = new Map([['ONE', 'first second'], ['Q', 'a "b c" d'], ['EMPTY', '']]);
  assert.deepEqual(expandArguments(['x', '$ONE', '${ONE}', '--a=${ONE}!', '$Q', '$EMPTY', '${EMPTY}', '$$ONE', 'a$ONE', '${ONE:-x}', '$NO', '${NO}'], environment), {
    argv: ['x', 'first', 'second', 'first second', '--a=first second!', 'a', 'b c', 'd', '', '$ONE', 'a$ONE', '${ONE:-x}', ''],
    missing: ['NO'],
  });
});

test('any word survives quoting', () => {
  const word = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => !text.includes('\0') && !/[\ud800-\udfff]/.test(text.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')));
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (words) => {
    const split = splitWords(words.map(quoteWord).join(' '));
    assert.ok(split.ok);
    assert.deepEqual(split.value.words, words);
    assert.deepEqual(split.value.remarks, []);
  }));
});

test('no text makes the parsers throw, and argv always has its first word', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '/', ' ', '"', "'", '\\', ';', '-', '@', '!', '+', ':', '%', '$', '{', '}', 'x', '4', '\t'), maxLength: 40 }), (text) => {
    for (const command of parseExecCommands(text, ORIGIN, keepWord).commands) {
      assert.ok(command.argv.length > 0 && command.path !== '');
      expandArguments(command.argv, new Map([['a', 'x y']]));
    }
  }));
});
