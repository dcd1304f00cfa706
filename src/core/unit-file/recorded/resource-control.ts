/** Settings of systemd.resource-control(5) that are recorded; some are put into effect from there, see `group-access.ts`. */
import { ok, problem, type Result } from '../../../base/result.ts';
import { formatTimeSpan, parseTimeSpan } from '../../time/time-span.ts';
import { parseAddressPrefix } from '../value/address-prefix.ts';
import { CONTROLLERS, DELEGATED_CONTROLLERS, controllersAmong, isController } from '../value/controller.ts';
import { deviceValue, parseDeviceAllow } from '../value/device-rule.ts';
import {
  cpusOf, parseBoolean, parseCpuRanges, parseCpuWeight, parseMemory, parseMemoryCeiling, parsePercent, parseSize, parseUnsigned, parseWeight, rangesText, type Percent,
} from '../value/number.ts';
import { parseInterfaceName } from '../value/interface-name.ts';
import { parseSocketBind } from '../value/socket-bind.ts';
import { ignore, leaveOut, oneOf, parseAbsolutePath, plainWordsOf, type SettingReader } from '../setting-reader.ts';
import {
  NOTHING, collected, lines, scalar, shownAs, type Recorder, type RecorderRow, type ShownValue,
} from './recorder.ts';
import { commasAsBlanks, withoutBackslashes } from '../words.ts';
import { FLAG, PATH, SPAN } from './shown-values.ts';
import type { LimitValue } from '../../unit/exec-context.ts';

const WEIGHT = shownAs(parseWeight, String);
const CPU_WEIGHT = shownAs(parseCpuWeight, (weight) => (weight === 0 ? 'idle' : String(weight)));

function within(min: number, max: number, what: string): ShownValue {
  return (text) => {
    const value = parseUnsigned(text);
    if (!value.ok) return value;
    return value.value >= min && value.value <= max ? ok(String(value.value)) : problem(`${what} are within ${String(min)} to ${String(max)}, not ${text}`);
  };
}

const SHARES = within(2, 262_144, 'shares');
const BLOCK_WEIGHT = within(10, 1000, 'weights of block devices');

function memoryText(value: LimitValue | Percent): string {
  return typeof value === 'object' ? `${String(value.percent)}%` : String(value);
}

const MEMORY = shownAs(parseMemory, memoryText);
const CEILING = shownAs(parseMemoryCeiling, memoryText);

/** Bytes or operations a second, counted in thousands. */
function parseRate(text: string): Result<string> {
  if (text === 'infinity') return ok('infinity');
  const size = parseSize(text, 1000);
  if (!size.ok) return size;
  return size.value > 0 ? ok(String(size.value)) : problem('a limit of nothing would stop everything');
}

function parseLatency(text: string): Result<string> {
  const span = parseTimeSpan(text);
  return span.ok ? ok(formatTimeSpan(span.value)) : problem(`'${text.slice(0, 60)}' is not a time span such as 10ms`);
}

function shownWeight(shown: ShownValue): (text: string, reader: SettingReader) => Result<string> {
  return (text, reader) => deviceValue((weight) => shown(weight, reader))(text, reader);
}

const BY_LINE = { separator: '\n' } as const;

/** Sets of CPUs or memory nodes. The settings for the time of start-up are shown by systemd 252 as the bytes of the mask. */
function cpuSet(directive: string, show: (cpus: readonly number[]) => string): RecorderRow {
  return [directive, (reader, entries) => {
    const words: string[] = [];
    for (const entry of entries) {
      if (entry.value === '') words.length = 0;
      const text = reader.expand(entry.value);
      const parsed = text.ok ? parseCpuRanges(plainWordsOf(reader, { ...entry, value: commasAsBlanks(text.value) })) : text;
      if (!parsed.ok) ignore(reader, entry, parsed.problem);
      else words.push(...parsed.value.map(({ first, last }) => `${String(first)}-${String(last)}`));
    }
    const ranges = parseCpuRanges(words);
    return words.length === 0 || !ranges.ok ? NOTHING : { [directive]: show(cpusOf(ranges.value)) };
  }];
}

