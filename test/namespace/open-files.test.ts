/** OpenFile= on the real kernel. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

test('a service that may not read a file reads what the manager opened for it, and one without its file does not start unless it may', { skip }, async () => {
  const service = (open: string): string => `[Service]\nType=oneshot\nUser=nobody\n${open}ExecStart=/bin/sh -c "echo $$LISTEN_FDNAMES > /tmp/out; cat <&3 >> /tmp/out; echo more >&4"\n`;
  const units = {
    'reader.service': service('OpenFile=/srv/secret:secret:read-only\nOpenFile=/srv/log:log:append\n'),
    'missing.service': service('OpenFile=/srv/nothing\n'),
    'optional.service': '[Service]\nType=oneshot\nOpenFile=/srv/nothing::graceful\nExecStart=/bin/sh -c "test -z $$LISTEN_FDS"\n',
  };
  await withRig({ units, files: { '/srv/secret': { text: 'hidden\n', mode: 0o600 }, '/srv/log': { text: 'before\n', mode: 0o600 } } }, async (rig) => {
    await rig.booted();
    const start = await rig.initctl('start', 'reader.service');
    assert.equal(start.status, 0, start.stdout + start.stderr + rig.console);
    assert.equal(readFileSync(rig.path('/tmp/out'), 'utf8'), 'secret:log\nhidden\n');
    assert.equal(readFileSync(rig.path('/srv/log'), 'utf8'), 'before\nmore\n');
    assert.equal((await rig.initctl('start', 'missing.service')).status, 1);
    assert.equal((await rig.initctl('start', 'optional.service')).status, 0);
  });
});
