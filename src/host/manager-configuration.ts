/**
 * The manager's own configuration: systemd-system.conf(5)'s keys of the same names, and `[Access]`.
 *
 * Read in this order, later files win: systemd's `system.conf` and its `.conf.d`, then Heartwood's own. A key that means nothing here is
 * passed over; a value that means nothing is a complaint, and the default stays.
 */
import { readFileSync, readdirSync } from 'node:fs';
import type { Usec } from '../base/brand.ts';
import { ok, problem, type Result } from '../base/result.ts';
import { parseAccessRule } from '../control/access.ts';
import type { AccessRule } from '../control/access.ts';
import { ACCESS_RULES_MAX } from '../control/limits.ts';
import type { LimitName, ResourceLimit, StandardStream } from '../core/unit/exec-context.ts';
import { parseDelay, parseTimeout } from '../core/unit-file/time-setting.ts';
import type { UnitDefaults } from '../core/unit-file/unit-defaults.ts';
import { parseSize, parseTasksMax, parseUnsigned } from '../core/unit-file/value/number.ts';
import { LIMIT_NAMES, parseResourceLimit } from '../core/unit-file/value/resource-limit.ts';
import { parseLogLevel } from './logging/manager-log.ts';
import { ENGINE_MEMORY_MAX_DEFAULT, ENGINE_MEMORY_MAX_LEAST } from './memory/memory-ceiling.ts';

/** What `ini` makes of a file: sections of keys; `KEY[]=` lines become lists. */
export type IniFile = Readonly<Record<string, unknown>>;

export interface ManagerConfiguration {
  readonly defaults: UnitDefaults;
  readonly accessRules: readonly AccessRule[];
  readonly environment: readonly string[];
  readonly logLevel: string | null;
  readonly logTarget: string | null;
  readonly showStatus: string | null;
  /** Bytes; null = no ceiling. */
  readonly engineMemoryMax: number | null;
  readonly complaints: readonly string[];
}

/** Configuration files are written by people; more than this is a mistake. */
const FILE_BYTES_MAX = 1024 * 1024;

const STREAMS: Readonly<Record<string, StandardStream>> = {
  null: { kind: 'null' }, inherit: { kind: 'inherit' }, journal: { kind: 'journal' }, kmsg: { kind: 'kmsg' }, 'journal+console': { kind: 'journal' }, 'kmsg+console': { kind: 'kmsg' }, tty: { kind: 'tty' },
};

/** systemd also has `error`: lines for failures only, which is what `auto` does here. */
const SHOW_STATUS = /^(?:auto|error|1|yes|true|on|0|no|false|off)$/;

