import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ini from 'ini';
import { DIAGNOSTICS_MAX } from '../../../src/core/unit-file/diagnostic-list.ts';
import { ENTRIES_MAX, INVALID_UTF8, LINE_LENGTH_MAX, lexUnitFile } from '../../../src/core/unit-file/lexer.ts';

function assignments(text: string): readonly string[] {
  return lexUnitFile(text, 'f').entries.map(({ section, key, value, line }) => `${line} [${section}] ${key}=${value}`);
}

test('assignments have their section, trimmed key and value, and the line they begin on', () => {
  assert.deepEqual(assignments('[Unit]\nDescription = a b \n\n# no\n ; no\n[Service]\n\tExecStart=/bin/x y=z'), [
    '2 [Unit] Description=a b', '7 [Service] ExecStart=/bin/x y=z',
  ]);
});

test('a backslash at the end joins lines, and comments in between are left out', () => {
  assert.deepEqual(assignments('[S]\nA=one \\\n# comment\n  two\\\n; comment\n three\nB=2'), ['2 [S] A=one    two  three', '7 [S] B=2']);
});

test('an escaped backslash does not join, an empty line ends a joined one, and a file may end in the middle', () => {
  assert.deepEqual(assignments('[S]\nA=x\\\\\nB=y\\\n\nC=z\nD=w\\'), ['2 [S] A=x\\\\', '3 [S] B=y', '5 [S] C=z', '6 [S] D=w']);
});

test('byte order mark, CR LF, lone CR and NUL end or begin lines and never reach a value', () => {
  assert.deepEqual(assignments('\uFEFF[S]\r\nA=1\rB=2\0C=3\n'), ['2 [S] A=1', '3 [S] B=2', '4 [S] C=3']);
  assert.match(lexUnitFile('[S]\nA=1\0', 'f').diagnostics[0]?.message ?? '', /NUL/);
});

test('what is no assignment is named with its line and ignored', () => {
  const lexed = lexUnitFile('A=outside\n[S]\nno equals\n=value\nC=3', 'f');
  assert.deepEqual(lexed.entries.map((entry) => entry.key), ['C']);
  assert.deepEqual(lexed.diagnostics.map((each) => each.line), [1, 3, 4]);
  assert.equal(lexed.failure, null);
});

test('a byte that is no UTF-8 makes the whole file unusable and is named with its column, as in systemd; in a comment it does not matter', () => {
  const lexed = lexUnitFile(`[S]\nA=1\nB=bad${INVALID_UTF8}byte`, 'f');
  assert.equal(lexed.failure, 'f:3: The line is not valid UTF-8; the file is not used.');
  assert.equal(lexed.diagnostics[0]?.column, 6);
  assert.equal(lexUnitFile(`[S]\n# ${INVALID_UTF8}\nA=1`, 'f').failure, null);
});

test('what Unicode says is no character is as little UTF-8 to systemd as a wrong byte, but the replacement character is one', () => {
  for (const bad of ['\uFDD0', '\uFFFE', '\uFFFF', '\u{1FFFE}', '\u{10FFFF}', '\uD800']) assert.match(lexUnitFile(`[S]\nA=${bad}`, 'f').failure ?? '', /^f:2: /, bad);
  for (const good of ['\uFFFD', '\u{1F600}', '\uE000', '\u0085']) assert.deepEqual(assignments(`[S]\nA=${good}`), [`2 [S] A=${good}`]);
});

test('line feed, carriage return and NUL end one line together, each once', () => {
  for (const end of ['\n', '\r', '\r\n', '\n\r', '\0', '\n\0', '\r\n\0', '\n\r\0']) assert.deepEqual(assignments(`[S]${end}A=1${end}B=2`), ['2 [S] A=1', '3 [S] B=2'], JSON.stringify(end));
  assert.deepEqual(assignments('[S]\n\n\rA=1\r\rB=2\0\nC=3'), ['3 [S] A=1', '5 [S] B=2', '7 [S] C=3']);
});

test('one mark of UTF-8 is passed over wherever a line begins with it', () => {
  assert.deepEqual(assignments('[S]\n\uFEFFA=1'), ['2 [S] A=1']);
});

test('a broken section header makes the whole file unusable, as in systemd', () => {
  for (const bad of ['[S', '[', '[a\u0001b]']) {
    const lexed = lexUnitFile(`[Unit]\nA=1\n${bad}\nB=2`, '/u/f.service');
    assert.match(lexed.failure ?? '', /^\/u\/f\.service:3: /, bad);
    assert.deepEqual(lexed.entries, []);
  }
});

