/** What verbs print, from hand-made answers. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { UnitStatusAnswer, UnitSummary } from '../../src/control/answers.ts';
import { NOW_USEC, refusal, runLine } from './verb-rig.ts';

before(() => { process.env['TZ'] = 'UTC'; });

const MINUTE = 60_000_000;

const summary = (unit: string, changes: Partial<UnitSummary> = {}): UnitSummary => ({
  unit, description: `The ${unit}`, load: 'loaded', active: 'active', sub: 'running', sinceUsec: NOW_USEC - 3 * MINUTE, mainPid: null, restarts: 0, job: null, ...changes,
});
const listed = {
  'list-units': {
    nowUsec: NOW_USEC,
    units: [
      summary('nginx.service', { mainPid: 812, description: 'A web server' }),
      summary('worker.service', { active: 'failed', sub: 'failed', restarts: 5 }),
      summary('slow.service', { active: 'activating', sub: 'start', job: { job: 7, type: 'start', state: 'running' } }),
      summary('gone.service', { load: 'not-found', active: 'inactive', sub: 'dead', sinceUsec: 0 }),
    ],
  },
};

test('list-units has the columns, dots and legend that scripts made for systemctl expect', () => {
  assert.equal(runLine('systemctl list-units --all', listed).out, `  UNIT           LOAD      ACTIVE     SUB     JOB   DESCRIPTION
  nginx.service  loaded    active     running       A web server
● worker.service loaded    failed     failed        The worker.service
  slow.service   loaded    activating start   start The slow.service
● gone.service   not-found inactive   dead          The gone.service

LOAD   = Reflects whether the unit definition was properly loaded.
ACTIVE = The high-level unit activation state, i.e. generalization of SUB.
SUB    = The low-level unit activation state, values depend on unit type.
JOB    = Pending job for the unit.
4 loaded units listed.
To show all installed unit files use 'systemctl list-unit-files'.
`);
  assert.equal(runLine('systemctl list-units --plain --no-legend --type=service nginx*', listed).requests[0]?.method, 'list-units');
  assert.equal(runLine('systemctl --plain --no-legend', { 'list-units': { nowUsec: 0, units: [summary('a.service', { description: 'A' })] } }).out, 'a.service loaded active running A\n');
});

test('list is the short table: state with restarts and job, age, main process', () => {
  assert.equal(runLine('initctl list', listed).out, `  UNIT           STATE                              SINCE       PID DESCRIPTION
● nginx.service  active (running)                   3min 0s ago 812 A web server
× worker.service failed, 5 restarts                 3min 0s ago     The worker.service
● slow.service   activating (start) ← start running 3min 0s ago     The slow.service
○ gone.service   not-found                                          The gone.service
`);
});

test('a table is shortened to the terminal, the description first', () => {
  for (const line of runLine('initctl list', listed, { columns: 60 }).out.split('\n')) assert.ok(line.length <= 60, line);
});

const status: UnitStatusAnswer = {
  unit: 'nginx.service', names: ['nginx.service'], kind: 'service', description: 'A web server', documentation: ['man:nginx(8)', 'https://nginx.org'],
  load: 'loaded', loadError: null, fragmentPath: '/lib/systemd/system/nginx.service',
  dropInPaths: ['/etc/systemd/system/nginx.service.d/10-a.conf', '/etc/systemd/system/nginx.service.d/20-b.conf'],
  fileState: 'enabled', preset: 'disabled', needsReload: true, active: 'active', sub: 'running', result: 'success',
  sinceUsec: NOW_USEC - 125 * MINUTE, nowUsec: NOW_USEC, activeEnterUsec: NOW_USEC - 125 * MINUTE, activeExitUsec: 0, invocationId: 'ab'.repeat(16), job: null,
  conditionResult: true, conditionUsec: 0, conditions: [], triggers: [], triggeredBy: [{ unit: 'nginx.socket', active: 'active' }],
  main: { pid: 812, command: 'nginx' }, control: null, mainExit: null,
  execs: [{ role: 'ExecStartPre', argv: ['/usr/sbin/nginx', '-t'], pid: 810, startUsec: 0, exit: { code: 'exited', status: 0, success: true, atUsec: 0 } }],
  statusText: 'Serving \x1b[31mred', statusErrno: 0, restarts: 0, restartUsec: 0, spawnFailure: null, tasks: 3, tasksMax: 4915, memoryBytes: 5_347_737,
  cpuUsec: 41_234, controlGroup: '/system.slice/nginx.service',
  processes: [{ pid: 812, command: 'nginx: master process', group: '' }, { pid: 9813, command: 'nginx: worker process', group: 'workers' }], processCount: 2,
  notEffective: [
    { directive: 'ProtectSystem', requested: 'full', why: 'not implemented', origin: '/lib/x:3' }, { directive: 'PrivateDevices', requested: 'yes', why: 'not implemented', origin: '/lib/x:4' },
    { directive: 'MemoryMax', requested: '1G', why: 'no writable control group', origin: '/lib/x:5' },
  ],
  diagnostics: [{ severity: 'warning', file: '/lib/x', line: 9, column: 1, message: 'unknown directive Foo=' }], why: null,
};

test('status has the layout of systemctl, and says what is requested but not in effect', () => {
  const { out, err, exit, tails } = runLine('initctl status nginx', { status: { units: [status], missing: [], meant: {} } });
  assert.equal(exit, 0);
  assert.equal(out, `● nginx.service - A web server
     Loaded: loaded (/lib/systemd/system/nginx.service; enabled; preset: disabled)
    Drop-In: /etc/systemd/system/nginx.service.d
             └─10-a.conf, 20-b.conf
     Active: active (running) since Sat 2026-11-21 07:55:00 UTC; 2h 5min ago
TriggeredBy: ● nginx.socket
       Docs: man:nginx(8)
             https://nginx.org
    Process: 810 ExecStartPre=/usr/sbin/nginx -t (code=exited, status=0/SUCCESS)
   Main PID: 812 (nginx)
     Status: "Serving ?[31mred"
      Tasks: 3 (limit: 4915)
     Memory: 5.0M
        CPU: 41ms
     CGroup: /system.slice/nginx.service
             ├─ 812 nginx: master process
             └─workers
               └─9813 nginx: worker process
   Unheeded: ProtectSystem=full, PrivateDevices=yes (not implemented)
             MemoryMax=1G (no writable control group)
    Warning: /lib/x:9:1: unknown directive Foo=
`);
  assert.equal(err, "Warning: The unit file, source configuration file or drop-ins of nginx.service changed on disk. Run 'initctl daemon-reload' to reload units.\n");
  assert.deepEqual(tails, [{ unit: 'nginx.service', invocationId: 'ab'.repeat(16), lines: 10, output: 'short' }]);
});

test('status of a failed unit says how its main process ended, and why; exit status 3', () => {
  const failed: UnitStatusAnswer = {
    ...status, active: 'failed', sub: 'failed', result: 'exit-code', main: null, processes: [], needsReload: false, notEffective: [], diagnostics: [], dropInPaths: [], documentation: [],
    triggeredBy: [], execs: [], statusText: '', tasks: null, memoryBytes: null, cpuUsec: null, activeEnterUsec: NOW_USEC - 130 * MINUTE, activeExitUsec: NOW_USEC - 125 * MINUTE,
    mainExit: { role: 'ExecStart', argv: ['/usr/sbin/nginx'], pid: 812, startUsec: 0, exit: { code: 'exited', status: 203, success: false, atUsec: 0 } },
    why: 'ExecStart=/usr/sbin/nginx (PID 812) exited with status 203 (/lib/x:7)',
  };
  const { out, exit } = runLine('initctl status nginx -n0', { status: { units: [failed], missing: [], meant: {} } });
  assert.equal(exit, 3);
  assert.equal(out, `× nginx.service - A web server
     Loaded: loaded (/lib/systemd/system/nginx.service; enabled; preset: disabled)
     Active: failed (Result: exit-code) since Sat 2026-11-21 07:55:00 UTC; 2h 5min ago
   Duration: 5min
   Main PID: 812 (code=exited, status=203/EXEC)
        Why: ExecStart=/usr/sbin/nginx (PID 812) exited with status 203 (/lib/x:7)
`);
});

test('show prints properties, without empty ones unless they were asked for', () => {
  const show = { show: { units: [{ unit: 'a.service', properties: { Type: 'simple', User: '', ExecStart: '{ 1 }\n{ 2 }' } }] } };
  assert.equal(runLine('systemctl show a', show).out, 'Type=simple\nExecStart={ 1 }\nExecStart={ 2 }\n');
  assert.equal(runLine('systemctl show a -p User', show).out, 'Type=simple\nUser=\nExecStart={ 1 }\nExecStart={ 2 }\n');
  assert.equal(runLine('systemctl show a --value -p Type', { show: { units: [{ unit: 'a.service', properties: { Type: 'simple' } }] } }).out, 'simple\n');
  assert.deepEqual(runLine('systemctl show a -pType,User --property Id', show).requests[0]?.params, { units: ['a.service'], properties: ['Type', 'User', 'Id'] });
});

test('a start that fails says why, with the place in the file', () => {
  const { err, exit } = runLine('initctl start web', {
    enqueue: { jobs: [{ job: 3, unit: 'web.service', type: 'start', result: 'dependency' }], refused: [] },
    why: {
      unit: 'web.service', load: 'loaded', active: 'inactive', sub: 'dead', nowUsec: NOW_USEC, links: [
        { unit: 'web.service', code: 'dependency-failed', text: 'was not started: it has Requires=db.service, and that failed', origin: '/etc/web.service:4', pid: null, atUsec: 0 },
        { unit: 'db.service', code: 'exit', text: 'ExecStart=/bin/db (PID 9) exited with status 1', origin: '/etc/db.service:7', pid: 9, atUsec: NOW_USEC - 2_000_000 },
      ],
    },
  });
  assert.equal(exit, 1);
  assert.equal(err, `A dependency job for web.service failed.
  web.service was not started: it has Requires=db.service, and that failed (/etc/web.service:4)
  └─ db.service ExecStart=/bin/db (PID 9) exited with status 1, 2s ago (/etc/db.service:7)
See "initctl status web.service" and "initctl log web.service" for details.
`);
});

test('start is silent when it went well, and asks for what the options say', () => {
  const quiet = { enqueue: { jobs: [{ job: 1, unit: 'a.service', type: 'start', result: 'done' }], refused: [] } };
  assert.deepEqual(runLine('systemctl start a b.target', quiet), {
    exit: 0, out: '', err: '', tails: [],
    requests: [{ method: 'enqueue', params: { type: 'start', units: ['a.service', 'b.target'], mode: 'replace', wait: true, expect: null } }],
  });
  assert.deepEqual(runLine('systemctl --no-block --job-mode=fail restart a', quiet).requests[0]?.params, { type: 'restart', units: ['a.service'], mode: 'fail', wait: false, expect: null });
  assert.deepEqual(runLine('systemctl isolate rescue.target', quiet).requests[0]?.params, { type: 'start', units: ['rescue.target'], mode: 'isolate', wait: true, expect: null });
});

test('enable tells its links, warns, and starts the unit with --now', () => {
  const answers = {
    'change-unit-files': { changes: [{ kind: 'symlink', path: '/etc/x', source: '/lib/x' }], lines: ['Created symlink /etc/x → /lib/x.'], warnings: ['Beware.'], problems: [], failed: false, hasInstallRules: true, units: ['a.service'] },
    enqueue: { jobs: [], refused: [] },
  };
  const result = runLine('systemctl enable --now a', answers);
  assert.equal(result.err, 'Created symlink /etc/x → /lib/x.\nBeware.\n');
  assert.deepEqual(result.requests.map(({ method }) => method), ['change-unit-files', 'enqueue']);
  assert.equal(runLine('systemctl enable a --quiet', answers).err, '');
  assert.equal(runLine('systemctl enable a', { 'change-unit-files': refusal('unit-file-refused', 'Failed to enable unit, unit a.service does not exist.') }).err, 'Failed to enable unit, unit a.service does not exist.\n');
  const nothing = { 'change-unit-files': { changes: [], lines: [], warnings: [], problems: ['Failed to enable unit, unit a.service is masked.'], failed: true, hasInstallRules: true, units: ['a.service'] } };
  const failed = runLine('systemctl enable --now --quiet a', nothing);
  assert.deepEqual([failed.exit, failed.err, failed.requests.length], [1, 'Failed to enable unit, unit a.service is masked.\n', 1]);
});

test('kill turns names of signals into numbers', () => {
  const number = (line: string): unknown => (runLine(line, { kill: {} }).requests[0]?.params as { signal: number }).signal;
  assert.equal(number('initctl kill a'), 15);
  assert.equal(number('initctl kill -s SIGUSR1 a'), 10);
  assert.equal(number('initctl kill -sHUP a'), 1);
  assert.equal(number('initctl kill --signal=9 a'), 9);
  assert.equal(number('initctl kill --signal RTMIN+3 a'), 37);
});

test('list-dependencies draws every branch, with dots where one comes back upon itself; a plain list has each unit once', () => {
  const node = (edges: readonly string[], active = 'active'): unknown => ({ active, load: 'loaded', edges: edges.map((unit) => ({ unit, kinds: ['Wants'] })) });
  const answer = {
    'list-dependencies': {
      root: 'default.target', truncated: false,
      nodes: { 'default.target': node(['a.service', 'multi-user.target']), 'a.service': node(['b.service'], 'failed'), 'multi-user.target': node(['a.service', 'default.target']), 'b.service': node([]) },
    },
  };
  assert.equal(runLine('systemctl list-dependencies', answer).out, `default.target
× ├─a.service
● └─multi-user.target
×   ├─a.service
    └─...
`);
  assert.equal(runLine('systemctl list-dependencies --plain --all', answer).out, 'default.target\n  a.service\n  b.service\n  multi-user.target\n');
  assert.equal(runLine('systemctl list-dependencies a b -o json', { 'list-dependencies': { root: 'a.service', truncated: false, nodes: {} } }).out, 'a.service\n\na.service\n');
});

test('plan numbers the steps, with the reason and its place', () => {
  const answer = {
    plan: {
      plans: [
        { unit: 'web.service', refused: null, dropped: ['x.service: has no unit file'], steps: [
          { wave: 1, unit: 'db.service', type: 'start', reason: 'web.service has Requires= on it', origin: '/etc/web.service:4', after: [] },
          { wave: 2, unit: 'web.service', type: 'start', reason: 'asked for', origin: null, after: ['db.service'] },
        ] },
        { unit: 'bad.service', refused: 'Unit bad.service is masked.', dropped: [], steps: [] },
      ],
    },
  };
  const { out, exit } = runLine('initctl plan start web bad', answer);
  assert.equal(exit, 1);
  assert.equal(out, `1. start db.service: web.service has Requires= on it (/etc/web.service:4)
2. start web.service: asked for
   left out: x.service: has no unit file
bad.service: refused: Unit bad.service is masked.
`);
});

test('every verb that asks the manager says so in JSON when told to', () => {
  assert.deepEqual(JSON.parse(runLine('initctl list --json', listed).out), listed['list-units'].units);
  assert.deepEqual(JSON.parse(runLine('initctl status nginx --json', { status: { units: [status], missing: [], meant: {} } }).out), [status]);
  assert.deepEqual(JSON.parse(runLine('initctl start a --json', { enqueue: { jobs: [], refused: [] } }).out), { jobs: [], refused: [] });
  const changed = { changes: [], lines: [], warnings: [], units: ['a.service'] };
  const both = runLine('initctl enable --now a --json', { 'change-unit-files': changed, enqueue: { jobs: [], refused: [] } });
  assert.deepEqual(JSON.parse(both.out), { ...changed, jobs: [], refused: [] }, 'one value for both halves');
  assert.deepEqual(JSON.parse(runLine('initctl daemon-reload --json', { 'daemon-reload': {} }).out), {});
});

test('help and completion are JSON too, for programs that offer the verbs', () => {
  const [start] = JSON.parse(runLine('initctl help start --json').out) as { name: string; options: { name: string; short: string | null }[] }[];
  assert.equal(start?.name, 'start');
  assert.deepEqual(start.options.find(({ name }) => name === 'quiet'), { name: 'quiet', short: 'q', value: null, summary: 'Print nothing but errors' });
  const log = (JSON.parse(runLine('initctl help --json').out) as { name: string; options: { name: string; short: string | null }[] }[]).find(({ name }) => name === 'log');
  assert.equal(log?.options.find(({ name }) => name === 'follow')?.short, 'f', "a verb's own meaning of a letter");
  assert.equal((JSON.parse(runLine('initctl completion fish --json').out) as { shell: string }).shell, 'fish');
});

test('what was misspelt is told with what there is', () => {
  assert.equal(runLine('systemctl start').err, 'Too few arguments.\n');
  assert.match(runLine('initctl list --type=servise').err, /--type knows no "servise", but service, mount, /);
  assert.equal(runLine('initctl list --no-legend', { 'list-units': { nowUsec: 0, units: [] } }).out, '');
});

test('help about a unit names its documentation', () => {
  const answer = { show: { units: [{ unit: 'a.service', properties: { LoadState: 'loaded', Documentation: 'man:a(8) https://a.example' } }] } };
  assert.equal(runLine('systemctl help a', answer).out, 'man:a(8)\nhttps://a.example\n');
});
