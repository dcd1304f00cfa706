/** The systemctl face of the verbs about logs of the manager and of services. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, runLine } from './verb-rig.ts';

const shown = (properties: Record<string, string>): object => ({ show: { units: [{ unit: 'a.service', properties }] } });

test('log-level, log-target and service-watchdogs print the present value, and change it without a word', () => {
  for (const [verb, property, value] of [['log-level', 'LogLevel', 'info'], ['log-target', 'LogTarget', 'console'], ['service-watchdogs', 'ServiceWatchdogs', 'yes']] as const) {
    assert.deepEqual(runLine(`systemctl ${verb}`, shown({ [property]: value })).out, `${value}\n`);
    const changed = runLine(`systemctl ${verb} ${value}`, { 'change-setting': {} });
    assert.deepEqual([changed.exit, changed.out, changed.err, changed.requests[0]?.params], [0, '', '', { setting: verb, value }]);
    const refused = runLine(`systemctl ${verb} nonsense`, { 'change-setting': refusal('invalid-params', '"nonsense" is none.') });
    assert.deepEqual([refused.exit, refused.err], [1, `Failed to ${verb}: "nonsense" is none.\n`]);
    assert.deepEqual([runLine(`systemctl ${verb} a b`).exit, runLine(`initctl ${verb} a b`).exit], [1, 2]);
  }
});

test('service-log-level tells why a service cannot be asked, or how it can', () => {
  const said = (line: string, properties: Record<string, string>): readonly [number, string] => {
    const { exit, err } = runLine(line, shown({ LoadState: 'loaded', ActiveState: 'active', ...properties }));
    return [exit, err];
  };
  assert.deepEqual(said('systemctl service-log-level a', { BusName: '' }), [1, "Unit a.service doesn't declare BusName=: it cannot be asked for its LogLevel.\n"]);
  assert.match(said('systemctl service-log-target a kmsg', { BusName: 'org.a' })[1], /"busctl set-property org\.a \/org\/freedesktop\/LogControl1 org\.freedesktop\.LogControl1 LogTarget s kmsg"/);
  assert.match(said('systemctl service-log-level a', { BusName: 'org.a', ActiveState: 'inactive' })[1], /is not active/);
  assert.deepEqual(said('initctl service-log-level a', { LoadState: 'not-found' }), [4, 'Unit a.service could not be found.\n']);
});

test('the list of machines has the host alone', () => {
  const manager = { manager: { hostname: 'here', state: 'degraded', failedUnits: ['a.service'], jobs: 2 } };
  assert.equal(runLine('systemctl list-machines', manager).out, '  NAME        STATE    FAILED JOBS\n● here (host) degraded 1      2\n\n1 machines listed.\n');
  assert.equal(runLine('systemctl list-machines --state=running --no-legend', manager).out, '');
  assert.equal(runLine('systemctl list-machines -o json', manager).out, '[{"name":"here (host)","state":"degraded","failed":1,"jobs":2}]\n');
});

test('what would be done otherwise than asked is refused with what to do instead', () => {
  for (const [line, advice] of [['reboot --when=+5min', /shutdown -r \+MINUTES/], ['poweroff --firmware-setup', /nothing was done/], ['restart --marked', /restart UNIT…/], ['enable --image=/a.raw a', /--root/]] as const) {
    const { exit, err, requests } = runLine(`systemctl ${line}`);
    assert.deepEqual([exit, requests], [1, []]);
    assert.match(err, advice);
  }
});

test('an option is told to be ambiguous, with all that it could be', () => {
  assert.match(runLine('systemctl list-units --no-w').err, /option '--no-w' is ambiguous; possibilities: '--no-warn' '--no-wall'/);
  assert.equal(runLine('systemctl list-units --legend=maybe').err, 'Failed to parse boolean argument to --legend: maybe.\n');
});

test('bind asks for a mount at the same place or another one, and says why it failed', () => {
  const bound = runLine('systemctl bind --read-only --mkdir a /srv /data', { bind: {} });
  assert.deepEqual([bound.exit, bound.requests], [0, [{ method: 'bind', params: { unit: 'a.service', source: '/srv', target: '/data', readOnly: true, makeTarget: true } }]]);
  assert.deepEqual(runLine('initctl bind a /srv', { bind: {} }).requests[0]?.params, { unit: 'a.service', source: '/srv', target: '/srv', readOnly: false, makeTarget: false });
  const down = { bind: refusal('no-process', 'a.service has no main process.') };
  assert.deepEqual([runLine('systemctl bind a /srv', down).exit, runLine('initctl bind a /srv', down).exit], [1, 7]);
  assert.equal(runLine('initctl bind a /srv', down).err, 'Failed to bind mount: a.service has no main process.\n');
  assert.deepEqual([runLine('systemctl bind a').err, runLine('systemctl mount-image a').err], ['Too few arguments.\n', 'Too few arguments.\n']);
});
