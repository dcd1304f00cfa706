/** Who may ask the gateway for what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashSync } from 'bcryptjs';
import { bearer, TOKENS, withHouse } from './house.ts';

const limit = { timeout: 100_000 };

test('without a configuration everybody on the machine sees units and states, and nobody changes, reads logs or reads files', limit, async () => {
  await withHouse({}, async (house) => {
    assert.equal((await house.ask('/api/v1/units')).status, 200);
    assert.equal((await house.ask('/metrics')).status, 200);
    for (const path of ['log', 'files', 'properties']) assert.equal((await house.ask(`/api/v1/units/web/${path}`)).status, 401, path);
    const refused = await house.ask('/api/v1/units/web/stop', { method: 'POST' });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /only reads: Write=yes/);
    assert.equal(house.initctl('is-active web'), 'active\n');
  });
});

test('with Write=yes a token changes what its level and its patterns allow, and each change is in the audit log with its caller', limit, async () => {
  await withHouse({ configuration: `[Gateway]\nWrite=yes\nAuditLog=/dev/stderr\n${TOKENS}` }, async (house) => {
    const stop = (unit: string, token: string): Promise<number> => house.ask(`/api/v1/units/${unit}/stop`, { method: 'POST', headers: bearer(token) }).then(({ status }) => status);
    assert.equal(await stop('idle', 'wrong'), 401);
    assert.equal(await stop('idle', 'reader'), 403);
    assert.equal(await stop('idle', 'web'), 403, 'its patterns are web*');
    assert.equal(await stop('idle', 'writer'), 200);
    assert.equal(await stop('web', 'web'), 200);
    assert.equal((await house.ask('/api/v1/units/web/stop', { method: 'POST' })).status, 401, 'anonymous callers never change');
    assert.equal((await house.ask('/api/v1/manager/reload', { method: 'POST', headers: bearer('writer') })).status, 403);
    assert.equal((await house.ask('/api/v1/manager/reload', { method: 'POST', headers: bearer('boss') })).status, 200);
    const records = house.stage.read('out').split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(records.map(({ caller, path, status }) => [caller, path, status]), [
      ['token:reader', '/api/v1/units/idle/stop', 403], ['token:web', '/api/v1/units/idle/stop', 403], ['token:writer', '/api/v1/units/idle/stop', 200],
      ['token:web', '/api/v1/units/web/stop', 200], ['anonymous', '/api/v1/units/web/stop', 401],
      ['token:writer', '/api/v1/manager/reload', 403], ['token:boss', '/api/v1/manager/reload', 200],
    ]);
    assert.ok(records.every(({ from }) => from === '127.0.0.1'));
  });
});

test('a name that is only an alias is no way around the patterns of a token', limit, async () => {
  await withHouse({ configuration: `[Gateway]\nWrite=yes\n${TOKENS}` }, async (house) => {
    house.stage.sh('ln -s idle.service units/web-alias.service');
    house.initctl('daemon-reload');
    house.initctl('start idle');
    assert.equal((await house.ask('/api/v1/units/web-alias/stop', { method: 'POST', headers: bearer('web') })).status, 403);
    assert.equal(house.initctl('is-active idle'), 'active\n');
    assert.equal((await house.ask('/api/v1/units/web-alias/stop', { method: 'POST', headers: bearer('writer') })).status, 200);
  });
});

test('a user comes with name and password, which are checked against a bcrypt hash', limit, async () => {
  await withHouse({ configuration: `[Gateway]\nAnonymous=none\n[Users]\nalice=read ${hashSync('open sesame', 4)}\n` }, async (house) => {
    const basic = (name: string, password: string): Readonly<Record<string, string>> => ({ Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` });
    const nobody = await house.ask('/api/v1/units');
    assert.equal(nobody.status, 401);
    assert.match(nobody.headers['www-authenticate'] ?? '', /^Basic/);
    assert.equal((await house.ask('/api/v1/units', { headers: basic('alice', 'wrong password') })).status, 401);
    assert.equal((await house.ask('/api/v1/units', { headers: basic('bob', 'open sesame') })).status, 401);
    assert.equal((await house.ask('/api/v1/units/web/log', { headers: basic('alice', 'open sesame') })).status, 200);
    assert.equal((await house.ask('/healthz')).status, 200, 'whether it is well needs no name');
  });
});

test('a page of another origin is refused, whatever credentials the browser adds, and nothing changes', limit, async () => {
  await withHouse({ configuration: `[Gateway]\nWrite=yes\n${TOKENS}` }, async (house) => {
    const own = `http://127.0.0.1:${String(house.port)}`;
    const stop = (headers: Readonly<Record<string, string>>): Promise<number> => house.ask('/api/v1/units/web/stop', { method: 'POST', headers: { ...bearer('writer'), ...headers } }).then(({ status }) => status);
    assert.equal(await stop({ Origin: 'https://evil.example' }), 403);
    assert.equal(await stop({ Origin: 'null' }), 403);
    assert.equal(await stop({ 'Sec-Fetch-Site': 'cross-site' }), 403);
    assert.equal(await stop({ 'Sec-Fetch-Site': 'same-site', Origin: own }), 403);
    assert.equal(house.initctl('is-active web'), 'active\n');
    const preflight = await house.ask('/api/v1/units/web/stop', { method: 'OPTIONS', headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' } });
    assert.equal(preflight.status, 403);
    assert.equal(preflight.headers['access-control-allow-origin'], undefined);
    assert.equal(await stop({ Origin: own, 'Sec-Fetch-Site': 'same-origin' }), 200);
  });
});

test('a name that somebody else gave this address is no way in for those without credentials', limit, async () => {
  await withHouse({ configuration: `[Gateway]\nHosts=box.example.org\n${TOKENS}` }, async (house) => {
    const as = (Host: string, more = {}): Promise<number> => house.ask('/api/v1/units', { headers: { Host, ...more } }).then(({ status }) => status);
    assert.equal(await as(`rebound.evil.example:${String(house.port)}`), 421);
    assert.equal(await as(`rebound.evil.example:${String(house.port)}`, bearer('reader')), 200);
    for (const host of ['127.0.0.1', '[::1]:80', 'localhost:1234', 'box', 'box.example.org']) assert.equal(await as(host), 200, host);
  });
});

test('what would be open to other machines is refused at the start, with the reason', limit, async () => {
  await withHouse({}, ({ stage }) => {
    assert.match(stage.sh('heartwood-gateway --listen=0.0.0.0:0 --config=gateway.conf'), /0\.0\.0\.0 can be reached from other machines, so that Certificate= with \[Tokens\][^\n]*\nstatus 2\n$/);
    stage.write('secret.conf', TOKENS);
    assert.match(stage.sh('heartwood-gateway --listen=0.0.0.0:0 --config=secret.conf'), /must not be sent without Certificate= and Key=\nstatus 2\n$/);
    for (const [text, message] of [
      ['[Gateway]\nWirte=yes\n', /\[Gateway\] Wirte= is not known; there are Listen, /], ['[Gateway]\nWrite=maybe\n', /Write= is yes or no/], ['Write=yes\n', /Write= stands before the first section/],
      ['[Gateway]\nAnonymous=write\n', /who may change something has to say who he is/], ['[Tokens]\na=read secret\n', /\[Tokens\] a= wants sha256:/], ['[Users]\na=read $2b$31$x\n', /is no bcrypt hash/],
      ['[Tokens]\na=all sha256:0\n', /begins with none, view, read, write, manage/], ['[Gateway]\nCertificate=/x\n', /Key= is missing/], ['[Gateway]\nListen=here\n', /"here" is not ADDRESS:PORT/],
    ] as const) {
      stage.write('bad.conf', text);
      const said = stage.sh('heartwood-gateway --check --config=bad.conf');
      assert.match(said, message);
      assert.match(said, /^heartwood-gateway: bad\.conf: [^]*status 2\n$/);
    }
    return Promise.resolve();
  });
});

test('the lines it makes for tokens and passwords are lines it takes', limit, async () => {
  await withHouse({}, ({ stage }) => {
    const made = stage.sh('heartwood-gateway token deploy write');
    assert.match(made, /^deploy=write sha256:[0-9a-f]{64}\nThe token, which is shown only now: [\w-]{32}\n$/);
    const user = stage.sh('echo correct horse battery | heartwood-gateway password alice manage');
    stage.write('made.conf', `[Tokens]\n${made.split('\n')[0] ?? ''}\n[Users]\n${user}`);
    assert.equal(stage.sh('heartwood-gateway --check --config=made.conf'), 'The configuration can be used.\n');
    return Promise.resolve();
  });
});
