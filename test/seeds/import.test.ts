/** `initctl import`: files of other managers become units, with a report of what could not be carried over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextRandom, seedRandom } from '../../src/base/random.ts';
import { withStage, type Stage } from './stage.ts';

const limit = { timeout: 60_000 };
const CONF = `report to udp://127.0.0.1:9999
job {
  name setup
  cmd /bin/sh -c "echo $HOME 100%"
  wait
  once
}
job {
  name web
  cmd /bin/sleep 1000
  env A
}
`;
const GOOD_CONF = CONF.replace('  env A\n', '  env A=b\n  depends {\n    /etc/hosts\n  }\n  bounce every 6h\n  user daemon\n');

/** Whether `initctl verify` finds the units of a directory good. */
function verify(stage: Stage, directory: string): string {
  return stage.sh(`find ${directory} -type f -exec initctl verify {} + 2>&1; true`);
}

test('import pmtr makes of each job the service that pmtr makes, orders what waits, and tells what is lost with its line', limit, async () => {
  await withStage({ 'pmtr.conf': GOOD_CONF }, (stage) => {
    const said = stage.sh('initctl import pmtr pmtr.conf --units=out');
    assert.match(said, /out\/setup\.service: written\n.*out\/web\.service: written\n/);
    assert.match(said, /pmtr\.conf:1: "report to" is not carried over/);
    assert.match(said, /initctl enable setup\.service web\.service\n$/);
    const web = stage.read('out/web.service');
    for (const line of ['User=daemon', 'RestartEverySec=21600', 'RestartStableDelaySec=0', 'RestartOnChange="/etc/hosts"', 'After=setup.service', 'ConditionPathExists=/etc/hosts', 'WantedBy=default.target', 'RestartPreventExitStatus=33']) assert.ok(web.includes(`\n${line}\n`), `${line} in\n${web}`);
    assert.match(stage.read('out/setup.service'), /ExecStart=@"\/bin\/sh" "\/bin\/sh" "-c" "echo \$\$HOME 100%%"[^]*Type=oneshot/);
    assert.equal(verify(stage, 'out'), '');
    return Promise.resolve();
  });
});

test('import writes nothing when a file cannot be understood or something else is in the way; --dry-run writes nothing at all; --json tells it all', limit, async () => {
  await withStage({ 'bad.conf': CONF, 'good.conf': GOOD_CONF }, (stage) => {
    assert.match(stage.sh('initctl import pmtr good.conf bad.conf --units=out'), /bad\.conf:11: env takes VARIABLE=VALUE\nNothing was imported\.\nstatus 1\n$/);
    assert.match(stage.sh('initctl import pmtr missing.conf --units=out'), /missing\.conf: ENOENT[^]*status 1\n$/);
    assert.match(stage.sh('initctl import sysv x'), /initctl import FORMAT FILE…\n\n[^]*pmtr .*a pmtr\.conf[^]*status 2\n$/);
    const dry = stage.sh('initctl import pmtr good.conf --units=out --dry-run');
    assert.match(dry, /web\.service: to be written\n    \[Unit\]\n/);
    assert.match(stage.sh('ls out'), /No such file/);
    stage.sh('initctl import pmtr good.conf --units=out');
    assert.match(stage.sh('initctl import pmtr good.conf --units=out'), /web\.service: unchanged\n/);
    stage.write('out/web.service', 'mine');
    assert.match(stage.sh('initctl import pmtr good.conf --units=out'), /out\/web\.service is there and says something else[^]*status 1\n$/);
    assert.equal(stage.read('out/web.service'), 'mine');
    const report = JSON.parse(stage.sh('initctl import pmtr good.conf --units=out --force --json')) as { readonly units: readonly { readonly name: string; readonly change: string }[]; readonly remarks: readonly { readonly line: number }[] };
    assert.deepEqual(report.units.map(({ name, change }) => `${name} ${change}`), ['setup.service unchanged', 'web.service written']);
    assert.deepEqual(report.remarks.map(({ line }) => line), [1]);
    return Promise.resolve();
  });
});

test('import daemontools takes a service directory or a scan directory, joins log services by a pipe, and names what is missing', limit, async () => {
  await withStage({ 'scan/web/run': '#!/bin/sh\n', 'scan/web/log/run': '#!/bin/sh\n', 'scan/idle/run': '#!/bin/sh\n', 'scan/idle/down': '', 'scan/empty/file': '', 'scan/plain/run.txt': '' }, (stage) => {
    const said = stage.sh('chmod -x scan/idle/run; initctl import daemontools scan --units=out');
    assert.match(said, /scan\/empty\/run: it is missing: the service will be tried again every second\n/);
    assert.match(said, /scan\/idle\/run: it cannot be executed: chmod \+x\n[^]*scan\/idle\/down: the service is not to be enabled/);
    assert.match(said, /initctl enable empty\.service plain\.service web\.service web-log\.socket\n$/);
    assert.match(stage.read('out/web.service'), /StandardOutput=file:\/run\/web-log\.pipe\n[^]*Requires=web-log\.socket\n/);
    assert.match(stage.read('out/web-log.socket'), /ListenFIFO=\/run\/web-log\.pipe\n/);
    assert.match(stage.read('out/web-log.service'), /StandardInput=socket\n/);
    assert.equal(verify(stage, 'out'), '');
    assert.match(stage.sh('initctl import daemontools scan/web --units=one'), /one\/web\.service: written\n.*one\/web-log\.socket: written\n/);
    assert.match(stage.sh('initctl import daemontools scan/plain/run.txt --units=one'), /run\.txt: this is no directory[^]*status 1/);
    return Promise.resolve();
  });
});

