import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fd } from '../../src/base/brand.ts';
import type { KeptFd, KeptFds, KeptKind } from '../../src/host/checkpoint/kept-fds.ts';
import { LogStreams } from '../../src/host/logging/log-streams.ts';
import type { NativeBinding } from '../../src/host/native.ts';
import type { StreamOrigin } from '../../src/logd/protocol.ts';

function origin(stream: number): StreamOrigin {
  return { stream, unit: `u${String(stream)}.service`, invocationId: null, pid: null, identifier: 'u', output: 'both', priority: 6, levelPrefix: false, levelMax: 7, format: 'text' };
}

// It stayed open, and was kept by every engine that followed.
test('the writing end of a log pipe whose reading end a former engine has closed is closed, too', () => {
  const former: (readonly [number, KeptFd])[] = [
    [10, { is: 'log-read', origin: origin(1) }], [11, { is: 'log-write', stream: 1 }],
    [12, { is: 'log-write', stream: 2 }],
    [13, { is: 'log-read', origin: origin(3) }],
  ];
  const closed: number[] = [];
  const dropped: number[] = [];
  const kept: KeptFds = {
    keep: () => undefined, forget: () => undefined,
    drop: (fd) => { dropped.push(fd); },
    inherited: <K extends KeptKind>(kind: K) => former.filter(([, { is }]) => is === kind) as unknown as readonly (readonly [Fd, Extract<KeptFd, { readonly is: K }>])[],
  };
  const native = { close: (fd: Fd) => { closed.push(fd); return 0; } } as unknown as NativeBinding;
  const streams = new LogStreams({ native, kept, echo: false });
  assert.deepEqual([closed, dropped], [[12], [12]]);
  assert.deepEqual(streams.allPackets().map(({ fd }) => fd), [10, 13]);
});
