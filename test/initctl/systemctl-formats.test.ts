/** What systemctl prints where programs read it: `npm run compare:systemctl` has the same from a real one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runArguments, runLine, type Answers } from './verb-rig.ts';

const unit = (name: string, active: string, job: string | null = null): unknown => ({
  unit: name, description: `About "${name}"`, load: 'loaded', active, sub: active === 'active' ? 'running' : active, sinceUsec: 0, mainPid: null, restarts: 0,
  job: job === null ? null : { job: 7, type: job, state: 'waiting' },
});
const units = (...list: readonly unknown[]): Answers => ({ 'list-units': { nowUsec: 0, units: list } });

test('--output=json prints a list with the field names of systemctl', () => {
  const two = units(unit('a.service', 'active'), unit('b.service', 'failed'));
  assert.equal(runLine('systemctl list-units -o json', two).out,
    '[{"unit":"a.service","load":"loaded","active":"active","sub":"running","description":"About \\"a.service\\""},'
    + '{"unit":"b.service","load":"loaded","active":"failed","sub":"failed","description":"About \\"b.service\\""}]\n');
  assert.deepEqual(JSON.parse(runLine('systemctl list-units --output=json', units(unit('a.service', 'active', 'stop'), unit('b.service', 'failed'))).out),
    [{ unit: 'a.service', load: 'loaded', active: 'active', sub: 'running', job: 'stop', description: 'About "a.service"' }, { unit: 'b.service', load: 'loaded', active: 'failed', sub: 'failed', job: null, description: 'About "b.service"' }]);
  assert.equal(runLine('systemctl list-units -o json x*', units()).out, '[]\n');
  const files = { 'list-unit-files': { files: [{ unit: 'a.service', path: '/a.service', state: 'static', preset: '' }, { unit: 'b.service', path: '/b.service', state: 'enabled', preset: 'disabled' }] } };
  assert.equal(runLine('systemctl list-unit-files -o json', files).out, '[{"unit_file":"a.service","state":"static","preset":null},{"unit_file":"b.service","state":"enabled","preset":"disabled"}]\n');
  const timers = { 'list-timers': { nowUsec: 5, timers: [{ unit: 'a.timer', activates: 'a.service', active: 'active', sub: 'waiting', nextUsec: 9, lastUsec: null }] } };
  assert.equal(runLine('systemctl list-timers -o json', timers).out, '[{"next":9,"left":9,"last":0,"passed":0,"unit":"a.timer","activates":"a.service"}]\n');
  const sockets = { 'list-sockets': { sockets: [{ listen: '/run/a', type: 'Stream', unit: 'a.socket', activates: '', active: 'active' }] } };
  assert.equal(runLine('systemctl list-sockets -o json --show-types', sockets).out, '[{"listen":"/run/a","type":"Stream","unit":"a.socket","activates":null}]\n');
  assert.equal(runLine('systemctl show-environment -o json', { 'get-environment': { environment: ['A=1', 'B=x=y'] } }).out, '{"A":"1","B":"x=y"}\n');
});

test('the other kinds of JSON wrap the same', () => {
  const one = { 'list-unit-files': { files: [{ unit: 'a.service', path: '/a.service', state: 'static', preset: '' }] } };
  assert.equal(runLine('systemctl list-unit-files --output=json-pretty', one).out, '[\n\t{\n\t\t"unit_file" : "a.service",\n\t\t"state" : "static",\n\t\t"preset" : null\n\t}\n]\n');
  assert.match(runLine('systemctl list-unit-files --output=json-sse', one).out, /^data: \[\{.*\}\]\n\n$/);
  assert.match(runLine('systemctl list-unit-files --output=json-seq', one).out, /^\x1e\[\{.*\}\]\n$/);
  assert.equal(runLine('systemctl list-unit-files --output=nonsense').err, "Unknown output 'nonsense'.\n");
  assert.match(runLine('systemctl list-units -o help').out, /^short\n[^]*\njson-pretty\n/);
});

test('an empty list has its header, and none when it was asked to be quiet', () => {
  assert.equal(runLine('systemctl list-units x*', units()).out,
    "  UNIT LOAD ACTIVE SUB DESCRIPTION\n0 loaded units listed. Pass --all to see loaded but inactive units, too.\nTo show all installed unit files use 'systemctl list-unit-files'.\n");
  assert.equal(runLine('systemctl -q list-units x*', units()).out, '');
  assert.equal(runLine('systemctl -q --legend=yes list-unit-files x*', { 'list-unit-files': { files: [] } }).out, 'UNIT FILE STATE PRESET\n\n0 unit files listed.\n');
});

test('who asks for states is not told how to see more', () => {
  assert.match(runLine('systemctl --failed', units(unit('b.service', 'failed'))).out, /\n1 loaded units listed\.\n$/);
});

test('patterns of lists are taken as they are by systemctl, and become unit names for initctl', () => {
  const asked = (line: string): unknown => (runLine(line, units()).requests[0]?.params as { readonly patterns: unknown }).patterns;
  assert.deepEqual(asked('systemctl list-units web'), ['web']);
  assert.deepEqual(asked('initctl list web'), ['web.service']);
});

test('wrong words of a command line get the sentences of getopt and systemctl', () => {
  const said = (...argv: readonly string[]): string => runArguments(argv, {}, {}, 'systemctl').err;
  assert.equal(said('dance'), 'Unknown command verb dance.\n');
  assert.equal(said('get-default', 'x'), 'Too many arguments.\n');
  assert.equal(said('--dance'), "systemctl: unrecognized option '--dance'\n");
  assert.equal(said('-Z'), "systemctl: invalid option -- 'Z'\n");
  assert.equal(said('--value=1', 'show'), "systemctl: option '--value' doesn't allow an argument\n");
  assert.equal(said('list-units', '--type'), "systemctl: option '--type' requires an argument\n");
  assert.equal(said('-p'), "systemctl: option requires an argument -- 'p'\n");
  assert.equal(said('list-units', '--type=servise'), "Unknown unit type or load state 'servise'.\nUse -t help to see a list of allowed values.\n");
  assert.equal(said('--type='), '--type= requires arguments.\n');
});

test('the options that --job-mode= replaced mean the same', () => {
  const mode = (line: string): unknown => (runLine(line, { enqueue: { jobs: [], refused: [] } }).requests[0]?.params as { readonly mode: unknown }).mode;
  assert.deepEqual(['systemctl start a --fail', 'systemctl start a --irreversible', 'systemctl start a --ignore-dependencies', 'systemctl start a'].map(mode),
    ['fail', 'replace-irreversibly', 'ignore-dependencies', 'replace']);
});

test('cat shows what it can before it comes upon a unit without files, and says that a unit is masked', () => {
  let asked = 0;
  const file = (path: string): unknown => ({ units: [{ unit: 'a.service', files: [{ path, text: path === '/dev/null' ? '' : '[Unit]\n' }], needsReload: false }], directories: {} });
  const cat = (): unknown => ((asked += 1) === 1 ? file('/a.service') : { failure: { name: 'no-such-unit', message: 'No files found for b.service.' } });
  const { out, err, exit } = runLine('systemctl cat a b', { cat });
  assert.deepEqual({ out, err, exit }, { out: '# /a.service\n[Unit]\n', err: 'No files found for b.service.\n', exit: 1 });
  assert.equal(runLine('systemctl cat a', { cat: file('/dev/null') }).out, '# Unit a.service is masked.\n');
});

test('who starts a unit whose files changed on disk is warned', () => {
  const answer = { enqueue: { jobs: [{ job: 1, unit: 'a.service', type: 'start', result: 'done' }], refused: [], changedOnDisk: ['a.service'] } };
  const { err, exit } = runLine('systemctl start a', answer);
  assert.deepEqual({ err, exit }, { err: "Warning: The unit file, source configuration file or drop-ins of a.service changed on disk. Run 'systemctl daemon-reload' to reload units.\n", exit: 0 });
  assert.equal(runLine('systemctl start -q a', answer).err, '');
});

test('list-automounts tells what is mounted, where and for how long', () => {
  const answers = {
    ...units(unit('srv.automount', 'active')),
    show: { units: [{ unit: 'srv.automount', properties: { Where: '/srv', TimeoutIdleUSec: '1min' } }, { unit: 'srv.mount', properties: { What: '/dev/sdb', ActiveState: 'active' } }] },
  };
  assert.equal(runLine('systemctl list-automounts', answers).out,
    'WHAT     WHERE MOUNTED IDLE TIMEOUT UNIT\n/dev/sdb /srv  yes     1min         srv.automount\n\n1 automounts listed.\nPass --all to see loaded but inactive automounts, too.\n');
  assert.equal(runLine('systemctl list-automounts', units()).out, 'WHAT WHERE MOUNTED IDLE TIMEOUT UNIT\n\n0 automounts listed.\nPass --all to see loaded but inactive automounts, too.\n');
});

test('systemctl --version names the release of systemd that is kept to, as scripts look for it', () => {
  assert.match(runLine('systemctl --version', { manager: { version: '9.9', mode: 'system', pid: 1 } }).out, /^systemd 252 \(heartwood 9\.9\)\n.*\+SECCOMP.*\n$/);
  assert.equal(runLine('initctl version', { manager: { version: '9.9', mode: 'system', pid: 1 } }).out, 'heartwood 9.9\n');
});

test('show takes the number of a job, among units too, and says when there is no such job', () => {
  const job = { job: 12, unit: 'a.service', type: 'start', state: 'waiting', createdUsec: 1, startedUsec: 0, deadlineUsec: 0, waitsFor: null };
  const answers = { 'list-jobs': { nowUsec: 2, jobs: [job] }, show: { units: [{ unit: 'b.service', properties: { Id: 'b.service' } }] } };
  assert.equal(runLine('systemctl show 12', answers).out, 'Id=12\nUnit=a.service\nJobType=start\nState=waiting\n');
  assert.equal(runLine('systemctl show -p Id b 12', answers).out, 'Id=b.service\n\nId=12\n');
  assert.equal(runLine('systemctl show -P Unit 12', answers).out, 'a.service\n');
  const missing = runLine('initctl show 13', answers);
  assert.equal(missing.exit, 1);
  assert.match(missing.err, /Job 13 does not exist\./);
});
