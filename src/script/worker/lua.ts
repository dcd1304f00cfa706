/**
 * Scripts in Lua, by an interpreter written in JavaScript (fengari, Lua 5.3): it lives in the worker's heap, so the worker's bounds hold.
 * Scripts see the language, `string`, `table`, `math`, `bit32` and the functions of the prelude: no file, no operating system, no modules.
 *
 * Strings of Lua are bytes. Here they are strings with one character a byte, until something leaves for a place where text is meant.
 */
import { dirname } from 'node:path';
import { lauxlib, lua, lualib } from './fengari.ts';
import type { LuaState, LuaValue } from './fengari.ts';
import type { ChildSpec, ScriptStart, StreamRef } from '../port.ts';
import { LUA_PRELUDE } from './lua-prelude.ts';
import { BIT_OPERATIONS, OLD_MATHEMATICS, type NumberFunction } from './lua-numbers.ts';
import type { Post, Runtime } from './runtime.ts';

/** What the prelude passes on, by its first argument. */
type HostOperation = 'ready' | 'ended' | 'log' | 'reply' | 'returned' | 'latch' | 'signal' | 'pipe' | 'write' | 'watch' | 'sleep' | 'spawn';

/** What is harmless of the standard library's plain functions. */
const SAFE_FUNCTIONS = ['assert', 'error', 'getmetatable', 'ipairs', 'next', 'pairs', 'pcall', 'rawequal', 'rawget', 'rawlen', 'rawset', 'select', 'setmetatable', 'tonumber', 'tostring', 'type', 'xpcall', '_VERSION'];
const SAFE_LIBRARIES = ['bit32', 'math', 'string', 'table'];

const MSEC_PER_SECOND = 1000;

/** @throws Error with file and line when the text is no Lua */
export function loadLua(start: ScriptStart, post: Post): Runtime {
  return new LuaRuntime(start, post);
}

class LuaRuntime implements Runtime {
  readonly #state: LuaState = lauxlib.luaL_newstate();
  readonly #post: Post;

  constructor(start: ScriptStart, post: Post) {
    this.#post = post;
    const L = this.#state;
    for (const [name, open] of [['_G', lualib.luaopen_base], ['coroutine', lualib.luaopen_coroutine], ['string', lualib.luaopen_string], ['table', lualib.luaopen_table], ['math', lualib.luaopen_math]] as const) {
      lauxlib.luaL_requiref(L, bytesOf(name), open, 1);
      lua.lua_settop(L, 0);
    }
    this.#addOldNames();
    const prelude = bytesOf(LUA_PRELUDE);
    if (lauxlib.luaL_loadbuffer(L, prelude, prelude.length, bytesOf('=prelude')) !== lua.LUA_OK) throw new Error(this.#takeError());
    lua.lua_pushcfunction(L, (inner) => this.#onHost(inner));
    this.#pushSafe();
    // A first line such as #!/usr/bin/sema is none of Lua's affair; its end of line stays, so that lines are counted right.
    this.#push(Buffer.from(start.text.replace(/^#.*/, '')).toString('latin1'));
    this.#push(Buffer.from(start.file).toString('latin1'));
    this.#push(Buffer.from(dirname(start.file)).toString('latin1'));
    lua.lua_createtable(L, start.latched.length, 0);
    start.latched.forEach((name, i) => {
      this.#push(Buffer.from(name).toString('latin1'));
      lua.lua_rawseti(L, -2, i + 1);
    });
    if (lua.lua_pcall(L, 6, 1, 0) !== lua.LUA_OK) throw new Error(this.#takeError());
    // What the prelude returned stays at the bottom of the stack.
  }

  begin(): void {
    this.#dispatch('begin', null);
  }

  call(call: number, command: string, words: readonly string[]): void {
    this.#dispatch('call', call, ...[command, ...words].map((word) => Buffer.from(word).toString('latin1')));
  }

  onExit(id: number, status: number): void {
    this.#dispatch('wake', id, status);
  }

  onDone(id: number, error: string | null): void {
    this.#dispatch('wake', id, error === null ? null : error);
  }

  #dispatch(...values: readonly LuaValue[]): void {
    const L = this.#state;
    lua.lua_pushvalue(L, 1);
    for (const value of values) this.#push(value);
    if (lua.lua_pcall(L, values.length, 0, 0) !== lua.LUA_OK) this.#post({ kind: 'ended', error: this.#takeError() });
  }

  /** What the prelude passes on. */
  #onHost(L: LuaState): number {
    const [op, ...given] = Array.from({ length: lua.lua_gettop(L) }, (_, i) => valueAt(L, i + 1));
    const id = typeof given[0] === 'number' ? given[0] : 0;
    const text = (i: number): string => textOf(given[i]);
    switch (op as HostOperation) {
      case 'ready': this.#post({ kind: 'ready' }); break;
      case 'ended': this.#post({ kind: 'ended', error: (given[0] ?? null) === null ? null : text(0) }); break;
      case 'log': this.#post({ kind: 'log', text: text(0) }); break;
      case 'reply': this.#post({ kind: 'reply', call: id, fields: given.slice(1).map(textOf) }); break;
      case 'returned': this.#post({ kind: 'returned', call: id, error: (given[1] ?? null) === null ? null : text(1) }); break;
      case 'latch': this.#post({ kind: 'latch', event: text(0), on: given[1] === true }); break;
      case 'signal': this.#post({ kind: 'signal', id, signal: text(1) }); break;
      case 'pipe': this.#post({ kind: 'pipe', name: text(0) }); break;
      case 'write': this.#post({ kind: 'write', id, pipe: text(1), bytes: String(given[2]) }); break;
      case 'watch': this.#post({ kind: 'watch', id, path: text(1) }); break;
      case 'sleep': setTimeout(() => { this.onDone(id, null); }, Number(given[1]) * MSEC_PER_SECOND); break;
      case 'spawn': this.#post({ kind: 'spawn', id, spec: childSpec(given.map(textOf)) }); break;
    }
    return 0;
  }

  #pushSafe(): void {
    const L = this.#state;
    lua.lua_createtable(L, 0, SAFE_FUNCTIONS.length + SAFE_LIBRARIES.length);
    for (const name of [...SAFE_FUNCTIONS, ...SAFE_LIBRARIES]) {
      lua.lua_getglobal(L, bytesOf(name));
      lua.lua_setfield(L, -2, bytesOf(name));
    }
  }

