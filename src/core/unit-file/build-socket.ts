/** Sockets. Source: systemd.socket(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import { nodePathsOf, type Listen, type SocketOptions, type SocketUnit } from '../unit/socket.ts';
import { unitNameFromPath } from '../unit/unit-name.ts';
import { readCgroupContext, readSlice } from './cgroup-context.ts';
import { withAccess } from './group-access.ts';
import { addActivatorDefaults, addExecDependencies, addMounts, addSlice } from './default-dependencies.ts';
import { readExecContext, readUser } from './exec-context.ts';
import { readCommands } from './exec-commands.ts';
import { readKillContext } from './kill-context.ts';
import { ignore, oneOf, parseAbsolutePath, readExpanded, readScalar, readWords, type SettingReader, withoutVarRun } from './setting-reader.ts';
import { parseDelay, parseTimeout } from './time-setting.ts';
import { addTrigger } from './triggered-unit.ts';
import { finishCommon, type UnitDraft } from './unit-draft.ts';
import { readUnitSection } from './unit-section.ts';
import { parseBoolean, parseInteger, parseMode, parseSize, parseUnsigned } from './value/number.ts';
import { parseInterfaceName } from './value/interface-name.ts';
import { parseListen, parseNetlink } from './value/socket-address.ts';

/** Sockets of one unit: each is an fd of the manager; real units have a few. */
const LISTEN_MAX = 256;
const SECOND = 1_000_000;

const LISTEN_PARSERS: Readonly<Record<string, (text: string) => Result<Listen>>> = {
  ListenStream: (text) => parseListen('Stream', text),
  ListenDatagram: (text) => parseListen('Datagram', text),
  ListenSequentialPacket: (text) => parseListen('SequentialPacket', text),
  ListenFIFO: (text) => withPath('FIFO', parseAbsolutePath(text)),
  ListenSpecial: (text) => withPath('Special', parseAbsolutePath(text)),
  ListenUSBFunction: (text) => withPath('USBFunction', parseAbsolutePath(text)),
  ListenMessageQueue: (text) => withPath('MessageQueue', /^\/[^/]{1,254}$/.test(text) ? ok(text) : problem(`'${text.slice(0, 80)}' is not the name of a message queue such as /jobs`)),
  ListenNetlink: parseNetlink,
};

function withPath(kind: 'FIFO' | 'Special' | 'USBFunction' | 'MessageQueue', path: Result<string>): Result<Listen> {
  return path.ok ? ok({ kind, path: path.value }) : path;
}

/** All Listen…= lines in file order. An empty one of any of them takes back all before it. */
function readListen(reader: SettingReader): readonly Listen[] {
  let list: Listen[] = [];
  for (const { directive, entry } of reader.settings) {
    const parse = LISTEN_PARSERS[directive.name];
    if (parse === undefined) continue;
    if (entry.value === '') {
      list = [];
      continue;
    }
    const expanded = reader.expand(entry.value);
    const parsed = expanded.ok ? parse(withoutVarRun(expanded.value)) : expanded;
    if (!parsed.ok) ignore(reader, entry, parsed.problem);
    else if (list.length >= LISTEN_MAX) ignore(reader, entry, `a unit listens on ${String(LISTEN_MAX)} sockets at most`);
    else list.push(parsed.value);
  }
  return list;
}

const parseProtocol = oneOf<NonNullable<SocketOptions['protocol']>>('udplite', 'sctp', 'mptcp');
const parseBindWord = oneOf<SocketOptions['bindIpv6Only']>('default', 'both', 'ipv6-only');

/** A boolean says whether it is IPv6 alone. */
function parseBindIpv6Only(text: string): Result<SocketOptions['bindIpv6Only']> {
  const flag = parseBoolean(text);
  return flag.ok ? ok(flag.value ? 'ipv6-only' : 'both') : parseBindWord(text);
}

const TIMESTAMPING: Readonly<Record<string, SocketOptions['timestamping']>> = { us: 'us', usec: 'us', 'µs': 'us', 'μs': 'us', ns: 'ns', nsec: 'ns' };
/** ip(7). */
const TYPES_OF_SERVICE: Readonly<Record<string, number>> = { 'low-delay': 0x10, throughput: 0x08, reliability: 0x04, 'low-cost': 0x02 };
const INT_MAX = 0x7fff_ffff;

function parseTimestamping(text: string): Result<SocketOptions['timestamping']> {
  const word = TIMESTAMPING[text];
  if (word !== undefined) return ok(word);
  const flag = parseBoolean(text);
  return flag.ok ? ok(flag.value ? 'us' : 'off') : problem(`'${text.slice(0, 80)}' is not one of off, us, ns`);
}

