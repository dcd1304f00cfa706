import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDevOfMachine } from '../../src/host/logging/syslog-socket.ts';

const line = (id: number, where: string, type: string): string => `${String(id)} 1 0:5 / ${where} rw,nosuid shared:2 - ${type} ${type} rw\n`;

test('the machine\'s /dev is told from one of its own by what is mounted there last', () => {
  assert.equal(isDevOfMachine(line(1, '/', 'overlay')), false);
  assert.equal(isDevOfMachine(line(1, '/', 'overlay') + line(2, '/dev', 'devtmpfs') + line(3, '/dev/shm', 'tmpfs')), true);
  assert.equal(isDevOfMachine(line(2, '/dev', 'devtmpfs') + line(3, '/dev', 'tmpfs')), false);
});