  /** Names of Lua 5.2 that 5.3 dropped and scripts for it may use. */
  #addOldNames(): void {
    const L = this.#state;
    lua.lua_getglobal(L, bytesOf('math'));
    this.#addFunctions(OLD_MATHEMATICS);
    lua.lua_createtable(L, 0, Object.keys(BIT_OPERATIONS).length);
    this.#addFunctions(BIT_OPERATIONS);
    lua.lua_setglobal(L, bytesOf('bit32'));
    lua.lua_settop(L, 0);
  }

  /** Adds functions of numbers to the table on the top of the stack. Integers stay integers where the interpreter has them. */
  #addFunctions(functions: Readonly<Record<string, NumberFunction>>): void {
    for (const [name, compute] of Object.entries(functions)) {
      lua.lua_pushcfunction(this.#state, (L) => {
        const result = compute(...Array.from({ length: lua.lua_gettop(L) }, (_, i) => lauxlib.luaL_checknumber(L, i + 1)));
        if (typeof result === 'string') return lauxlib.luaL_error(L, bytesOf(result));
        if (typeof result === 'boolean') lua.lua_pushboolean(L, result);
        else if (result === (result | 0)) lua.lua_pushinteger(L, result);
        else lua.lua_pushnumber(L, result);
        return 1;
      });
      lua.lua_setfield(this.#state, -2, bytesOf(name));
    }
  }

  #push(value: LuaValue): void {
    const L = this.#state;
    if (value === null) lua.lua_pushnil(L);
    else if (typeof value === 'boolean') lua.lua_pushboolean(L, value);
    else if (typeof value === 'number') lua.lua_pushinteger(L, value);
    else {
      const bytes = bytesOf(value);
      lua.lua_pushlstring(L, bytes, bytes.length);
    }
  }

  #takeError(): string {
    const error = textOf(valueAt(this.#state, -1));
    lua.lua_settop(this.#state, -2);
    return error;
  }
}

/** In the order in which the prelude gives it: id, directory, user, three streams, environment, descriptors, words. */
function childSpec(given: readonly string[]): ChildSpec {
  const [, directory = '/', user = '', stdin = '', stdout = '', stderr = '', environment = '', fds = '', argv = ''] = given;
  const many = (text: string): string[] => (text === '' ? [] : text.split('\0'));
  const assigned = (text: string): [string, string] => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  return {
    argv: argv.split('\0'), directory, user: user === '' ? null : user, stdin: streamRef(stdin), stdout: streamRef(stdout), stderr: streamRef(stderr),
    environment: Object.fromEntries(many(environment).map(assigned)),
    fds: many(fds).map(assigned).flatMap(([fd, ref]): (readonly [number, StreamRef])[] => {
      const stream = streamRef(ref);
      return stream === null || !(Number(fd) > 2 && Number(fd) < 1000) ? [] : [[Number(fd), stream]];
    }),
  };
}

function streamRef(text: string): StreamRef | null {
  const name = text.slice(text.indexOf(':') + 1);
  if (text.startsWith('listener:')) return { listener: name };
  return text === '' ? null : { pipe: name, end: text.startsWith('input:') ? 'input' : 'output' };
}

/** Bytes of Lua as they are meant by who wrote them: UTF-8. */
function textOf(value: LuaValue | undefined): string {
  return typeof value === 'string' ? Buffer.from(value, 'latin1').toString() : String(value ?? '');
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

function valueAt(L: LuaState, at: number): LuaValue {
  switch (lua.lua_type(L, at)) {
    case lua.LUA_TBOOLEAN: return lua.lua_toboolean(L, at);
    case lua.LUA_TNUMBER: return lua.lua_tonumber(L, at);
    case lua.LUA_TSTRING: return Buffer.from(lua.lua_tolstring(L, at) ?? []).toString('latin1');
    default: return null;
  }
}