function parseTypeOfService(text: string): Result<number> {
  const named = TYPES_OF_SERVICE[text];
  return named === undefined ? parseInteger(text, 0, 255) : ok(named);
}

/** What the sockets are told; every number is -1 or 0 in systemd's language when it is not set, null here. */
function readOptions(reader: SettingReader): SocketOptions {
  const flag = (name: string): boolean => readScalar(reader, name, parseBoolean, false);
  // A negative number leaves the kernel's default, as -1 does.
  const number = (name: string): number | null => readScalar<number | null>(reader, name, (text) => {
    const value = parseInteger(text, -INT_MAX - 1, INT_MAX);
    return value.ok && value.value < 0 ? ok(null) : value;
  }, null);
  const positive = (name: string): number | null => {
    const value = number(name);
    return value === 0 ? null : value;
  };
  const bytes = (name: string): number | null => readScalar<number | null>(reader, name, (text) => parseSize(text), null);
  const wholeSeconds = (name: string): number | null => readScalar<number | null>(reader, name, (text) => {
    const span = parseDelay(text);
    return span.ok ? ok(Math.max(1, Math.round(span.value / SECOND))) : span;
  }, null);
  return {
    protocol: readScalar<SocketOptions['protocol']>(reader, 'SocketProtocol', (text) => parseProtocol(text.toLowerCase()), null),
    bindIpv6Only: readScalar<SocketOptions['bindIpv6Only']>(reader, 'BindIPv6Only', parseBindIpv6Only, 'default'),
    backlog: readScalar(reader, 'Backlog', (text) => parseUnsigned(text), 0xffff_ffff),
    bindToDevice: readScalar<string | null>(reader, 'BindToDevice', parseInterfaceName, null, 'resets'),
    reusePort: flag('ReusePort'),
    freeBind: flag('FreeBind'),
    transparent: flag('Transparent'),
    broadcast: flag('Broadcast'),
    passCredentials: flag('PassCredentials'),
    passSecurity: flag('PassSecurity'),
    passPacketInfo: flag('PassPacketInfo'),
    timestamping: readScalar(reader, 'Timestamping', parseTimestamping, 'off'),
    keepAlive: flag('KeepAlive'),
    keepAliveTimeSec: wholeSeconds('KeepAliveTimeSec'),
    keepAliveIntervalSec: wholeSeconds('KeepAliveIntervalSec'),
    keepAliveProbes: readScalar<number | null>(reader, 'KeepAliveProbes', (text) => parseUnsigned(text), null),
    noDelay: flag('NoDelay'),
    deferAcceptSec: wholeSeconds('DeferAcceptSec'),
    priority: number('Priority'),
    receiveBufferBytes: bytes('ReceiveBuffer'),
    sendBufferBytes: bytes('SendBuffer'),
    ipTos: readScalar<number | null>(reader, 'IPTOS', parseTypeOfService, null, 'resets'),
    ipTtl: number('IPTTL'),
    mark: number('Mark'),
    tcpCongestion: readScalar<string | null>(reader, 'TCPCongestion', ok, null, 'resets'),
    pipeSizeBytes: bytes('PipeSize'),
    messageQueueMaxMessages: positive('MessageQueueMaxMessages'),
    messageQueueMessageBytes: positive('MessageQueueMessageSize'),
  };
}

/** sd_listen_fds_with_names(3): printable ASCII but the colon that separates the names. */
function parseFdName(text: string): Result<string> {
  return /^[\x20-\x39\x3b-\x7e]{1,255}$/.test(text) ? ok(text) : problem(`'${text.slice(0, 80)}' cannot be the name of a file descriptor`);
}

/** Why the settings contradict each other; null when they do not. */
function refusalOf(socket: Pick<SocketUnit, 'listen' | 'accept' | 'maxConnections' | 'symlinks' | 'options'>, namesService: boolean): string | null {
  const { listen, accept, options } = socket;
  if (listen.length === 0) return 'The socket has nothing to listen on: ListenStream=, ListenDatagram=, ListenFIFO= or another Listen…= is missing.';
  if (accept && listen.some(({ kind }) => kind !== 'Stream' && kind !== 'SequentialPacket')) return 'Accept=yes is for ListenStream= and ListenSequentialPacket= only.';
  if (accept && socket.maxConnections <= 0) return 'With Accept=yes, MaxConnections= must not be 0.';
  if (accept && namesService) return 'With Accept=yes, Service= cannot be used: every connection gets an instance of the template of the same name.';
  if (socket.symlinks.length > 0 && nodePathsOf(socket).length !== 1) return 'Symlinks= needs exactly one Unix socket or FIFO in the file system.';
  if ((options.messageQueueMaxMessages === null) !== (options.messageQueueMessageBytes === null)) return 'MessageQueueMaxMessages= and MessageQueueMessageSize= must be set together.';
  return null;
}

