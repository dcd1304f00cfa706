/**
 * StartupProbe=, ReadinessProbe=, LivenessProbe= and what goes with them.
 *
 *     probe = "exec:" command-line | "tcp:" [ host ":" ] port | "unix:" ( path | "@" name ) | "http://" host [ ":" port ] [ path ] | "file:" path
 *           | "log:" text-with-stars
 *     host  = IPv4 address | "[" IPv6 address "]" | "localhost"
 *
 * Hosts are addresses: to look a name up takes time, and the manager has none.
 */
import type { Usec } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import { seconds } from '../../base/time.ts';
import type { Entry } from '../unit/source.ts';
import type { Probe, ProbeCheck, SettableProbeKind } from '../unit/probe.ts';
import type { ServiceType } from '../unit/service.ts';
import type { SocketAddress } from '../unit/socket.ts';
import { entriesFor, ignore, originOf, parseAbsolutePath, readScalar, type SettingReader } from './setting-reader.ts';
import { parseDelay } from './time-setting.ts';
import { parseExecCommands } from './value/exec-command.ts';
import { parseUnsigned } from './value/number.ts';
import { parseAddress } from './value/socket-address.ts';

/** The settings that say what is asked. */
export const PROBE_NAMES: Readonly<Record<SettableProbeKind, string>> = { startup: 'StartupProbe', readiness: 'ReadinessProbe', liveness: 'LivenessProbe' };
const KINDS: readonly SettableProbeKind[] = ['startup', 'readiness', 'liveness'];

/** How often is asked: a start is waited for, readiness is watched, and life is checked. */
const INTERVALS: Readonly<Record<SettableProbeKind, Usec>> = { startup: seconds(1), readiness: seconds(5), liveness: seconds(10) };
/** More often than this a probe is a load and not a check. */
const INTERVAL_USEC_MIN = 100_000;
const TIMEOUT = seconds(3);
const TIMEOUT_USEC_MIN = 10_000;
/** A start may take as long as TimeoutStartSec= says. */
const FAILURES: Readonly<Record<SettableProbeKind, number>> = { startup: 0, readiness: 3, liveness: 3 };

const HTTP_PORT = 80;
/** A part of one line; the question travels to logd in one packet. */
const PATTERN_CHARACTERS_MAX = 1000;

const NONE: readonly Probe[] = [];

/** In the order startup, readiness, liveness; at most one of each. */
export function readProbes(reader: SettingReader, type: ServiceType): readonly Probe[] {
  if (!KINDS.some((kind) => reader.byName.has(PROBE_NAMES[kind]))) return NONE;
  const probes: Probe[] = [];
  for (const kind of KINDS) {
    const name = PROBE_NAMES[kind];
    const [check, entry] = readCheck(reader, name);
    if (check === null || entry === null) continue;
    if (type === 'oneshot') {
      ignore(reader, entry, 'a service of Type=oneshot is up when its commands are through, and has nothing to probe');
      continue;
    }
    probes.push({
      kind, check, text: entry.value,
      intervalUsec: readScalar(reader, `${name}IntervalSec`, atLeast(INTERVAL_USEC_MIN), INTERVALS[kind], 'resets'),
      timeoutUsec: readScalar(reader, `${name}TimeoutSec`, atLeast(TIMEOUT_USEC_MIN), TIMEOUT, 'resets'),
      failures: readScalar(reader, `${name}Failures`, (text) => parseUnsigned(text), FAILURES[kind], 'resets'),
      successes: Math.max(1, readScalar(reader, `${name}Successes`, (text) => parseUnsigned(text), 1, 'resets')),
    });
  }
  return probes;
}

function atLeast(usec: number): (text: string) => Result<Usec> {
  return (text) => {
    const span = parseDelay(text);
    return span.ok && span.value < usec ? problem(`it is shorter than ${String(usec / 1000)} ms`) : span;
  };
}

/** The last good line; an empty one takes back what was set before. */
function readCheck(reader: SettingReader, name: string): readonly [ProbeCheck | null, Entry | null] {
  let found: readonly [ProbeCheck | null, Entry | null] = [null, null];
  for (const entry of entriesFor(reader, name)) {
    if (entry.value === '') {
      found = [null, null];
      continue;
    }
    const check = parseCheck(reader, entry);
    if (check.ok) found = [check.value, entry];
    else ignore(reader, entry, check.problem);
  }
  return found;
}

function parseCheck(reader: SettingReader, entry: Entry): Result<ProbeCheck> {
  const [, scheme = '', raw = ''] = /^([a-z]+):(.*)$/s.exec(entry.value) ?? [];
  if (scheme === 'exec') return parseExec(reader, entry, raw);
  const expanded = reader.expand(raw);
  if (!expanded.ok) return expanded;
  const rest = expanded.value;
  switch (scheme) {
    case 'tcp': return connectTo(parseHostAndPort(rest, null));
    case 'unix': {
      const address = parseAddress(rest);
      if (!address.ok) return address;
      return address.value.family === 'unix' || address.value.family === 'abstract' ? ok({ kind: 'connect', address: address.value }) : problem(`'${rest.slice(0, 60)}' is no path of a socket`);
    }
    case 'http': return parseHttp(rest);
    case 'file': {
      const path = parseAbsolutePath(rest);
      return path.ok ? ok({ kind: 'file', path: path.value }) : path;
    }
    case 'log': return parseLogPattern(rest);
    default: return problem(`'${entry.value.slice(0, 60)}' begins with none of exec:, tcp:, unix:, http://, file: and log:`);
  }
}

function parseLogPattern(text: string): Result<ProbeCheck> {
  if (text.trim() === '') return problem('a part of the line is wanted, as log:Listening on port');
  if (text.length > PATTERN_CHARACTERS_MAX) return problem(`it is longer than ${String(PATTERN_CHARACTERS_MAX)} characters`);
  return ok({ kind: 'log', pattern: text });
}

function parseExec(reader: SettingReader, entry: Entry, line: string): Result<ProbeCheck> {
  const parsed = parseExecCommands(line.trim(), originOf(entry), reader.expand);
  const [command, ...others] = parsed.commands;
  if (parsed.failure !== null) return problem(parsed.failure.problem);
  return command === undefined || others.length > 0 ? problem('one command is wanted') : ok({ kind: 'exec', command });
}

function connectTo(address: Result<SocketAddress>): Result<ProbeCheck> {
  return address.ok ? ok({ kind: 'connect', address: address.value }) : address;
}

/** @param defaultPort null = a port must be given */
function parseHostAndPort(text: string, defaultPort: number | null): Result<SocketAddress> {
  const [, host = '', portText] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(/^\d+$/.test(text) ? `localhost:${text}` : text) ?? [];
  const port = portText === undefined ? defaultPort : Number(portText);
  if (host === '' || port === null) return problem(`'${text.slice(0, 60)}' is no address with a port, as 127.0.0.1:8080`);
  const address = parseAddress(`${host === 'localhost' ? '127.0.0.1' : host}:${String(port)}`);
  if (!address.ok) return problem(`'${host.slice(0, 60)}' is neither an IP address nor localhost (names are not looked up), or ${String(port)} is no port`);
  return address;
}

function parseHttp(rest: string): Result<ProbeCheck> {
  const [, host = '', path = ''] = /^\/\/([^/]+)(\/[!-~]*)?$/.exec(rest) ?? [];
  if (host === '') return problem('an address such as http://127.0.0.1:8080/healthz is wanted');
  const address = parseHostAndPort(host, HTTP_PORT);
  return address.ok ? ok({ kind: 'http', address: address.value, host, path: path === '' ? '/' : path }) : address;
}
