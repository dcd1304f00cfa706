import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../src/base/brand.ts';
import { DynamicUsers } from '../../src/host/spawn/dynamic-user.ts';
import { service } from '../../src/sim/definitions.ts';

const { exec } = service('a.service');
const asking = { ...exec, dynamicUser: true };

test('a service with DynamicUser= never runs as the manager: it gets a number of its own, the same after a restart', () => {
  const users = new DynamicUsers(() => false);
  const first = users.apply('a.service' as UnitName, asking);
  assert.match(first.user ?? '', /^6[1-5]\d{3}$/);
  assert.equal(first.group, first.user);
  assert.equal(users.apply('a.service' as UnitName, asking).user, first.user);
  assert.equal(new DynamicUsers(() => false).apply('a.service' as UnitName, asking).user, first.user, 'another manager draws the same');
});

test('no two units share a number, and a static user of the name is used as it is', () => {
  const users = new DynamicUsers((name) => name === 'www-data');
  const numbers = new Set(Array.from({ length: 3000 }, (_, i) => users.apply(`u${String(i)}.service` as UnitName, asking).user));
  assert.equal(numbers.size, 3000);
  assert.equal(users.apply('web.service' as UnitName, { ...asking, user: 'www-data' }).user, 'www-data');
  assert.equal(users.apply('plain.service' as UnitName, exec), exec);
});