test('import sema makes the script a service', limit, async () => {
  await withStage({ 'shop.sema': 'while true do runIfUp { cmd "sleep 1000" } end\n' }, (stage) => {
    stage.sh('initctl import sema shop.sema --units=out');
    assert.match(stage.read('out/shop.service'), new RegExp(`ExecScript="${stage.directory}/shop.sema"\n`));
    assert.equal(verify(stage, 'out'), '');
    return Promise.resolve();
  });
});

/** Guards the words of unit files: whatever a service directory is called and has in it, its units are good, and name the directory. */
test('service directories of any name and content become good units, or are refused with the path', { timeout: 120_000 }, async () => {
  await withStage({}, (stage) => {
    const parts = ['a', 'B-', ' ', '%n', '$X', '"', "'", '\\', ';', '#', '=', '[', '\u{e4}', '\u{1f600}', '@', '.x', '\n', '\t', '*'];
    let random = seedRandom(11);
    const next = (most: number): number => {
      const [word, after] = nextRandom(random);
      random = after;
      return word % most;
    };
    const names = new Set<string>();
    while (names.size < 40) names.add(`s${Array.from({ length: 1 + next(5) }, () => parts[next(parts.length)] as string).join('')}`);
    for (const name of names) {
      stage.write(`scan/${name}/run`, '#!/bin/sh\n');
      if (next(3) === 0) stage.write(`scan/${name}/log/run`, '#!/bin/sh\n');
      if (next(4) === 0) stage.write(`scan/${name}/down`, '');
      if (next(5) === 0) stage.write(`scan/${name}/env`, '\0\xff');
    }
    const report = JSON.parse(stage.sh('initctl import daemontools scan --units=out --json')) as { readonly units: readonly { readonly name: string }[]; readonly remarks: readonly { readonly file: string }[] };
    assert.equal(report.units.filter(({ name }) => name.endsWith('.service') && !name.endsWith('-log.service')).length, names.size);
    assert.ok(report.remarks.every(({ file }) => file.startsWith('/')));
    assert.equal(verify(stage, 'out'), '');
    return Promise.resolve();
  });
});

test('import zdaemon makes a service that is restarted as zdaemon restarts it, and tells what is lost', limit, async () => {
  await withStage({
    'z.conf': '<runner>\n  program sleep 1000\n  backoff-limit 5\n  transcript log\n  socket-name /tmp/x\n  start-test-program test -e ready\n</runner>\n<environment>\n  A b c\n</environment>\n', 'bad.conf': '<runner>\n colour red\n</runner>\n',
  }, (stage) => {
    const said = stage.sh('initctl import zdaemon z.conf --units=out');
    assert.match(said, /z\.conf: not carried over, being about the command zdaemon: socket-name/);
    const text = stage.read('out/sleep.service');
    for (const line of ['ExecStart=@"sleep" "sleep" "1000"', 'RestartStepSec=1', 'RestartMaxDelaySec=5', 'RestartLimit=5', 'RestartPreventExitStatus=0 2', `StandardOutput=append:${stage.directory}/log`, 'Environment="A=b c"', 'WantedBy=default.target']) assert.ok(text.includes(`\n${line}\n`), `${line} in\n${text}`);
    assert.equal(verify(stage, 'out'), '');
    assert.match(stage.sh('initctl import zdaemon bad.conf --units=out'), /bad\.conf:2: colour is not a key of <runner>/);
    return Promise.resolve();
  });
});

test('import minisv makes a service of each task, and tells where the rest went', limit, async () => {
  const tasks = { web: { command: '/bin/sleep', args: ['1000'], wait: 60, restartPause: 1, startTime: 10 }, pull: { command: '/bin/true', oneTime: true, workdir: '/tmp' } };
  await withStage({ 'm.json': JSON.stringify({ logdir: '/var/log', logfileprefix: 'box-', tasks, http: { port: 3443 } }), 'bad.json': '{"tasks": {"a": {}}}' }, (stage) => {
    const said = stage.sh('initctl import minisv m.json --units=out');
    assert.match(said, /http is not carried over: heartwood-gateway\.socket/);
    assert.match(said, /initctl enable web\.service\n$/);
    const web = stage.read('out/web.service');
    for (const line of ['Restart=always', 'RestartSec=1', 'RestartOverlap=yes', 'RestartOverlapSec=10', 'TimeoutStopSec=60', 'StandardOutput=append:/var/log/box-web.log']) assert.ok(web.includes(`\n${line}\n`), `${line} in\n${web}`);
    assert.match(stage.read('out/pull.service'), /\nType=oneshot\nExecStart=@"\/bin\/true" "\/bin\/true"\nWorkingDirectory=\/tmp\n/);
    assert.equal(verify(stage, 'out'), '');
    assert.match(stage.sh('initctl import minisv bad.json --units=out'), /bad\.json: tasks\.a\.command is missing/);
    return Promise.resolve();
  });
});