/** Finishes a draft as a socket. */
export function buildSocket(draft: UnitDraft): SocketUnit {
  const { reader, context, dependencies, sources } = draft;
  const { defaults, mode, specifiers } = context;
  const flag = (name: string): boolean => readScalar(reader, name, parseBoolean, false);
  const count = (name: string, fallback: number): number => readScalar(reader, name, (text) => parseUnsigned(text), fallback);
  const span = (name: string, fallbackSec: number): Usec => readScalar(reader, name, parseDelay, (fallbackSec * SECOND) as Usec);
  const section = readUnitSection(reader, defaults, { description: sources.name, ignoreOnIsolate: false });
  const listen = readListen(reader);
  const options = readOptions(reader);
  const accept = flag('Accept');
  const namesService = (reader.byName.get('Service')?.at(-1)?.value ?? '') !== '';
  const service = accept ? null : addTrigger(draft, 'Service');
  const maxConnections = count('MaxConnections', 64);
  const symlinks = readWords(reader, 'Symlinks').flatMap(({ word, entry }) => {
    const path = parseAbsolutePath(word);
    if (path.ok) return [path.value];
    ignore(reader, entry, path.problem);
    return [];
  });
  const slice = readSlice(reader, mode);
  const exec = readExecContext(reader, defaults);
  const kill = readKillContext(reader);
  const socket = {
    listen, options, accept, service, maxConnections, symlinks, exec, kill,
    socketUser: readUser(reader, 'SocketUser'),
    socketGroup: readUser(reader, 'SocketGroup'),
    socketMode: readScalar(reader, 'SocketMode', parseMode, 0o666),
    directoryMode: readScalar(reader, 'DirectoryMode', parseMode, 0o755),
    writable: flag('Writable'),
    flushPending: flag('FlushPending'),
    maxConnectionsPerSource: count('MaxConnectionsPerSource', 0),
    removeOnStop: flag('RemoveOnStop'),
    fileDescriptorName: readExpanded<string | null>(reader, 'FileDescriptorName', (text) => (text === '' ? ok(null) : parseFdName(text)), null),
    triggerLimit: { intervalUsec: span('TriggerLimitIntervalSec', 2), burst: count('TriggerLimitBurst', accept ? 200 : 20) },
    // systemd 252 has no such limit, and later versions a default below that of the trigger limit, which so never fails a unit.
    pollLimit: { intervalUsec: span('PollLimitIntervalSec', 2), burst: count('PollLimitBurst', 0) },
    execStartPre: readCommands(reader, 'ExecStartPre'),
    execStartPost: readCommands(reader, 'ExecStartPost'),
    execStopPre: readCommands(reader, 'ExecStopPre'),
    execStopPost: readCommands(reader, 'ExecStopPost'),
    timeoutUsec: readScalar<Usec | null>(reader, 'TimeoutSec', parseTimeout, defaults.timeoutStartUsec),
    cgroup: readCgroupContext(reader, slice, defaults.tasksMax),
  };
  addSlice(dependencies, slice);
  addNeeds(draft, socket);
  if (socket.execStartPre.length + socket.execStartPost.length + socket.execStopPre.length + socket.execStopPost.length > 0) {
    addExecDependencies(dependencies, exec, {
      runtime: specifiers.runtimeRoot, state: specifiers.stateRoot, cache: specifiers.cacheRoot, logs: specifiers.logsRoot,
      configuration: specifiers.configurationRoot,
    }, mode, context.hasUnitFile);
  }
  if (section.defaultDependencies) addActivatorDefaults(dependencies, mode, 'sockets.target' as UnitName);
  const common = finishCommon(draft, section, refusalOf(socket, namesService));
  return { kind: 'socket', ...common, ...socket, cgroup: withAccess(socket.cgroup, common.recorded, exec.confinement) };
}

/** Mounts that hold the nodes, and the interface the sockets are bound to. */
function addNeeds({ dependencies, context }: UnitDraft, { listen, options }: Pick<SocketUnit, 'listen' | 'options'>): void {
  const special = listen.flatMap((each) => (each.kind === 'Special' || each.kind === 'USBFunction' ? [each.path] : []));
  for (const path of [...nodePathsOf({ listen }), ...special]) addMounts(dependencies, path, 'Requires', 'implicit', context.hasUnitFile);
  if (options.bindToDevice === null || options.bindToDevice === 'lo') return;
  const device = unitNameFromPath(`/sys/subsystem/net/devices/${options.bindToDevice}`, 'device');
  // Without somebody who makes device units (udev), waiting for one would be waiting for ever.
  if (device === null || !context.hasUnitFile(device)) return;
  dependencies.add('BindsTo', device, 'implicit');
  dependencies.add('After', device, 'implicit');
}
