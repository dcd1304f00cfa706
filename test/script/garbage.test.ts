/** Whatever a script's text is, it is understood, or refused with the file and a line that exists; and nothing else happens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextRandom, seedRandom, type RandomState } from '../../src/base/random.ts';
import { MessageError, MessageReader } from '../../src/front/sema/message.ts';
import type { FromScript, ScriptLanguage } from '../../src/script/port.ts';
import { loadJavaScript } from '../../src/script/worker/javascript.ts';
import { loadLua } from '../../src/script/worker/lua.ts';

const ROUNDS = 400;
const LUA = ['function command.a(b)\n', 'end\n', 'while true do ', 'run{', '}', 'cmd "a b"', "'", '"', '[[', ']]', '--[[', '\n', 'if x then ', 'local x = ', '= =', '0x', '1e', '..', '\\z', '\\u{110000000}', 'goto a', '::a::', '\0', '\xff', '#!/bin/x\n', '--', 'return', 'for i=1,', '~', '<<'];
const SCRIPT = ['import { run } from "heartwood";\n', 'export ', 'await ', 'run(', ')', '{', '}', '`', '${', '"', "'", '/*', '*/', '//', '\n', 'function ', 'class A ', '=> ', 'const x: number = 1;\n', 'interface X {', '<T>', 'enum E {', '@', '#', '\\u{', '\0', '0b', 'yield ', '/[', 'for (;;) '];

function words(pieces: readonly string[], seed: RandomState): readonly [string, RandomState] {
  let state = seed;
  const draw = (most: number): number => {
    const [word, next] = nextRandom(state);
    state = next;
    return word % most;
  };
  const text = Array.from({ length: 1 + draw(14) }, () => pieces[draw(pieces.length)] as string).join('');
  return [text, state];
}

function judge(language: ScriptLanguage, text: string): void {
  const file = `/srv/script.${language === 'lua' ? 'lua' : 'ts'}`;
  const said: FromScript[] = [];
  const start = { file, text, language, latched: ['up'] };
  try {
    if (language === 'lua') loadLua(start, (message) => { said.push(message); });
    else loadJavaScript(start, (message) => { said.push(message); });
  } catch (error) {
    assert.ok(error instanceof Error, text);
    const line = Number(/^\/srv\/script\.\w+:(\d+): ./.exec(error.message)?.[1] ?? NaN);
    assert.ok(line >= 1 && line <= text.split(/\n|\r|\u2028|\u2029/).length + 1, `${JSON.stringify(text)}: ${error.message}`);
  }
  assert.deepEqual(said, [], 'nothing of a script runs while it is read');
}

for (const [language, pieces] of [['lua', LUA], ['typescript', SCRIPT]] as const) {
  test(`no text makes reading ${language} fail in another way than with a line`, { timeout: 120_000 }, () => {
    let state = seedRandom(5);
    for (let round = 0; round < ROUNDS; round++) {
      const [text, next] = words(pieces, state);
      state = next;
      judge(language, text);
    }
  });
}

test('no bytes make reading messages of sema fail in another way than with a message, however they are cut', () => {
  let state = seedRandom(9);
  const pieces = ['sema\0', 'sema', '\0\0\0\x05', '\0\0\0\0', '\xff\xff\xff\xff', '\0\0\0\x01', 'a', '\0', 'semb', '\0\0\0\x08\0\0\0\x04abcd'];
  for (let round = 0; round < 3000; round++) {
    const [text, next] = words(pieces, state);
    state = next;
    const bytes = Buffer.from(text, 'latin1');
    const reader = new MessageReader();
    try {
      for (let at = 0; at < bytes.length; at += 3) for (const message of reader.push(bytes.subarray(at, at + 3))) assert.ok(message.every((field) => typeof field === 'string'));
    } catch (error) {
      assert.ok(error instanceof MessageError && error.message !== '', text);
    }
  }
});
