/** The gateway by its shipped units: off until it is enabled, started by its socket, read-only, and tight. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const URL = 'http://127.0.0.1:9780';

test('enabling the socket is all it takes; the service starts with the first connection and changes nothing', { timeout: 120_000, skip: whyNoNamespaces() ?? false }, async () => {
  const units = { 'default.target': '[Unit]\nDescription=Nothing\nRequires=sockets.target\n', 'web.service': '[Service]\nExecStart=/bin/sh -c "echo open; exec sleep 1000"\n' };
  await withRig({ units }, async (rig) => {
    await rig.booted();
    await rig.run(['ip', 'link', 'set', 'lo', 'up']);
    await rig.initctl('start', 'web');
    const curl = async (...words: string[]): Promise<string> => (await rig.run(['curl', '-s', '-w', ' %{http_code}', ...words])).stdout;
    assert.match(await curl(`${URL}/healthz`), / ?000$/, 'nobody listens by default');
    assert.equal((await rig.initctl('start', 'heartwood-gateway.socket')).status, 0);
    assert.equal(await rig.property('heartwood-gateway.service', 'ActiveState'), 'inactive');
    assert.equal(await curl(`${URL}/healthz`), 'ok\n 200');
    assert.equal(await rig.property('heartwood-gateway.service', 'ActiveState'), 'active');
    assert.match(await curl(`${URL}/api/v1/units/web`), /"active":"active".* 200$/s);
    assert.match(await curl('-X', 'POST', `${URL}/api/v1/units/web/stop`), / 403$/);
    assert.equal(await rig.property('web.service', 'ActiveState'), 'active');
    assert.match(await curl(URL), /<!doctype html>.* 200$/s);
    const pid = await rig.property('heartwood-gateway.service', 'MainPID');
    assert.match((await rig.run(['cat', `/proc/${pid}/status`])).stdout, /^CapEff:\s+0+\n[^]*^NoNewPrivs:\s+1$/m);
  });
});
