/** What the gateway answers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROUTES } from '../../src/gateway/api/routes.ts';
import { bearer, TOKENS, withHouse, type House } from './house.ts';

const limit = { timeout: 100_000 };
const configuration = `[Gateway]\nWrite=yes\n${TOKENS}`;

/** Events until `enough`; the stream is ended by us. */
async function events(house: House, path: string, enough: (text: string) => boolean, meanwhile: () => unknown = () => undefined): Promise<string> {
  const sent = request({ host: '127.0.0.1', port: house.port, path, headers: bearer('reader') }).end();
  const [response] = await once(sent, 'response') as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  let text = '';
  let begun = false;
  for await (const chunk of response) {
    text += String(chunk);
    if (!begun) await meanwhile();
    begun = true;
    if (enough(text)) break;
  }
  sent.destroy();
  return text;
}

test('units are listed, shown, explained and planned', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    const { units } = (await house.ask('/api/v1/units?pattern=*.service')).json as { readonly units: readonly { readonly unit: string; readonly active: string }[] };
    assert.deepEqual(units.map(({ unit, active }) => `${unit} ${active}`).sort(), ['crash.service failed', 'web.service active']);
    const web = (await house.ask('/api/v1/units/web')).json as Record<string, unknown>;
    assert.equal(web['description'], 'The web shop');
    assert.equal((await house.ask('/api/v1/units/none')).status, 404);
    assert.match((await house.ask('/api/v1/units/crash/why')).text, /exit/);
    assert.match((await house.ask('/api/v1/units/idle/plan?type=start')).text, /"unit":"idle.service"/);
    assert.match((await house.ask('/api/v1/units/web.service/files', { headers: bearer('reader') })).text, /shop is open/);
    assert.match((await house.ask('/api/v1/units/web/properties?name=MainPID,Type', { headers: bearer('reader') })).text, /^\{"Type":"simple","MainPID":"\d+"\}|^\{"MainPID":"\d+","Type":"simple"\}/);
    for (const path of ['manager', 'jobs', 'timers', 'sockets', 'paths', 'graph', 'boot-chart', 'not-started', 'unit-files', 'units/web/dependencies']) {
      assert.equal((await house.ask(`/api/v1/${path}`)).status, 200, path);
    }
  });
});

test('units are started, stopped and signalled; what fails says so with a status', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    const post = (path: string, body?: unknown): ReturnType<House['ask']> => house.ask(`/api/v1/${path}`, { method: 'POST', headers: bearer('boss'), body });
    const started = await post('units/idle/start');
    assert.equal(started.status, 200);
    assert.match(started.text, /"result":"done"/);
    assert.equal((await post('units/idle/kill', { signal: 'sigkill' })).status, 200);
    await house.stage.until(`HEARTWOOD_SOCKET=run/control initctl is-failed idle`, /^failed/);
    assert.equal((await post('units/idle/reset-failed')).status, 200);
    const missing = await post('units/none/start');
    assert.equal(missing.status, 409);
    assert.match(missing.text, /none\.service/);
    assert.equal((await post('units/idle/kill', { signal: 'SIGNOT' })).status, 400);
    const unknown = await post('units/web/stop', { hurry: true });
    assert.equal(unknown.status, 400);
    assert.match(unknown.text, /hurry is not known here; there are mode, wait/);
    assert.match((await post('units/web/stop', '{"wait":')).text, /the body is not JSON/);
    assert.match((await house.ask('/api/v1/units?all=perhaps')).text, /all is to be true or false/);
    const wrong = await house.ask('/api/v1/units/web/stop');
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.allow, 'POST');
    assert.equal((await house.ask('/api/v1/nothing')).status, 404);
    assert.equal((await house.ask('/api/v1/units/%ff')).status, 404);
    assert.equal(house.initctl('is-active web'), 'active\n');
  });
});

test('a unit is made, changed and removed; one that was not made here is not removed', limit, async () => {
  // A template beside them is none of the units that can be asked about.
  await withHouse({ configuration, units: { 'units/each@.service': '[Service]\nExecStart=/bin/sleep %i\n' } }, async (house) => {
    const put = (text: string): ReturnType<House['ask']> => house.ask('/api/v1/units/made', { method: 'PUT', headers: bearer('boss'), body: { text } });
    const first = await put('[Service]\nType=exec\nExecStart=/bin/sleep 1001\n');
    assert.equal(first.status, 200, first.text);
    assert.match(house.initctl('status made'), /sleep 1001/);
    assert.match((await put('[Service]\nType=exec\nExecStart=/bin/sleep 1002\n')).text, /"change":"changed"/);
    assert.match(house.initctl('status made'), /sleep 1002/);
    const bad = await put('[Service]\nExecStop=/bin/true\n');
    assert.equal(bad.status, 409);
    assert.match(house.initctl('status made'), /sleep 1002/);
    assert.equal((await house.ask('/api/v1/units/other', { method: 'PUT', headers: bearer('boss'), body: { text: '[Service]\nExecStart=/bin/sleep 1003\n' } })).status, 200);
    assert.match(house.initctl('is-active made other'), /^active\nactive\n$/);
    assert.equal((await house.ask('/api/v1/units/web', { method: 'DELETE', headers: bearer('boss') })).status, 404);
    assert.equal((await house.ask('/api/v1/units/made', { method: 'DELETE', headers: bearer('writer') })).status, 403);
    assert.equal((await house.ask('/api/v1/units/made', { method: 'DELETE', headers: bearer('boss') })).status, 200);
    assert.match(house.initctl('status made'), /could not be found|no such|not found/i);
    assert.match(house.initctl('is-active web other'), /^active\nactive\n$/);
  });
});