test('repeated sections and keys keep their order', () => {
  assert.deepEqual(assignments('[A]\nx=1\n[B]\nx=2\n[A]\nx=3\nx='), ['2 [A] x=1', '4 [B] x=2', '6 [A] x=3', '7 [A] x=']);
});

test('an over-long line is refused, joined or not; one of the greatest length is taken', () => {
  assert.equal(lexUnitFile(`[S]\nA=${'x'.repeat(LINE_LENGTH_MAX - 2)}`, 'f').failure, null);
  assert.match(lexUnitFile(`[S]\nA=${'x'.repeat(LINE_LENGTH_MAX)}`, 'f').failure ?? '', /longer/);
  assert.match(lexUnitFile(`[S]\nA=${'xxxxxxx\\\n'.repeat(LINE_LENGTH_MAX / 4)}`, 'f').failure ?? '', /f:2: .*longer/);
});

test('ten megabytes of anything take bounded time and memory', () => {
  const hostile = [
    'A=1\n'.repeat(2_500_000), '\\'.repeat(10_000_000), `${'\\\\x'.repeat(300_000)}\n`.repeat(10), '#\n'.repeat(5_000_000), '[S]\n'.repeat(2_500_000),
    `[S]\n${'A=1\n'.repeat(2_500_000)}`, '\0'.repeat(10_000_000), '='.repeat(10_000_000), `[S]\n${'A=\\\n'.repeat(2_500_000)}`,
  ];
  for (const text of hostile) {
    const before = process.cpuUsage();
    const lexed = lexUnitFile(text, 'f');
    const used = process.cpuUsage(before);
    assert.ok(used.user + used.system < 5_000_000, `${(used.user + used.system) / 1e6} s for ${JSON.stringify(text.slice(0, 20))}`);
    assert.ok(lexed.entries.length <= ENTRIES_MAX && lexed.diagnostics.length <= DIAGNOSTICS_MAX + 1);
  }
});

test('no bytes make it throw', () => {
  const piece = fc.oneof(fc.constantFrom('[', ']', '=', '\\', '\n', '\r', '\0', '#', ';', ' ', '[Unit]\n', 'A=b\n'), fc.string({ unit: 'binary', maxLength: 8 }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
    const lexed = lexUnitFile(pieces.join(''), 'f');
    const lines = pieces.join('').split(/(?:\r\n?|\n\r?)\0?|\0/).length;
    for (const entry of lexed.entries) {
      assert.ok(entry.section !== '' && entry.key !== '' && entry.line >= 1 && entry.line <= lines);
      assert.equal(entry.value, entry.value.replace(/^[ \t]+|[ \t]+$/g, ''));
    }
  }));
});

test('raw bytes decoded with replacement never throw either', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    lexUnitFile(Buffer.from(bytes).toString('utf8'), 'f');
  }));
});

test('what is written as assignments is read back', () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,11}$/);
  const value = fc.stringMatching(/^(?:[!-Z^-~](?:[ -Z^-~]{0,18}[!-Z^-~])?)?$/);
  fc.assert(fc.property(fc.array(fc.tuple(name, name, value), { maxLength: 20 }), (rows) => {
    const text = rows.map(([section, key, text]) => `[${section}]\n${key}=${text}\n`).join('');
    assert.deepEqual(lexUnitFile(text, 'f').entries.map(({ section, key, value }) => [section, key, value]), rows);
  }));
});

test('where the dialects agree, the ini package reads the same', () => {
  const name = fc.stringMatching(/^[A-Z][A-Za-z]{2,9}$/).filter((text) => !(text in Object.prototype));
  const value = fc.stringMatching(/^[A-Za-z0-9/:%.,-]+(?: [A-Za-z0-9/:%.,-]+){0,3}$/).filter((text) => !/^(?:true|false|null)$/.test(text));
  const file = fc.uniqueArray(name, { maxLength: 5 }).chain((sections) => fc.tuple(...sections.map((section) => fc.tuple(fc.constant(section), fc.dictionary(name, value, { maxKeys: 5 })))));
  fc.assert(fc.property(file, (sections) => {
    const text = sections.map(([section, keys]) => `[${section}]\n${Object.entries(keys).map(([key, text]) => `${key}=${text}\n`).join('')}`).join('\n');
    const ours: Record<string, Record<string, string>> = {};
    for (const entry of lexUnitFile(text, 'f').entries) (ours[entry.section] ??= {})[entry.key] = entry.value;
    const theirs: Record<string, Record<string, string>> = {};
    for (const [section, keys] of Object.entries(ini.parse(text))) if (Object.keys(keys as object).length > 0) theirs[section] = { ...(keys as Record<string, string>) };
    assert.deepEqual(ours, theirs);
  }));
});
