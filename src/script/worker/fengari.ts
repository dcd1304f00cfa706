/**
 * The parts of fengari that are used, with their types. Taken one by one: the whole package would bring the libraries along that scripts
 * must not have, and what those need.
 */
import base from 'fengari/src/lbaselib.js';
import coroutine from 'fengari/src/lcorolib.js';
import mathematics from 'fengari/src/lmathlib.js';
import strings from 'fengari/src/lstrlib.js';
import tables from 'fengari/src/ltablib.js';
import auxiliary from 'fengari/src/lauxlib.js';
import core from 'fengari/src/lua.js';

export type LuaValue = string | number | boolean | null;
/** An interpreter or one of its threads; opaque. */
export type LuaState = object;
export type LuaFunction = (L: LuaState) => number;

/** As lua.h; texts are bytes. */
interface LuaCore {
  readonly LUA_OK: number;
  readonly LUA_TBOOLEAN: number;
  readonly LUA_TNUMBER: number;
  readonly LUA_TSTRING: number;
  lua_gettop(L: LuaState): number;
  lua_settop(L: LuaState, index: number): void;
  lua_pushvalue(L: LuaState, index: number): void;
  lua_pushnil(L: LuaState): void;
  lua_pushboolean(L: LuaState, value: boolean): void;
  lua_pushinteger(L: LuaState, value: number): void;
  lua_pushnumber(L: LuaState, value: number): void;
  lua_pushlstring(L: LuaState, bytes: Uint8Array, length: number): void;
  lua_pushcfunction(L: LuaState, body: LuaFunction): void;
  lua_createtable(L: LuaState, listed: number, named: number): void;
  lua_rawseti(L: LuaState, table: number, at: number): void;
  lua_getglobal(L: LuaState, name: Uint8Array): number;
  lua_setglobal(L: LuaState, name: Uint8Array): void;
  lua_setfield(L: LuaState, table: number, name: Uint8Array): void;
  lua_pcall(L: LuaState, given: number, wanted: number, handler: number): number;
  lua_type(L: LuaState, index: number): number;
  lua_toboolean(L: LuaState, index: number): boolean;
  lua_tonumber(L: LuaState, index: number): number;
  lua_tolstring(L: LuaState, index: number): Uint8Array | null;
}

/** As lauxlib.h. */
interface LuaAuxiliary {
  luaL_newstate(): LuaState;
  luaL_requiref(L: LuaState, name: Uint8Array, open: LuaFunction, global: number): void;
  luaL_loadbuffer(L: LuaState, text: Uint8Array, length: number, name: Uint8Array): number;
  luaL_checknumber(L: LuaState, at: number): number;
  /** Throws into Lua. */
  luaL_error(L: LuaState, message: Uint8Array): number;
}

/** As lualib.h, without what reaches files, the operating system or modules. */
interface LuaLibraries {
  readonly luaopen_base: LuaFunction;
  readonly luaopen_coroutine: LuaFunction;
  readonly luaopen_string: LuaFunction;
  readonly luaopen_table: LuaFunction;
  readonly luaopen_math: LuaFunction;
}

export const lua = core as LuaCore;
export const lauxlib = auxiliary as LuaAuxiliary;
export const lualib = { ...base, ...coroutine, ...strings, ...tables, ...mathematics } as LuaLibraries;
