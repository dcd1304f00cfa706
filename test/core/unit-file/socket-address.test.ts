import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseAddress, parseIpv6, parseListen } from '../../../src/core/unit-file/value/socket-address.ts';
import { addressText, ipv6Text, listenText } from '../../../src/core/unit/socket.ts';

function shown(text: string): string {
  const parsed = parseListen('Stream', text);
  return parsed.ok ? listenText(parsed.value) : `refused: ${parsed.problem}`;
}

test('addresses of every family are read, and shown as systemd shows them', () => {
  assert.equal(shown('/run//a/./b.sock'), '/run/a/b.sock');
  assert.equal(shown('@abstract name'), '@abstract name');
  assert.equal(shown('22'), '[::]:22');
  assert.equal(shown('127.0.0.1:8080'), '127.0.0.1:8080');
  assert.equal(shown('[2001:DB8:0:0:1:0:0:1]:53'), '[2001:db8::1:0:0:1]:53');
  assert.equal(shown('[fe80::1]:53%eth0'), '[fe80::1]:53%eth0');
  assert.equal(shown('vsock:2:1234'), 'vsock:2:1234');
  assert.equal(shown('vsock::1234'), 'vsock::1234');
});

test('what is no address is refused with the reason', () => {
  for (const wrong of ['', '0', '65536', '300.1.1.1:5', '1.2.3:5', '[::1]', '[1::2::3]:5', '[12345::]:5', '/', '@', `/${'x'.repeat(108)}`, 'localhost:80', '010.0.0.1:80']) {
    assert.match(shown(wrong), /^refused: /, wrong);
  }
  assert.equal(parseListen('SequentialPacket', '127.0.0.1:80').ok, false);
  assert.equal(parseListen('SequentialPacket', '/run/a').ok, true);
});

test('an IPv6 address is the same after it was written and read again', () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
    assert.deepEqual(parseIpv6(ipv6Text(groups)), groups);
  }));
});

test('any address that is accepted is accepted again as it is shown', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,15}:[0-9]{1,6}$/), fc.stringMatching(/^\[[0-9a-f:]{1,20}\]:[0-9]{1,5}$/), fc.stringMatching(/^[/@][a-z/.]{1,20}$/));
  fc.assert(fc.property(text, (each) => {
    const first = parseAddress(each);
    if (first.ok) assert.deepEqual(parseAddress(addressText(first.value)), first);
  }));
});
