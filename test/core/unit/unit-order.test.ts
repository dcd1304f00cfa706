import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byTypeAndName } from '../../../src/core/unit/unit-order.ts';

// The order in which systemctl of systemd 252 lists unit files of these names.
test('units are in the order of systemctl\'s lists: by type, then by name without regard to case', () => {
  const order = ['-x.service', '_x.service', 'a-b.service', 'a.b.service', 'a.service', 'B.service', 'c.service', 'C_.service', 'Ca.service', 'x.socket', 'A.timer'];
  assert.deepEqual([...order].reverse().sort(byTypeAndName), order);
  assert.deepEqual(['b@.service', 'B@.service'].sort(byTypeAndName), ['B@.service', 'b@.service']);
});
