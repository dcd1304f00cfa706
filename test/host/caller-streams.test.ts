import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../src/base/brand.ts';
import { lendStreams, takeBackStreams } from '../../src/host/control-server/caller-streams.ts';
import type { Peer } from '../../src/host/control-server/connection.ts';
import type { Engine } from '../../src/host/engine.ts';

const UNIT = 'call-1.service' as UnitName;

function makeEngine(): { readonly engine: Engine; readonly held: Set<string>; readonly closed: number[] } {
  const held = new Set<string>();
  const closed: number[] = [];
  const native = { pidfdOpen: () => 50, pidfdGetFd: (_: number, number: number) => 60 + number, close: (fd: number) => { closed.push(fd); } };
  const fds = { add: (name: string) => { held.add(name); }, close: (names: readonly string[]) => { for (const name of names) held.delete(name); } };
  return { engine: { native, fds } as unknown as Engine, held, closed };
}

function peer(uid: number): Peer {
  return { pid: process.pid, uid, gid: 0 };
}

test('a caller lends its three streams until they are given back', () => {
  const { engine, held, closed } = makeEngine();
  assert.equal(lendStreams(engine, peer(process.getuid?.() ?? -1), UNIT), '');
  assert.deepEqual([...held], ['call-1.service.StandardInput', 'call-1.service.StandardOutput', 'call-1.service.StandardError']);
  assert.deepEqual(closed, [50]);
  takeBackStreams(engine, [UNIT]);
  assert.equal(held.size, 0);
});

test('nobody gets the streams of another user\'s process that has come to have his number', () => {
  const { engine, held, closed } = makeEngine();
  assert.match(lendStreams(engine, peer(54_321), UNIT), /is not its own user's any more/);
  assert.equal(held.size, 0);
  assert.deepEqual(closed, [50]);
});
