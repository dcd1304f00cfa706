import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, runArguments } from './verb-rig.ts';

const STARTED = { units: ['foo.service'], jobs: [{ job: 1, unit: 'foo.service', type: 'start', result: 'done' }], refused: [] };

function unitsOf(argv: readonly string[]): readonly { readonly kind: string; readonly text: string }[] {
  const { requests } = runArguments(argv, {}, { 'start-transient': STARTED });
  return (requests[0]?.params as { readonly units: readonly { readonly kind: string; readonly text: string }[] }).units;
}

test('run makes a service of its command line, whose own options are left alone', () => {
  const { requests, err, exit } = runArguments(['run', '--unit=foo', '-p', 'Nice=3', '-p', 'Wants=a.service', '--uid=nobody', 'ls', '-la', '--color', 'a b', '"q"\\', '100%'], {}, { 'start-transient': STARTED });
  assert.equal(exit, 0);
  assert.equal(err, 'Running as unit: foo.service\n');
  assert.deepEqual(requests.map(({ method, params }) => [method, params]), [['start-transient', {
    name: 'foo', wait: true, hold: false, keep: false, pipe: false, sameDirectory: false, inherit: [],
    units: [{
      kind: 'service',
      text: '[Unit]\nDescription=ls -la --color a b "q"\\ 100%%\nWants=a.service\n\n[Service]\nUser=nobody\nNice=3\nExecStart="ls" "-la" "--color" "a b" "\\"q\\"\\\\" "100%%"\n',
    }],
  }]]);
});

test('options that begin with on- make a timer, which is gone when it has no more to come', () => {
  const [timer, service] = unitsOf(['run', '--on-active=5s', '--on-calendar=Mon 10:00', '--timer-property=AccuracySec=1s', 'true']);
  assert.equal(timer?.kind, 'timer');
  assert.equal(timer.text, '[Unit]\nDescription=true\n\n[Timer]\nOnActiveSec=5s\nOnCalendar=Mon 10:00\nRemainAfterElapse=no\nAccuracySec=1s\n');
  assert.equal(service?.kind, 'service');
  const [path] = unitsOf(['run', '--path-property=PathExists=/x', 'true']);
  assert.equal(path?.text, '[Unit]\nDescription=true\n\n[Path]\nPathExists=/x\n');
});

test('variables are set, or taken from the caller', () => {
  const { requests } = runArguments(['run', '-E', 'A=b c', '--setenv=HOME', 'true'], {}, { 'start-transient': STARTED });
  const params = requests[0]?.params as { readonly inherit: readonly string[]; readonly units: readonly { readonly text: string }[] };
  assert.deepEqual(params.inherit, ['HOME']);
  assert.ok(params.units[0]?.text.includes('Environment="A=b c"\n'));
});

const END = { unit: 'foo.service', active: 'failed', result: 'exit-code', code: 'exited', status: 3, runtimeUsec: 1_500_000 };

test('with --wait the command\'s end is told, and its exit status is that of run', () => {
  const ended = runArguments(['run', '--wait', 'false'], {}, { 'start-transient': STARTED, 'await-end': END });
  assert.equal(ended.exit, 3);
  assert.equal(ended.err, 'Running as unit: foo.service\nFinished with result: exit-code\nMain processes terminated with: code=exited/status=3\nService runtime: 1.500s\n');
  const killed = runArguments(['run', '-q', '--wait', 'false'], {}, { 'start-transient': STARTED, 'await-end': { ...END, result: 'signal', code: 'killed', status: 9 } });
  assert.deepEqual([killed.exit, killed.err], [255, '']);
  const allowed = runArguments(['run', '-qP', 'false'], {}, { 'start-transient': STARTED, 'await-end': { ...END, result: 'success' } });
  assert.equal(allowed.exit, 0);
});

test('what cannot be made is said in one line', () => {
  assert.deepEqual([runArguments(['run']).exit, runArguments(['run']).err], [2, 'Command line to execute required.\n']);
  assert.equal(runArguments(['run', '-p', 'Foo=1', 'true']).err, 'Unknown assignment: Foo=1\n');
  assert.equal(runArguments(['run', '-p', 'OnCalendar=daily', 'true']).err, 'Unknown assignment: OnCalendar=daily\n');
  assert.equal(runArguments(['run', '--wait', '--on-active=1', 'true']).exit, 2);
  const taken = runArguments(['run', '--unit=foo', 'true'], {}, { 'start-transient': refusal('unit-exists', 'Unit foo.service was already loaded or has a fragment file.') });
  assert.equal(taken.exit, 1);
  assert.equal(taken.err, 'Failed to start transient service unit: Unit foo.service was already loaded or has a fragment file.\n');
});

test('call ends with the exit status of the command it had run', () => {
  const called = runArguments(['call', 'app', 'rotate', '--', '-x', 'a b'], {}, { call: STARTED, 'await-end': END });
  assert.equal(called.exit, 3);
  assert.deepEqual(called.requests[0], { method: 'call', params: { unit: 'app.service', command: 'rotate', arguments: ['-x', 'a b'] } });
  assert.equal(runArguments(['call', 'app', 'rotate'], {}, { call: STARTED, 'await-end': { ...END, result: 'signal', code: 'killed', status: 9 } }).exit, 255);
  assert.equal(runArguments(['call']).exit, 2);
});
