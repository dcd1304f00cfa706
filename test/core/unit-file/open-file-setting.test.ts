import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saidOf, serviceOf, unitOf } from './unit-rig.ts';

test('OpenFile= is a path, a name that is the last part of it unless given, and options', () => {
  assert.deepEqual(serviceOf('OpenFile=/etc/app.conf\nOpenFile=/var/log/app:log:append,graceful\nOpenFile=/srv/%p::read-only').openFiles, [
    { path: '/etc/app.conf', name: 'app.conf', access: 'read-write', isOptional: false },
    { path: '/var/log/app', name: 'log', access: 'append', isOptional: true },
    { path: '/srv/a', name: 'a', access: 'read-only', isOptional: false },
  ]);
  assert.deepEqual(serviceOf('OpenFile=/etc/app.conf\nOpenFile=').openFiles, []);
});

test('an OpenFile= that cannot be meant is refused with its line', () => {
  const said = (value: string): string => saidOf(unitOf('a.service', `[Service]\nExecStart=/bin/a\nOpenFile=${value}`)).join();
  assert.match(said('etc/app.conf'), /warning 3: .*absolute/);
  assert.match(said('/a:b:c:d'), /more than path, name and options/);
  assert.match(said('/a:b:write'), /'write' is none of read-only/);
  assert.match(said('/a:b:append,truncate'), /append and truncate exclude each other/);
});