/** Bytes of a mask that grows by 64 CPUs, lowest first, in hexadecimal. */
function maskText(cpus: readonly number[]): string {
  const bytes = new Uint8Array(8 * Math.ceil(((cpus.at(-1) ?? 0) + 1) / 64));
  for (const cpu of cpus) bytes[cpu >> 3] = (bytes[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A boolean, or the controllers that the unit may use by itself. */
const delegate: Recorder = (reader, entries) => {
  let controllers: readonly string[] | null = null;
  const mayDelegate = reader.kind === 'service' || reader.kind === 'scope';
  for (const entry of entries) {
    if (!mayDelegate) {
      reader.log.add('note', entry, `Delegate= is ignored: a ${reader.kind} has no processes that could use a control group of their own.`);
      continue;
    }
    const flag = parseBoolean(entry.value);
    if (flag.ok) controllers = flag.value ? DELEGATED_CONTROLLERS : null;
    else if (entry.value === '') controllers = [];
    else {
      const words = plainWordsOf(reader, entry);
      for (const word of words) if (!isController(word)) leaveOut(reader, entry, word, 'it is not a controller such as cpu or memory', CONTROLLERS);
      controllers = controllersAmong([...(controllers ?? []), ...words]);
    }
  }
  return controllers === null ? NOTHING : { DelegateControllers: controllers.join(' ') };
};

const disableControllers: Recorder = (reader, entries) => {
  let disabled: readonly string[] = [];
  for (const entry of entries) {
    const words = plainWordsOf(reader, entry, 'bare');
    const known = controllersAmong(words);
    if (entry.value === '') disabled = [];
    else if (known.length === 0) ignore(reader, entry, `'${entry.value.slice(0, 60)}' names no controller such as cpu or memory`);
    else disabled = controllersAmong([...disabled, ...words]);
  }
  return disabled.length === 0 ? NOTHING : { DisableControllers: disabled.join(' ') };
};

function addresses(directive: string): RecorderRow {
  return collected(directive, directive, { unique: true, sorted: true }, (reader, entry) => plainWordsOf(reader, entry, 'bare').flatMap((word) => {
    const networks = parseAddressPrefix(word);
    if (networks.ok) return networks.value;
    leaveOut(reader, entry, word, networks.problem);
    return [];
  }));
}

/** systemd keeps these rules with the newest first. */
function socketBinds(directive: string): RecorderRow {
  return [directive, (reader, entries) => {
    const rules: string[] = [];
    for (const entry of entries) {
      if (entry.value === '') {
        rules.length = 0;
        continue;
      }
      const rule = parseSocketBind(entry.value);
      if (rule.ok) rules.unshift(rule.value);
      else ignore(reader, entry, rule.problem);
    }
    return rules.length === 0 ? NOTHING : { [directive]: rules.join('\n') };
  }];
}

const networkInterfaces: Recorder = (reader, entries) => {
  let names: readonly string[] = [];
  let isAllowList: boolean | null = null;
  for (const entry of entries) {
    if (entry.value === '') {
      [names, isAllowList] = [[], null];
      continue;
    }
    const inverted = entry.value.startsWith('~');
    const words = plainWordsOf(reader, inverted ? { ...entry, value: entry.value.slice(1) } : entry);
    const good = words.filter((word) => {
      const name = parseInterfaceName(word);
      if (!name.ok) ignore(reader, entry, name.problem);
      return name.ok;
    });
    isAllowList ??= !inverted;
    names = inverted === isAllowList ? names.filter((name) => !good.includes(name)) : [...new Set([...names, ...good])];
  }
  return isAllowList === null ? NOTHING : { RestrictNetworkInterfaces: `${isAllowList ? '' : '~'}${[...names].sort().join(' ')}` };
};

const BPF_TYPES: readonly string[] = [
  'ingress', 'egress', 'sock_create', 'sock_ops', 'device', 'bind4', 'bind6', 'connect4', 'connect6', 'post_bind4', 'post_bind6', 'sendmsg4', 'sendmsg6',
  'sysctl', 'recvmsg4', 'recvmsg6', 'getsockopt', 'setsockopt',
];

const BPF_PROGRAM: ShownValue = (text, reader) => {
  const [, written = '', place = ''] = /^:*((?:\\.|[^:\\])*):+(.*)$/s.exec(text) ?? [];
  const type = withoutBackslashes(written);
  if (!BPF_TYPES.includes(type)) return problem(`'${text.slice(0, 60)}' does not begin with a place to attach to, such as egress:`);
  const path = reader.expand(place);
  const absolute = path.ok ? parseAbsolutePath(path.value) : path;
  return absolute.ok ? ok(`${type}:${absolute.value}`) : absolute;
};

/** Of 32 bits all are the whole. */
const PRESSURE: ShownValue = (text) => {
  const percent = parsePercent(text);
  if (percent === null) return problem(`'${text.slice(0, 60)}' is not a percentage`);
  return percent.ok ? ok(String(Math.floor((percent.value.percent * 100 * 0xffff_ffff + 5000) / 10_000))) : percent;
};

const AUTO_KILL: ShownValue = oneOf('auto', 'kill');

export const RESOURCE_CONTROL_RECORDERS: readonly RecorderRow[] = [
  ['Delegate', delegate],
  ['DisableControllers', disableControllers],
  ...['CPUAccounting', 'MemoryAccounting', 'TasksAccounting', 'IOAccounting', 'BlockIOAccounting', 'IPAccounting'].map((name) => scalar(name, name, FLAG, 'is-bad')),
  scalar('StartupCPUWeight', 'StartupCPUWeight', CPU_WEIGHT),
  scalar('CPUShares', 'CPUShares', SHARES),
  scalar('StartupCPUShares', 'StartupCPUShares', SHARES),
  scalar('CPUQuotaPeriodSec', 'CPUQuotaPeriodUSec', SPAN),
  cpuSet('AllowedCPUs', rangesText),
  cpuSet('StartupAllowedCPUs', maskText),
  cpuSet('AllowedMemoryNodes', rangesText),
  cpuSet('StartupAllowedMemoryNodes', maskText),
  ...['DefaultMemoryMin', 'DefaultMemoryLow', 'StartupMemoryLow', 'DefaultStartupMemoryLow'].map((name) => scalar(name, name, MEMORY)),
  ...['StartupMemoryHigh', 'StartupMemoryMax', 'StartupMemorySwapMax', 'MemoryZSwapMax', 'StartupMemoryZSwapMax'].map((name) => scalar(name, name, MEMORY)),
  scalar('MemoryLimit', 'MemoryLimit', CEILING),
  scalar('StartupIOWeight', 'StartupIOWeight', WEIGHT),
  lines('IODeviceWeight', 'IODeviceWeight', shownWeight(WEIGHT), BY_LINE),
  ...['IOReadBandwidthMax', 'IOWriteBandwidthMax', 'IOReadIOPSMax', 'IOWriteIOPSMax'].map((name) => lines(name, name, deviceValue(parseRate), BY_LINE)),
  lines('IODeviceLatencyTargetSec', 'IODeviceLatencyTargetUSec', deviceValue(parseLatency), BY_LINE),
  scalar('BlockIOWeight', 'BlockIOWeight', BLOCK_WEIGHT),
  scalar('StartupBlockIOWeight', 'StartupBlockIOWeight', BLOCK_WEIGHT),
  lines('BlockIODeviceWeight', 'BlockIODeviceWeight', shownWeight(BLOCK_WEIGHT), BY_LINE),
  lines('BlockIOReadBandwidth', 'BlockIOReadBandwidth', deviceValue(parseRate), BY_LINE),
  lines('BlockIOWriteBandwidth', 'BlockIOWriteBandwidth', deviceValue(parseRate), BY_LINE),
  addresses('IPAddressAllow'),
  addresses('IPAddressDeny'),
  lines('IPIngressFilterPath', 'IPIngressFilterPath', PATH),
  lines('IPEgressFilterPath', 'IPEgressFilterPath', PATH),
  lines('BPFProgram', 'BPFProgram', BPF_PROGRAM),
  socketBinds('SocketBindAllow'),
  socketBinds('SocketBindDeny'),
  ['RestrictNetworkInterfaces', networkInterfaces],
  lines('DeviceAllow', 'DeviceAllow', parseDeviceAllow, { ...BY_LINE, newestFirst: true }),
  scalar('DevicePolicy', 'DevicePolicy', oneOf('auto', 'closed', 'strict'), 'is-bad'),
  scalar('ManagedOOMSwap', 'ManagedOOMSwap', AUTO_KILL),
  scalar('ManagedOOMMemoryPressure', 'ManagedOOMMemoryPressure', AUTO_KILL),
  scalar('ManagedOOMMemoryPressureLimit', 'ManagedOOMMemoryPressureLimit', PRESSURE),
  scalar('ManagedOOMPreference', 'ManagedOOMPreference', oneOf('none', 'avoid', 'omit'), 'is-bad'),
];