/** Files to read, the least important first. */
export function configurationFiles(mode: 'system' | 'user', home: string | null, list: (directory: string) => readonly string[]): readonly string[] {
  const name = mode === 'system' ? 'system.conf' : 'user.conf';
  const own = mode === 'user' && home !== null ? [`${home}/systemd`, `${home}/heartwood`] : [];
  return ['/usr/lib/systemd', '/etc/systemd', '/run/systemd', '/usr/lib/heartwood', '/etc/heartwood', '/run/heartwood', ...own].flatMap((directory) => [
    `${directory}/${name}`,
    ...[...list(`${directory}/${name}.d`)].filter((file) => file.endsWith('.conf')).sort().map((file) => `${directory}/${name}.d/${file}`),
  ]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Puts parsed files together, pure. */
export function mergeConfiguration(files: readonly { readonly path: string; readonly content: IniFile }[], base: UnitDefaults): ManagerConfiguration {
  const complaints: string[] = [];
  const accessRules: AccessRule[] = [];
  let defaults = base;
  let environment: readonly string[] = [];
  let logLevel: string | null = null;
  let logTarget: string | null = null;
  let showStatus: string | null = null;
  let engineMemoryMax: number | null = ENGINE_MEMORY_MAX_DEFAULT;
  for (const { path, content } of files) {
    const take = <T>(key: string, result: Result<T>, use: (value: T) => void): void => {
      if (result.ok) use(result.value);
      else complaints.push(`${path}: ${key}=: ${result.problem}`);
    };
    const manager = content['Manager'];
    for (const [key, value] of Object.entries(isRecord(manager) ? manager : {})) {
      const text = typeof value === 'string' ? value.trim() : String(value);
      const limit = LIMIT_NAMES.find((name: LimitName) => key === `DefaultLimit${name}`);
      if (limit !== undefined) {
        take(key, parseResourceLimit(limit, text), (parsed: ResourceLimit) => { defaults = { ...defaults, limits: { ...defaults.limits, [limit]: parsed } }; });
        continue;
      }
      switch (key) {
        case 'DefaultTimeoutStartSec': take(key, parseTimeout(text), (usec) => { defaults = { ...defaults, timeoutStartUsec: usec }; }); break;
        case 'DefaultTimeoutStopSec': take(key, parseTimeout(text), (usec) => { defaults = { ...defaults, timeoutStopUsec: usec }; }); break;
        case 'DefaultTimeoutAbortSec': take(key, parseTimeout(text), (usec) => { defaults = { ...defaults, timeoutAbortUsec: usec }; }); break;
        case 'DefaultRestartSec': take(key, parseDelay(text), (usec: Usec) => { defaults = { ...defaults, restartUsec: usec }; }); break;
        case 'DefaultStartLimitInterval':
        case 'DefaultStartLimitIntervalSec': take(key, parseDelay(text), (usec: Usec) => { defaults = { ...defaults, startLimitIntervalUsec: usec }; }); break;
        case 'DefaultStartLimitBurst': take(key, parseUnsigned(text), (burst) => { defaults = { ...defaults, startLimitBurst: burst }; }); break;
        case 'DefaultTasksMax': take(key, parseTasksMax(text), (tasksMax) => { defaults = { ...defaults, tasksMax }; }); break;
        case 'DefaultStandardOutput':
        case 'DefaultStandardError': {
          const stream = STREAMS[text];
          if (stream === undefined) complaints.push(`${path}: ${key}=: "${text}" is no stream`);
          else defaults = key === 'DefaultStandardOutput' ? { ...defaults, standardOutput: stream } : { ...defaults, standardError: stream };
          break;
        }
        case 'DefaultEnvironment': environment = splitAssignments(text); break;
        case 'LogLevel':
          // Not an option somebody typed: a manager must come up whatever its files say.
          if (parseLogLevel(text) === undefined) complaints.push(`${path}: LogLevel=: "${text}" is no log level`);
          else logLevel = text;
          break;
        case 'LogTarget': logTarget = text; break;
        case 'ShowStatus':
          if (SHOW_STATUS.test(text)) showStatus = text === 'error' ? 'auto' : text;
          else complaints.push(`${path}: ShowStatus=: "${text}" is none of yes, no, auto, error`);
          break;
        case 'EngineMemoryMax': take(key, parseCeiling(text), (bytes) => { engineMemoryMax = bytes; }); break;
        default: break;
      }
    }
    const access = content['Access'];
    for (const [key, value] of Object.entries(isRecord(access) ? access : {})) {
      const effect = key === 'Allow' ? 'allow' : key === 'Deny' ? 'deny' : null;
      if (effect === null) {
        complaints.push(`${path}: [Access] knows Allow[]= and Deny[]=, not ${key}=`);
        continue;
      }
      for (const source of Array.isArray(value) ? value : [value]) {
        const rule = parseAccessRule(effect, String(source));
        if (typeof rule === 'string') complaints.push(`${path}: ${rule}`);
        else if (accessRules.length < ACCESS_RULES_MAX) accessRules.push(rule);
        else complaints.push(`${path}: access rule "${String(source)}": more than ${String(ACCESS_RULES_MAX)} rules`);
      }
    }
  }
  return { defaults, accessRules, environment, logLevel, logTarget, showStatus, engineMemoryMax, complaints };
}

/** EngineMemoryMax=: a size, or `infinity` for none. */
function parseCeiling(text: string): Result<number | null> {
  if (text === 'infinity') return ok(null);
  const size = parseSize(text);
  if (!size.ok || size.value >= ENGINE_MEMORY_MAX_LEAST) return size;
  return problem(`${text} is less than the engine needs to live: ${String(ENGINE_MEMORY_MAX_LEAST / 2 ** 20)}M at the least`);
}

/** `A=1 "B=two words"` */
function splitAssignments(text: string): readonly string[] {
  return (text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []).map((word) => word.replace(/["']/g, '')).filter((word) => /^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
}

/** Reads the files of a mode. `ini` is loaded only when there is one to read. */
export function readConfiguration(mode: 'system' | 'user', configurationHome: string | null, base: UnitDefaults, parse: () => (text: string) => IniFile): ManagerConfiguration {
  const found = configurationFiles(mode, configurationHome, listDirectory).flatMap((path) => {
    const text = readText(path);
    return text === null ? [] : [{ path, text }];
  });
  if (found.length === 0) return mergeConfiguration([], base);
  const parseIni = parse();
  return mergeConfiguration(found.map(({ path, text }) => ({ path, content: parseIni(text) })), base);
}

function listDirectory(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readText(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length > FILE_BYTES_MAX ? null : text;
  } catch {
    return null;
  }
}