test('changes come as events, and so do lines of a log', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    const seen = await events(house, '/api/v1/events?unit=idle*', (text) => /"unit":"idle.service"[^\n]*"activeState":"active"/.test(text), () => house.ask('/api/v1/units/idle/start', { method: 'POST', headers: bearer('writer'), body: { wait: false } }));
    assert.match(seen, /event: job-new\ndata: \{/);
    assert.doesNotMatch(seen, /web\.service/);
    await events(house, '/api/v1/units/web/log/stream', (text) => /event: line\ndata: \{[^\n]*"message":"shop is open"/.test(text));
    const log = (await house.ask('/api/v1/units/web/log?lines=5', { headers: bearer('reader') })).json as readonly { readonly message: string }[];
    assert.ok(log.some(({ message }) => message === 'shop is open'));
  });
});

test('metrics count units by state and tell of restarts and requests', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    const { text, headers } = await house.ask('/metrics');
    assert.match(headers['content-type'] ?? '', /version=0\.0\.4/);
    assert.match(text, /^heartwood_unit_active\{unit="web\.service"\} 1$/m);
    assert.match(text, /^heartwood_unit_failed\{unit="crash\.service"\} 1$/m);
    assert.match(text, /^heartwood_units\{state="failed"\} 1$/m);
    assert.match((await house.ask('/metrics')).text, /^heartwood_gateway_requests_total\{status="200"\} [1-9]/m);
    for (const line of text.trimEnd().split('\n')) assert.match(line, /^# (HELP|TYPE) \w+ .+$|^\w+(\{(\w+="[^"]*",?)*\})? -?[\d.e+]+$/);
  });
});

test('the gateway is well without a manager, and ready only with one that has booted', limit, async () => {
  await withHouse({ configuration }, async (house) => {
    assert.equal((await house.ask('/readyz')).text, 'degraded\n');
    const lost = events(house, '/api/v1/events', (text) => text.includes('event: manager-lost'));
    await sleep(200);
    house.initctl('exit');
    await lost;
    assert.equal((await house.ask('/healthz')).status, 200);
    const ready = await house.ask('/readyz');
    assert.equal(ready.status, 503);
    assert.equal(ready.text, 'no-manager\n');
    assert.equal((await house.ask('/api/v1/units')).status, 503);
  });
});

test('the OpenAPI document describes every route, and what is served is what is printed', limit, async () => {
  await withHouse({}, async (house) => {
    const served = (await house.ask('/api/v1/openapi.json')).json as { readonly openapi: string; readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>> };
    assert.equal(served.openapi, '3.1.0');
    for (const { method, path } of ROUTES) assert.ok(served.paths[path]?.[method.toLowerCase()], `${method} ${path}`);
    const ids = Object.values(served.paths).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId));
    assert.equal(new Set(ids).size, ids.length, 'operation ids are unique');
    assert.deepEqual(JSON.parse(house.stage.sh('heartwood-gateway --openapi')), served);
  });
});

test('a socket unit starts the gateway, which ends when nobody comes any more', limit, async () => {
  const port = 20_000 + process.pid % 20_000;
  const units = {
    'units/gate.socket': `[Socket]\nListenStream=127.0.0.1:${String(port)}\n`,
    'units/gate.service': '[Service]\nExecStart=/bin/sh -c \'exec heartwood-gateway --socket="$SOCKET" --config=/dev/null --exit-idle=1\'\nEnvironment=SOCKET=@SOCKET@ PATH=@PATH@\n',
  };
  await withHouse({ units }, async (house) => {
    const { directory } = house.stage;
    const path = house.stage.sh('printf %s "$PATH"');
    house.stage.write('units/gate.service', units['units/gate.service'].replace('@SOCKET@', `${directory}/run/control`).replace('@PATH@', path));
    house.initctl('daemon-reload');
    house.initctl('start gate.socket');
    assert.equal(house.initctl('is-active gate.service').split('\n')[0], 'inactive');
    assert.equal(house.stage.sh(`curl -s http://127.0.0.1:${String(port)}/healthz`), 'ok\n');
    await house.stage.until(`HEARTWOOD_SOCKET=run/control initctl is-active gate.service`, /^inactive/);
    assert.equal(house.stage.sh(`curl -s http://127.0.0.1:${String(port)}/healthz`), 'ok\n', 'and comes again');
  });
});
