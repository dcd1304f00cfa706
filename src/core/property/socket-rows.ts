/** Properties of sockets: systemd's interface `org.freedesktop.systemd1.Socket`, its own part first. What is only written is in the defaults. */
import { isSocket } from '../manager/drivers/socket-record.ts';
import type { SocketRuntime } from '../manager/state.ts';
import { listenText, type SocketUnit } from '../unit/socket.ts';
import { commandRows } from './command-rows.ts';
import type { PropertyContext, PropertyRow } from './property-row.ts';
import { octal, quotedWords, span, yesNo } from './value-text.ts';

export interface SocketContext extends PropertyContext {
  readonly socket: SocketUnit;
  readonly runtime: SocketRuntime;
}

/** systemd keeps a number of listen(2), which is an int. */
const BACKLOG_MAX = 0x7fff_ffff;

/** -1 stands for what is not set. */
function orMinusOne(value: number | null): string {
  return String(value ?? -1);
}

/** Numbers of protocols(5), and IPPROTO_MPTCP of the kernel. */
const PROTOCOLS = { udplite: 136, sctp: 132, mptcp: 262 } as const;

export const SOCKET_ROWS: readonly PropertyRow<SocketContext>[] = [
  ['SocketProtocol', ({ socket }) => String(socket.options.protocol === null ? 0 : PROTOCOLS[socket.options.protocol])],
  ['BindIPv6Only', ({ socket }) => socket.options.bindIpv6Only],
  ['Backlog', ({ socket }) => String(Math.min(socket.options.backlog, BACKLOG_MAX))],
  ['TimeoutUSec', ({ socket }) => span(socket.timeoutUsec)],
  ['BindToDevice', ({ socket }) => socket.options.bindToDevice ?? ''],
  ['SocketUser', ({ socket }) => socket.socketUser ?? ''],
  ['SocketGroup', ({ socket }) => socket.socketGroup ?? ''],
  ['SocketMode', ({ socket }) => octal(socket.socketMode)],
  ['DirectoryMode', ({ socket }) => octal(socket.directoryMode)],
  ['Accept', ({ socket }) => yesNo(socket.accept)],
  ['FlushPending', ({ socket }) => yesNo(socket.flushPending)],
  ['Writable', ({ socket }) => yesNo(socket.writable)],
  ['KeepAlive', ({ socket }) => yesNo(socket.options.keepAlive)],
  ['Priority', ({ socket }) => orMinusOne(socket.options.priority)],
  ['ReceiveBuffer', ({ socket }) => String(socket.options.receiveBufferBytes ?? 0)],
  ['SendBuffer', ({ socket }) => String(socket.options.sendBufferBytes ?? 0)],
  ['IPTOS', ({ socket }) => orMinusOne(socket.options.ipTos)],
  ['IPTTL', ({ socket }) => orMinusOne(socket.options.ipTtl)],
  ['PipeSize', ({ socket }) => String(socket.options.pipeSizeBytes ?? 0)],
  ['RemoveOnStop', ({ socket }) => yesNo(socket.removeOnStop)],
  ['Listen', ({ socket }) => socket.listen.map((listen) => `${listenText(listen)} (${listen.kind})`).join('\n')],
  ['Symlinks', ({ socket }) => quotedWords(socket.symlinks)],
  ['Mark', ({ socket }) => orMinusOne(socket.options.mark)],
  ['MaxConnections', ({ socket }) => String(socket.maxConnections)],
  ['MaxConnectionsPerSource', ({ socket }) => String(socket.maxConnectionsPerSource)],
  ['ReusePort', ({ socket }) => yesNo(socket.options.reusePort)],
  ['FileDescriptorName', ({ socket }) => socket.fileDescriptorName ?? socket.name],
  ['ControlPID', ({ runtime }) => String(runtime.controlPid ?? 0)],
  ['Result', ({ runtime }) => runtime.result],
  ['NConnections', ({ runtime }) => String(runtime.connections.length)],
  ['NAccepted', ({ runtime }) => String(runtime.accepted)],
  ['NRefused', ({ runtime }) => String(runtime.refused)],
  ['TriggerLimitIntervalUSec', ({ socket }) => span(socket.triggerLimit.intervalUsec)],
  ['TriggerLimitBurst', ({ socket }) => String(socket.triggerLimit.burst)],
  ['PollLimitIntervalUSec', ({ socket }) => span(socket.pollLimit.intervalUsec)],
  ['PollLimitBurst', ({ socket }) => String(socket.pollLimit.burst)],
  ...commandRows<SocketContext>('ExecStartPre', ({ socket }) => socket.execStartPre),
  ...commandRows<SocketContext>('ExecStartPost', ({ socket }) => socket.execStartPost),
  ...commandRows<SocketContext>('ExecStopPre', ({ socket }) => socket.execStopPre),
  ...commandRows<SocketContext>('ExecStopPost', ({ socket }) => socket.execStopPost),
];

/** The context when the unit is a socket in both halves, else null. */
export function socketContext(context: PropertyContext): SocketContext | null {
  const { unit } = context;
  return isSocket(unit) ? { ...context, socket: unit.definition, runtime: unit.runtime } : null;
}
