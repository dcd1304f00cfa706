import assert from 'node:assert/strict';
import test from 'node:test';
import { listenText, type SocketUnit } from '../../../src/core/unit/socket.ts';
import { unitOf } from './unit-rig.ts';

function socket(text: string): SocketUnit {
  const unit = unitOf('a.socket', text);
  assert.ok(unit.kind === 'socket');
  return unit;
}

test('Listen lines of all kinds keep their order, and an empty one of any kind takes back all before it', () => {
  const { listen } = socket('[Socket]\nListenStream=80\nListenFIFO=\nListenDatagram=/run/d\nListenNetlink=kobject-uevent 1\nListenFIFO=/run/f\nListenMessageQueue=/q\n');
  assert.deepEqual(listen.map((each) => `${each.kind} ${listenText(each)}`), ['Datagram /run/d', 'Netlink kobject-uevent 1', 'FIFO /run/f', 'MessageQueue /q']);
});

test('a socket is ordered before the service it triggers, and has a limit for that', () => {
  const unit = socket('[Socket]\nListenStream=80\nService=web.service\n');
  assert.equal(unit.service, 'web.service');
  assert.deepEqual(unit.dependencies.filter(({ other }) => other === 'web.service').map(({ kind }) => kind), ['Triggers', 'Before']);
  assert.deepEqual(unit.triggerLimit, { intervalUsec: 2_000_000, burst: 20 });
  const accepting = socket('[Socket]\nListenStream=80\nAccept=yes\n');
  assert.equal(accepting.service, null);
  assert.equal(accepting.triggerLimit.burst, 200);
});

test('settings that contradict each other make the unit unusable, with the reason', () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['', /nothing to listen on/],
    ['ListenStream=not-an-address', /nothing to listen on/],
    ['ListenDatagram=53\nAccept=yes', /ListenStream= and ListenSequentialPacket= only/],
    ['ListenStream=53\nAccept=yes\nMaxConnections=0', /MaxConnections=/],
    ['ListenStream=53\nAccept=yes\nService=b.service', /Service= cannot be used/],
    ['ListenStream=53\nSymlinks=/run/x', /exactly one/],
    ['ListenMessageQueue=/q\nMessageQueueMaxMessages=5', /must be set together/],
  ];
  for (const [text, reason] of refusals) {
    const unit = socket(`[Socket]\n${text}\n`);
    assert.equal(unit.loadState, 'bad-setting', text);
    assert.match(unit.loadError ?? '', reason, text);
  }
});

test('what listens below /var/run listens below /run, as in systemd', () => {
  const unit = socket('[Socket]\nListenStream=/var/run/a.sock\nListenFIFO=/var/run/b\nListenStream=/var/running\n');
  assert.deepEqual(unit.listen.map(listenText), ['/run/a.sock', '/run/b', '/var/running']);
});

test('a bad value leaves the default, with a warning at its line', () => {
  const unit = socket('[Socket]\nListenStream=80\nIPTOS=low-delay\nTimestamping=us\nKeepAliveTimeSec=2min\nBacklog=many\nFileDescriptorName=a:b\n');
  assert.equal(unit.options.ipTos, 0x10);
  assert.equal(unit.options.timestamping, 'us');
  assert.equal(unit.options.keepAliveTimeSec, 120);
  assert.equal(unit.options.backlog, 0xffff_ffff);
  assert.equal(unit.fileDescriptorName, null);
  assert.deepEqual(unit.diagnostics.map(({ line }) => line), [6, 7]);
});
